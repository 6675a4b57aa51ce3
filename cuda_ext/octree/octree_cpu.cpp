#include <array>
#include <bit>
#include <vector>

#include "common/threads.h"
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

}  // namespace

std::int64_t octree_parents_cpu(const std::uint64_t* codes, std::int64_t n, std::uint64_t* parent_codes,
                                std::uint8_t* occupancy) {
  bool ascending = true;
  std::int64_t parents = 0;
  std::uint32_t octants = 0;
  for (std::int64_t i = 0; i < n; i++) {  // no branch on the data: the last of a parent overwrites the others
    const bool last = i + 1 == n;
    const std::uint64_t code = codes[i], next = last ? 0 : codes[i + 1];
    octants |= 1u << (code & 7);
    parent_codes[parents] = code >> 3;
    occupancy[parents] = static_cast<std::uint8_t>(octants);
    ascending &= last || code < next;
    const bool ends = last || next >> 3 != code >> 3;
    parents += ends;
    octants = ends ? 0 : octants;
  }
  return ascending ? parents : -1;
}

std::int64_t octree_count_children_cpu(const std::uint8_t* occupancy, std::int64_t n) {
  bool all = true;
  for (std::int64_t i = 0; i < n; i++) all &= occupancy[i] != 0;
  return all ? count_bits(occupancy, 0, n) : -1;
}

void octree_children_cpu(const std::uint64_t* codes, const std::uint8_t* occupancy, std::int64_t n,
                         std::uint64_t* child_codes, std::int32_t* parents, std::uint8_t* octants) {
  const int threads = threads_for(n, kGrain);
  std::vector<std::int64_t> first(threads + 1);
  for (int t = 0; t < threads; t++)
    first[t + 1] = first[t] + count_bits(occupancy, n * t / threads, n * (t + 1) / threads);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; t++) {
    std::int64_t child = first[t];
    for (std::int64_t i = n * t / threads; i < n * (t + 1) / threads; i++) {
      for (std::uint32_t left = occupancy[i]; left; left &= left - 1, child++) {
        const int octant = std::countr_zero(left);
        child_codes[child] = codes[i] << 3 | octant;
        parents[child] = static_cast<std::int32_t>(i);
        octants[child] = static_cast<std::uint8_t>(octant);
      }
    }
  }
}

}  // namespace pcc
