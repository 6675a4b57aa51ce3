#include <algorithm>
#include <array>

#include "common/threads.h"
#include "tables/op.h"

namespace pcc {
namespace {

using BinaryTable = std::array<uint16_t, 2 * kLogitLimit + 1>;

// The rows (0, l) of the general definition, for every l that matters.
const BinaryTable& binary_table() {
  static const BinaryTable table = [] {
    BinaryTable built{};
    for (int l = -kLogitLimit; l <= kLogitLimit; l++) {
      const int16_t logits[2] = {0, static_cast<int16_t>(l)};
      uint16_t cdf[3];
      table_row(logits, 2, cdf, kExp2);
      built[l + kLogitLimit] = static_cast<uint16_t>(kTotal - cdf[1]);
    }
    return built;
  }();
  return table;
}

}  // namespace

void tables_cpu(const int16_t* logits, size_t rows, int num_symbols, uint16_t* cdf) {
  const long long n = static_cast<long long>(rows);
#pragma omp parallel for schedule(static) num_threads(threads_for(n* num_symbols, 1 << 14))
  for (long long i = 0; i < n; i++)
    table_row(logits + i * num_symbols, num_symbols, cdf + i * (num_symbols + 1), kExp2);
}

void binary_frequencies_cpu(const int16_t* logits, size_t count, uint16_t* p1) {
  const uint16_t* table = binary_table().data() + kLogitLimit;
  const long long n = static_cast<long long>(count);
#pragma omp parallel for schedule(static) num_threads(threads_for(n, 1 << 17))
  for (long long i = 0; i < n; i++) p1[i] = table[std::clamp<int>(logits[i], -kLogitLimit, kLogitLimit)];
}

void tree_frequencies_cpu(const int16_t* logits, int num_logits, const uint8_t* values, const uint8_t* certain, size_t count,
                          int bit, uint16_t* p1) {
  const uint16_t* table = binary_table().data() + kLogitLimit;
  const unsigned below = (1u << bit) - 1;
  const long long n = static_cast<long long>(count);
#pragma omp parallel for schedule(static) num_threads(threads_for(n, 1 << 16))
  for (long long i = 0; i < n; i++) {
    const unsigned prefix = values[i] & below;
    const int16_t logit = logits[i * num_logits + below + prefix];
    const bool sure = certain && certain[i] && prefix == 0;
    p1[i] = table[sure ? kLogitLimit : std::clamp<int>(logit, -kLogitLimit, kLogitLimit)];
  }
}

}  // namespace pcc
