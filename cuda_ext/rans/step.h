// One rANS step in each direction, shared by every loop (and by a warp's lanes).
#pragma once
#include <cstdint>

#include "rans/op.h"

namespace pcc {

// Codes a slot into a state; true when `word` must be written in front of the words written before.
// x < frequency * 2^18 < 2^32 after the renormalisation, so the quotient is below 2^18 and (x + 1/2) / frequency is
// at least 2^-15 away from every integer: the double product, with an error below 2^-33, truncates to the quotient.
PCC_HOST_DEVICE inline bool rans_put(uint32_t& x, uint32_t start, uint32_t frequency, uint16_t& word) {
  const bool full = (x >> 18) >= frequency;
  word = static_cast<uint16_t>(x);
  x >>= full ? 16 : 0;
  const uint32_t quotient = static_cast<uint32_t>((x + 0.5) * (1.0 / frequency));
  x += quotient * (kTotal - frequency) + start;  // quotient * 2^14 + x % frequency + start
  return full;
}

PCC_HOST_DEVICE inline uint32_t rans_slot(uint32_t x) { return x & (kTotal - 1); }

// Removes a symbol from a state; true when a word must be read.
PCC_HOST_DEVICE inline bool rans_get(uint32_t& x, uint32_t start, uint32_t frequency) {
  x = frequency * (x >> kPrecisionBits) + rans_slot(x) - start;
  return x < kRansLow;
}

inline uint32_t load_word(const uint8_t* p) { return static_cast<uint32_t>(p[0]) | static_cast<uint32_t>(p[1]) << 8; }

}  // namespace pcc
