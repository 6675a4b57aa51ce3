#include "row_bytes/op.h"

#include "common/ranges.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 17;

// Neither row nor n - 1 - row is negative: additions and ORs alone, which any machine does four at a time.
bool all_exist(const std::int32_t* rows, std::int64_t r, std::int64_t n) {
  const auto last = static_cast<std::uint32_t>(n - 1);
  std::uint32_t any = 0;
  for (std::int64_t i = 0; i < r; i++) {
    const auto row = static_cast<std::uint32_t>(rows[i]);
    any |= row | (last - row);
  }
  return n ? !(any >> 31) : !r;
}

// Functions of their own: what a lambda captures would be read again after every byte that is written.
void take(const std::uint8_t* __restrict values, const std::int32_t* __restrict rows, std::int64_t r,
          std::uint8_t* __restrict taken) {
  for (std::int64_t i = 0; i < r; i++) taken[i] = values[rows[i]];
}

void put(const std::uint8_t* __restrict bits, int shift, std::uint8_t* __restrict taken, const std::int32_t* __restrict rows,
         std::int64_t r, std::uint8_t* __restrict values) {
  for (std::int64_t i = 0; i < r; i++) {
    taken[i] = static_cast<std::uint8_t>(taken[i] | bits[i] << shift);
    values[rows[i]] = taken[i];
  }
}

}  // namespace

bool take_bytes(const std::uint8_t* values, std::int64_t n, const std::int32_t* rows, std::int64_t r, std::uint8_t* taken) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    take(values, rows + begin, end - begin, taken + begin);
  });
  return true;
}

bool put_bits(const std::uint8_t* bits, int shift, std::uint8_t* taken, const std::int32_t* rows, std::int64_t r,
              std::uint8_t* values, std::int64_t n) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    put(bits + begin, shift, taken + begin, rows + begin, end - begin, values);
  });
  return true;
}

}  // namespace pcc
