// What a node learns from occupancies around it that are already coded.
//
//   out[n, c] += weights[d, o, c]   for every neighbour d (27, itself included) and every set bit o of its occupancy
//                                   that column c may see
//
// neighbours (N, 27) int32 (outside 0..N-1: empty), occupancy (N,) uint8, octants (N,) uint8, weights (27, 8, C).
// Staged (training of the eight-stage head): the columns are 8 groups of C / 8, one per stage k; stage k sees the bits
// o < k of every neighbour, and in checkerboard order nodes of odd parity also see bit k of their even neighbours.
// Not staged: every column sees every bit.
#pragma once
#include <cstdint>

namespace pcc {

constexpr int kOffsets = 27;
constexpr int kStages = 8;

// Whether offset d leads to a node of the other parity (|dx| + |dy| + |dz| odd); parity = popcount(octant) & 1.
constexpr bool odd_offset(int d) { return ((d / 9 + d / 3 % 3 + d % 3 - 3) & 1) != 0; }
inline int parity_of(uint8_t octant) { return __builtin_popcount(octant) & 1; }

// The first stage whose columns see bit o of neighbour d, for a node of the given parity.
inline int first_stage(int o, int d, int parity, bool checkerboard) {
  return o + (checkerboard && parity && odd_offset(d) ? 0 : 1);
}

void context_forward(const float* weights, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                     float* out, int64_t n, int columns, bool staged, bool checkerboard);

void context_backward(const float* grad_out, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                      float* grad_weights, int64_t n, int columns, bool staged, bool checkerboard);

// Integer form, not staged, with requantisation: the features that the children will inherit.
//   out = requantise(bias + sum of weights (27, 8, C) int8, multiplier; + feats * residual_multiplier), C = 16, 32, ...
void context_absorb(const uint8_t* feats, const int8_t* weights, const int32_t* neighbours, const uint8_t* occupancy,
                    const int32_t* bias, const int32_t* multiplier, int shift, int32_t residual_multiplier, uint8_t* out,
                    int64_t n, int channels);

}  // namespace pcc
