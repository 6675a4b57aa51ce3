#include "occupancy_context/nibbles.h"

namespace pcc {
namespace {

void sum_scalar(const int32_t* nb, const uint8_t* occ, int64_t n, const BitMasks& m, const NibbleTables& t, int16_t* sum) {
  context_sum_body(nb, occ, n, m, t, sum);
}

#if PCC_X86
PCC_AVX2 void sum_avx2(const int32_t* nb, const uint8_t* occ, int64_t n, const BitMasks& m, const NibbleTables& t,
                       int16_t* sum) {
  context_sum_body(nb, occ, n, m, t, sum);
}

// The 27 visible occupancies of a node, 0 where empty; 32 values are written.
PCC_AVX512 PCC_INLINE void visible_avx512(const int32_t* neighbours, const uint8_t* occupancy, int64_t n, const BitMasks& masks,
                                          uint32_t* visible) {
  constexpr __mmask16 kSecond = (1u << (kOffsets - 16)) - 1;
  const __m512i zero = _mm512_setzero_si512(), end = _mm512_set1_epi32(static_cast<int32_t>(n));
  const __m512i first = _mm512_loadu_si512(neighbours), second = _mm512_maskz_loadu_epi32(kSecond, neighbours + 16);
  const __mmask16 has_first = _mm512_cmplt_epu32_mask(first, end);
  const __mmask16 has_second = _mm512_mask_cmplt_epu32_mask(kSecond, second, end);
  const __m512i v0 = _mm512_mask_i32gather_epi32(zero, has_first, first, occupancy, 1);
  const __m512i v1 = _mm512_mask_i32gather_epi32(zero, has_second, second, occupancy, 1);
  _mm512_storeu_si512(visible, _mm512_and_si512(v0, _mm512_load_si512(masks.at)));
  _mm512_storeu_si512(visible + 16, _mm512_and_si512(v1, _mm512_load_si512(masks.at + 16)));
}

// V * 32 columns stay in registers.
template <int V>
PCC_AVX512 void sum_avx512(const int32_t* neighbours, const uint8_t* occupancy, int64_t n, const BitMasks& masks,
                           const NibbleTables& tables, int16_t* sum) {
  constexpr int kColumns = 32 * V;
  uint32_t visible[32];
  visible_avx512(neighbours, occupancy, n, masks, visible);
  __m512i even[V], odd[V];
#pragma GCC unroll 2
  for (int v = 0; v < V; v++) even[v] = odd[v] = _mm512_setzero_si512();
  const int16_t* table = tables.row(0, 0);
  const int step = tables.halves * 16 * kColumns;
  if (tables.halves == 1) {
    for (int d = 0; d < kOffsets; d++, table += step)
#pragma GCC unroll 2
      for (int v = 0; v < V; v++)
        even[v] = _mm512_add_epi16(even[v], _mm512_loadu_si512(table + visible[d] * kColumns + 32 * v));
  } else {
    for (int d = 0; d < kOffsets; d++, table += step) {
      const int16_t* low = table + (visible[d] & 15) * kColumns;
      const int16_t* high = table + (16 + (visible[d] >> 4)) * kColumns;
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) {
        even[v] = _mm512_add_epi16(even[v], _mm512_loadu_si512(low + 32 * v));
        odd[v] = _mm512_add_epi16(odd[v], _mm512_loadu_si512(high + 32 * v));
      }
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < V; v++) _mm512_storeu_si512(sum + 32 * v, _mm512_add_epi16(even[v], odd[v]));
}
#endif

}  // namespace

ContextSum context_sum(int columns) {
#if PCC_X86
  if (active_isa() == Isa::avx512 && columns == 32) return sum_avx512<1>;
  if (active_isa() == Isa::avx512 && columns == 64) return sum_avx512<2>;
  if (active_isa() != Isa::scalar) return sum_avx2;
#endif
  (void)columns;
  return sum_scalar;
}

}  // namespace pcc
