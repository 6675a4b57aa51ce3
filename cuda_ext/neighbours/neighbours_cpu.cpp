#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>

#include "common/isa.h"
#include "common/ranges.h"
#include "neighbours/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 14;
constexpr std::int64_t kSlice = 1 << 19;  // parents whose memory is given back at a time

// The pages that lie wholly within these rows read as zeros from now on, and take no memory.
void give_back([[maybe_unused]] const std::int32_t* rows, [[maybe_unused]] std::int64_t count) {
#if defined(__linux__)
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(rows) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(rows + std::max<std::int64_t>(count, 0)) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#endif
}
alignas(64) constexpr WindowTable kCells = make_window_table();

// rank[occupancy][octant]: the number of children before that octant; -1 where it is empty.
constexpr auto kRank = [] {
  std::array<std::array<std::int8_t, 8>, 256> rank{};
  for (unsigned occupancy = 0; occupancy < 256; occupancy++)
    for (unsigned octant = 0; octant < 8; octant++)
      rank[occupancy][octant] = static_cast<std::int8_t>(
          occupancy >> octant & 1 ? std::popcount(occupancy & ((1u << octant) - 1)) : -1);
  return rank;
}();

constexpr auto kNumChildren = [] {
  std::array<std::int8_t, 256> bits{};
  for (unsigned occupancy = 0; occupancy < 256; occupancy++) bits[occupancy] = static_cast<std::int8_t>(std::popcount(occupancy));
  return bits;
}();

// The parents' level. Each parent is the row of its first child << 8 | its occupancy: one load fetches both.
struct Level {
  const std::int32_t* neighbours;
  const std::int64_t* children;
  std::int64_t size;
};

std::unique_ptr<std::int64_t[]> pack_children(const std::uint8_t* occupancy, std::int64_t n) {
  std::unique_ptr<std::int64_t[]> children(new std::int64_t[n]);
  for (std::int64_t i = 0, first = 0; i < n; first += kNumChildren[occupancy[i]], i++) children[i] = first << 8 | occupancy[i];
  return children;
}

// Writes the rows of `n` children of one parent.
using Kernel = void (*)(const Level&, std::int64_t parent, const std::uint8_t* octants, std::int64_t n,
                        std::int32_t* out);

// Compiled once for any machine and once for AVX2.
PCC_INLINE void siblings(const Level& level, std::int64_t parent, const std::uint8_t* octants, std::int64_t n,
                         std::int32_t* out) {
  std::int64_t children[kDirections];
  for (int d = 0; d < kDirections; d++) {
    const std::uint32_t row = level.neighbours[parent * kDirections + d];
    children[d] = row < level.size ? level.children[row] : 0;
  }
  std::int32_t window[kWindow];
  for (int cell = 0; cell < kWindow; cell++) {
    const std::int64_t packed = children[kCells.direction[cell]];
    const int rank = kRank[packed & 255][kCells.octant[cell]];
    window[cell] = rank < 0 ? -1 : static_cast<std::int32_t>((packed >> 8) + rank);
  }
  for (std::int64_t i = 0; i < n; i++, out += kDirections) {
    const std::int32_t* block = window + (octants[i] >> 2) * 16 + (octants[i] >> 1 & 1) * 4 + (octants[i] & 1);
    for (int run = 0; run < 9; run++) std::memcpy(out + 3 * run, block + run / 3 * 16 + run % 3 * 4, 3 * sizeof *out);
  }
}

void siblings_scalar(const Level& level, std::int64_t parent, const std::uint8_t* octants, std::int64_t n,
                     std::int32_t* out) {
  siblings(level, parent, octants, n, out);
}

#if PCC_X86
PCC_AVX2 void siblings_avx2(const Level& level, std::int64_t parent, const std::uint8_t* octants, std::int64_t n,
                            std::int32_t* out) {
  siblings(level, parent, octants, n, out);
}

// In a slab of constant x, the 16 cells of one register: the lanes of the 3 x 3 block that starts at octant & 3.
alignas(64) constexpr auto kBlocks = [] {
  std::array<std::array<std::int32_t, 16>, 4> lanes{};
  for (int start = 0; start < 4; start++)
    for (int lane = 0; lane < 9; lane++) lanes[start][lane] = ((start >> 1) + lane / 3) * 4 + (start & 1) + lane % 3;
  return lanes;
}();

// Two registers of 16 rows each, of which 27 count.
struct Rows {
  __m512i low, high;
};

// Set bits of the low byte of every lane; the other bytes are zero.
PCC_AVX512 PCC_INLINE __m512i popcount_byte(__m512i v) {
  const __m512i counts = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i low = _mm512_and_si512(v, _mm512_set1_epi32(15));
  return _mm512_add_epi32(_mm512_shuffle_epi8(counts, low), _mm512_shuffle_epi8(counts, _mm512_srli_epi32(v, 4)));
}

// First child and occupancy of the neighbours of `parent`; occupancy 0 where there is none.
PCC_AVX512 PCC_INLINE void load_children(const Level& level, std::int64_t parent, Rows* first, Rows* occupancy) {
  __m256i firsts[4], occupancies[4];
  for (int k = 0; k < 4; k++) {
    const __mmask8 lanes = k < 3 ? 0xff : 0x07;
    const __m256i row = _mm256_maskz_loadu_epi32(lanes, level.neighbours + parent * kDirections + 8 * k);
    const __m256i size = _mm256_set1_epi32(static_cast<int>(level.size));
    const __mmask8 present = _mm256_mask_cmplt_epu32_mask(lanes, row, size);
    const __m512i packed = _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), present, row, level.children, 8);
    firsts[k] = _mm512_cvtepi64_epi32(_mm512_srli_epi64(packed, 8));
    occupancies[k] = _mm256_and_si256(_mm512_cvtepi64_epi32(packed), _mm256_set1_epi32(255));
  }
  first->low = _mm512_inserti64x4(_mm512_castsi256_si512(firsts[0]), firsts[1], 1);
  first->high = _mm512_inserti64x4(_mm512_castsi256_si512(firsts[2]), firsts[3], 1);
  occupancy->low = _mm512_inserti64x4(_mm512_castsi256_si512(occupancies[0]), occupancies[1], 1);
  occupancy->high = _mm512_inserti64x4(_mm512_castsi256_si512(occupancies[2]), occupancies[3], 1);
}

PCC_AVX512 PCC_INLINE __m512i fill_slab(int x, const Rows& first, const Rows& occupancy) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i direction = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i*)(kCells.direction + 16 * x)));
  const __m512i octant = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i*)(kCells.octant + 16 * x)));
  const __m512i bits = _mm512_permutex2var_epi32(occupancy.low, direction, occupancy.high);
  const __m512i bit = _mm512_sllv_epi32(one, octant);
  const __m512i rank = popcount_byte(_mm512_and_si512(bits, _mm512_sub_epi32(bit, one)));
  const __m512i row = _mm512_add_epi32(_mm512_permutex2var_epi32(first.low, direction, first.high), rank);
  return _mm512_mask_mov_epi32(_mm512_set1_epi32(-1), _mm512_test_epi32_mask(bits, bit), row);
}

// Whether a node has no neighbour but itself, as most of a LiDAR frame's have at fine levels.
PCC_AVX512 PCC_INLINE bool is_lone(const Level& level, std::int64_t node) {
  const std::int32_t* rows = level.neighbours + node * kDirections;
  const __m512i size = _mm512_set1_epi32(static_cast<int>(level.size));
  const __mmask16 low = _mm512_cmplt_epu32_mask(_mm512_loadu_si512(rows), size);
  const __mmask16 high = _mm512_mask_cmplt_epu32_mask(0x7ff, _mm512_maskz_loadu_epi32(0x7ff, rows + 16), size);
  return low == 1 << kSelf && !high && rows[kSelf] == node;
}

PCC_AVX512 PCC_INLINE void lone_child(std::int32_t row, std::int32_t* out) {
  _mm512_storeu_si512(out, _mm512_set1_epi32(-1));
  _mm512_mask_storeu_epi32(out + 16, 0x7ff, _mm512_set1_epi32(-1));
  out[kSelf] = row;
}

PCC_AVX512 void siblings_avx512(const Level& level, std::int64_t parent, const std::uint8_t* octants, std::int64_t n,
                                std::int32_t* out) {
  if (n == 1 && (level.children[parent] & 255) == 1 << octants[0] && is_lone(level, parent))
    return lone_child(static_cast<std::int32_t>(level.children[parent] >> 8), out);
  Rows first, occupancy;
  load_children(level, parent, &first, &occupancy);
  alignas(64) std::int32_t window[kWindow];
  for (int x = 0; x < 4; x++) _mm512_store_si512(window + 16 * x, fill_slab(x, first, occupancy));
  for (std::int64_t i = 0; i < n; i++, out += kDirections) {
    const __m512i lanes = _mm512_load_si512(kBlocks[octants[i] & 3].data());
    const std::int32_t* slab = window + (octants[i] >> 2) * 16;
    // Each store runs over into the place of the next one, which follows; the last one is masked.
    _mm512_storeu_si512(out, _mm512_permutexvar_epi32(lanes, _mm512_load_si512(slab)));
    _mm512_storeu_si512(out + 9, _mm512_permutexvar_epi32(lanes, _mm512_load_si512(slab + 16)));
    _mm512_mask_storeu_epi32(out + 18, 0x1ff, _mm512_permutexvar_epi32(lanes, _mm512_load_si512(slab + 32)));
  }
}
#endif

// Rows begin..end, one run of siblings at a time; false when a parent or an octant is out of range.
bool fill_rows(Kernel kernel, const Level& level, const std::int32_t* parents, const std::uint8_t* octants,
               std::int64_t begin, std::int64_t end, std::int32_t* out) {
  for (std::int64_t i = begin; i < end;) {
    const std::uint32_t parent = parents[i];
    std::uint32_t all = 0;
    std::int64_t next = i;
    for (; next < end && static_cast<std::uint32_t>(parents[next]) == parent; next++) all |= octants[next];
    if (parent >= level.size || all > 7) return false;
    kernel(level, parent, octants + i, next - i, out + i * kDirections);
    i = next;
  }
  return true;
}

}  // namespace

bool child_neighbours_cpu(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t num_parents,
                          const std::int32_t* parents, const std::uint8_t* octants, std::int64_t n,
                          std::int32_t* out, bool consume) {
  const auto children = pack_children(occupancy, num_parents);
  const Level level{neighbours, children.get(), num_parents};
  const Kernel kernel = PCC_SELECT(siblings);
  std::atomic<bool> valid{true};
  const auto fill = [&](std::int64_t first, std::int64_t last) {
    for_ranges(last - first, kGrain, [&](std::int64_t begin, std::int64_t end) {
      if (!fill_rows(kernel, level, parents, octants, first + begin, first + end, out)) valid = false;
    });
  };
  if (!consume || !std::is_sorted(parents, parents + n)) {
    fill(0, n);
    return valid;
  }
  for (std::int64_t parent = 0, child = 0; child < n && valid; parent += kSlice) {
    const std::int64_t next = std::lower_bound(parents + child, parents + n, parent + kSlice) - parents;
    fill(child, next);
    give_back(neighbours + parent * kDirections, std::min(kSlice, num_parents - parent) * kDirections);
    child = next;
  }
  return valid;
}

}  // namespace pcc
