// Morton codes: the bits of x, y and z interleaved, x highest in every triple, so octant = x<<2 | y<<1 | z.
//
//   coords (n, 3) int32, 0 <= value < 2^21      codes (n,) uint64, below 2^63
#pragma once
#include <cstdint>

#include "common/device.h"

namespace pcc {

constexpr int kMortonBits = 21;                                   // bits of an axis
constexpr std::uint64_t kMortonZ = 0x1249249249249249ull;         // the bits that z takes; y: << 1, x: << 2

// Bit i of the low 21 bits goes to bit 3i.
PCC_HD std::uint64_t spread_bits(std::uint64_t v) {
  v &= 0x1fffff;
  v = (v | v << 32) & 0x001f00000000ffffull;
  v = (v | v << 16) & 0x001f0000ff0000ffull;
  v = (v | v << 8) & 0x100f00f00f00f00full;
  v = (v | v << 4) & 0x10c30c30c30c30c3ull;
  return (v | v << 2) & kMortonZ;
}

// Bit 3i goes to bit i: the inverse of spread_bits.
PCC_HD std::uint64_t gather_bits(std::uint64_t v) {
  v &= kMortonZ;
  v = (v | v >> 2) & 0x10c30c30c30c30c3ull;
  v = (v | v >> 4) & 0x100f00f00f00f00full;
  v = (v | v >> 8) & 0x001f0000ff0000ffull;
  v = (v | v >> 16) & 0x001f00000000ffffull;
  return (v | v >> 32) & 0x1fffff;
}

PCC_HD std::uint64_t morton_encode(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return spread_bits(x) << 2 | spread_bits(y) << 1 | spread_bits(z);
}

// Returns false, with codes undefined, when a coordinate is negative or 2^21 or more.
bool morton_encode_cpu(const std::int32_t* coords, std::int64_t n, std::uint64_t* codes);
void morton_decode_cpu(const std::uint64_t* codes, std::int64_t n, std::int32_t* coords);

}  // namespace pcc
