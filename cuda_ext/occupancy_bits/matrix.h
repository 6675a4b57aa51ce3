// Products of the small matrices of a tile: C += A . B.
#pragma once
#include <cstdint>

#include "common/isa.h"

namespace pcc {

// A (m, k) with any strides, B (k, n) and C (m, n) with contiguous rows; n a multiple of 16, or small.
struct Product {
  int m, n, k;
  const float* a;
  int64_t a_row, a_column;
  const float* b;
  int64_t b_row;
  float* c;
  int64_t c_row;
};

PCC_INLINE void multiply_body(const Product& p) {
  for (int i = 0; i < p.m; i++)
    for (int k = 0; k < p.k; k++) {
      const float x = p.a[i * p.a_row + k * p.a_column];
      const float* __restrict b = p.b + k * p.b_row;
      float* __restrict c = p.c + i * p.c_row;
      for (int j = 0; j < p.n; j++) c[j] += x * b[j];
    }
}

#if PCC_X86
template <int R, int V> PCC_AVX512 PCC_INLINE void multiply_tile(const Product& p, int i, int j) {
  const float* a = p.a + i * p.a_row;
  float* c = p.c + i * p.c_row + j;
  __m512 sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) sum[r][v] = _mm512_loadu_ps(c + r * p.c_row + 16 * v);
  for (int k = 0; k < p.k; k++) {
    __m512 b[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) b[v] = _mm512_loadu_ps(p.b + k * p.b_row + j + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const __m512 x = _mm512_set1_ps(a[r * p.a_row + k * p.a_column]);
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) sum[r][v] = _mm512_fmadd_ps(x, b[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) _mm512_storeu_ps(c + r * p.c_row + 16 * v, sum[r][v]);
}

template <int V> PCC_AVX512 PCC_INLINE void multiply_columns(const Product& p, int j) {
  int i = 0;
  for (; i + 8 <= p.m; i += 8) multiply_tile<8, V>(p, i, j);
  for (; i < p.m; i++) multiply_tile<1, V>(p, i, j);
}

PCC_AVX512 PCC_INLINE void multiply_tiles(const Product& p) {
  if (p.n % 16) return multiply_body(p);
  int j = 0;
  for (; j + 32 <= p.n; j += 32) multiply_columns<2>(p, j);
  if (j < p.n) multiply_columns<1>(p, j);
}
#endif

}  // namespace pcc
