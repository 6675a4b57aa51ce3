#include <algorithm>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "conv_float/op.h"

namespace pcc {
namespace {

// One offset of a block: acc[out[i]] += feats[in[i]] . weights, for all pairs i.
PCC_INLINE void accumulate_body(const float* __restrict feats, const int32_t* in, const int32_t* out, int pairs,
                                const float* __restrict weights, float* __restrict acc, int ci, int co) {
  for (int i = 0; i < pairs; i++) {
    const float* x = feats + static_cast<int64_t>(in[i]) * ci;
    float* y = acc + static_cast<int64_t>(out[i]) * co;
    for (int c = 0; c < ci; c++)
      for (int o = 0; o < co; o++) y[o] += x[c] * weights[c * co + o];
  }
}

// One offset of a block: grad += feats[in[i]]^T . grad_out[out[i]], for all pairs i.
PCC_INLINE void outer_body(const float* __restrict feats, const int32_t* in, const int32_t* out, int pairs,
                           const float* __restrict grad_out, float* __restrict grad, int ci, int co) {
  for (int i = 0; i < pairs; i++) {
    const float* x = feats + static_cast<int64_t>(in[i]) * ci;
    const float* g = grad_out + static_cast<int64_t>(out[i]) * co;
    for (int c = 0; c < ci; c++)
      for (int o = 0; o < co; o++) grad[c * co + o] += x[c] * g[o];
  }
}

void accumulate_scalar(const float* f, const int32_t* in, const int32_t* out, int n, const float* w, float* a, int ci, int co) {
  accumulate_body(f, in, out, n, w, a, ci, co);
}
void outer_scalar(const float* f, const int32_t* in, const int32_t* out, int n, const float* g, float* w, int ci, int co) {
  outer_body(f, in, out, n, g, w, ci, co);
}

#if PCC_X86
PCC_AVX2 void accumulate_avx2(const float* f, const int32_t* in, const int32_t* out, int n, const float* w, float* a, int ci,
                              int co) {
  accumulate_body(f, in, out, n, w, a, ci, co);
}
PCC_AVX2 void outer_avx2(const float* f, const int32_t* in, const int32_t* out, int n, const float* g, float* w, int ci, int co) {
  outer_body(f, in, out, n, g, w, ci, co);
}

// R pairs by V vectors of 16 output channels, held in registers over the whole sum over input channels.
template <int R, int V>
PCC_AVX512 PCC_INLINE void tile_avx512(const float* feats, const int32_t* in, const int32_t* out, const float* weights,
                                       float* acc, int ci, int co) {
  const float* x[R];
  float* y[R];
  __m512 sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    x[r] = feats + static_cast<int64_t>(in[r]) * ci;
    y[r] = acc + static_cast<int64_t>(out[r]) * co;
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) sum[r][v] = _mm512_loadu_ps(y[r] + 16 * v);
  }
  for (int c = 0; c < ci; c++) {
    __m512 w[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) w[v] = _mm512_loadu_ps(weights + static_cast<int64_t>(c) * co + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const __m512 b = _mm512_set1_ps(x[r][c]);
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) sum[r][v] = _mm512_fmadd_ps(b, w[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) _mm512_storeu_ps(y[r] + 16 * v, sum[r][v]);
}

template <int V>
PCC_AVX512 PCC_INLINE void columns_avx512(const float* feats, const int32_t* in, const int32_t* out, int pairs,
                                          const float* weights, float* acc, int ci, int co) {
  int i = 0;
  for (; i + 8 <= pairs; i += 8) tile_avx512<8, V>(feats, in + i, out + i, weights, acc, ci, co);
  if (i + 4 <= pairs) {
    tile_avx512<4, V>(feats, in + i, out + i, weights, acc, ci, co);
    i += 4;
  }
  for (; i < pairs; i++) tile_avx512<1, V>(feats, in + i, out + i, weights, acc, ci, co);
}

PCC_AVX512 void accumulate_avx512(const float* feats, const int32_t* in, const int32_t* out, int pairs, const float* weights,
                                  float* acc, int ci, int co) {
  int o = 0;
  for (; o + 32 <= co; o += 32) columns_avx512<2>(feats, in, out, pairs, weights + o, acc + o, ci, co);
  if (o < co) columns_avx512<1>(feats, in, out, pairs, weights + o, acc + o, ci, co);
}

PCC_AVX512 void outer_avx512(const float* feats, const int32_t* in, const int32_t* out, int pairs, const float* grad_out,
                             float* grad, int ci, int co) {
  for (int o = 0; o < co; o += 16)
    for (int c = 0; c < ci; c += 16) {
      __m512 sum[16];
#pragma GCC unroll 16
      for (int q = 0; q < 16; q++) sum[q] = _mm512_loadu_ps(grad + static_cast<int64_t>(c + q) * co + o);
      for (int i = 0; i < pairs; i++) {
        const float* x = feats + static_cast<int64_t>(in[i]) * ci + c;
        const __m512 g = _mm512_loadu_ps(grad_out + static_cast<int64_t>(out[i]) * co + o);
#pragma GCC unroll 16
        for (int q = 0; q < 16; q++) sum[q] = _mm512_fmadd_ps(_mm512_set1_ps(x[q]), g, sum[q]);
      }
#pragma GCC unroll 16
      for (int q = 0; q < 16; q++) _mm512_storeu_ps(grad + static_cast<int64_t>(c + q) * co + o, sum[q]);
    }
}
#endif

constexpr int kPartialSums = 8;  // fixed, so that the order of the sum does not depend on the threads

}  // namespace

void conv_float_forward(const float* feats, const float* weights, const int32_t* neighbours, float* out, int64_t num_in,
                        int64_t num_out, int num_offsets, int ci, int co) {
  const auto accumulate = PCC_SELECT(accumulate);
  const auto run_block = [&](int64_t b, PairLists& lists) {
    const auto [first, rows] = Block(b, num_out);
    collect_pairs(neighbours, first, rows, num_offsets, num_in, lists);
    float* acc = out + first * co;
    std::memset(acc, 0, sizeof(float) * rows * co);
    for (int d = 0; d < num_offsets; d++) {
      const int begin = d * kListRows;
      accumulate(feats, lists.in + begin, lists.out + begin, lists.count[d],
                 weights + static_cast<int64_t>(d) * ci * co, acc, ci, co);
    }
  };
  const int64_t blocks = num_blocks(num_out);
  for_blocks<PairLists>(blocks, 2, threads_for(blocks, 4), [&](int64_t begin, int64_t end, PairLists& lists) {
    for (int64_t b = begin; b < end; b++) run_block(b, lists);
  });
}

void conv_float_backward_weights(const float* feats, const float* grad_out, const int32_t* neighbours, float* grad_weights,
                                 int64_t num_in, int64_t num_out, int num_offsets, int ci, int co) {
  const auto outer = PCC_SELECT(outer);
  const int64_t blocks = num_blocks(num_out);
  const size_t size = static_cast<size_t>(num_offsets) * ci * co;
  std::vector<float> partial(size * kPartialSums, 0.0f);
  for_blocks<PairLists>(kPartialSums, 1, threads_for(blocks, 4), [&](int64_t p, int64_t, PairLists& lists) {
    float* sum = partial.data() + size * p;
    for (int64_t b = blocks * p / kPartialSums; b < blocks * (p + 1) / kPartialSums; b++) {
      const auto [first, rows] = Block(b, num_out);
      collect_pairs(neighbours, first, rows, num_offsets, num_in, lists);
      for (int d = 0; d < num_offsets; d++) {
        const int begin = d * kListRows;
        outer(feats, lists.in + begin, lists.out + begin, lists.count[d], grad_out + first * co,
              sum + static_cast<size_t>(d) * ci * co, ci, co);
      }
    }
  });
  for (size_t i = 0; i < size; i++) {
    float total = 0;
    for (int p = 0; p < kPartialSums; p++) total += partial[size * p + i];
    grad_weights[i] = total;
  }
}

}  // namespace pcc
