// Bytes of some rows, taken out and put back: the occupancies of a level's nodes of one colour.
//
//   values (n,) uint8, rows (r,) int32, taken, bits (r,) uint8; n < 2^31
#pragma once
#include <cstdint>

namespace pcc {

// taken[i] = values[rows[i]]. False, with taken undefined, where a row is not in 0..n-1.
bool take_bytes(const std::uint8_t* values, std::int64_t n, const std::int32_t* rows, std::int64_t r, std::uint8_t* taken);

// taken[i] |= bits[i] << shift, values[rows[i]] = taken[i], rows being distinct. False, and nothing written, where a row is
// not in 0..n-1.
bool put_bits(const std::uint8_t* bits, int shift, std::uint8_t* taken, const std::int32_t* rows, std::int64_t r,
              std::uint8_t* values, std::int64_t n);

}  // namespace pcc
