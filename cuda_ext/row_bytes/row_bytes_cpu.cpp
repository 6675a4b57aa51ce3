#include "row_bytes/op.h"

#include "common/ranges.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 17;

bool all_exist(const std::int32_t* rows, std::int64_t r, std::int64_t n) {
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < r; i++) {
    const auto row = static_cast<std::uint32_t>(rows[i]);
    most = most < row ? row : most;
  }
  return r == 0 || most < static_cast<std::uint64_t>(n);
}

}  // namespace

bool take_bytes(const std::uint8_t* values, std::int64_t n, const std::int32_t* rows, std::int64_t r, std::uint8_t* taken) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) taken[i] = values[rows[i]];
  });
  return true;
}

bool put_bytes(const std::uint8_t* taken, const std::int32_t* rows, std::int64_t r, std::uint8_t* values, std::int64_t n) {
  if (!all_exist(rows, r, n)) return false;
  for_ranges(r, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) values[rows[i]] = taken[i];
  });
  return true;
}

}  // namespace pcc
