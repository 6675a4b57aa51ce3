#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "common/threads.h"
#include "sort/op.h"

namespace pcc {
namespace {

constexpr int kMaxDigitBits = 8;  // 256 open write positions stay in the first level cache and TLB
constexpr std::int64_t kGrain = 1 << 18;  // smaller sorts end before more threads pay

struct Pairs {
  std::uint64_t* keys;
  std::int32_t* rows;
};

struct Digit {
  int shift, bits;
  std::uint32_t of(std::uint64_t key) const { return key >> shift & ((1u << bits) - 1); }
};

// Equal digits over the bits in which the codes differ at all.
std::vector<Digit> digits_of(std::uint64_t differing) {
  if (!differing) return {};
  const int low = std::countr_zero(differing), high = 64 - std::countl_zero(differing);
  const int count = (high - low + kMaxDigitBits - 1) / kMaxDigitBits;
  const int bits = (high - low + count - 1) / count;
  std::vector<Digit> digits;
  for (int shift = low; shift < high; shift += bits) {
    const Digit digit{shift, std::min(bits, high - shift)};
    if (digit.of(differing)) digits.push_back(digit);
  }
  return digits;
}

// Moves the range of one thread to its places; `offsets` are the next free ones. A null `from.rows` means 0, 1, 2...
void scatter(const Pairs& from, std::int64_t begin, std::int64_t end, Digit digit, std::int64_t* offsets,
             const Pairs& to) {
  for (std::int64_t i = begin; i < end; i++) {
    const std::uint64_t key = from.keys[i];
    const std::int64_t place = offsets[digit.of(key)]++;
    to.keys[place] = key;
    to.rows[place] = from.rows ? from.rows[i] : static_cast<std::int32_t>(i);
  }
}

// Counts, one row a thread, become the first place of each thread's share of each digit.
void counts_to_offsets(std::vector<std::vector<std::int64_t>>& counts) {
  std::int64_t next = 0;
  for (std::size_t value = 0; value < counts[0].size(); value++)
    for (auto& row : counts) next += std::exchange(row[value], next);
}

void sort_digit(const Pairs& from, std::int64_t n, Digit digit, const Pairs& to) {
  const int threads = threads_for(n, kGrain);
  std::vector<std::vector<std::int64_t>> table(threads);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; t++) {
    std::vector<std::int64_t> counts(std::size_t{1} << digit.bits);
    for (std::int64_t i = n * t / threads; i < n * (t + 1) / threads; i++) counts[digit.of(from.keys[i])]++;
    table[t] = std::move(counts);
  }
  counts_to_offsets(table);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; t++)
    scatter(from, n * t / threads, n * (t + 1) / threads, digit, table[t].data(), to);
}

}  // namespace

void radix_sort_cpu(const std::uint64_t* codes, std::int64_t n, std::uint64_t* sorted, std::int32_t* permutation) {
  std::uint64_t differing = 0;
  bool ascending = true;
  for (std::int64_t i = 1; i < n; i++) {
    differing |= codes[i] ^ codes[0];
    ascending &= codes[i - 1] <= codes[i];
  }
  if (ascending) {
    std::copy(codes, codes + n, sorted);
    for (std::int64_t i = 0; i < n; i++) permutation[i] = static_cast<std::int32_t>(i);
    return;
  }
  const std::vector<Digit> digits = digits_of(differing);
  const std::unique_ptr<std::uint64_t[]> spare_keys(new std::uint64_t[n]);
  const std::unique_ptr<std::int32_t[]> spare_rows(new std::int32_t[n]);
  Pairs from{const_cast<std::uint64_t*>(codes), nullptr};  // read only in the first pass
  Pairs to{sorted, permutation}, other{spare_keys.get(), spare_rows.get()};
  if (digits.size() % 2 == 0) std::swap(to, other);  // the last pass writes the result
  for (const Digit digit : digits) {
    sort_digit(from, n, digit, to);
    from = to;
    std::swap(to, other);
  }
}

std::int64_t unique_cpu(const std::uint64_t* sorted, std::int64_t n, std::uint64_t* unique, std::int32_t* counts) {
  bool ascending = true;
  std::int64_t runs = 0;
  for (std::int64_t i = 0; i < n; i++) {  // no branch on the data: the last of a run overwrites the others
    const std::uint64_t next = i + 1 < n ? sorted[i + 1] : ~std::uint64_t{0};
    unique[runs] = sorted[i];
    counts[runs] = static_cast<std::int32_t>(i + 1);
    ascending &= sorted[i] <= next;
    runs += next != sorted[i] || i + 1 == n;
  }
  for (std::int64_t run = runs - 1; run > 0; run--) counts[run] -= counts[run - 1];
  return ascending ? runs : -1;
}

}  // namespace pcc
