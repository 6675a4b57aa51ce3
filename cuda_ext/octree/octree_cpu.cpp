#include <array>
#include <bit>
#include <vector>

#include "common/isa.h"
#include "common/ranges.h"
#include "octree/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 16;

// std::popcount of a portable build is a call of a function.
constexpr auto kNumBits = [] {
  std::array<std::uint8_t, 256> bits{};
  for (unsigned v = 0; v < 256; v++) bits[v] = static_cast<std::uint8_t>(std::popcount(v));
  return bits;
}();

std::int64_t count_bits(const std::uint8_t* occupancy, std::int64_t begin, std::int64_t end) {
  std::int64_t sum = 0;
  for (std::int64_t i = begin; i < end; i++) sum += kNumBits[occupancy[i]];
  return sum;
}

// What a walk over ascending codes carries along: codes before `read` belong to `parents` whole parents and to one that may
// go on. A parent's occupancy is the sum of its children's bits modulo 256, so two running sums tell it.
struct Up {
  std::int64_t read = 0, parents = 0;
  std::uint8_t sum = 0, sum_before = 0;  // up to the last code, and to the end of the last whole parent
  bool ascending = true;
};

void parents_scalar(const std::uint64_t* codes, std::int64_t n, std::uint64_t* parent_codes, std::uint8_t* occupancy, Up& up) {
  Up at = up;
  for (; at.read < n; at.read++) {  // no branch on the data: the last of a parent overwrites the others
    const bool last = at.read + 1 == n;
    const std::uint64_t code = codes[at.read], next = last ? 0 : codes[at.read + 1];
    at.sum = static_cast<std::uint8_t>(at.sum + (1u << (code & 7)));
    parent_codes[at.parents] = code >> 3;
    occupancy[at.parents] = static_cast<std::uint8_t>(at.sum - at.sum_before);
    at.ascending &= last || code < next;
    const bool ends = last || next >> 3 != code >> 3;
    at.parents += ends;
    at.sum_before = ends ? at.sum : at.sum_before;
  }
  up = at;
}

#if PCC_X86
constexpr auto parents_avx2 = parents_scalar;

// Eight codes at a time. What is written past the parents found so far is written again: they are never ahead of the codes.
PCC_AVX512 void parents_avx512(const std::uint64_t* codes, std::int64_t n, std::uint64_t* parent_codes,
                               std::uint8_t* occupancy, Up& up) {
  const __m512i one = _mm512_set1_epi64(1), seven = _mm512_set1_epi64(7);
  Up at;
  __mmask8 ascending = 0xff;
  for (; at.read + 8 < n; at.read += 8) {
    const __m512i code = _mm512_loadu_si512(codes + at.read), next = _mm512_loadu_si512(codes + at.read + 1);
    ascending &= _mm512_cmplt_epu64_mask(code, next);
    const __m512i parent = _mm512_srli_epi64(code, 3);
    const __mmask8 ends = _mm512_cmpneq_epi64_mask(parent, _mm512_srli_epi64(next, 3));
    __m128i sums = _mm512_cvtepi64_epi8(_mm512_sllv_epi64(one, _mm512_and_si512(code, seven)));
    sums = _mm_add_epi8(sums, _mm_slli_epi64(sums, 8));
    sums = _mm_add_epi8(sums, _mm_slli_epi64(sums, 16));
    sums = _mm_add_epi8(sums, _mm_slli_epi64(sums, 32));
    sums = _mm_add_epi8(sums, _mm_set1_epi8(static_cast<char>(at.sum)));
    const auto all = static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums));
    const std::uint64_t kept = _pext_u64(all, _pdep_u64(ends, 0x0101010101010101) * 255);  // sums at the ends of parents
    const __m128i found = _mm_sub_epi8(_mm_cvtsi64_si128(static_cast<long long>(kept)),
                                       _mm_cvtsi64_si128(static_cast<long long>(kept << 8 | at.sum_before)));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(occupancy + at.parents), found);
    _mm512_storeu_si512(parent_codes + at.parents, _mm512_maskz_compress_epi64(ends, parent));
    const int count = __builtin_popcount(ends);
    at.sum = static_cast<std::uint8_t>(all >> 56);
    at.sum_before = count ? static_cast<std::uint8_t>(kept >> 8 * (count - 1)) : at.sum_before;
    at.parents += count;
  }
  at.ascending = ascending == 0xff;
  parents_scalar(codes, n, parent_codes, occupancy, at);
  up = at;
}
#endif

struct Children {
  std::uint64_t* codes;
  std::int32_t* parents;
  std::uint8_t* octants;
};

// The children of the nodes begin..end-1, which are those first..last-1.
void children_scalar(const std::uint64_t* codes, const std::uint8_t* occupancy, std::int64_t begin, std::int64_t end,
                     std::int64_t first, std::int64_t, Children out) {
  for (std::int64_t i = begin; i < end; i++) {
    for (std::uint32_t left = occupancy[i]; left; left &= left - 1, first++) {
      const int octant = std::countr_zero(left);
      out.codes[first] = codes[i] << 3 | octant;
      out.parents[first] = static_cast<std::int32_t>(i);
      out.octants[first] = static_cast<std::uint8_t>(octant);
    }
  }
}

#if PCC_X86
constexpr auto children_avx2 = children_scalar;

// Eight octants of a node at once. What is written past its children is written again by the nodes behind it.
PCC_AVX512 void children_avx512(const std::uint64_t* codes, const std::uint8_t* occupancy, std::int64_t begin,
                                std::int64_t end, std::int64_t first, std::int64_t last, Children out) {
  const __m512i lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  for (; begin < end && first + 8 <= last; begin++) {
    const std::uint32_t octants = occupancy[begin];
    const __m512i all = _mm512_or_si512(_mm512_set1_epi64(static_cast<long long>(codes[begin] << 3)), lane);
    _mm512_storeu_si512(out.codes + first, _mm512_maskz_compress_epi64(static_cast<__mmask8>(octants), all));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.parents + first), _mm256_set1_epi32(static_cast<int>(begin)));
    const std::uint64_t kept = _pext_u64(0x0706050403020100, _pdep_u64(octants, 0x0101010101010101) * 255);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out.octants + first), _mm_cvtsi64_si128(static_cast<long long>(kept)));
    first += __builtin_popcount(octants);
  }
  children_scalar(codes, occupancy, begin, end, first, last, out);
}
#endif

}  // namespace

std::int64_t octree_parents_cpu(const std::uint64_t* codes, std::int64_t n, std::uint64_t* parent_codes,
                                std::uint8_t* occupancy) {
  Up up;
  PCC_SELECT(parents)(codes, n, parent_codes, occupancy, up);
  return up.ascending ? up.parents : -1;
}

std::int64_t octree_count_children_cpu(const std::uint8_t* occupancy, std::int64_t n) {
  bool all = true;
  for (std::int64_t i = 0; i < n; i++) all &= occupancy[i] != 0;
  return all ? count_bits(occupancy, 0, n) : -1;
}

void octree_children_cpu(const std::uint64_t* codes, const std::uint8_t* occupancy, std::int64_t n,
                         std::uint64_t* child_codes, std::int32_t* parents, std::uint8_t* octants) {
  const int threads = threads_for(n, kGrain);
  const auto children = PCC_SELECT(children);
  std::vector<std::int64_t> first(threads + 1);
  for (int t = 0; t < threads; t++)
    first[t + 1] = first[t] + count_bits(occupancy, n * t / threads, n * (t + 1) / threads);
  for_shares(threads, [&](int t) {
    children(codes, occupancy, n * t / threads, n * (t + 1) / threads, first[t], first[t + 1],
             {child_codes, parents, octants});
  });
}

}  // namespace pcc
