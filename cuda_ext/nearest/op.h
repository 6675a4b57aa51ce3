// For voxels the nearest ones of another set, both as Morton codes.
//
//   codes (n,) uint64, any order and repeated    others (m,) uint64, strictly ascending, m in 1..2^31-1; all below 2^63
//   rows (n,) int32 of the others    squared (n,) int64, distances in voxels; which of those equally near is the op's choice
#pragma once
#include <cstdint>

namespace pcc {

// False, with rows and squared undefined, where the others do not ascend or a code is too large.
bool nearest_cpu(const std::uint64_t* codes, std::int64_t n, const std::uint64_t* others, std::int64_t m, std::int32_t* rows,
                 std::int64_t* squared);

}  // namespace pcc
