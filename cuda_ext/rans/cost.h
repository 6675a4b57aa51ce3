// The information of a symbol in integers, the same on every machine.
#pragma once
#include <bit>
#include <cstdint>

#include "tables/op.h"

namespace pcc {

// About -log2(frequency / 16384) in 1/16384 bit, within 0.008 bit: the bits of a float are its exponent and a linear
// mantissa m, and log2(1 + m) is about m + 11/32 m (1 - m).
inline uint32_t approximate_cost(uint32_t frequency) {
  const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(frequency)));
  const uint32_t m = bits >> (23 - kPrecisionBits) & (kTotal - 1);
  const uint32_t bend = (m * (kTotal - m) >> kPrecisionBits) * 11 >> 5;
  return ((kPrecisionBits + 127u) << kPrecisionBits) - (bits >> (23 - kPrecisionBits)) - bend;
}

}  // namespace pcc
