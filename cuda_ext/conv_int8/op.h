// Sparse convolution u8 x s8 -> s32 with fused requantisation to u8: what the codec runs.
//
//   acc[n, c] = bias[b(n), c] + sum over d with neighbours[n, d] in 0..M-1 of feats[neighbours[n, d], :] . weights[d, :, c]
//   out[n, c] = requantise(acc, multiplier[c], residual[n, c] * residual_multiplier, shift)      (common/requantise.h)
//
// feats (M, CI) uint8, weights (K, CI, CO) int8, K <= 27; CI a multiple of 4, CO of 16; bias (B, CO) and multiplier
// (CO,) int32; residual (N, CO) uint8 or none. Every sum is exact in 32 bits (checked when a program is exported), so
// all instruction sets and thread counts give the same bits.
#pragma once
#include <cstdint>

namespace pcc {

struct Requantisation {
  const int32_t* bias;
  const int32_t* multiplier;
  int shift;
  const uint8_t* residual;  // or null
  int32_t residual_multiplier;
};

void conv_int8(const uint8_t* feats, const int8_t* weights, const int32_t* neighbours, const Requantisation& to_u8,
               uint8_t* out, int64_t num_in, int64_t num_out, int num_offsets, int ci, int co);

// One input row and one of 8 weight matrices per output row: features of children from their parents'.
//   acc[n, c] = bias[octants[n], c] + feats[parents[n], :] . weights[octants[n], :, c]; bias (8, CO)
// Without feats (null: the root) acc is the bias alone. False, and no result, where a parent is not in 0..M-1 or an
// octant not below 8.
bool expand_int8(const uint8_t* feats, const int8_t* weights, const int32_t* parents, const uint8_t* octants,
                 const Requantisation& to_u8, uint8_t* out, int64_t num_in, int64_t num_out, int ci, int co);

}  // namespace pcc
