// Sparse convolution in float32, forward and backward, for training.
//
//   out[n, :] = sum over d with neighbours[n, d] in 0..M-1 of feats[neighbours[n, d], :] . weights[d]
//
// feats (M, CI) float32, weights (K, CI, CO) float32, neighbours (N, K) int32 rows of feats or -1, out (N, CO) float32.
// CI and CO are multiples of 16, K <= 27. The gradient for feats is the same sum over the opposite offsets with the
// weights transposed, so it needs no kernel of its own. The order of every sum is fixed by the block size alone:
// results do not depend on the number of threads (they may differ by rounding between instruction sets).
#pragma once
#include <cstdint>

namespace pcc {

void conv_float_forward(const float* feats, const float* weights, const int32_t* neighbours, float* out, int64_t num_in,
                        int64_t num_out, int num_offsets, int ci, int co);

// grad_weights[d] = sum over n of feats[neighbours[n, d], :]^T . grad_out[n, :]
void conv_float_backward_weights(const float* feats, const float* grad_out, const int32_t* neighbours, float* grad_weights,
                                 int64_t num_in, int64_t num_out, int num_offsets, int ci, int co);

}  // namespace pcc
