// Which of a node's 27 neighbours exist, as bits.
#pragma once
#include <cstdint>

namespace pcc {

// neighbours (n, 27) int32, -1 where empty -> masks (n,), bit d = the neighbour in direction d exists
void presence(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* masks);

}  // namespace pcc
