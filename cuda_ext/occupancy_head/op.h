// The occupancy head in integers: for some nodes of a level, the logits of the bits that a pass codes.
//
// A pass codes a group of G = 8 / groups consecutive octants of the nodes of one colour (src/pcc/geometry/coding_order.py). It
// yields T = 2^G - 1 logits a node, one per vertex of the binary tree of the G decisions.
//
//   acc1 = bias1 + feats[n, :] . weight1 + ((sum of context weights of the visible bits) << context_shift)     (H,) s32
//   z1   = requantise(acc1, multiplier1, shift1)                                                                (H,) u8
//   z2   = requantise(bias2 + z1 . weight2, multiplier2, shift2)                                                (H,) u8
//   l    = clamp(round_shift((bias3 + z2 . weight3) * multiplier3, shift3), -3584, 3584)                        (T,) int16
//
// Visible are the bits masks[group, colour, d] of neighbour d. Whatever else `occupancy` holds is not looked at, so the
// encoder may hand in the whole occupancies and the decoder what it has so far. Context sums fit 16 bits (216 weights
// of at most 127).
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "common/lazy.h"
#include "neighbour_lists/op.h"

namespace pcc {

constexpr int kMaxHidden = 64;
constexpr int kMaxOutputs = 255;

struct HeadShape {
  int channels, hidden, outputs, groups, colours;
};

// The weights of one group's head, and its arithmetic; copied when an OccupancyHead is made.
struct HeadGroup {
  std::vector<int8_t> weight1;         // (channels, hidden)
  std::vector<int8_t> context;         // (27, 8, hidden)
  std::vector<uint8_t> context_shift;  // (hidden,)
  std::vector<int32_t> multiplier1;    // (hidden,)
  std::vector<int8_t> weight2;         // (hidden, hidden)
  std::vector<int32_t> bias2, multiplier2;  // (hidden,)
  std::vector<int8_t> weight3;              // (hidden, outputs)
  std::vector<int32_t> bias3, multiplier3;  // (outputs,)
  int shift1, shift2, shift3;
};

// Unchanging, so several threads may ask for logits at once.
class OccupancyHead {
 public:
  // masks (groups, colours, 27).
  OccupancyHead(const HeadShape& shape, std::vector<HeadGroup> groups, std::vector<uint8_t> masks);
  ~OccupancyHead();

  // Logits of the groups [first, first + count) for the nodes lists.rows[place ..+ num_rows), all of one colour.
  // feats (N, channels); occupancy (N,); bias1 (count, hidden); logits (count, num_rows, outputs).
  void logits(const uint8_t* feats, const NeighbourLists& lists, const uint8_t* occupancy, int64_t place, int64_t num_rows,
              int colour, int first, int count, const int32_t* bias1, int16_t* logits);

  const HeadShape shape;

 private:
  struct Packed;  // weights in the layout of an instruction set
  const Packed& packed() const;
  const std::vector<HeadGroup> groups_;
  const std::vector<uint8_t> masks_;
  Lazy<Packed> packed_[3];  // by instruction set
};

}  // namespace pcc
