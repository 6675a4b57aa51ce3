// One node's decisions and their contexts (docs/arithmetic.md, section 12), for an encoder and a decoder alike.
#pragma once
#include <array>
#include <bit>

#include "adaptive_occupancy/op.h"

namespace pcc {

// What is known of a node before its occupancy.
struct Surroundings {
  std::uint32_t near;      // bit d: the neighbour in direction d exists
  std::uint32_t lower[3];  // occupancies of the neighbours at x - 1, y - 1, z - 1; 0 where there is none
};

constexpr std::uint32_t direction_bit(int dx, int dy, int dz) { return 1u << ((dx + 1) * 9 + (dy + 1) * 3 + dz + 1); }

// Axis 0 is x, whose bit of an octant is 4.
inline constexpr std::uint32_t kLowFace[3] = {direction_bit(-1, 0, 0), direction_bit(0, -1, 0), direction_bit(0, 0, -1)};
inline constexpr std::uint32_t kHighFace[3] = {direction_bit(1, 0, 0), direction_bit(0, 1, 0), direction_bit(0, 0, 1)};
inline constexpr std::uint32_t kHighOctants[3] = {0xf0, 0xcc, 0xaa};

// The three edge neighbours and the corner neighbour that touch an octant.
constexpr std::array<std::uint32_t, 8> make_rims() {
  std::array<std::uint32_t, 8> rims{};
  for (int o = 0; o < 8; o++) {
    const int x = o & 4 ? 1 : -1, y = o & 2 ? 1 : -1, z = o & 1 ? 1 : -1;
    rims[o] = direction_bit(x, y, 0) | direction_bit(x, 0, z) | direction_bit(0, y, z) | direction_bit(x, y, z);
  }
  return rims;
}
inline constexpr auto kRims = make_rims();

inline constexpr std::uint8_t kCrowds[27] = {0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};

// Nibble o holds bit o of a byte.
constexpr std::array<std::uint32_t, 256> make_spread() {
  std::array<std::uint32_t, 256> spread{};
  for (std::uint32_t byte = 0; byte < 256; byte++)
    for (int o = 0; o < 8; o++) spread[byte] |= (byte >> o & 1) << 4 * o;
  return spread;
}
inline constexpr auto kSpread = make_spread();

// Nibble o says for octant o, from the highest bit: a face neighbour at x, y, z that matters, and two of its rim.
// Towards the high half the neighbour itself matters, towards the low half its child that touches the octant.
inline std::uint32_t octant_surroundings(const Surroundings& s) {
  std::uint32_t nibbles = 0;
  for (int axis = 0; axis < 3; axis++) {
    const std::uint32_t high = s.near & kHighFace[axis] ? kHighOctants[axis] : 0;
    const std::uint32_t low = (s.lower[axis] & kHighOctants[axis]) >> (4 >> axis);
    nibbles |= kSpread[high | low] << (3 - axis);
  }
  for (int o = 0; o < 8; o++) {
    const std::uint32_t rim = s.near & kRims[o];
    nibbles |= static_cast<std::uint32_t>((rim & (rim - 1)) != 0) << 4 * o;
  }
  return nibbles;
}

// Codes one occupancy: `code(context, symbol)` returns the symbol, which a decoder knows by itself. `known` is the
// occupancy, or anything in a decoder.
template <class Code>
inline std::uint32_t code_node(OccupancyContexts& contexts, const Surroundings& s, std::uint32_t known, Code& code) {
  const int crowd = kCrowds[std::popcount(s.near & ~direction_bit(0, 0, 0) & ((1u << 27) - 1))];
  if (code(contexts.single[crowd], static_cast<std::uint32_t>((known & (known - 1)) == 0))) {
    const std::uint32_t octant = static_cast<std::uint32_t>(std::countr_zero(known));
    std::uint32_t bits = 1;
    for (int axis = 0; axis < 3; axis++) {
      const int sides = 2 * ((s.near & kLowFace[axis]) != 0) + ((s.near & kHighFace[axis]) != 0);
      bits = bits << 1 | code(contexts.half[bits][sides], octant >> (2 - axis) & 1);
    }
    return 1u << (bits & 7);
  }
  std::uint32_t occupancy = 0, nibbles = octant_surroundings(s);
  for (int o = 0; o < 8; o++, nibbles >>= 4) {
    if (o == 6 && occupancy == 0) return 0xc0;  // at least two: the rest is certain
    if (o == 7 && (occupancy & (occupancy - 1)) == 0) return occupancy | 0x80;
    occupancy |= code(contexts.many[occupancy | 1u << o][nibbles & 15], known >> o & 1) << o;
  }
  return occupancy;
}

}  // namespace pcc
