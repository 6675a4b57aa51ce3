// One stage of the occupancy head in integers: the logits of octant k of some nodes of a level.
//
//   acc1 = bias1 + feats[n, :] . weight1 + ((sum of context weights of the visible bits) << context_shift)     (H,) s32
//   z1   = requantise(acc1, multiplier1, shift1)                                                                (H,) u8
//   z2   = requantise(bias2 + z1 . weight2, multiplier2, shift2)                                                (H,) u8
//   l    = clamp(round_shift((bias3 + z2 . weight3) * multiplier3, shift3), -3584, 3584)                        int16
//
// Visible are the bits o < k of the 27 neighbours' occupancies, and for nodes of odd parity in checkerboard order also
// bit k of neighbours of even parity (occupancy_context/op.h). Whatever else `occupancy` holds is not looked at, so the
// encoder may hand in the whole occupancies and the decoder what it has so far. In stage 7 a node without a bit so far
// gets l = 3584: its last octant is certain. Context sums fit 16 bits (216 weights of at most 127).
#pragma once
#include <cstdint>

namespace pcc {

struct HeadStage {
  int stage;
  bool checkerboard;
  int channels, hidden;
  const int8_t* weight1;        // (channels, hidden)
  const int8_t* context;        // (27, 8, hidden)
  const uint8_t* context_shift;  // (hidden,)
  const int32_t* bias1;         // (hidden,) of the nodes' scale and parity
  const int32_t* multiplier1;   // (hidden,)
  int shift1;
  const int8_t* weight2;      // (hidden, hidden)
  const int32_t* bias2;       // (hidden,)
  const int32_t* multiplier2;  // (hidden,)
  int shift2;
  const int8_t* weight3;  // (hidden,)
  int32_t bias3, multiplier3;
  int shift3;
};

constexpr int kLogitMax = 3584;
constexpr int kMaxHidden = 64;

// rows (R,) int32: the nodes to compute, all of parity `parity` in checkerboard order; logits (R,) int16; neighbours
// outside 0..N-1 are empty. False, and no result, where one of rows is outside.
bool occupancy_head(const uint8_t* feats, const int32_t* neighbours, const uint8_t* occupancy, const int32_t* rows,
                    int64_t num_nodes, int64_t num_rows, int parity, const HeadStage& stage, int16_t* logits);

}  // namespace pcc
