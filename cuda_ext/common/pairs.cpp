#include "common/pairs.h"

namespace pcc {
namespace {

void collect_scalar(const int32_t* neighbours, int rows, int num_offsets, int64_t num_in, PairLists& lists) {
  int count = 0;
  for (int d = 0; d < num_offsets; d++) {
    lists.begin[d] = count;
    for (int r = 0; r < rows; r++) {
      const int32_t row = neighbours[static_cast<int64_t>(r) * num_offsets + d];
      lists.in[count] = row;
      lists.out[count] = r;
      count += exists(row, num_in);
    }
  }
  lists.begin[num_offsets] = count;
}

#if PCC_X86
PCC_AVX512 void collect_avx512(const int32_t* neighbours, int rows, int num_offsets, int64_t num_in, PairLists& lists) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i stride = _mm512_mullo_epi32(lane, _mm512_set1_epi32(num_offsets));
  const __m512i none = _mm512_set1_epi32(-1), end = _mm512_set1_epi32(static_cast<int32_t>(num_in));
  int count = 0;
  for (int d = 0; d < num_offsets; d++) {
    lists.begin[d] = count;
    for (int r = 0; r < rows; r += 16) {
      const int left = rows - r;
      const __mmask16 valid = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
      const int32_t* base = neighbours + static_cast<int64_t>(r) * num_offsets + d;
      const __m512i row = _mm512_mask_i32gather_epi32(none, valid, stride, base, 4);
      const __mmask16 present = _mm512_cmplt_epu32_mask(row, end);
      _mm512_storeu_si512(lists.in + count, _mm512_maskz_compress_epi32(present, row));
      _mm512_storeu_si512(lists.out + count,
                          _mm512_maskz_compress_epi32(present, _mm512_add_epi32(lane, _mm512_set1_epi32(r))));
      count += __builtin_popcount(present);
    }
  }
  lists.begin[num_offsets] = count;
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
  int count[27] = {0};
  for (int r = 0; r < rows; r++) count[offsets[first + r]]++;
  int next[27];
  lists.begin[0] = 0;
  for (int d = 0; d < num_offsets; d++) {
    next[d] = lists.begin[d];
    lists.begin[d + 1] = lists.begin[d] + count[d];
  }
  for (int r = 0; r < rows; r++) {
    const int at = next[offsets[first + r]]++;
    lists.in[at] = inputs[first + r];
    lists.out[at] = r;
  }
}

}  // namespace pcc
