// Kernel maps in blocks: which (input row, output row) pairs meet at each kernel offset.
//
// A sparse convolution visits, per block of output rows and per offset, a compact list of pairs, so that the weights
// of one offset stay in registers or L1 while its pairs stream by. The lists are rebuilt from the neighbour table for
// every block: they never leave L1/L2, which is cheaper than reading a stored map from memory.
#pragma once
#include <cstdint>

#include "common/isa.h"

namespace pcc {

constexpr int kBlockRows = 256;
constexpr int kListRows = kBlockRows + 16;  // lists may be over-written and over-read by 16

inline int64_t num_blocks(int64_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

// Rows [first, first + rows) of block b of a table with `total` rows.
struct Block {
  int64_t first;
  int rows;
  Block(int64_t b, int64_t total)
      : first(b * kBlockRows), rows(static_cast<int>(first + kBlockRows <= total ? kBlockRows : total - first)) {}
};

struct PairLists {
  // in[d * kListRows ..] and out[...], count[d] of each: the pairs of offset d; out counts from the block's first row.
  int32_t in[27 * kListRows];
  int32_t out[27 * kListRows];
  int count[27];
};

// Whether a neighbour exists. One that is not in 0..n - 1 counts as empty like -1: nothing outside is ever read.
PCC_INLINE bool exists(int32_t row, int64_t n) { return static_cast<uint32_t>(row) < static_cast<uint32_t>(n); }

// Pairs of the rows [first, first + rows) of neighbours (N, K) int32, rows of 0..num_in - 1 or empty; K <= 27.
void collect_pairs(const int32_t* neighbours, int64_t first, int rows, int num_offsets, int64_t num_in, PairLists& lists);

// The same where every row has one input row `inputs[n]` at the one offset `offsets[n]` < num_offsets.
void collect_single_pairs(const int32_t* inputs, const uint8_t* offsets, int64_t first, int rows, int num_offsets,
                          PairLists& lists);

}  // namespace pcc
