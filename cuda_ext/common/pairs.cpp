#include "common/pairs.h"

#include <algorithm>

namespace pcc {
namespace {

void collect_scalar(const int32_t* neighbours, int rows, int num_offsets, int64_t num_in, PairLists& lists) {
  for (int d = 0; d < num_offsets; d++) {
    int count = 0;
    for (int r = 0; r < rows; r++) {
      const int32_t row = neighbours[static_cast<int64_t>(r) * num_offsets + d];
      lists.in[d * kListRows + count] = row;
      lists.out[d * kListRows + count] = r;
      count += exists(row, num_in);
    }
    lists.count[d] = count;
  }
}

#if PCC_X86
// Rows of a 16 x 16 matrix of 32-bit values become its columns.
PCC_AVX512 PCC_INLINE void transpose(__m512i (&m)[16]) {
  __m512i a[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(m[i], m[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(m[i], m[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    m[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    m[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    m[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    m[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    a[i] = _mm512_shuffle_i32x4(m[i], m[i + 4], 0x88);
    a[i + 4] = _mm512_shuffle_i32x4(m[i], m[i + 4], 0xdd);
    a[i + 8] = _mm512_shuffle_i32x4(m[i + 8], m[i + 12], 0x88);
    a[i + 12] = _mm512_shuffle_i32x4(m[i + 8], m[i + 12], 0xdd);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    m[i] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0x88);
    m[i + 8] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0xdd);
  }
}

// Sixteen rows at a time: their neighbours are transposed in registers, so that one offset's are one register.
PCC_AVX512 void collect_avx512(const int32_t* neighbours, int rows, int num_offsets, int64_t num_in, PairLists& lists) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i end = _mm512_set1_epi32(static_cast<int32_t>(num_in));
  std::fill_n(lists.count, num_offsets, 0);
  for (int r = 0; r < rows; r += 16) {
    const __mmask16 valid = rows - r >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << (rows - r)) - 1);
    const __m512i row = _mm512_add_epi32(lane, _mm512_set1_epi32(r));
    for (int first = 0; first < num_offsets; first += 16) {
      const int columns = num_offsets - first < 16 ? num_offsets - first : 16;
      const __mmask16 present_columns = static_cast<__mmask16>((1u << columns) - 1);
      __m512i m[16];
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++) {
        const int32_t* base = neighbours + static_cast<int64_t>(valid >> i & 1 ? r + i : r) * num_offsets + first;
        m[i] = _mm512_maskz_loadu_epi32(present_columns, base);
      }
      transpose(m);
      for (int d = 0; d < columns; d++) {
        const __mmask16 present = _mm512_mask_cmplt_epu32_mask(valid, m[d], end);
        const int at = (first + d) * kListRows + lists.count[first + d];
        _mm512_storeu_si512(lists.in + at, _mm512_maskz_compress_epi32(present, m[d]));
        _mm512_storeu_si512(lists.out + at, _mm512_maskz_compress_epi32(present, row));
        lists.count[first + d] += __builtin_popcount(present);
      }
    }
  }
}
#endif

}  // namespace

void collect_pairs(const int32_t* neighbours, int64_t first, int rows, int num_offsets, int64_t num_in, PairLists& lists) {
  const int32_t* block = neighbours + first * num_offsets;
#if PCC_X86
  if (active_isa() == Isa::avx512) return collect_avx512(block, rows, num_offsets, num_in, lists);
#endif
  collect_scalar(block, rows, num_offsets, num_in, lists);
}

void collect_single_pairs(const int32_t* inputs, const uint8_t* offsets, int64_t first, int rows, int num_offsets,
                          PairLists& lists) {
  std::fill_n(lists.count, num_offsets, 0);
  for (int r = 0; r < rows; r++) {
    const int d = offsets[first + r], at = d * kListRows + lists.count[d]++;
    lists.in[at] = inputs[first + r];
    lists.out[at] = r;
  }
}

}  // namespace pcc
