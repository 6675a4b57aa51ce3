#include "twist_map/op.h"

#include <algorithm>
#include <stdexcept>

#include "common/isa.h"
#include "common/ranges.h"

namespace pcc {
namespace {

using i64 = std::int64_t;

constexpr i64 kGrain = 1 << 12;
constexpr i64 kPerTurn = 683565276;  // round(2^32 / 2 pi)
// round(2^31 / k!), of sin(x) / x and (1 - cos(x)) / x^2 from their second terms on
constexpr i64 kSine[] = {357913941, 17895697, 426088, 5918, 54};
constexpr i64 kCosine[] = {89478485, 2982616, 53261, 592, 4};

PCC_INLINE i64 rounded(i64 value, int shift) { return (value + (i64{1} << (shift - 1))) >> shift; }

// Azimuth in 2^-31 turn, -2^30..2^30; 0 at the axis.
PCC_INLINE i64 azimuth(i64 x, i64 y, const i64* arc) {
  const i64 across = x < 0 ? -x : x, along = y < 0 ? -y : y;
  const i64 major = std::max({across, along, i64{1}}), minor = std::min(across, along);
  const i64 k = static_cast<std::uint32_t>(minor << 8) / static_cast<std::uint32_t>(major);
  const auto rest = static_cast<std::uint64_t>((minor << 8) - k * major) << 36;
  const i64 r = static_cast<i64>(rest / static_cast<std::uint64_t>((major << 8) + k * minor));
  const i64 cube = (r * r >> 36) * r >> 36;
  i64 turn = arc[k] + ((r - cube / 3) * kPerTurn >> 32);
  if (along > across) turn = (i64{1} << 34) - turn;
  if (x < 0) turn = (i64{1} << 35) - turn;
  return rounded(y < 0 ? -turn : turn, 5);
}

// t (c[0] - t (c[1] - ...)), all in 2^-31
PCC_INLINE i64 series(i64 t, const i64* c) {
  i64 sum = c[4];
  for (int k = 3; k >= 0; k--) sum = c[k] - (t * sum >> 31);
  return t * sum >> 31;
}

// s value >> 8 without the product, which may have 71 bits.
PCC_INLINE i64 part(i64 s, i64 value) { return s * (value >> 8) + (s * (value & 255) >> 8); }

// rounding: null, or what the raw position has beyond whole voxels, in 2^-24 voxel
PCC_INLINE void move(const Twist& twist, i64 s, const std::int32_t* voxel, const std::int32_t* rounding, i64* fixed) {
  i64 a[3], b[3], m[3];
  for (int i = 0; i < 3; i++) a[i] = rounded(part(s, twist.angular[i]), 23), b[i] = rounded(a[i], 9);
  const i64 t = (b[0] * b[0] + b[1] * b[1] + b[2] * b[2]) >> 31;
  const i64 sine = series(t, kSine), cosine = series(t, kCosine);
  for (int i = 0; i < 3; i++) m[i] = a[i] - (sine * b[i] >> 22);
  const auto pair = [&](int i, int j) {
    const i64 product = b[i] * b[j];
    return (product >> 23) - (cosine * (product >> 31) >> 22);
  };
  const i64 xx = pair(0, 0), yy = pair(1, 1), zz = pair(2, 2), xy = pair(0, 1), xz = pair(0, 2), yz = pair(1, 2);
  const i64 turn[3][3] = {{-yy - zz, xy - m[2], xz + m[1]}, {xy + m[2], -xx - zz, yz - m[0]}, {xz - m[1], yz + m[0], -xx - yy}};
  for (int i = 0; i < 3; i++) {
    const auto times = [&](const std::int32_t* p) { return turn[i][0] * p[0] + turn[i][1] * p[1] + turn[i][2] * p[2]; };
    const i64 moved = times(voxel) + rounded(part(s, twist.velocity[i]), 9) + (rounding ? times(rounding) >> 24 : 0);
    fixed[i] = (i64{voxel[i]} << kFixedBits) + (rounding ? rounding[i] : 0) + rounded(moved, 40 - kFixedBits);
  }
}

// Whether all of count values are below 2^bits in magnitude.
bool within(const std::int32_t* values, i64 count, int bits) {
  std::uint32_t beyond = 0;
  for (i64 i = 0; i < count; i++) beyond |= (values[i] < 0 ? 0U - static_cast<std::uint32_t>(values[i]) : values[i]) >> bits;
  return !beyond;
}

void check(const Twist& twist, const std::int32_t* voxels, const std::int32_t* rounding, const std::int8_t* wrap, i64 n) {
  for (int i = 0; i < 3; i++)
    for (const i64 component : {twist.velocity[i], twist.angular[i]})
      if (component <= -kMaxComponent || component >= kMaxComponent)
        throw std::invalid_argument("twist: expected components below 2^39 in magnitude");
  if (!within(voxels, 3 * n, kReachBits)) throw std::invalid_argument("voxels: expected less than 2^20 in magnitude");
  if (rounding && !within(rounding, 3 * n, kRoundingBits))
    throw std::invalid_argument("rounding: expected less than 2^20 in magnitude");
  for (i64 i = 0; i < n; i++)
    if (wrap[i] < -1 || wrap[i] > 1) throw std::invalid_argument("wrap: expected -1, 0 or 1");
}

}  // namespace

void twist_map(const Twist& twist, const i64* arc, const std::int32_t* voxels, const std::int32_t* rounding,
               const std::int8_t* wrap, i64 n, i64* fixed) {
  check(twist, voxels, rounding, wrap, n);
  for_ranges(n, kGrain, [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end; i++) {
      const i64 share = azimuth(voxels[3 * i], voxels[3 * i + 1], arc) + wrap[i] * (i64{1} << 31);
      move(twist, share, voxels + 3 * i, rounding ? rounding + 3 * i : nullptr, fixed + 3 * i);
    }
  });
}

void whole_voxels(const i64* fixed, i64 count, std::int32_t* voxels, std::uint8_t* place) {
  for (i64 i = 0; i < count; i++) {
    const i64 moved = fixed[i] + (i64{1} << (kFixedBits - 1));
    voxels[i] = static_cast<std::int32_t>(moved >> kFixedBits);
    place[i] = static_cast<std::uint8_t>(moved >> (kFixedBits - 8));
  }
}

}  // namespace pcc
