#include <algorithm>
#include <memory>

#include "common/isa.h"
#include "common/ranges.h"
#include "occupancy_context/nibbles.h"
#include "occupancy_head/dense.h"
#include "occupancy_head/op.h"

namespace pcc {
namespace {

struct PackedGroup {
  DenseLayer first, second, last;
  NibbleTables context;
  ContextSum add_context;
  std::vector<int32_t> bias3;  // padded with zeros

  // masks (colours, 27) of the group
  PackedGroup(const HeadShape& s, const HeadGroup& g, const uint8_t* masks)
      : first(g.weight1.data(), g.multiplier1.data(), s.channels, s.hidden, g.shift1),
        second(g.weight2.data(), g.multiplier2.data(), s.hidden, s.hidden, g.shift2),
        last(g.weight3.data(), g.multiplier3.data(), s.hidden, s.outputs, g.shift3),
        context(g.context.data(), s.hidden),
        add_context(context_sum(s.hidden, std::any_of(masks, masks + s.colours * kDirections, [](uint8_t m) { return m > 15; }))),
        bias3(g.bias3) {
    bias3.resize(last.padded);
  }
};

// What a thread needs for the rows of a tile.
struct Tile {
  Seen seen[kTileRows][kDirections];
  int seen_count[kTileRows];
  alignas(64) int16_t context[kTileRows * kMaxHidden];
  alignas(64) uint8_t z1[kTileRows * kMaxHidden];
  alignas(64) uint8_t z2[kTileRows * kMaxHidden];
};

}  // namespace

struct OccupancyHead::Packed {
  std::vector<PackedGroup> groups;

  Packed(const HeadShape& shape, const std::vector<HeadGroup>& raw, const uint8_t* masks) {
    groups.reserve(raw.size());
    for (const HeadGroup& group : raw) groups.emplace_back(shape, group, masks + groups.size() * shape.colours * kDirections);
  }
};

OccupancyHead::OccupancyHead(const HeadShape& shape, std::vector<HeadGroup> groups, std::vector<uint8_t> masks)
    : shape(shape), groups_(std::move(groups)), masks_(std::move(masks)) {}

OccupancyHead::~OccupancyHead() = default;

const OccupancyHead::Packed& OccupancyHead::packed() const {
  return packed_[static_cast<int>(active_isa())].get([&] { return std::make_unique<Packed>(shape, groups_, masks_.data()); });
}

void OccupancyHead::logits(const uint8_t* feats, const NeighbourLists& lists, const uint8_t* occupancy, int64_t place,
                           int64_t num_rows, int colour, int first, int count, const int32_t* bias1, int16_t* logits) {
  const Packed& all = packed();
  const int h = shape.hidden, outputs = shape.outputs;
  const int64_t tiles = (num_rows + kTileRows - 1) / kTileRows;
  for_blocks<Tile>(tiles, 4, threads_for(tiles, 8), [&](int64_t first_tile, int64_t end_tile, Tile& tile) {
    auto& [seen, seen_count, context, z1, z2] = tile;
    for (int64_t i = first_tile; i < end_tile; i++) {
      const int64_t begin = place + i * kTileRows;
      const int size = static_cast<int>(std::min<int64_t>(kTileRows, num_rows - i * kTileRows));
      const int64_t ahead = std::min<int64_t>(begin + kTileRows, place + num_rows - size);  // of the next tile: features
      for (int r = 0; r < size; r++)
        __builtin_prefetch(feats + static_cast<int64_t>(lists.rows[ahead + r]) * shape.channels);
      for (int r = 0; r < size; r++) seen_count[r] = look_around(lists, begin + r, occupancy, seen[r]);
      for (int g = 0; g < count; g++) {
        const PackedGroup& group = all.groups[first + g];
        const uint8_t* masks = masks_.data() + ((first + g) * shape.colours + colour) * kDirections;
        for (int r = 0; r < size; r++) group.add_context(seen[r], seen_count[r], masks, group.context, context + r * h);
        const DenseLayer::Context extra{context, groups_[first + g].context_shift.data()};
        group.first.hidden(feats, lists.rows + begin, size, bias1 + g * h, extra, z1);
        group.second.hidden(z1, nullptr, size, groups_[first + g].bias2.data(), {}, z2);
        group.last.last(z2, size, group.bias3.data(), logits + (g * num_rows + i * kTileRows) * outputs);
      }
    }
  });
}

}  // namespace pcc
