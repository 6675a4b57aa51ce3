// Occupancies under probabilities that follow the cloud itself: what codes a level where no network predicts it well.
// The definition is written out in docs/arithmetic.md, section 12.
//
//   neighbours (n, 27) int32 rows of the level, -1 where empty; rows of lower face neighbours lie before the node
//   occupancy  (n,) uint8, not 0
//   p1 (9 n,) uint16 frequencies of a one, symbols (9 n,) uint8: room for the decisions, of which the front is filled
//
// One body (node.h) runs in all three: writing decisions, weighing them, and reading them.
#pragma once
#include <cstdint>

#include "rans/op.h"

namespace pcc {

constexpr int kMostDecisions = 9;  // of a node
constexpr std::int64_t kSampleBlock = 256;  // nodes

// A probability as the mean of a fast and a slow estimate of 22 bits, and how many bits it has seen.
struct AdaptiveBit {
  std::uint32_t fast = 1u << 21, slow = 1u << 21, count = 0;
};

struct OccupancyContexts {
  AdaptiveBit single[8];     // by crowd
  AdaptiveBit half[8][4];    // by the octant's bits so far under a leading one, and the neighbours on both sides
  AdaptiveBit many[256][16];  // by the occupancy's bits so far under a leading one, and the octant's surroundings
};

class AdaptiveOccupancy {
 public:
  // Each throws std::invalid_argument for an occupancy of 0, or a lower neighbour's row that is not before the node.
  // The decisions of a level; returns how many.
  std::int64_t encode(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t n, std::uint16_t* p1,
                      std::uint8_t* symbols);
  // About what `encode` would cost in bits, from one block of kSampleBlock nodes in `every`; changes nothing.
  double estimate_bits(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t n, int every) const;
  // Reads the level as one call; throws CorruptStream when the stream ends too early.
  void decode(RansDecoder& decoder, const std::int32_t* neighbours, std::uint8_t* occupancy, std::int64_t n);

 private:
  OccupancyContexts contexts_;
};

}  // namespace pcc
