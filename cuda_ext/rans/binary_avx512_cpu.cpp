#include "rans/binary_avx512.h"

#if PCC_X86
namespace pcc {
namespace {

constexpr int kMaxVectors = kMaxLanes / 16;

PCC_AVX512 PCC_INLINE __m512i load16(const uint16_t* p) {
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}

// x / f for x < f * 2^18: the approximate quotient is wrong by at most one, which the remainder shows.
PCC_AVX512 PCC_INLINE __m512i quotient(__m512i x, __m512i f) {
  const __m512 approximate = _mm512_div_ps(_mm512_cvtepu32_ps(x), _mm512_cvtepu32_ps(f));
  const __m512i q = _mm512_cvttps_epu32(approximate), one = _mm512_set1_epi32(1);
  const __m512i rest = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
  const __mmask16 above = _mm512_cmplt_epi32_mask(rest, _mm512_setzero_si512());
  const __mmask16 below = _mm512_cmpge_epi32_mask(rest, f);
  return _mm512_mask_add_epi32(_mm512_mask_sub_epi32(q, above, q, one), below, q, one);
}

template <int V>
PCC_AVX512 uint16_t* put_groups(const uint16_t* bits, size_t begin, size_t end, uint32_t* states, uint16_t* front) {
  const __m512i total = _mm512_set1_epi32(kTotal);
  __m512i x[V];
  for (int v = 0; v < V; v++) x[v] = _mm512_load_si512(states + 16 * v);
  for (size_t i = end; i > begin;) {
    i -= 16 * V;
    for (int v = V - 1; v >= 0; v--) {
      const __m512i packed = load16(bits + i + 16 * v);
      const __mmask16 is_one = _mm512_test_epi32_mask(packed, _mm512_set1_epi32(0x8000));
      const __m512i p1 = _mm512_and_si512(packed, _mm512_set1_epi32(0x7fff)), zero = _mm512_sub_epi32(total, p1);
      const __m512i frequency = _mm512_mask_mov_epi32(zero, is_one, p1);
      const __mmask16 full = _mm512_cmpge_epu32_mask(_mm512_srli_epi32(x[v], 18), frequency);
      const int count = __builtin_popcount(full);
      front -= count;
      const __m256i words = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(full, x[v]));
      _mm256_mask_storeu_epi16(front, static_cast<__mmask16>((1u << count) - 1), words);
      x[v] = _mm512_mask_srli_epi32(x[v], full, x[v], 16);
      const __m512i step = _mm512_mullo_epi32(quotient(x[v], frequency), _mm512_sub_epi32(total, frequency));
      x[v] = _mm512_add_epi32(x[v], step);
      x[v] = _mm512_mask_add_epi32(x[v], is_one, x[v], zero);
    }
  }
  for (int v = 0; v < V; v++) _mm512_store_si512(states + 16 * v, x[v]);
  return front;
}

template <int V>
PCC_AVX512 size_t get_groups(const uint16_t* p1, uint8_t* symbols, size_t count, uint32_t* states, const uint8_t* words,
                             size_t size, size_t& position) {
  const __m512i total = _mm512_set1_epi32(kTotal), low = _mm512_set1_epi32(kRansLow);
  const __m512i slot_mask = _mm512_set1_epi32(kTotal - 1);
  const uint8_t *word = words + position, *last = words + size;
  __m512i x[V];
  for (int v = 0; v < V; v++) x[v] = _mm512_load_si512(states + 16 * v);
  size_t i = 0;
  for (; i + 16 * V <= count && word <= last; i += 16 * V) {
    for (int v = 0; v < V; v++) {
      const __m512i one_frequency = load16(p1 + i + 16 * v), zero_frequency = _mm512_sub_epi32(total, one_frequency);
      const __m512i slot = _mm512_and_si512(x[v], slot_mask);
      const __mmask16 is_one = _mm512_cmpge_epu32_mask(slot, zero_frequency);
      const __m512i frequency = _mm512_mask_mov_epi32(zero_frequency, is_one, one_frequency);
      const __m512i offset = _mm512_mask_sub_epi32(slot, is_one, slot, zero_frequency);
      x[v] = _mm512_add_epi32(_mm512_mullo_epi32(frequency, _mm512_srli_epi32(x[v], kPrecisionBits)), offset);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i + 16 * v), _mm_maskz_set1_epi8(is_one, 1));
      const __mmask16 reads = _mm512_cmplt_epu32_mask(x[v], low);
      const __m512i fresh = _mm512_maskz_expand_epi32(reads, load16(reinterpret_cast<const uint16_t*>(word)));
      x[v] = _mm512_mask_or_epi32(x[v], reads, _mm512_slli_epi32(x[v], 16), fresh);
      word += 2 * __builtin_popcount(reads);
    }
  }
  for (int v = 0; v < V; v++) _mm512_store_si512(states + 16 * v, x[v]);
  position = static_cast<size_t>(word - words);
  return i;
}

}  // namespace

uint16_t* put_bits_avx512(const uint16_t* bits, size_t begin, size_t end, int lanes, uint32_t* states, uint16_t* front) {
  static_assert(kMaxVectors == 4);
  switch (lanes / 16) {
    case 1: return put_groups<1>(bits, begin, end, states, front);
    case 2: return put_groups<2>(bits, begin, end, states, front);
    case 3: return put_groups<3>(bits, begin, end, states, front);
    default: return put_groups<4>(bits, begin, end, states, front);
  }
}

size_t get_bits_avx512(const uint16_t* p1, uint8_t* symbols, size_t count, int lanes, uint32_t* states,
                       const uint8_t* words, size_t size, size_t& position) {
  switch (lanes / 16) {
    case 1: return get_groups<1>(p1, symbols, count, states, words, size, position);
    case 2: return get_groups<2>(p1, symbols, count, states, words, size, position);
    case 3: return get_groups<3>(p1, symbols, count, states, words, size, position);
    default: return get_groups<4>(p1, symbols, count, states, words, size, position);
  }
}

}  // namespace pcc
#endif
