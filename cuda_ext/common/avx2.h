// Small AVX2 helpers that several kernels share.
#pragma once
#include <cstdint>

#include "common/isa.h"

#if PCC_X86
namespace pcc {

PCC_AVX2 PCC_INLINE __m256i load_avx2(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
PCC_AVX2 PCC_INLINE void store_avx2(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }

// 32-bit lanes of which `even` and `odd` are the 64-bit values.
PCC_AVX2 PCC_INLINE __m256i interleave_avx2(__m256i even, __m256i odd) {
  return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
}

// 16 int32 as int16, saturated.
PCC_AVX2 PCC_INLINE __m256i to_int16_avx2(__m256i first, __m256i last) {
  return _mm256_permute4x64_epi64(_mm256_packs_epi32(first, last), 0xD8);
}

// 16 int32 as uint8, saturated.
PCC_AVX2 PCC_INLINE __m128i to_uint8_avx2(__m256i first, __m256i last) {
  const __m256i wide = to_int16_avx2(first, last);
  return _mm_packus_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
}

}  // namespace pcc
#endif
