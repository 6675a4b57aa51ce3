#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "common/ranges.h"
#include "sort/op.h"

namespace pcc {
namespace {

// 1024 open write positions still stay in the caches, and codes of 10 bits an axis need three passes.
constexpr int kMaxDigitBits = 10;
constexpr std::int64_t kGrain = 1 << 18;  // smaller sorts end before more threads pay

struct Digit {
  int shift, bits;
  std::uint32_t of(std::uint64_t key) const { return key >> shift & ((1u << bits) - 1); }
};

// What passes read and write: items with a key, that holds the digits, and a row. The codes as they came: rows 0, 1, 2...
struct Codes {
  const std::uint64_t* keys;
  std::uint64_t key(std::int64_t i) const { return keys[i]; }
  std::int32_t row(std::int64_t i) const { return static_cast<std::int32_t>(i); }
};

// Codes and rows side by side.
struct Pairs {
  std::uint64_t* keys;
  std::int32_t* rows;
  std::uint64_t key(std::int64_t i) const { return keys[i]; }
  std::int32_t row(std::int64_t i) const { return rows[i]; }
  void put(std::int64_t place, std::uint64_t key, std::int32_t row) const {
    keys[place] = key;
    rows[place] = row;
  }
};

// How a code and its row share a word: the bits in which codes differ, then the row. Two thirds of the bytes to move.
struct Packing {
  int row_bits, low, code_bits;  // of the codes' bits from `low` on
  std::uint64_t constant;        // the other bits of all codes
  std::uint64_t pack(std::uint64_t code, std::int32_t row) const {
    return (code >> low & (~std::uint64_t{0} >> (64 - code_bits))) << row_bits | static_cast<std::uint32_t>(row);
  }
  std::uint64_t code(std::uint64_t word) const { return word >> row_bits << low | constant; }
  std::int32_t row(std::uint64_t word) const { return static_cast<std::int32_t>(word & ((std::uint64_t{1} << row_bits) - 1)); }
};

struct CodesToPack : Codes {
  Packing packing;
  std::uint64_t key(std::int64_t i) const { return packing.pack(keys[i], static_cast<std::int32_t>(i)); }
};

struct Words {
  std::uint64_t* words;
  std::uint64_t key(std::int64_t i) const { return words[i]; }
  std::int32_t row(std::int64_t) const { return 0; }  // it is in the word
  void put(std::int64_t place, std::uint64_t word, std::int32_t) const { words[place] = word; }
};

struct Unpacked {
  Pairs pairs;
  Packing packing;
  void put(std::int64_t place, std::uint64_t word, std::int32_t) const {
    pairs.put(place, packing.code(word), packing.row(word));
  }
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

// Counts, one row a thread, become the first place of each thread's share of each digit.
void counts_to_offsets(std::vector<std::vector<std::int64_t>>& counts) {
  std::int64_t next = 0;
  for (std::size_t value = 0; value < counts[0].size(); value++)
    for (auto& row : counts) next += std::exchange(row[value], next);
}

template <class From> void count_digits(From from, std::int64_t begin, std::int64_t end, Digit digit, std::int64_t* counts) {
  for (std::int64_t i = begin; i < end; i++) counts[digit.of(from.key(i))]++;
}

// Moves the range of one thread to its places; `offsets` are the next free ones. What it reads is passed by value, so that
// the compiler keeps it in registers.
template <class From, class To>
void scatter(From from, std::int64_t begin, std::int64_t end, Digit digit, std::int64_t* offsets, To to) {
  for (std::int64_t i = begin; i < end; i++) {
    const std::uint64_t key = from.key(i);
    to.put(offsets[digit.of(key)]++, key, from.row(i));
  }
}

// One pass: a stable sort by one digit.
template <class From, class To> void sort_digit(const From& from, std::int64_t n, Digit digit, const To& to) {
  const int threads = threads_for(n, kGrain);
  std::vector<std::vector<std::int64_t>> table(threads);
  for_shares(threads, [&](int t) {
    std::vector<std::int64_t> counts(std::size_t{1} << digit.bits);
    count_digits(from, n * t / threads, n * (t + 1) / threads, digit, counts.data());
    table[t] = std::move(counts);
  });
  counts_to_offsets(table);
  for_shares(threads, [&](int t) {
    scatter(from, n * t / threads, n * (t + 1) / threads, digit, table[t].data(), to);
  });
}

// All passes: from the codes to one of two sequences between, back and forth, and at last to the result, whose memory
// `other` may be: the last pass reads `between`.
template <class From, class Between, class To>
void sort_digits(const From& codes, std::int64_t n, const std::vector<Digit>& digits, Between between, Between other,
                 const To& result) {
  if (digits.size() == 1) return sort_digit(codes, n, digits[0], result);
  if (digits.size() % 2) std::swap(between, other);
  sort_digit(codes, n, digits[0], between);
  for (std::size_t d = 1; d + 1 < digits.size(); d++) {
    sort_digit(between, n, digits[d], other);
    std::swap(between, other);
  }
  sort_digit(between, n, digits.back(), result);
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
  const Pairs result{sorted, permutation};
  const int low = std::countr_zero(differing), code_bits = 64 - std::countl_zero(differing) - low;
  const int row_bits = std::bit_width(static_cast<std::uint64_t>(n - 1));
  const std::unique_ptr<std::uint64_t[]> spare(new std::uint64_t[n]);
  if (code_bits + row_bits <= 64) {
    std::vector<Digit> moved = digits;
    for (Digit& digit : moved) digit.shift += row_bits - low;
    const std::uint64_t kept = ~std::uint64_t{0} >> (64 - code_bits) << low;
    const Packing packing{row_bits, low, code_bits, codes[0] & ~kept};
    return sort_digits(CodesToPack{{codes}, packing}, n, moved, Words{spare.get()}, Words{sorted},
                       Unpacked{result, packing});
  }
  const std::unique_ptr<std::int32_t[]> spare_rows(new std::int32_t[n]);
  sort_digits(Codes{codes}, n, digits, Pairs{spare.get(), spare_rows.get()}, result, result);
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
