// The lattice of a spinning LiDAR: from (laser, azimuth step, range index) to voxels, and the search for the way back. The arithmetic is
// written out in src/pcc/ops/lattice_map.py and docs/arithmetic.md, section 13.
//
//   positions   laser (n,) uint8, step (n,) int32, half (n,) int32 (twice the range index)
//               -> voxels (n, 3) int32, place (n, 3) uint8: where the unrounded value lies in its voxel, in 1/256
//   find        xyz (n, 3) float64 -> laser, step, index (n,) of the lattice point that is nearest to each point in the largest of
//               the three differences, and error (n,) float32, that difference
//
// `positions` is integer arithmetic that both sides share; `find` is the encoder's own and floating point.
#pragma once
#include <cstdint>

namespace pcc {

constexpr int kSlopeBits = 24, kTurnBits = 30, kPointBits = 12;  // of the fractions
constexpr int kMaxLasers = 256;

struct Lattice {
  const std::int64_t* slope;   // (lasers, 3), 2^-24 voxel a range step, before the turn
  const std::int64_t* offset;  // (lasers, 3), 2^-24 voxel
  int lasers;
  const std::int32_t* turn;  // (steps, 2), cosine and sine in 2^-30
  int steps;
  bool radial = false;  // slopes go along the radius: the distance ahead is less than that by aside^2 / (2 radius)
};

// Throws std::out_of_range for a laser or a step that there is not. |half * slope / 2 + offset| < 2^20 voxels is the caller's duty.
void lattice_positions(const Lattice& lattice, const std::uint8_t* laser, const std::int32_t* step, const std::int32_t* half,
                       std::int64_t n, std::int32_t* voxels, std::uint8_t* place);

struct Found {
  std::uint8_t* laser;
  std::int32_t *step, *index;
  float* error;
};
// Indices are in 1..max_index. Points at the axis get whatever is nearest.
void lattice_find(const Lattice& lattice, const double* xyz, std::int64_t n, std::int32_t max_index, const Found& found);

}  // namespace pcc
