// Motion correction in integers: raw voxels of a spinning LiDAR, moved to the sensor's pose at mid-sweep. The arithmetic is written out
// in pcc/ops/twist_map.py and docs/arithmetic.md, section 14.
//
//   twist_map     voxels (n, 3) int32, |.| < 2^20; wrap (n,) int8 in -1..1; twist (6,) int32; arc (257,) int64
//                 -> fixed (n, 3) int64 in 2^-20 voxel
//   whole_voxels  fixed (n, 3) int64 -> voxels (n, 3) int32, place (n, 3) uint8: where the unrounded value lies in its voxel, in 1/256
#pragma once
#include <cstdint>

namespace pcc {

constexpr int kReachBits = 20;  // of a raw coordinate
constexpr int kFixedBits = 20;  // of the fraction of a corrected one
constexpr int kArcSteps = 256;

struct Twist {
  std::int32_t velocity[3];  // 2^-18 voxel a sweep, not -2^31
  std::int32_t angular[3];   // 2^-32 radian a sweep, not -2^31
};

// arc: atan(k / 256) in 2^-36 turn, k = 0..256. Throws std::invalid_argument for voxels, wraps and twists out of range.
void twist_map(const Twist& twist, const std::int64_t* arc, const std::int32_t* voxels, const std::int8_t* wrap, std::int64_t n,
               std::int64_t* fixed);
void whole_voxels(const std::int64_t* fixed, std::int64_t count, std::int32_t* voxels, std::uint8_t* place);

}  // namespace pcc
