#include "occupancy_head/dense_avx2.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "common/avx2.h"
#include "common/requantise.h"
#include "conv_int8/tiles_avx2.h"

#if PCC_X86
namespace pcc {
namespace {

using Context = DenseLayer::Context;

// The rows as vpmaddwd takes them: widened to int16, (count, inputs).
PCC_AVX2 std::unique_ptr<int16_t[]> widen(const uint8_t* x, const int32_t* rows, int count, int inputs) {
  std::unique_ptr<int16_t[]> wide(new int16_t[static_cast<size_t>(count) * inputs]);
  int16_t* out = wide.get();
  for (int i = 0; i < count; i++) {
    const uint8_t* row = x + static_cast<int64_t>(rows ? rows[i] : i) * inputs;
    int c = 0;
    for (; c + 16 <= inputs; c += 16, out += 16)
      store_avx2(out, _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + c))));
    for (; c < inputs; c++) *out++ = row[c];
  }
  return wide;
}

// body.operator()<R>(i) for rows [0, count) R at a time, then for each of those left with R = 1.
template <int R, class Body> PCC_AVX2 PCC_INLINE void for_row_tiles(int count, const Body& body) {
  int i = 0;
  for (; i + R <= count; i += R) body.template operator()<R>(i);
  for (; i < count; i++) body.template operator()<1>(i);
}

const int16_t* weights_of(const DenseLayer& layer, int column) {
  return reinterpret_cast<const int16_t*>(layer.packed.data()) + static_cast<int64_t>(column) * layer.inputs;
}

// An accumulator beyond `cap` gives 255 like `cap` itself, whose product with the multiplier shifts into 31 bits.
PCC_AVX2 PCC_INLINE __m256i capped(__m256i acc, __m256i multiplier, __m256i cap, __m256i rounding, __m128i shift) {
  acc = _mm256_max_epi32(_mm256_min_epi32(acc, cap), _mm256_setzero_si256());
  const __m256i even = _mm256_mul_epu32(acc, multiplier);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32));
  return interleave_avx2(_mm256_srl_epi64(_mm256_add_epi64(even, rounding), shift),
                         _mm256_srl_epi64(_mm256_add_epi64(odd, rounding), shift));
}

// 16 columns of R rows; x (R, inputs) widened, context (R, padded) or null.
template <int R>
PCC_AVX2 PCC_INLINE void hidden_tile(const DenseLayer& layer, const int16_t* x, int column, const int32_t* bias,
                                     const int16_t* context, const uint8_t* shifts, uint8_t* out) {
  const int16_t* rows[R];
  __m256i sums[R][2];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) rows[r] = x + static_cast<int64_t>(r) * layer.inputs;
#pragma GCC unroll 2
  for (int v = 0; v < 2; v++) {
    const int at = column + 8 * v;
    const __m256i start = load_avx2(bias + at);
    const __m256i places = shifts ? _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)(shifts + at))) : start;
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      sums[r][v] = start;
      if (!context) continue;
      const __m256i extra = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)(context + r * layer.padded + at)));
      sums[r][v] = _mm256_add_epi32(start, _mm256_sllv_epi32(extra, places));
    }
  }
  accumulate_avx2<R, 2>(sums, rows, weights_of(layer, column), layer.inputs);
  const __m256i rounding = _mm256_set1_epi64x(int64_t{1} << (layer.shift - 1));
  const __m128i shift = _mm_cvtsi32_si128(layer.shift);
#pragma GCC unroll 2
  for (int v = 0; v < 2; v++) {
    const __m256i multiplier = load_avx2(layer.multiplier.data() + column + 8 * v);
    const __m256i cap = load_avx2(layer.cap.data() + column + 8 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) sums[r][v] = capped(sums[r][v], multiplier, cap, rounding, shift);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
    _mm_storeu_si128((__m128i*)(out + r * layer.padded + column), to_uint8_avx2(sums[r][0], sums[r][1]));
}

// 8 V columns of R rows before requantisation; x (R, inputs) widened, out (R, padded). Where several tiles are inlined
// into one function, GCC 12 keeps the sums of some in memory.
template <int R, int V>
__attribute__((noinline)) PCC_AVX2 void last_tile(const DenseLayer& layer, const int16_t* x, int column, const int32_t* bias,
                                                  int32_t* out) {
  const int16_t* rows[R];
  __m256i sums[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    rows[r] = x + static_cast<int64_t>(r) * layer.inputs;
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) sums[r][v] = load_avx2(bias + column + 8 * v);
  }
  accumulate_avx2<R, V>(sums, rows, weights_of(layer, column), layer.inputs);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) store_avx2(out + r * layer.padded + column + 8 * v, sums[r][v]);
}

// acc (count, padded) as logits (count, outputs).
PCC_AVX2 void to_logits(const DenseLayer& layer, const int32_t* acc, int count, int16_t* out) {
  const RoundShiftAvx2 round_shift(layer.shift);
  const __m256i low = _mm256_set1_epi64x(-kLogitMax), high = _mm256_set1_epi64x(kLogitMax);
  const int16_t* const end = out + static_cast<int64_t>(count) * layer.outputs;
  for (int i = 0; i < count; i++, acc += layer.padded, out += layer.outputs)
    for (int c = 0; c < layer.outputs; c += 8) {
      const __m256i sum = load_avx2(acc + c), multiplier = load_avx2(layer.multiplier.data() + c);
      const __m256i even = _mm256_mul_epi32(sum, multiplier);
      const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sum, 32), _mm256_srli_epi64(multiplier, 32));
      const __m256i y = interleave_avx2(round_shift.clamped(even, low, high), round_shift.clamped(odd, low, high));
      const __m128i logits = _mm256_castsi256_si128(to_int16_avx2(y, y));
      if (end - out >= c + 8)  // what runs into the next row is written over by it
        _mm_storeu_si128((__m128i*)(out + c), logits);
      else
        std::memcpy(out + c, &logits, sizeof *out * (layer.outputs - c));
    }
}

}  // namespace

PCC_AVX2 void hidden_avx2(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count, const int32_t* bias,
                          Context context, uint8_t* out) {
  const std::unique_ptr<int16_t[]> wide = widen(x, rows, count, layer.inputs);
  for (int column = 0; column < layer.padded; column += 16)
    for_row_tiles<6>(count, [&]<int R>(int i) PCC_AVX2 __attribute__((always_inline)) {
      hidden_tile<R>(layer, wide.get() + static_cast<int64_t>(i) * layer.inputs, column, bias,
                     context.sums ? context.sums + i * layer.padded : nullptr, context.shifts, out + i * layer.padded);
    });
}

PCC_AVX2 void last_avx2(const DenseLayer& layer, const uint8_t* x, int count, const int32_t* bias, int16_t* out) {
  const std::unique_ptr<int32_t[]> acc(new int32_t[static_cast<size_t>(kTileRows) * layer.padded]);
  const std::unique_ptr<int16_t[]> wide = widen(x, nullptr, count, layer.inputs);
  for (int column = 0; column < layer.outputs; column += 16)
    for_row_tiles<6>(count, [&]<int R>(int i) PCC_AVX2 __attribute__((always_inline)) {
      const int16_t* at = wide.get() + static_cast<int64_t>(i) * layer.inputs;
      if (layer.outputs - column > 8)
        last_tile<R, 2>(layer, at, column, bias, acc.get() + i * layer.padded);
      else
        last_tile<R, 1>(layer, at, column, bias, acc.get() + i * layer.padded);
    });
  to_logits(layer, acc.get(), count, out);
}

}  // namespace pcc
#endif
