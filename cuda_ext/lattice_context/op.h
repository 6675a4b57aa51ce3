// What a cell of a range image shows of its neighbours: the inputs of the networks that code spinning LiDAR. The definition is
// written out in src/pcc/ops/lattice_context.py and docs/arithmetic.md.
//
// A range image has a margin on all sides, so that every neighbour of every cell can be read; cells that are empty or not
// decoded yet hold 0. Ranges are in range units of 1/16 mm.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace pcc {

constexpr int kMaxNeighbours = 32;
constexpr std::int32_t kMostRange = (1 << 24) - 1;
constexpr std::int32_t kMostDifference = 12800;  // of what kernels weigh

struct RangeImage {
  const std::int32_t* range;        // (rows, stride), margins included
  const std::int16_t* deviation;    // of each cell's azimuth from its column's, in 1/16 column
  const std::uint8_t* row_feats;    // (rows, num_row_feats)
  int num_row_feats;
  std::int64_t stride;
};

// The neighbours of a pass's cells. Cells lie in the middle between neighbours 0 and 1.
struct Surroundings {
  std::vector<std::int64_t> offsets;            // to each neighbour, in cells of the image
  std::vector<int> near;                        // whose deviation is seen
  std::vector<int> anchors;                     // whose range is a guess
  std::vector<std::pair<int, int>> extensions;  // at one step and at three: the line through them is a guess, too

  int count() const { return static_cast<int>(offsets.size()); }
  int num_guesses() const { return static_cast<int>(anchors.size() + 1 + extensions.size()); }
  int num_feats(int num_row_feats) const {
    return static_cast<int>(2 * offsets.size() + near.size() + 1 + extensions.size()) + 2 + num_row_feats;
  }
};

// Cells (row, column + i * step), i = 0..count-1, the margin included.
struct Cells {
  std::int64_t row, column, step;
  int count;
};

// Rows of the outputs, one a cell. `padded` columns of feats, those beyond num_feats 128.
struct Context {
  std::uint8_t* feats;        // (count, padded)
  std::int16_t* differences;  // (count, neighbours): range less base
  std::int32_t* base;         // (count,)
  std::int32_t* guesses;      // (count, num_guesses)
  int padded;
};

// frame_feat: the same for all cells.
void lattice_context(const RangeImage& image, const Surroundings& around, const Cells& cells, std::uint8_t frame_feat,
                     const Context& out);

}  // namespace pcc
