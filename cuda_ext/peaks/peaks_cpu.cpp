#include "peaks/op.h"

#include <atomic>
#include <cstring>

#include "common/isa.h"
#include "common/ranges.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 16;

// Four inputs by some columns in 16-bit operands, which compilers make vector code of on any machine. Its sums are in the
// first cache, since registers are the compiler's choice; it may not see that neither inputs nor places ever change.
std::int64_t products_scalar(std::int64_t rounds) {
  constexpr int kColumns = 64;
  std::int32_t sum[kColumns] = {};
  std::int16_t weights[4 * kColumns];
  for (int c = 0; c < 4 * kColumns; c++) weights[c] = static_cast<std::int16_t>(c % 256 - 128);
  std::int16_t x0 = 3, x1 = 5, x2 = 7, x3 = 9;
  for (std::int64_t i = 0; i < rounds; i++) {
    std::int32_t* to = sum;
    int columns = kColumns;
    asm volatile("" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(to), "+r"(columns) : : "memory");
    std::int32_t* __restrict y = to;
    const std::int16_t* w = weights;
    for (int c = 0; c < columns; c++)
      y[c] += x0 * w[c] + x1 * w[c + columns] + x2 * w[c + 2 * columns] + x3 * w[c + 3 * columns];
  }
  asm volatile("" : : "r"(sum) : "memory");
  return rounds * 4 * kColumns;
}

std::uint16_t read_scalar(const std::uint16_t* words, std::int64_t n) {
  std::uint16_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) sum = static_cast<std::uint16_t>(sum + words[i]);
  return sum;
}

#if PCC_X86
// Enough sums to hide the latency of an instruction, few enough to stay in registers. The instructions are written out:
// the compiler would see that nothing changes, or move what need not move.
PCC_AVX2 std::int64_t products_avx2(std::int64_t rounds) {
  constexpr int kSums = 8;
  const __m256i input = _mm256_set1_epi16(3), weight = _mm256_set1_epi16(-5);
  __m256i sum[kSums] = {}, product;
  for (std::int64_t i = 0; i < rounds; i++)
#pragma GCC unroll 8
    for (int s = 0; s < kSums; s++)
      asm volatile("vpmaddwd %2, %3, %1\n\tvpaddd %1, %0, %0" : "+x"(sum[s]), "=&x"(product) : "x"(input), "x"(weight));
  return rounds * kSums * 16;
}

PCC_AVX512 std::int64_t products_avx512(std::int64_t rounds) {
  constexpr int kSums = 16;
  const __m512i input = _mm512_set1_epi8(3), weight = _mm512_set1_epi8(-5);
  __m512i sum[kSums] = {};
  for (std::int64_t i = 0; i < rounds; i++)
#pragma GCC unroll 16
    for (int s = 0; s < kSums; s++) asm volatile("vpdpbusd %2, %1, %0" : "+v"(sum[s]) : "v"(input), "v"(weight));
  return rounds * kSums * 64;
}

PCC_AVX2 std::uint16_t read_avx2(const std::uint16_t* words, std::int64_t n) {
  __m256i sum[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  std::int64_t i = 0;
  for (; i + 64 <= n; i += 64)
    for (int s = 0; s < 4; s++)
      sum[s] = _mm256_add_epi16(sum[s], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + i + 16 * s)));
  alignas(32) std::uint16_t lanes[64];
  for (int s = 0; s < 4; s++) _mm256_store_si256(reinterpret_cast<__m256i*>(lanes + 16 * s), sum[s]);
  return static_cast<std::uint16_t>(read_scalar(lanes, 64) + read_scalar(words + i, n - i));
}

PCC_AVX512 std::uint16_t read_avx512(const std::uint16_t* words, std::int64_t n) {
  __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  std::int64_t i = 0;
  for (; i + 128 <= n; i += 128)
    for (int s = 0; s < 4; s++) sum[s] = _mm512_add_epi16(sum[s], _mm512_loadu_si512(words + i + 32 * s));
  alignas(64) std::uint16_t lanes[128];
  for (int s = 0; s < 4; s++) _mm512_store_si512(lanes + 32 * s, sum[s]);
  return static_cast<std::uint16_t>(read_scalar(lanes, 128) + read_scalar(words + i, n - i));
}
#endif

// body(thread, threads) in as many threads as kernels use.
template <class Body> void for_threads(const Body& body) {
  const int threads = num_threads();
  for_shares(threads, [&](int t) { body(t, threads); });
}

}  // namespace

std::int64_t int8_products(std::int64_t rounds) {
  const auto products = PCC_SELECT(products);
  std::atomic<std::int64_t> count{0};
  for_threads([&](int, int) { count += products(rounds); });
  return count;
}

std::uint16_t read_words(const std::uint16_t* words, std::int64_t n, std::int64_t times, bool shared) {
  const auto read = PCC_SELECT(read);
  std::atomic<std::uint16_t> sum{0};
  for_threads([&](int t, int threads) {
    const std::int64_t begin = shared ? 0 : n * t / threads, end = shared ? n : n * (t + 1) / threads;
    std::uint16_t own = 0;
    for (std::int64_t i = 0; i < times; i++) own = static_cast<std::uint16_t>(own + read(words + begin, end - begin));
    if (shared) sum = own; else sum += own;
  });
  return sum;
}

void copy_bytes(const std::uint8_t* source, std::uint8_t* target, std::int64_t n) {
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) { std::memcpy(target + begin, source + begin, end - begin); });
}

}  // namespace pcc
