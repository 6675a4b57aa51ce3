// One step up and one step down an octree whose nodes are Morton codes in ascending order.
//
//   codes (n,) uint64, strictly ascending      occupancy (p,) uint8, bit i = child in octant i exists
//   a child's code is parent << 3 | octant; parents (c,) int32 rows, octants (c,) uint8 in 0..7
#pragma once
#include <cstdint>

namespace pcc {

// Writes the front of parent_codes and occupancy (room: n). Returns the number of parents, or -1 when the codes do
// not ascend strictly.
std::int64_t octree_parents_cpu(const std::uint64_t* codes, std::int64_t n, std::uint64_t* parent_codes,
                                std::uint8_t* occupancy);

// The number of children, or -1 when a node has none.
std::int64_t octree_count_children_cpu(const std::uint8_t* occupancy, std::int64_t n);

// Children of every node in order; the outputs have the room that octree_count_children_cpu says.
void octree_children_cpu(const std::uint64_t* codes, const std::uint8_t* occupancy, std::int64_t n,
                         std::uint64_t* child_codes, std::int32_t* parents, std::uint8_t* octants);

}  // namespace pcc
