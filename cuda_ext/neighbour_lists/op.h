// The neighbours that exist, node after node, colour by colour: what kernels that visit a node's neighbours read.
//
//   neighbours (n, 27) int32, outside 0..n-1: empty      octants (n,) uint8      colour_of (8,) uint8 < colours <= 8
//   rows (n,) int32: the nodes, those of colour 0 first, ascending within a colour
//   begin (n + 1) uint32, entries (begin[n],) uint32
//   entries[begin[i] .. begin[i + 1]) = row | direction << 27 of the neighbours of rows[i], ascending by direction
//
// A node of a dense surface has 13.5 of 27 neighbours, one of a LiDAR frame 2.5: a list is read from memory in half or
// a tenth of the time that the table takes, nothing is spent on what is not there, and a pass over one colour
// (src/pcc/geometry/coding_order.py) reads one stretch of memory.
#pragma once
#include <cstdint>

#include "neighbours/op.h"

namespace pcc {

constexpr int kRowBits = 27;
constexpr std::int64_t kMaxListedRows = std::int64_t{1} << kRowBits;  // and 27 * 2^27 entries fit 32 bits
constexpr int kListColours = 9;  // eight, and one of nodes without neighbours

struct NeighbourLists {
  const std::int32_t* rows;
  const std::uint32_t* begin;
  const std::uint32_t* entries;
};

constexpr std::uint32_t row_of(std::uint32_t entry) { return entry & ((1u << kRowBits) - 1); }
constexpr std::uint32_t direction_of(std::uint32_t entry) { return entry >> kRowBits; }

// Fills colours (n,) uint8, rows, begin, whose last value is the number of entries, and starts (kListColours + 1,), the
// places of the colours' first nodes, then n. A node's colour is colour_of[octant], or, unless it is -1, lone_colour
// where the node has no neighbour but itself.
void order_by_colour(const std::int32_t* neighbours, const std::uint8_t* octants, const std::uint8_t* colour_of,
                     int lone_colour, std::int64_t n, std::uint8_t* colours, std::int32_t* rows, std::uint32_t* begin,
                     std::int64_t* starts);
void list_neighbours(const std::int32_t* neighbours, const std::uint8_t* colours, std::int64_t n, const std::uint32_t* begin,
                     std::uint32_t* entries);

}  // namespace pcc
