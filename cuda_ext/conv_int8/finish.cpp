#include "conv_int8/finish.h"

#include "common/avx2.h"
#include "common/isa.h"
#include "common/requantise.h"

namespace pcc {
namespace {

void finish_row_scalar(const int32_t* acc, const int32_t* bias, const Requantisation& to_u8, const uint8_t* residual,
                       uint8_t* out, int co) {
  for (int c = 0; c < co; c++) {
    const int64_t extra = residual ? static_cast<int64_t>(residual[c]) * to_u8.residual_multiplier : 0;
    out[c] = requantise(acc[c] + bias[c], to_u8.multiplier[c], extra, to_u8.shift);
  }
}

#if PCC_X86
PCC_AVX2 void finish_row_avx2(const int32_t* acc, const int32_t* bias, const Requantisation& to_u8, const uint8_t* residual,
                              uint8_t* out, int co) {
  const RoundShiftAvx2 round_shift(to_u8.shift);
  const __m256i residual_multiplier = _mm256_set1_epi64x(to_u8.residual_multiplier);
  for (int c = 0; c < co; c += 16) {
    __m256i y[2];
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) {
      const int at = c + 8 * v;
      const __m256i sum = _mm256_add_epi32(load_avx2(acc + at), load_avx2(bias + at));
      const __m256i extra = residual ? _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(residual + at)))
                                     : _mm256_setzero_si256();
      y[v] = requantise_avx2(sum, load_avx2(to_u8.multiplier + at), extra, residual_multiplier, round_shift);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c), to_uint8_avx2(y[0], y[1]));
  }
}

PCC_AVX512 void finish_row_avx512(const int32_t* acc, const int32_t* bias, const Requantisation& to_u8,
                                  const uint8_t* residual, uint8_t* out, int co) {
  const __m512i rounding = _mm512_set1_epi64(int64_t{1} << (to_u8.shift - 1));
  const __m512i residual_multiplier = _mm512_set1_epi64(to_u8.residual_multiplier);
  for (int c = 0; c < co; c += 16) {
    const __m512i sum = _mm512_add_epi32(_mm512_loadu_si512(acc + c), _mm512_loadu_si512(bias + c));
    const __m512i extra =
        residual ? _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(residual + c)))
                 : _mm512_setzero_si512();
    const __m128i y = requantise_avx512(sum, _mm512_loadu_si512(to_u8.multiplier + c), extra, residual_multiplier, rounding,
                                        to_u8.shift);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c), y);
  }
}
#endif

}  // namespace

FinishRow finish_row() {
  return PCC_SELECT(finish_row);
}

}  // namespace pcc
