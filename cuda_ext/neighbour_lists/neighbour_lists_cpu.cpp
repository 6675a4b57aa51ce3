#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "neighbour_lists/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 14;

struct Table {
  const std::int32_t* neighbours;
  std::int64_t n;
  const std::int32_t* row(std::int64_t i) const { return neighbours + i * kDirections; }
};

// The neighbours of the nodes begin..end-1, counted; at most 27 each.
void count_rows_scalar(Table table, std::int64_t begin, std::int64_t end, std::uint8_t* counts) {
  for (std::int64_t i = begin; i < end; i++) {
    int count = 0;
    for (int d = 0; d < kDirections; d++) count += exists(table.row(i)[d], table.n);
    counts[i] = static_cast<std::uint8_t>(count);
  }
}

// The lists of the nodes begin..end-1, each at the next place of its colour. Whether a neighbour exists is as good as random,
// so all are written and those that do not exist written over.
void list_rows_scalar(Table table, const std::uint8_t* colours, std::int64_t begin, std::int64_t end, std::int64_t* place,
                      const std::uint32_t* list_begin, std::uint32_t* entries) {
  for (std::int64_t i = begin; i < end; i++) {
    std::uint32_t all[kDirections], k = 0;
    for (std::uint32_t d = 0; d < kDirections; d++) {
      const std::int32_t row = table.row(i)[d];
      all[k] = static_cast<std::uint32_t>(row) | d << kRowBits;
      k += exists(row, table.n);
    }
    std::copy_n(all, k, entries + list_begin[place[colours[i]]++]);
  }
}

#if PCC_X86
constexpr auto count_rows_avx2 = count_rows_scalar;
constexpr auto list_rows_avx2 = list_rows_scalar;

// A row in two registers, and which of its 27 lanes exist.
struct Row {
  __m512i low, high;
  __mmask16 has_low, has_high;
};

PCC_AVX512 PCC_INLINE Row load_row(const std::int32_t* neighbours, __m512i end) {
  constexpr __mmask16 kHigh = (1u << (kDirections - 16)) - 1;
  const __m512i low = _mm512_loadu_si512(neighbours), high = _mm512_maskz_loadu_epi32(kHigh, neighbours + 16);
  return {low, high, _mm512_cmplt_epu32_mask(low, end), _mm512_mask_cmplt_epu32_mask(kHigh, high, end)};
}

PCC_AVX512 void count_rows_avx512(Table table, std::int64_t begin, std::int64_t end, std::uint8_t* counts) {
  const __m512i last = _mm512_set1_epi32(static_cast<std::int32_t>(table.n));
  for (std::int64_t i = begin; i < end; i++) {
    const Row row = load_row(table.row(i), last);
    counts[i] = static_cast<std::uint8_t>(__builtin_popcount(row.has_low | static_cast<unsigned>(row.has_high) << 16));
  }
}

PCC_AVX512 void list_rows_avx512(Table table, const std::uint8_t* colours, std::int64_t begin, std::int64_t end,
                                 std::int64_t* place, const std::uint32_t* list_begin, std::uint32_t* entries) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i low_tags = _mm512_slli_epi32(lane, kRowBits);
  const __m512i high_tags = _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), kRowBits);
  const __m512i last = _mm512_set1_epi32(static_cast<std::int32_t>(table.n));
  const auto leading = [](int lanes) { return static_cast<__mmask16>((1u << lanes) - 1); };
  for (std::int64_t i = begin; i < end; i++) {
    const Row row = load_row(table.row(i), last);
    std::uint32_t* next = entries + list_begin[place[colours[i]]++];
    const int lows = __builtin_popcount(row.has_low), highs = __builtin_popcount(row.has_high);
    const __m512i low = _mm512_or_si512(row.low, low_tags), high = _mm512_or_si512(row.high, high_tags);
    _mm512_mask_storeu_epi32(next, leading(lows), _mm512_maskz_compress_epi32(row.has_low, low));
    if (highs) _mm512_mask_storeu_epi32(next + lows, leading(highs), _mm512_maskz_compress_epi32(row.has_high, high));
  }
}
#endif

// In blocks whose counts fit a byte: sixteen at a time on any machine.
std::int64_t count_colour(const std::uint8_t* colours, std::int64_t begin, std::int64_t end, std::uint8_t colour) {
  constexpr std::int64_t kBlock = 128;
  std::int64_t count = 0;
  for (; begin + kBlock <= end; begin += kBlock) {
    std::uint8_t block = 0;
    for (std::int64_t i = 0; i < kBlock; i++) block += colours[begin + i] == colour;
    count += block;
  }
  for (; begin < end; begin++) count += colours[begin] == colour;
  return count;
}

// Contiguous ranges of nodes, and where the first node of each colour of a range goes.
struct Ranges {
  const std::uint8_t* colours;
  std::int64_t n, count;
  std::vector<std::array<std::int64_t, kListColours>> next;

  Ranges(const std::uint8_t* colours, std::int64_t n) : colours(colours), n(n), count(threads_for(n, kGrain)), next(count) {
    for (std::int64_t t = 0; t < count; t++)
      for (int c = 0; c < kListColours; c++) next[t][c] = count_colour(colours, first(t), first(t + 1), c);
    std::int64_t total = 0;
    for (int c = 0; c < kListColours; c++)
      for (auto& range : next) total += std::exchange(range[c], total);
  }
  std::int64_t first(std::int64_t t) const { return n * t / count; }

  // body(begin, end, places) for every range, in parallel; places: where the first node of each colour goes.
  template <class Body> void for_each(const Body& body) const {
    for_shares(static_cast<int>(count), [&](int t) {
      auto places = next[t];
      body(first(t), first(t + 1), places.data());
    });
  }
};

// Functions of their own, as above: what a lambda captures would be read again after every byte that is written.
void colour_rows(const std::uint8_t* __restrict octants, const std::uint8_t* __restrict counts, const std::uint8_t* colour_of,
                 int lone_colour, std::int64_t n, std::uint8_t* __restrict colours) {
  std::array<std::uint8_t, 8> plain;
  std::copy_n(colour_of, 8, plain.begin());
  for (std::int64_t i = 0; i < n; i++) {
    const std::uint8_t colour = plain[octants[i] & 7];
    colours[i] = lone_colour >= 0 && counts[i] <= 1 ? static_cast<std::uint8_t>(lone_colour) : colour;
  }
}

void place_rows(const std::uint8_t* __restrict colours, const std::uint8_t* __restrict counts, std::int64_t begin,
                std::int64_t end, std::int64_t* __restrict places, std::int32_t* __restrict rows,
                std::uint32_t* __restrict list_begin) {
  for (std::int64_t i = begin; i < end; i++) {
    const std::int64_t place = places[colours[i]]++;
    rows[place] = static_cast<std::int32_t>(i);
    list_begin[place + 1] = counts[i];
  }
}

}  // namespace

void order_by_colour(const std::int32_t* neighbours, const std::uint8_t* octants, const std::uint8_t* colour_of,
                     int lone_colour, std::int64_t n, std::uint8_t* colours, std::int32_t* rows, std::uint32_t* begin,
                     std::int64_t* starts) {
  const auto count_rows = PCC_SELECT(count_rows);
  const std::unique_ptr<std::uint8_t[]> counts(new std::uint8_t[n]);
  for_ranges(n, kGrain, [&](std::int64_t first, std::int64_t last) {
    count_rows({neighbours, n}, first, last, counts.get());
    colour_rows(octants + first, counts.get() + first, colour_of, lone_colour, last - first, colours + first);
  });
  const Ranges ranges(colours, n);
  ranges.for_each([&](std::int64_t first, std::int64_t last, std::int64_t* places) {
    place_rows(colours, counts.get(), first, last, places, rows, begin);
  });
  std::uint32_t total = 0;
  for (std::int64_t i = 0; i < n; i++) begin[i] = std::exchange(total, total + begin[i + 1]);
  begin[n] = total;
  for (int c = 0; c < kListColours; c++) starts[c] = ranges.next[0][c];
  starts[kListColours] = n;
}

void list_neighbours(const std::int32_t* neighbours, const std::uint8_t* colours, std::int64_t n, const std::uint32_t* begin,
                     std::uint32_t* entries) {
  const auto list_rows = PCC_SELECT(list_rows);
  Ranges(colours, n).for_each([&](std::int64_t first, std::int64_t last, std::int64_t* places) {
    list_rows({neighbours, n}, colours, first, last, places, begin, entries);
  });
}

}  // namespace pcc
