// What this machine can do at most, for the benchmarks to hold kernels against: loops that do one thing and nothing else.
//
// Every thread (common/threads.h) does the same; the caller takes the time. No kernel uses these.
#pragma once
#include <cstddef>
#include <cstdint>

namespace pcc {

// u8 x s8 products with 32-bit sums, all in registers, by the instruction that the layers use with the active set
// (conv_int8/tiles.h). Returns how many were made: rounds times a constant, times the threads.
std::int64_t int8_products(std::int64_t rounds);

// Reads an array of n words `times` times and returns their sum modulo 2^16, which is what a sum of table rows does too:
// from memory where the array is larger than the caches, from a cache where it is smaller. Every thread reads all of it
// where `shared`, as kernels read tables; else a part each.
std::uint16_t read_words(const std::uint16_t* words, std::int64_t n, std::int64_t times, bool shared);

// Copies n bytes, a part a thread.
void copy_bytes(const std::uint8_t* source, std::uint8_t* target, std::int64_t n);

}  // namespace pcc
