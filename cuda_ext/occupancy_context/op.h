// What a node learns from occupancies around it that are already coded.
//
//   out[n, c] = sum of weights[d, o, c]   over every neighbour d (27, itself included) and every set bit o of its occupancy
//                                         that column c may see
//
// neighbours (N, 27) int32 (outside 0..N-1: empty), occupancy (N,) uint8, octants (N,) uint8, weights (27, 8, C).
// The columns are `groups` equal parts; part g sees bit o of neighbour d of a node in octant a if
// first_group (8, 27, 8) uint8 says [a, d, o] <= g.
#pragma once
#include <cstdint>

#include "neighbour_lists/op.h"

namespace pcc {

void context_forward(const float* weights, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                     const uint8_t* first_group, float* out, int64_t n, int columns, int groups);

void context_backward(const float* grad_out, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                      const uint8_t* first_group, float* grad_weights, int64_t n, int columns, int groups);

// Integer form, every bit seen, with requantisation: the features that the children will inherit.
//   out = requantise(bias + sum of weights (27, 8, C) int8, multiplier; + feats * residual_multiplier), C = 16, 32, ...
// lists: of the level, by any colours; they are trusted.
void context_absorb(const uint8_t* feats, const int8_t* weights, const NeighbourLists& lists, const uint8_t* occupancy,
                    const int32_t* bias, const int32_t* multiplier, int shift, int32_t residual_multiplier, uint8_t* out,
                    int64_t n, int channels);

}  // namespace pcc
