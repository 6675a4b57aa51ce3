// Training of the occupancy head: the bits of a level under float weights, and all their gradients, in one pass.
//
// For every node n of `rows` and group g of octants (src/pcc/geometry/coding_order.py; G = 8 / groups bits, T = 2^G - 1 outputs):
//
//   x1 = feats[n] . weight1[g] + bias1[colour of n, g] + sum of context[g] over the visible bits         (H,)
//   x2 = act(x1) . weight2[g] + bias2[g]                                                                 (H,)
//   l  = logit(act(x2) . weight3[g]^T + bias3[g])                                                          (T,)
//   bits += sum over the group's octants of log2(1 + 2^(-l)) for a one, log2(1 + 2^l) for a zero, l the logit that the
//           lower bits choose; the last octant of a node with no child before it is certain
//
// The bits that are seen are those of `occupancy`, the ones that cost those of `target`: the same where nothing is lost.
//
// act is src/pcc/ops/activation_float.py, logit a clamp to +-14, rounded to 1/256 where `quantised`; both pass gradients
// where they do not clamp. Nothing is stored between the way forward and the way back but a tile of 64 nodes.
#pragma once
#include <cstdint>

namespace pcc {

struct HeadBitsShape {
  int64_t nodes;
  int channels, hidden, groups, outputs, colours;
};

// All of C-contiguous floats: weight1 (groups, C, H), context (groups, 27, 8, H), bias1 (colours, groups, H),
// weight2 (groups, H, H), bias2 (groups, H), weight3 (groups, T, H), bias3 (groups, T).
template <class T> struct HeadArrays {
  T *weight1, *context, *bias1, *weight2, *bias2, *weight3, *bias3;
};

struct HeadNodes {
  const float* feats;           // (N, C)
  const int32_t* neighbours;    // (N, 27)
  const uint8_t *occupancy, *target, *octants;  // (N,)
  const int32_t* rows;          // (num_rows,) the nodes whose bits count, distinct
  int64_t num_rows;
  const uint8_t* colour_of;     // (8,)
  const uint8_t* masks;         // (8, groups, 27): the bits that a node in octant a sees
};

// The bits of the nodes `rows`; with `grads`, which must hold zeros, and grad_feats (N, C) also their gradients.
double occupancy_bits(const HeadBitsShape& shape, const HeadNodes& nodes, const HeadArrays<const float>& weights, float step,
                      bool quantised, const HeadArrays<float>* grads, float* grad_feats);

// One pass: decides group g of the nodes `rows`, of one colour, by what `nodes.occupancy` holds so far. Where a logit is
// below `threshold` in magnitude the bit is the target's, else the likelier one; a certain one is a one. `occupancy` is
// what nodes.occupancy points to.
void occupancy_decide(const HeadBitsShape& shape, const HeadNodes& nodes, const HeadArrays<const float>& weights, float step,
                      bool quantised, int group, float threshold, uint8_t* occupancy);

}  // namespace pcc
