#include "occupancy_context/nibbles.h"

#include "common/avx2.h"

namespace pcc {
namespace {

PCC_INLINE void sum_body(const Seen* seen, int count, const uint8_t* masks, const NibbleTables& tables,
                         int16_t* __restrict sum) {
  const int columns = tables.columns;
  std::memset(sum, 0, sizeof(int16_t) * columns);
  for (int k = 0; k < count; k++) {
    const unsigned d = seen[k] >> 8, v = seen[k] & masks[d];
    const int16_t* __restrict low = tables.values() + (d * 32 + (v & 15)) * columns;
    const int16_t* __restrict high = tables.values() + (d * 32 + 16 + (v >> 4)) * columns;
    for (int c = 0; c < columns; c++) sum[c] = static_cast<int16_t>(sum[c] + low[c] + high[c]);
  }
}

void sum_scalar(const Seen* seen, int count, const uint8_t* masks, const NibbleTables& t, int16_t* sum) {
  sum_body(seen, count, masks, t, sum);
}

#if PCC_X86
// V * 16 columns stay in registers; without High no bit of 4-7 is seen.
template <int V, bool High>
PCC_AVX2 void sum_avx2(const Seen* seen, int count, const uint8_t* masks, const NibbleTables& tables, int16_t* sum) {
  const char* const table = reinterpret_cast<const char*>(tables.values());
  __m256i low[V], high[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) low[v] = high[v] = _mm256_setzero_si256();
  for (int k = 0; k < count; k++) {
    const unsigned d = seen[k] >> 8, bits = seen[k] & masks[d];
    const char* const rows = table + d * (32 * 32 * V);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      low[v] = _mm256_add_epi16(low[v], load_avx2(rows + (bits & 15) * (32 * V) + 32 * v));
      if constexpr (High) high[v] = _mm256_add_epi16(high[v], load_avx2(rows + (16 + (bits >> 4)) * (32 * V) + 32 * v));
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) store_avx2(sum + 16 * v, _mm256_add_epi16(low[v], high[v]));
}

template <int V> constexpr ContextSum avx2_of(bool high) { return high ? sum_avx2<V, true> : sum_avx2<V, false>; }

// V * 32 columns stay in registers; without High no bit of 4-7 is seen.
template <int V, bool High>
PCC_AVX512 void sum_avx512(const Seen* seen, int count, const uint8_t* masks, const NibbleTables& tables, int16_t* sum) {
  const char* const table = reinterpret_cast<const char*>(tables.values());
  __m512i low[V], high[V];
#pragma GCC unroll 2
  for (int v = 0; v < V; v++) low[v] = high[v] = _mm512_setzero_si512();
  for (int k = 0; k < count; k++) {
    const unsigned d = seen[k] >> 8, bits = seen[k] & masks[d];
    const char* const rows = table + d * (32 * 64 * V);
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      low[v] = _mm512_add_epi16(low[v], _mm512_loadu_si512(rows + (bits & 15) * (64 * V) + 64 * v));
      if constexpr (High)
        high[v] = _mm512_add_epi16(high[v], _mm512_loadu_si512(rows + (16 + (bits >> 4)) * (64 * V) + 64 * v));
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < V; v++) _mm512_storeu_si512(sum + 32 * v, _mm512_add_epi16(low[v], high[v]));
}
#endif

}  // namespace

ContextSum context_sum(int columns, bool high) {
#if PCC_X86
  if (active_isa() == Isa::avx512 && columns == 32) return high ? sum_avx512<1, true> : sum_avx512<1, false>;
  if (active_isa() == Isa::avx512 && columns == 64) return high ? sum_avx512<2, true> : sum_avx512<2, false>;
  if (active_isa() != Isa::scalar) {
    if (columns == 16) return avx2_of<1>(high);
    if (columns == 32) return avx2_of<2>(high);
    if (columns == 48) return avx2_of<3>(high);
    if (columns == 64) return avx2_of<4>(high);
  }
#endif
  (void)columns, (void)high;
  return sum_scalar;
}

}  // namespace pcc
