// The 27 neighbours of every node of an octree level, from those of its parents: no search, no hash table.
//
//   direction d = (dx+1)*9 + (dy+1)*3 + (dz+1), 13 is the node itself, 26-d the opposite
//   neighbours (p, 27) int32 rows of the parents' level, -1 where empty
//   occupancy (p,) uint8      parents (n,) int32 rows, octants (n,) uint8      out (n, 27) int32 rows of the children
//
// The children of a parent lie in the 4 x 4 x 4 window of cells around it that its 27 neighbours cover: 8 cells of
// the parent itself, 4 of a face, 2 of an edge, 1 of a corner neighbour. The window is filled once a parent; each
// child's answer is the 3 x 3 x 3 block of it that starts at the child's octant.
#pragma once
#include <cstdint>

namespace pcc {

constexpr int kDirections = 27, kSelf = 13, kWindow = 64;

// Cell (x, y, z) of the window, 0..3 an axis, is child `octant` of the parent's neighbour `direction`.
struct WindowTable {
  std::uint8_t direction[kWindow], octant[kWindow];
};

constexpr WindowTable make_window_table() {
  WindowTable table{};
  for (int cell = 0; cell < kWindow; cell++) {
    const int x = (cell >> 4) + 1, y = (cell >> 2 & 3) + 1, z = (cell & 3) + 1;  // in children, from the lowest neighbour
    table.direction[cell] = static_cast<std::uint8_t>((x >> 1) * 9 + (y >> 1) * 3 + (z >> 1));
    table.octant[cell] = static_cast<std::uint8_t>((x & 1) << 2 | (y & 1) << 1 | (z & 1));
  }
  return table;
}

// Returns false, with out undefined, when a row of `parents` or an octant is out of range. A neighbour outside
// 0..p-1 counts as empty. Where the parents ascend, `consume` gives the memory of their neighbours back while they are read,
// which leaves anything there: a level of 10^7 nodes takes a gigabyte.
bool child_neighbours_cpu(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t num_parents,
                          const std::int32_t* parents, const std::uint8_t* octants, std::int64_t n, std::int32_t* out,
                          bool consume = false);

}  // namespace pcc
