// Motion correction in integers: raw voxels of a spinning LiDAR, moved to the sensor's pose at mid-sweep. The arithmetic is written out
// in src/pcc/ops/twist_map.py and docs/arithmetic.md, section 14.
//
//   twist_map     voxels (n, 3) int32, |.| < 2^20; rounding (n, 3) int32 in 2^-24 voxel, |.| < 2^20, or none; wrap (n,) int8 in -1..1;
//                 twist (6,) int64; arc (257,) int64 -> fixed (n, 3) int64 in 2^-24 voxel
//   whole_voxels  fixed (n, 3) int64 -> voxels (n, 3) int32, place (n, 3) uint8: where the unrounded value lies in its voxel, in 1/256
#pragma once
#include <cstdint>

namespace pcc {

constexpr int kReachBits = 20;  // of a raw coordinate
constexpr int kRoundingBits = 20;  // of what goes beyond its whole voxels
constexpr int kFixedBits = 24;  // of the fraction of a corrected one
constexpr int kArcSteps = 256;
constexpr std::int64_t kMaxComponent = std::int64_t{1} << 39;  // of a twist: its components are smaller

struct Twist {
  std::int64_t velocity[3];  // 2^-26 voxel a sweep
  std::int64_t angular[3];   // 2^-40 radian a sweep
};

// arc: atan(k / 256) in 2^-36 turn, k = 0..256. rounding may be null. Throws std::invalid_argument for what is out of range.
void twist_map(const Twist& twist, const std::int64_t* arc, const std::int32_t* voxels, const std::int32_t* rounding,
               const std::int8_t* wrap, std::int64_t n, std::int64_t* fixed);
void whole_voxels(const std::int64_t* fixed, std::int64_t count, std::int32_t* voxels, std::uint8_t* place);

}  // namespace pcc
