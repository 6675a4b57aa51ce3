// The one definition of requantisation: accumulators to u8 activations.
//
//   y = clamp((acc * multiplier + residual * residual_multiplier + 2^(shift - 1)) >> shift, 0, 255)
//
// in 64-bit signed arithmetic with an arithmetic shift (floor); 1 <= shift <= 62; 0 <= multiplier < 2^31.
#pragma once
#include <cstdint>

#include "common/isa.h"

namespace pcc {

PCC_INLINE int64_t round_shift(int64_t value, int shift) { return (value + (int64_t{1} << (shift - 1))) >> shift; }

PCC_INLINE uint8_t requantise(int32_t acc, int32_t multiplier, int64_t residual, int shift) {
  const int64_t value = round_shift(static_cast<int64_t>(acc) * multiplier + residual, shift);
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

#if PCC_X86
// 16 lanes at once; `residual` holds u8 values widened to int32.
PCC_AVX512 PCC_INLINE __m128i requantise_avx512(__m512i acc, __m512i multiplier, __m512i residual,
                                                __m512i residual_multiplier, __m512i rounding, int shift) {
  const __m512i zero = _mm512_setzero_si512(), top = _mm512_set1_epi64(255);
  __m512i even = _mm512_mul_epi32(acc, multiplier);
  __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32));
  even = _mm512_add_epi64(even, _mm512_mul_epi32(residual, residual_multiplier));
  odd = _mm512_add_epi64(odd, _mm512_mul_epi32(_mm512_srli_epi64(residual, 32), residual_multiplier));
  even = _mm512_srai_epi64(_mm512_add_epi64(even, rounding), shift);
  odd = _mm512_srai_epi64(_mm512_add_epi64(odd, rounding), shift);
  even = _mm512_min_epi64(_mm512_max_epi64(even, zero), top);
  odd = _mm512_min_epi64(_mm512_max_epi64(odd, zero), top);
  return _mm512_cvtepi32_epi8(_mm512_or_si512(even, _mm512_slli_epi64(odd, 32)));
}
#endif

}  // namespace pcc
