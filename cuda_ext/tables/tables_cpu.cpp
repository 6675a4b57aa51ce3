#include <algorithm>
#include <stdexcept>

#include "common/isa.h"
#include "common/ranges.h"
#include "tables/op.h"

namespace pcc {
namespace {

// The decisions begin..end-1 of one bit of a tree; see op.h.
struct TreeBit {
  const int16_t* logits;
  int num_logits;
  const uint8_t *values, *certain;
  unsigned below;  // mask of the lower bits
  size_t count;
  const uint16_t* table;  // null where places are asked for

  uint16_t operator[](size_t i) const {
    const unsigned prefix = values[i] & below;
    const int16_t logit = logits[i * num_logits + below + prefix];
    const bool sure = certain && certain[i] && prefix == 0;
    const int place = sure ? kCertain : std::clamp<int>(logit, -kLogitLimit, kLogitLimit) + kLogitLimit;
    return table ? table[place] : static_cast<uint16_t>(place | ((values[i] & (below + 1)) != 0) << 15);
  }
};

void tree_bit_scalar(const TreeBit& bit, size_t begin, size_t end, uint16_t* out) {
  for (size_t i = begin; i < end; i++) out[i] = bit[i];
}

#if PCC_X86
constexpr auto tree_bit_avx2 = tree_bit_scalar;

// Sixteen at a time; gathers read 32 bits where 16 are wanted, so the last decision of all is left to the scalar loop.
PCC_AVX512 void tree_bit_avx512(const TreeBit& bit, size_t begin, size_t end, uint16_t* out) {
  const __m512i below = _mm512_set1_epi32(static_cast<int>(bit.below));
  const __m512i low = _mm512_set1_epi32(-kLogitLimit), high = _mm512_set1_epi32(kLogitLimit);
  const __m512i own = _mm512_set1_epi32(static_cast<int>(bit.below) + 1);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i stride = _mm512_mullo_epi32(lane, _mm512_set1_epi32(bit.num_logits));
  const auto bytes = [](const uint8_t* at) PCC_AVX512 { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  size_t i = begin;
  for (; i + 16 <= end && i + 16 < bit.count; i += 16) {
    const __m512i value = _mm512_cvtepu8_epi32(bytes(bit.values + i)), prefix = _mm512_and_si512(value, below);
    __m512i logit;
    if (bit.num_logits == 1) {
      logit = _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bit.logits + i)));
    } else {
      const __m512i at = _mm512_add_epi32(stride, _mm512_add_epi32(prefix, below));
      logit = _mm512_i32gather_epi32(at, bit.logits + i * static_cast<size_t>(bit.num_logits), 2);
      logit = _mm512_srai_epi32(_mm512_slli_epi32(logit, 16), 16);
    }
    __m512i found = _mm512_add_epi32(_mm512_max_epi32(_mm512_min_epi32(logit, high), low), high);
    if (bit.certain) {
      const __mmask16 sure = _mm_test_epi8_mask(bytes(bit.certain + i), _mm_set1_epi8(-1));
      found = _mm512_mask_mov_epi32(found, _mm512_mask_testn_epi32_mask(sure, prefix, prefix), _mm512_set1_epi32(kCertain));
    }
    if (bit.table)
      found = _mm512_i32gather_epi32(found, bit.table, 2);
    else
      found = _mm512_mask_or_epi32(found, _mm512_test_epi32_mask(value, own), found, _mm512_set1_epi32(1 << 15));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm512_cvtepi32_epi16(found));
  }
  tree_bit_scalar(bit, i, end, out);
}
#endif

// A function of its own: what a lambda captures would be read again after every value that is written.
void look_up(const uint16_t* table, const int16_t* logits, int64_t begin, int64_t end, uint16_t* p1) {
  for (int64_t i = begin; i < end; i++) p1[i] = table[std::clamp<int>(logits[i], -kLogitLimit, kLogitLimit)];
}

void run(const TreeBit& decisions, uint16_t* out) {
  const auto tree_bit = PCC_SELECT(tree_bit);
  for_ranges(static_cast<int64_t>(decisions.count), 1 << 16, [&](int64_t begin, int64_t end) {
    tree_bit(decisions, static_cast<size_t>(begin), static_cast<size_t>(end), out);
  });
}

}  // namespace

void tables_cpu(const int16_t* logits, size_t rows, int num_symbols, uint16_t* cdf) {
  for_ranges(static_cast<int64_t>(rows), std::max(1, (1 << 14) / num_symbols), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      table_row(logits + i * num_symbols, num_symbols, cdf + i * (num_symbols + 1), kExp2);
  });
}

const BinaryTable& binary_table() {
  static const BinaryTable table = [] {  // the rows (0, l) of the general definition, for every l that matters
    BinaryTable built{};
    for (int l = -kLogitLimit; l <= kLogitLimit; l++) {
      const int16_t logits[2] = {0, static_cast<int16_t>(l)};
      uint16_t cdf[3];
      table_row(logits, 2, cdf, kExp2);
      built[l + kLogitLimit] = static_cast<uint16_t>(kTotal - cdf[1]);
    }
    built[kCertain] = built[2 * kLogitLimit];
    return built;
  }();
  return table;
}

BinaryTable calibrated_table(Calibration c) {
  if (c.scale < 1 || c.scale > kMaxScale || c.shift < -kLogitLimit || c.shift > kLogitLimit)
    throw std::invalid_argument("calibration: expected a scale in 1..64 and a shift in -3584..3584");
  const BinaryTable& plain = binary_table();
  BinaryTable table = plain;
  for (int l = -kLogitLimit; l <= kLogitLimit; l++)
    table[l + kLogitLimit] = plain[std::clamp(((l * c.scale + 8) >> 4) + c.shift, -kLogitLimit, kLogitLimit) + kLogitLimit];
  return table;
}

void binary_frequencies_cpu(const int16_t* logits, size_t count, uint16_t* p1) {
  const uint16_t* table = binary_table().data() + kLogitLimit;
  for_ranges(static_cast<int64_t>(count), 1 << 17, [&](int64_t begin, int64_t end) { look_up(table, logits, begin, end, p1); });
}

void tree_frequencies_cpu(const int16_t* logits, int num_logits, const uint8_t* values, const uint8_t* certain, size_t count,
                          int bit, const BinaryTable& table, uint16_t* p1) {
  run({logits, num_logits, values, certain, (1u << bit) - 1, count, table.data()}, p1);
}

void tree_places_cpu(const int16_t* logits, int num_logits, const uint8_t* values, const uint8_t* certain, size_t count,
                     int bit, uint16_t* places) {
  run({logits, num_logits, values, certain, (1u << bit) - 1, count, nullptr}, places);
}

}  // namespace pcc
