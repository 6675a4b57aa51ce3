#include "adaptive_occupancy/adaptive_bit.h"
#include "adaptive_occupancy/node.h"
#include "adaptive_occupancy/presence.h"
#include "neighbours/op.h"
#include "rans/cost.h"
#include "rans/serial.h"

namespace pcc {
namespace {

constexpr int kLowRows[3] = {4, 10, 12};  // directions of the neighbours at x - 1, y - 1, z - 1

std::uint32_t lower_occupancy(std::int32_t row, const std::uint8_t* occupancy, std::int64_t node) {
  if (row < 0) return 0;
  if (row >= node) throw std::invalid_argument("neighbours: expected lower face neighbours before their node");
  return occupancy[row];
}

// Nodes begin..end-1: visit(node, surroundings).
template <class Visit>
void for_nodes(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t begin, std::int64_t end,
               Visit visit) {
  std::uint32_t masks[kSampleBlock];
  for (std::int64_t first = begin; first < end; first += kSampleBlock) {
    const std::int64_t last = std::min(end, first + kSampleBlock);
    presence(neighbours + first * kDirections, last - first, masks);
    for (std::int64_t i = first; i < last; i++) {
      const std::int32_t* row = neighbours + i * kDirections;
      Surroundings s{masks[i - first], {}};
      for (int axis = 0; axis < 3; axis++) s.lower[axis] = lower_occupancy(row[kLowRows[axis]], occupancy, i);
      visit(i, s);
    }
  }
}

std::uint32_t checked(std::uint8_t occupancy) {
  if (!occupancy) throw std::invalid_argument("occupancy: expected 1 to 255, got 0 (a node without children)");
  return occupancy;
}

}  // namespace

std::int64_t AdaptiveOccupancy::encode(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t n,
                                       std::uint16_t* p1, std::uint8_t* symbols) {
  std::int64_t count = 0;
  auto write = [&](AdaptiveBit& context, std::uint32_t symbol) {
    p1[count] = static_cast<std::uint16_t>(frequency_of_one(context));
    symbols[count++] = static_cast<std::uint8_t>(symbol);
    learn(context, symbol);
    return symbol;
  };
  start_level(contexts_);
  for_nodes(neighbours, occupancy, 0, n, [&](std::int64_t i, const Surroundings& s) {
    code_node(contexts_, s, checked(occupancy[i]), write);
  });
  return count;
}

double AdaptiveOccupancy::estimate_bits(const std::int32_t* neighbours, const std::uint8_t* occupancy, std::int64_t n,
                                        int every) const {
  OccupancyContexts contexts = contexts_;
  std::uint64_t cost = 0;
  std::int64_t nodes = 0;
  auto weigh = [&](AdaptiveBit& context, std::uint32_t symbol) {
    const std::uint32_t one = frequency_of_one(context);
    cost += approximate_cost(symbol ? one : kTotal - one);
    learn(context, symbol);
    return symbol;
  };
  start_level(contexts);
  const std::int64_t middle = every / 2 * kSampleBlock;
  for (std::int64_t begin = middle < n ? middle : 0; begin < n; begin += every * kSampleBlock) {
    const std::int64_t end = std::min(n, begin + kSampleBlock);
    for_nodes(neighbours, occupancy, begin, end, [&](std::int64_t i, const Surroundings& s) {
      code_node(contexts, s, checked(occupancy[i]), weigh);
    });
    nodes += end - begin;
  }
  return nodes ? static_cast<double>(cost) / kTotal * static_cast<double>(n) / static_cast<double>(nodes) : 0.0;
}

void AdaptiveOccupancy::decode(RansDecoder& decoder, const std::int32_t* neighbours, std::uint8_t* occupancy,
                               std::int64_t n) {
  SerialCall call(decoder);
  auto read = [&](AdaptiveBit& context, std::uint32_t) {
    const std::uint32_t symbol = call.get(frequency_of_one(context));
    learn(context, symbol);
    return symbol;
  };
  start_level(contexts_);
  for_nodes(neighbours, occupancy, 0, n, [&](std::int64_t i, const Surroundings& s) {
    occupancy[i] = static_cast<std::uint8_t>(code_node(contexts_, s, 1, read));
    call.require_intact();
  });
  call.finish();
}

}  // namespace pcc
