#include "occupancy_head/dense.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/requantise.h"
#include "conv_int8/tiles.h"
#include "occupancy_head/dense_avx2.h"

namespace pcc {
namespace {

using Context = DenseLayer::Context;

// Without vector instructions: the products of the integer tiles, then each row on its own.
std::vector<int32_t> products(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count) {
  std::vector<int32_t> acc(static_cast<size_t>(count) * layer.padded);
  int32_t identity[kTileRows];
  std::iota(identity, identity + count, 0);
  layer.tiles->accumulate(x, rows ? rows : identity, identity, count, layer.packed.data(), acc.data(), layer.inputs,
                         layer.padded);
  return acc;
}

void hidden_scalar(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count, const int32_t* bias,
                   Context context, uint8_t* out) {
  const std::vector<int32_t> sum = products(layer, x, rows, count);
  const int32_t* acc = sum.data();
  const int16_t* sums = context.sums;
  for (int i = 0; i < count; i++, acc += layer.padded, out += layer.padded, sums += sums ? layer.padded : 0)
    for (int c = 0; c < layer.padded; c++) {
      const int32_t extra = sums ? static_cast<int32_t>(sums[c]) * (1 << context.shifts[c]) : 0;
      out[c] = requantise(acc[c] + bias[c] + extra, layer.multiplier[c], 0, layer.shift);
    }
}

void last_scalar(const DenseLayer& layer, const uint8_t* x, int count, const int32_t* bias, int16_t* out) {
  const std::vector<int32_t> sum = products(layer, x, nullptr, count);
  const int32_t* acc = sum.data();
  for (int i = 0; i < count; i++, acc += layer.padded)
    for (int c = 0; c < layer.outputs; c++) {
      const int64_t l = round_shift(static_cast<int64_t>(acc[c] + bias[c]) * layer.multiplier[c], layer.shift);
      *out++ = static_cast<int16_t>(std::clamp<int64_t>(l, -kLogitMax, kLogitMax));
    }
}

#if PCC_X86

// sums[r][v] += x[r][:] . weights of the 16 columns v.
template <int R, int V>
PCC_AVX512 PCC_INLINE void accumulate(__m512i (&sums)[R][V], const uint8_t* const (&x)[R], const std::byte* weights, int ci) {
  for (int c = 0; c < ci; c += 4) {
    __m512i w[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) w[v] = _mm512_loadu_si512(weights + (static_cast<int64_t>(v) * ci + c) * 16);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      int32_t four;
      std::memcpy(&four, x[r] + c, sizeof four);
      const __m512i b = _mm512_set1_epi32(four);
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) add_products(sums[r][v], b, w[v]);
    }
  }
}

// An accumulator beyond `cap` gives 255 like `cap` itself, whose product with the multiplier shifts into 31 bits.
PCC_AVX512 PCC_INLINE __m128i to_u8(__m512i acc, __m512i multiplier, __m512i cap, __m512i rounding, __m128i shift) {
  acc = _mm512_max_epi32(_mm512_min_epi32(acc, cap), _mm512_setzero_si512());
  __m512i even = _mm512_mul_epu32(acc, multiplier);
  __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32));
  even = _mm512_srl_epi64(_mm512_add_epi64(even, rounding), shift);
  odd = _mm512_srl_epi64(_mm512_add_epi64(odd, rounding), shift);
  return _mm512_cvtusepi32_epi8(_mm512_or_si512(even, _mm512_slli_epi64(odd, 32)));
}

template <int R, int V>
PCC_AVX512 PCC_INLINE void hidden_tile(const DenseLayer& layer, const uint8_t* const (&x)[R], const std::byte* weights,
                                       int column, const int32_t* bias, const int16_t* context, const uint8_t* shifts,
                                       uint8_t* out) {
  __m512i sums[R][V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) {
    const __m512i start = _mm512_loadu_si512(bias + column + 16 * v);
    const __m512i places = shifts ? _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(shifts + column + 16 * v))) : start;
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      sums[r][v] = start;
      if (!context) continue;
      const int16_t* extra = context + r * layer.padded + column + 16 * v;
      const __m512i wide = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)extra));
      sums[r][v] = _mm512_add_epi32(start, _mm512_sllv_epi32(wide, places));
    }
  }
  accumulate<R, V>(sums, x, weights, layer.inputs);
  const __m512i rounding = _mm512_set1_epi64(int64_t{1} << (layer.shift - 1));
  const __m128i shift = _mm_cvtsi32_si128(layer.shift);
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) {
    const __m512i multiplier = _mm512_loadu_si512(layer.multiplier.data() + column + 16 * v);
    const __m512i cap = _mm512_loadu_si512(layer.cap.data() + column + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
      _mm_storeu_si128((__m128i*)(out + r * layer.padded + column + 16 * v),
                       to_u8(sums[r][v], multiplier, cap, rounding, shift));
  }
}

template <int V>
PCC_AVX512 PCC_INLINE void hidden_columns(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count,
                                          int column, const int32_t* bias, Context context, uint8_t* out) {
  constexpr int kRows = V == 1 ? 8 : V == 2 ? 8 : 4;
  const std::byte* weights = layer.packed.data() + static_cast<int64_t>(column) * layer.inputs;
  const auto row = [&](int i) { return x + static_cast<int64_t>(rows ? rows[i] : i) * layer.inputs; };
  const auto sums = [&](int i) { return context.sums ? context.sums + i * layer.padded : nullptr; };
  int i = 0;
  for (; i + kRows <= count; i += kRows) {
    const uint8_t* at[kRows];
    for (int r = 0; r < kRows; r++) at[r] = row(i + r);
    hidden_tile<kRows, V>(layer, at, weights, column, bias, sums(i), context.shifts, out + i * layer.padded);
  }
  for (; i < count; i++) {
    const uint8_t* at[1] = {row(i)};
    hidden_tile<1, V>(layer, at, weights, column, bias, sums(i), context.shifts, out + i * layer.padded);
  }
}

PCC_AVX512 void hidden_avx512(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count, const int32_t* bias,
                              Context context, uint8_t* out) {
  int column = 0;
  for (; column + 64 <= layer.padded; column += 64) hidden_columns<4>(layer, x, rows, count, column, bias, context, out);
  for (; column + 32 <= layer.padded; column += 32) hidden_columns<2>(layer, x, rows, count, column, bias, context, out);
  if (column < layer.padded) hidden_columns<1>(layer, x, rows, count, column, bias, context, out);
}

PCC_AVX512 PCC_INLINE __m256i to_logits(__m512i acc, __m512i multiplier, __m512i rounding, int shift) {
  const __m512i low = _mm512_set1_epi64(-kLogitMax), high = _mm512_set1_epi64(kLogitMax);
  __m512i even = _mm512_mul_epi32(acc, multiplier);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32));
  even = _mm512_srai_epi64(_mm512_add_epi64(even, rounding), shift);
  odd = _mm512_srai_epi64(_mm512_add_epi64(odd, rounding), shift);
  even = _mm512_min_epi64(_mm512_max_epi64(even, low), high);
  odd = _mm512_min_epi64(_mm512_max_epi64(odd, low), high);
  return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32)));
}

template <int R>
PCC_AVX512 PCC_INLINE void last_tile(const DenseLayer& layer, const uint8_t* const (&x)[R], const int32_t* bias, int16_t* out) {
  const __m512i rounding = _mm512_set1_epi64(int64_t{1} << (layer.shift - 1));
  for (int column = 0; column < layer.padded; column += 16) {
    __m512i sums[R][1];
    for (int r = 0; r < R; r++) sums[r][0] = _mm512_loadu_si512(bias + column);
    accumulate<R, 1>(sums, x, layer.packed.data() + static_cast<int64_t>(column) * layer.inputs, layer.inputs);
    const __m512i multiplier = _mm512_loadu_si512(layer.multiplier.data() + column);
    const int left = layer.outputs - column;
    const __mmask16 lanes = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
    for (int r = 0; r < R; r++)
      _mm256_mask_storeu_epi16(out + r * layer.outputs + column, lanes,
                               to_logits(sums[r][0], multiplier, rounding, layer.shift));
  }
}

PCC_AVX512 void last_avx512(const DenseLayer& layer, const uint8_t* x, int count, const int32_t* bias, int16_t* out) {
  const auto row = [&](int i) { return x + static_cast<int64_t>(i) * layer.inputs; };
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    const uint8_t* at[8];
    for (int r = 0; r < 8; r++) at[r] = row(i + r);
    last_tile<8>(layer, at, bias, out + i * layer.outputs);
  }
  for (; i < count; i++) {
    const uint8_t* at[1] = {row(i)};
    last_tile<1>(layer, at, bias, out + i * layer.outputs);
  }
}
#endif

int32_t cap_of(int32_t multiplier, int shift) {
  if (multiplier <= 0) return INT32_MAX;
  const __int128 wanted = (static_cast<__int128>(255) << shift) - (static_cast<__int128>(1) << (shift - 1));
  return static_cast<int32_t>(std::min<__int128>((wanted + multiplier - 1) / multiplier, INT32_MAX));
}

}  // namespace

DenseLayer::DenseLayer(const int8_t* weights, const int32_t* multiplier, int inputs, int outputs, int shift)
    : inputs(inputs), outputs(outputs), padded((outputs + 15) / 16 * 16), shift(shift), multiplier(padded), cap(padded),
      tiles(&int_tiles()), run_hidden_(PCC_SELECT(hidden)), run_last_(PCC_SELECT(last)) {
  std::copy(multiplier, multiplier + outputs, this->multiplier.begin());
  for (int c = 0; c < padded; c++) cap[c] = cap_of(this->multiplier[c], shift);
  std::vector<int8_t> wide(static_cast<size_t>(inputs) * padded);
  for (int i = 0; i < inputs; i++) std::copy_n(weights + i * outputs, outputs, wide.data() + i * padded);
  packed.resize(tiles->packed_bytes(inputs, padded));
  tiles->pack(wide.data(), inputs, padded, packed.data());
}

}  // namespace pcc
