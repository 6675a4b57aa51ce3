#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "neighbour_lists/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 14;

int count_row_scalar(const std::int32_t* neighbours, std::int64_t n) {
  int count = 0;
  for (int d = 0; d < kDirections; d++) count += exists(neighbours[d], n);
  return count;
}

// Whether a neighbour exists is as good as random, so all are written and those that do not exist written over.
void list_row_scalar(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* entries, int count) {
  std::uint32_t all[kDirections];
  for (std::uint32_t d = 0, k = 0; d < kDirections; d++) {
    all[k] = static_cast<std::uint32_t>(neighbours[d]) | d << kRowBits;
    k += exists(neighbours[d], n);
  }
  std::copy_n(all, count, entries);
}

#if PCC_X86
constexpr auto count_row_avx2 = count_row_scalar;
constexpr auto list_row_avx2 = list_row_scalar;

// A row in two registers, and which of its 27 lanes exist.
struct Row {
  __m512i low, high;
  __mmask16 has_low, has_high;
};

PCC_AVX512 PCC_INLINE Row load_row(const std::int32_t* neighbours, std::int64_t n) {
  constexpr __mmask16 kHigh = (1u << (kDirections - 16)) - 1;
  const __m512i end = _mm512_set1_epi32(static_cast<std::int32_t>(n));
  const __m512i low = _mm512_loadu_si512(neighbours), high = _mm512_maskz_loadu_epi32(kHigh, neighbours + 16);
  return {low, high, _mm512_cmplt_epu32_mask(low, end), _mm512_mask_cmplt_epu32_mask(kHigh, high, end)};
}

PCC_AVX512 int count_row_avx512(const std::int32_t* neighbours, std::int64_t n) {
  const Row row = load_row(neighbours, n);
  return __builtin_popcount(row.has_low) + __builtin_popcount(row.has_high);
}

PCC_AVX512 void list_row_avx512(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* entries, int count) {
  const Row row = load_row(neighbours, n);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i low = _mm512_or_si512(row.low, _mm512_slli_epi32(lane, kRowBits));
  const __m512i high =
      _mm512_or_si512(row.high, _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), kRowBits));
  const int first = __builtin_popcount(row.has_low);
  const auto leading = [](int lanes) { return static_cast<__mmask16>((1u << lanes) - 1); };
  _mm512_mask_storeu_epi32(entries, leading(first), _mm512_maskz_compress_epi32(row.has_low, low));
  _mm512_mask_storeu_epi32(entries + first, leading(count - first), _mm512_maskz_compress_epi32(row.has_high, high));
}
#endif

// Contiguous ranges of nodes, and where the first node of each colour of a range goes.
struct Ranges {
  const std::uint8_t* colours;
  std::int64_t n, count;
  std::vector<std::array<std::int64_t, kListColours>> next;

  Ranges(const std::uint8_t* colours, std::int64_t n) : colours(colours), n(n), count(threads_for(n, kGrain)), next(count) {
    for (std::int64_t t = 0; t < count; t++)
      for (std::int64_t i = first(t); i < first(t + 1); i++) next[t][colours[i]]++;
    std::int64_t total = 0;
    for (int c = 0; c < kListColours; c++)
      for (auto& range : next) total += std::exchange(range[c], total);
  }
  std::int64_t first(std::int64_t t) const { return n * t / count; }

  // body(node, place) for every node, ranges in parallel.
  template <class Body> void for_each(const Body& body) const {
#pragma omp parallel for num_threads(static_cast<int>(count)) schedule(static, 1)
    for (std::int64_t t = 0; t < count; t++) {
      auto place = next[t];
      for (std::int64_t i = first(t); i < first(t + 1); i++) body(i, place[colours[i]]++);
    }
  }
};

}  // namespace

void order_by_colour(const std::int32_t* neighbours, const std::uint8_t* octants, const std::uint8_t* colour_of,
                     int lone_colour, std::int64_t n, std::uint8_t* colours, std::int32_t* rows, std::uint32_t* begin,
                     std::int64_t* starts) {
  const auto count_row = PCC_SELECT(count_row);
  std::vector<std::uint8_t> counts(n);
  for_ranges(n, kGrain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; i++) {
      counts[i] = static_cast<std::uint8_t>(count_row(neighbours + i * kDirections, n));
      colours[i] = lone_colour >= 0 && counts[i] <= 1 ? static_cast<std::uint8_t>(lone_colour) : colour_of[octants[i] & 7];
    }
  });
  const Ranges ranges(colours, n);
  ranges.for_each([&](std::int64_t i, std::int64_t place) {
    rows[place] = static_cast<std::int32_t>(i);
    begin[place + 1] = counts[i];
  });
  begin[0] = 0;
  for (std::int64_t i = 0; i < n; i++) begin[i + 1] += begin[i];
  for (int c = 0; c < kListColours; c++) starts[c] = ranges.next[0][c];
  starts[kListColours] = n;
}

void list_neighbours(const std::int32_t* neighbours, const std::uint8_t* colours, std::int64_t n, const std::uint32_t* begin,
                     std::uint32_t* entries) {
  const auto list_row = PCC_SELECT(list_row);
  Ranges(colours, n).for_each([&](std::int64_t i, std::int64_t place) {
    list_row(neighbours + i * kDirections, n, entries + begin[place], static_cast<int>(begin[place + 1] - begin[place]));
  });
}

}  // namespace pcc
