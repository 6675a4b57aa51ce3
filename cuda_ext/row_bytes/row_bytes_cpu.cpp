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

}  // namespace

bool take_bytes(const std::uint8_t* values, std::int64_t n, const std::int32_t* rows, std::int64_t r, std::uint8_t* taken) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) taken[i] = values[rows[i]];
  });
  return true;
}

bool put_bits(const std::uint8_t* bits, int shift, std::uint8_t* taken, const std::int32_t* rows, std::int64_t r,
              std::uint8_t* values, std::int64_t n) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) taken[i] = static_cast<std::uint8_t>(taken[i] | bits[i] << shift);
    for (std::int64_t i = begin; i < end; i++) values[rows[i]] = taken[i];
  });
  return true;
}

}  // namespace pcc
