#include <algorithm>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "conv_int8/finish.h"
#include "conv_int8/op.h"
#include "conv_int8/tiles.h"

namespace pcc {
namespace {

// The weights of all offsets in the layout of the active instruction set.
class PackedWeights {
 public:
  PackedWeights(const IntTiles& tiles, const int8_t* weights, int num_offsets, int ci, int co)
      : stride_(tiles.packed_bytes(ci, co)), bytes_(stride_ * num_offsets) {
    for (int d = 0; d < num_offsets; d++)
      tiles.pack(weights + static_cast<int64_t>(d) * ci * co, ci, co, bytes_.data() + stride_ * d);
  }
  const void* at(int d) const { return bytes_.data() + stride_ * d; }

 private:
  size_t stride_;
  std::vector<std::byte> bytes_;
};

// The rows as the tiles read them: uint8 as they are, or widened once to int16.
class Inputs {
 public:
  Inputs(const IntTiles& tiles, const uint8_t* feats, int64_t size) : feats_(feats) {
    if (tiles.wide_inputs && feats) wide_.assign(feats, feats + size);
  }
  const void* rows() const { return wide_.empty() ? static_cast<const void*>(feats_) : wide_.data(); }

 private:
  const uint8_t* feats_;
  std::vector<int16_t> wide_;
};

struct Scratch {
  PairLists lists;
  std::vector<int32_t> acc;
};

// Blocks of rows: `collect` fills the pair lists, the tiles add the products, `bias_of(row)` completes each row.
template <class Collect, class BiasOf>
void run_blocks(const uint8_t* feats, const int8_t* weights, const Requantisation& to_u8, uint8_t* out, int64_t num_in,
                int64_t num_out, int num_offsets, int ci, int co, Collect collect, BiasOf bias_of) {
  const IntTiles& tiles = int_tiles();
  const PackedWeights packed(tiles, weights, num_offsets, ci, co);
  const Inputs inputs(tiles, feats, num_in * ci);
  const FinishRow finish = finish_row();
  const auto run_block = [&](int64_t b, Scratch& scratch) {
    const auto [first, rows] = Block(b, num_out);
    scratch.acc.assign(static_cast<size_t>(rows) * co, 0);
    if (feats) {
      collect(first, rows, scratch.lists);
      for (int d = 0; d < num_offsets; d++) {
        const int begin = d * kListRows;
        tiles.accumulate(inputs.rows(), scratch.lists.in + begin, scratch.lists.out + begin,
                         scratch.lists.count[d], packed.at(d), scratch.acc.data(), ci, co);
      }
    }
    for (int r = 0; r < rows; r++) {
      const int64_t row = first + r;
      finish(scratch.acc.data() + static_cast<int64_t>(r) * co, bias_of(row), to_u8,
             to_u8.residual ? to_u8.residual + row * co : nullptr, out + row * co, co);
    }
  };
  const int64_t blocks = num_blocks(num_out);
  for_blocks<Scratch>(blocks, 2, threads_for(blocks, 4), [&](int64_t begin, int64_t end, Scratch& scratch) {
    for (int64_t b = begin; b < end; b++) run_block(b, scratch);
  });
}

}  // namespace

void conv_int8(const uint8_t* feats, const int8_t* weights, const int32_t* neighbours, const Requantisation& to_u8,
               uint8_t* out, int64_t num_in, int64_t num_out, int num_offsets, int ci, int co) {
  run_blocks(
      feats, weights, to_u8, out, num_in, num_out, num_offsets, ci, co,
      [&](int64_t first, int rows, PairLists& lists) { collect_pairs(neighbours, first, rows, num_offsets, num_in, lists); },
      [&](int64_t) { return to_u8.bias; });
}

bool expand_int8(const uint8_t* feats, const int8_t* weights, const int32_t* parents, const uint8_t* octants,
                 const Requantisation& to_u8, uint8_t* out, int64_t num_in, int64_t num_out, int ci, int co) {
  if (!std::all_of(octants, octants + num_out, [](uint8_t octant) { return octant < 8; })) return false;
  if (feats && !std::all_of(parents, parents + num_out, [&](int32_t row) { return exists(row, num_in); })) return false;
  run_blocks(
      feats, weights, to_u8, out, num_in, num_out, 8, ci, co,
      [&](int64_t first, int rows, PairLists& lists) { collect_single_pairs(parents, octants, first, rows, 8, lists); },
      [&](int64_t row) { return to_u8.bias + static_cast<int64_t>(octants[row]) * co; });
  return true;
}

}  // namespace pcc
