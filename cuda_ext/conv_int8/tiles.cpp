#include "conv_int8/tiles.h"

#include <algorithm>
#include <cstring>

#include "conv_int8/tiles_avx2.h"

namespace pcc {
namespace {

size_t wide_bytes(int ci, int co) { return sizeof(int16_t) * ci * co; }

void scalar_pack(const int8_t* weights, int ci, int co, void* packed) {
  std::copy_n(weights, static_cast<size_t>(ci) * co, static_cast<int16_t*>(packed));
}

// Four input channels a step, all operands 16 bits wide: what compilers make vector code of on any machine.
void scalar_accumulate(const void* feats, const int32_t* in, const int32_t* out, int pairs, const void* packed, int32_t* acc,
                       int ci, int co) {
  for (int i = 0; i < pairs; i++) {
    const uint8_t* x = static_cast<const uint8_t*>(feats) + static_cast<int64_t>(in[i]) * ci;
    const int16_t* w = static_cast<const int16_t*>(packed);
    int32_t* __restrict y = acc + static_cast<int64_t>(out[i]) * co;
    for (int c = 0; c < ci; c += 4, w += 4 * co) {
      const int16_t x0 = x[c], x1 = x[c + 1], x2 = x[c + 2], x3 = x[c + 3];
      for (int o = 0; o < co; o++) y[o] += x0 * w[o] + x1 * w[o + co] + x2 * w[o + 2 * co] + x3 * w[o + 3 * co];
    }
  }
}

const IntTiles kScalar{wide_bytes, scalar_pack, scalar_accumulate, false};

#if PCC_X86

void avx2_pack(const int8_t* weights, int ci, int co, void* packed) {
  int16_t* p = static_cast<int16_t*>(packed);
  for (int o = 0; o < co; o += 8)
    for (int c = 0; c < ci; c += 2)
      for (int lane = 0; lane < 8; lane++)
        for (int k = 0; k < 2; k++) *p++ = weights[(c + k) * co + o + lane];
}

// 16 output channels of R pairs: two vectors a row.
template <int R>
PCC_AVX2 PCC_INLINE void avx2_tile(const int16_t* feats, const int32_t* in, const int32_t* out, const int16_t* weights,
                                   int32_t* acc, int ci, int co) {
  const int16_t* x[R];
  __m256i sums[R][2];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    x[r] = feats + static_cast<int64_t>(in[r]) * ci;
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) sums[r][v] = load_avx2(acc + static_cast<int64_t>(out[r]) * co + 8 * v);
  }
  accumulate_avx2<R, 2>(sums, x, weights, ci);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) store_avx2(acc + static_cast<int64_t>(out[r]) * co + 8 * v, sums[r][v]);
}

PCC_AVX2 void avx2_accumulate(const void* feats, const int32_t* in, const int32_t* out, int pairs, const void* packed,
                              int32_t* acc, int ci, int co) {
  const int16_t* rows = static_cast<const int16_t*>(feats);
  for (int o = 0; o < co; o += 16) {
    const int16_t* weights = static_cast<const int16_t*>(packed) + static_cast<int64_t>(o) * ci;
    int i = 0;
    for (; i + 6 <= pairs; i += 6) avx2_tile<6>(rows, in + i, out + i, weights, acc + o, ci, co);
    for (; i + 2 <= pairs; i += 2) avx2_tile<2>(rows, in + i, out + i, weights, acc + o, ci, co);
    if (i < pairs) avx2_tile<1>(rows, in + i, out + i, weights, acc + o, ci, co);
  }
}

const IntTiles kAvx2{wide_bytes, avx2_pack, avx2_accumulate, true};

size_t avx512_bytes(int ci, int co) { return static_cast<size_t>(ci) * co; }

void avx512_pack(const int8_t* weights, int ci, int co, void* packed) {
  int8_t* p = static_cast<int8_t*>(packed);
  for (int o = 0; o < co; o += 16)
    for (int c = 0; c < ci; c += 4)
      for (int lane = 0; lane < 16; lane++)
        for (int k = 0; k < 4; k++) *p++ = weights[(c + k) * co + o + lane];
}

template <int R, int V>
PCC_AVX512 PCC_INLINE void avx512_tile(const uint8_t* feats, const int32_t* in, const int32_t* out, const int8_t* weights,
                                       int32_t* acc, int ci, int co) {
  const uint8_t* x[R];
  __m512i sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    x[r] = feats + static_cast<int64_t>(in[r]) * ci;
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) sum[r][v] = _mm512_loadu_si512(acc + static_cast<int64_t>(out[r]) * co + 16 * v);
  }
  for (int c = 0; c < ci; c += 4) {
    __m512i w[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) w[v] = _mm512_loadu_si512(weights + static_cast<int64_t>(v) * ci * 16 + c * 16);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      int32_t four;
      std::memcpy(&four, x[r] + c, sizeof four);
      const __m512i b = _mm512_set1_epi32(four);
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) add_products(sum[r][v], b, w[v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) _mm512_storeu_si512(acc + static_cast<int64_t>(out[r]) * co + 16 * v, sum[r][v]);
}

template <int V>
PCC_AVX512 PCC_INLINE void avx512_columns(const uint8_t* feats, const int32_t* in, const int32_t* out, int pairs,
                                          const int8_t* weights, int32_t* acc, int ci, int co) {
  int i = 0;
  for (; i + 8 <= pairs; i += 8) avx512_tile<8, V>(feats, in + i, out + i, weights, acc, ci, co);
  if (i + 4 <= pairs) {
    avx512_tile<4, V>(feats, in + i, out + i, weights, acc, ci, co);
    i += 4;
  }
  for (; i < pairs; i++) avx512_tile<1, V>(feats, in + i, out + i, weights, acc, ci, co);
}

PCC_AVX512 void avx512_accumulate(const void* feats, const int32_t* in, const int32_t* out, int pairs, const void* packed,
                                  int32_t* acc, int ci, int co) {
  const uint8_t* rows = static_cast<const uint8_t*>(feats);
  const int8_t* weights = static_cast<const int8_t*>(packed);
  int o = 0;
  for (; o + 32 <= co; o += 32) avx512_columns<2>(rows, in, out, pairs, weights + o * ci, acc + o, ci, co);
  if (o < co) avx512_columns<1>(rows, in, out, pairs, weights + o * ci, acc + o, ci, co);
}

const IntTiles kAvx512{avx512_bytes, avx512_pack, avx512_accumulate, false};

#endif

}  // namespace

const IntTiles& int_tiles() {
#if PCC_X86
  if (active_isa() == Isa::avx512) return kAvx512;
  if (active_isa() == Isa::avx2) return kAvx2;
#endif
  return kScalar;
}

}  // namespace pcc
