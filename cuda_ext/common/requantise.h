// The one definition of requantisation: accumulators to u8 activations.
//
//   y = clamp((acc * multiplier + residual * residual_multiplier + 2^(shift - 1)) >> shift, 0, 255)
//
// in 64-bit signed arithmetic with an arithmetic shift (floor); 1 <= shift <= 62; 0 <= multiplier < 2^31.
#pragma once
#include <cstdint>

#include "common/avx2.h"
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

// AVX2 has neither a 64-bit arithmetic shift nor 64-bit minima, so a value is moved by 2^63, shifted as unsigned and moved
// back by 2^(63 - shift), which is the floor; `below ? :` by a sign bit is vblendvpd.
struct RoundShiftAvx2 {
  __m256i rounding, moved;
  __m128i shift;

  PCC_AVX2 PCC_INLINE explicit RoundShiftAvx2(int shift)
      : rounding(_mm256_set1_epi64x((int64_t{1} << (shift - 1)) ^ INT64_MIN)),
        moved(_mm256_set1_epi64x(static_cast<int64_t>(uint64_t{1} << (63 - shift)))), shift(_mm_cvtsi32_si128(shift)) {}

  // clamp(round_shift(value), low, high) of four 64-bit values.
  PCC_AVX2 PCC_INLINE __m256i clamped(__m256i value, __m256i low, __m256i high) const {
    const __m256i y = _mm256_sub_epi64(_mm256_srl_epi64(_mm256_add_epi64(value, rounding), shift), moved);
    return smaller(high, larger(low, y));
  }

 private:
  static PCC_AVX2 PCC_INLINE __m256i choose(__m256i sign, __m256i negative, __m256i otherwise) {
    return _mm256_castpd_si256(
        _mm256_blendv_pd(_mm256_castsi256_pd(otherwise), _mm256_castsi256_pd(negative), _mm256_castsi256_pd(sign)));
  }
  static PCC_AVX2 PCC_INLINE __m256i smaller(__m256i a, __m256i b) { return choose(_mm256_sub_epi64(a, b), a, b); }
  static PCC_AVX2 PCC_INLINE __m256i larger(__m256i a, __m256i b) { return choose(_mm256_sub_epi64(a, b), b, a); }
};

// 8 lanes at once, as int32.
PCC_AVX2 PCC_INLINE __m256i requantise_avx2(__m256i acc, __m256i multiplier, __m256i residual, __m256i residual_multiplier,
                                            const RoundShiftAvx2& round_shift) {
  const __m256i low = _mm256_setzero_si256(), high = _mm256_set1_epi64x(255);
  __m256i even = _mm256_mul_epi32(acc, multiplier);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32));
  even = _mm256_add_epi64(even, _mm256_mul_epi32(residual, residual_multiplier));
  odd = _mm256_add_epi64(odd, _mm256_mul_epi32(_mm256_srli_epi64(residual, 32), residual_multiplier));
  return interleave_avx2(round_shift.clamped(even, low, high), round_shift.clamped(odd, low, high));
}
#endif

}  // namespace pcc
