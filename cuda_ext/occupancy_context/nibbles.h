// Context sums in integers without a branch: the weights of four bits at a time, summed beforehand.
//
//   sum[c] = sum over d of low[d][v_d & 15][c] + high[d][v_d >> 4][c],   v_d = the visible bits of neighbour d, 0 if empty
//
// A row costs 27 (bits 0-3 only) or 54 additions of whole rows whatever the occupancies are; a loop over set bits costs
// about as many and mispredicts most of its branches.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "occupancy_context/op.h"

namespace pcc {

// Bits that are visible at every offset.
struct BitMasks {
  alignas(64) uint32_t at[32] = {};
};

inline BitMasks stage_masks(int stage, bool checkerboard, int parity) {
  BitMasks masks;
  for (int d = 0; d < kOffsets; d++)
    for (int o = 0; o < 8; o++)
      if (first_stage(o, d, parity, checkerboard) <= stage) masks.at[d] |= 1u << o;
  return masks;
}

inline BitMasks all_bits() {
  BitMasks masks;
  for (int d = 0; d < kOffsets; d++) masks.at[d] = 255;
  return masks;
}

class NibbleTables {
 public:
  // weights (27, 8, columns) int8; sums of 216 of them fit int16.
  NibbleTables(const int8_t* weights, int columns, bool with_high)
      : columns(columns), halves(with_high ? 2 : 1), values(static_cast<size_t>(kOffsets) * halves * 16 * columns) {
    for (int d = 0; d < kOffsets; d++)
      for (int half = 0; half < halves; half++) fill(weights + (d * 8 + half * 4) * columns, row(d, half));
  }

  const int16_t* row(int d, int half) const { return values.data() + static_cast<size_t>(d * halves + half) * 16 * columns; }
  int16_t* row(int d, int half) { return values.data() + static_cast<size_t>(d * halves + half) * 16 * columns; }

  const int columns, halves;

 private:
  void fill(const int8_t* weights, int16_t* table) const {
    std::memset(table, 0, sizeof(int16_t) * columns);
    for (int v = 1; v < 16; v++) {
      const int16_t* rest = table + (v & (v - 1)) * columns;
      const int8_t* w = weights + __builtin_ctz(v) * columns;
      for (int c = 0; c < columns; c++) table[v * columns + c] = static_cast<int16_t>(rest[c] + w[c]);
    }
  }
  std::vector<int16_t> values;
};

// A copy that may be read three bytes past its end, as gathers of 32 bits do.
inline std::vector<uint8_t> padded(const uint8_t* occupancy, int64_t n) {
  std::vector<uint8_t> copy(static_cast<size_t>(n) + 4);
  if (n) std::memcpy(copy.data(), occupancy, static_cast<size_t>(n));
  return copy;
}

PCC_INLINE void context_sum_body(const int32_t* neighbours, const uint8_t* occupancy, int64_t n, const BitMasks& masks,
                                 const NibbleTables& tables, int16_t* __restrict sum) {
  const int columns = tables.columns;
  std::memset(sum, 0, sizeof(int16_t) * columns);
  for (int d = 0; d < kOffsets; d++) {
    if (!exists(neighbours[d], n)) continue;
    const unsigned v = occupancy[neighbours[d]] & masks.at[d];
    for (int half = 0; half < tables.halves; half++) {
      const int16_t* __restrict w = tables.row(d, half) + (v >> (4 * half) & 15) * columns;
      for (int c = 0; c < columns; c++) sum[c] = static_cast<int16_t>(sum[c] + w[c]);
    }
  }
}

// sum (columns,) int16 of one node; neighbours (27,), those outside 0..n - 1 empty; occupancy (n,) from `padded`.
using ContextSum = void (*)(const int32_t* neighbours, const uint8_t* occupancy, int64_t n, const BitMasks& masks,
                            const NibbleTables& tables, int16_t* sum);
ContextSum context_sum(int columns);  // of the active instruction set

}  // namespace pcc
