// Products of widened rows with packed weights in AVX2 registers: what the tiles and the dense layers share.
//
// Inputs are u8 widened to int16, weights s8 widened to int16 as [CO / 8][CI / 2][8][2] (conv_int8/tiles.h): vpmaddwd
// multiplies two channels a lane and adds them, exactly.
#pragma once
#include <cstdint>
#include <cstring>

#include "common/avx2.h"

#if PCC_X86
namespace pcc {

// sum += b . w, two products a lane; in place for the reason that add_products (conv_int8/tiles.h) gives.
PCC_AVX2 PCC_INLINE void add_products_avx2(__m256i& sum, __m256i b, __m256i w) {
  const __m256i products = _mm256_madd_epi16(b, w);
  asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(products));
}

// sums[r][v] += x[r][:] . weights of the 8 columns v.
template <int R, int V>
PCC_AVX2 PCC_INLINE void accumulate_avx2(__m256i (&sums)[R][V], const int16_t* const (&x)[R], const int16_t* weights,
                                         int ci) {
  for (int c = 0; c < ci; c += 2) {
    __m256i w[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) w[v] = load_avx2(weights + (static_cast<int64_t>(v) * ci + c) * 8);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      int32_t pair;
      std::memcpy(&pair, x[r] + c, sizeof pair);
      const __m256i b = _mm256_set1_epi32(pair);
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) add_products_avx2(sums[r][v], b, w[v]);
    }
  }
}

}  // namespace pcc
#endif
