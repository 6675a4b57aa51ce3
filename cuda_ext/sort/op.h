// Stable sort of uint64 codes with the permutation that sorts them, and runs of equal codes.
//
//   codes (n,) uint64, n < 2^31      permutation (n,) int32: sorted[i] = codes[permutation[i]]
//
// A radix sort from the lowest digit up; the digits that all codes share are skipped, and code and row travel in one word
// where they fit. Being stable, its result is
// unique, so the number of threads cannot show.
#pragma once
#include <cstdint>

namespace pcc {

void radix_sort_cpu(const std::uint64_t* codes, std::int64_t n, std::uint64_t* sorted, std::int32_t* permutation);

// sorted (n,) -> the distinct codes and how often each occurs, written to the front of unique and counts (room: n).
// Returns their number, or -1 when `sorted` is not ascending.
std::int64_t unique_cpu(const std::uint64_t* sorted, std::int64_t n, std::uint64_t* unique, std::int32_t* counts);

}  // namespace pcc
