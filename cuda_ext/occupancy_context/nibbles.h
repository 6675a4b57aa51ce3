// Context sums in integers: the weights of four bits at a time, summed beforehand.
//
//   sum[c] = sum over neighbours d of low[d][v_d & 15][c] + high[d][v_d >> 4][c],   v_d = the visible bits of d
//
// A neighbour costs one or two additions of whole rows whatever its occupancy is; a loop over set bits costs about as
// many and mispredicts most of its branches.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "neighbour_lists/op.h"

namespace pcc {

class NibbleTables {
 public:
  // weights (27, 8, columns) int8; sums of 216 of them fit int16.
  NibbleTables(const int8_t* weights, int columns) : columns(columns), values_(static_cast<size_t>(kDirections) * 32 * columns) {
    for (int d = 0; d < kDirections; d++)
      for (int half = 0; half < 2; half++)
        fill(weights + (d * 8 + half * 4) * columns, values_.data() + static_cast<size_t>(d * 2 + half) * 16 * columns);
  }

  // Row d * 32 + v & 15 holds the sum of bits 0-3, row d * 32 + 16 + (v >> 4) that of bits 4-7.
  const int16_t* values() const { return values_.data(); }
  const int columns;

 private:
  void fill(const int8_t* weights, int16_t* table) const {
    for (int v = 1; v < 16; v++) {
      const int16_t* rest = table + (v & (v - 1)) * columns;
      const int8_t* w = weights + __builtin_ctz(v) * columns;
      for (int c = 0; c < columns; c++) table[v * columns + c] = static_cast<int16_t>(rest[c] + w[c]);
    }
  }
  std::vector<int16_t> values_;
};

// What a node sees: its neighbours with their occupancies, direction << 8 | occupancy.
using Seen = uint16_t;

// sum (columns,) int16 over the `count` neighbours of a node, each seen through masks[direction].
using ContextSum = void (*)(const Seen* seen, int count, const uint8_t* masks, const NibbleTables& tables, int16_t* sum);
// Of the active instruction set; `high`: whether some mask lets bits 4-7 through.
ContextSum context_sum(int columns, bool high);

// The neighbours of the node at place i; at most 27 are written, and their number returned.
PCC_INLINE int look_around(const NeighbourLists& lists, int64_t i, const uint8_t* occupancy, Seen* seen) {
  const uint32_t begin = lists.begin[i];
  const int count = static_cast<int>(lists.begin[i + 1] - begin);
  const uint32_t* entries = lists.entries + begin;
  for (int k = 0; k < count; k++)
    seen[k] = static_cast<Seen>(direction_of(entries[k]) << 8 | occupancy[row_of(entries[k])]);
  return count;
}

}  // namespace pcc
