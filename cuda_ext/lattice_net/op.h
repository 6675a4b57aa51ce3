// The networks that code spinning LiDAR, as they run in the codec: up to six integer layers over the context of a cell. The definition is
// written out in src/pcc/ops/lattice_net.py and docs/arithmetic.md.
//
//   RangeNet         whether a cell holds a point, and where along its ray: a mixture for each cell
//   ReflectanceNet   the logits of seven decisions for a cell, where all ranges are known
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "common/lazy.h"
#include "lattice_context/op.h"

namespace pcc {

constexpr int kMaxLayers = 6;
constexpr int kMaxWidth = 256;  // of a layer
constexpr int kNextTo = 4;      // cells next to a cell, whose ranges its reflectance sees

// u8 inputs -> u8 by requantisation, or int16 logits in the last layer (occupancy_head/dense.h).
struct LayerWeights {
  int inputs, outputs, shift;           // inputs a multiple of 4
  std::vector<std::int8_t> weight;      // (inputs, outputs)
  std::vector<std::int32_t> bias, multiplier;  // (outputs,)
};

// Layers packed for each instruction set when first used; several threads may run them.
class Layers {
 public:
  explicit Layers(std::vector<LayerWeights> weights);
  ~Layers();
  int inputs() const { return weights_.front().inputs; }
  int outputs() const { return weights_.back().outputs; }
  // count <= 64 rows; out (count, outputs).
  void run(const std::uint8_t* feats, int count, std::int16_t* out) const;

 private:
  struct Packed;
  const Packed& packed() const;
  const std::vector<LayerWeights> weights_;
  Lazy<Packed> packed_[3];  // by instruction set
};

// The cells of a pass, row by row: rows first_row + i * row_step, columns first_column + j * column_step, margins included.
struct PassCells {
  std::int64_t first_row, row_step, rows, first_column, column_step, columns;
};

struct Workspace;

class RangeNet {
 public:
  // The layers' outputs, for K = kernels + guesses components: K weights, K spreads, K scales, occupancy, (kernels, neighbours).
  RangeNet(Surroundings around, std::vector<LayerWeights> layers, int kernels, int num_row_feats);
  int components() const { return kernels_ + around_.num_guesses(); }
  const int num_row_feats;

  struct Out {
    std::int16_t* occupancy;  // (n,)
    std::int32_t* mu;         // (K, n)
    std::int16_t *scale, *weight;
  };
  void run(const RangeImage& image, const PassCells& cells, std::uint8_t frame_feat, const Out& out) const;

 private:
  void block(const RangeImage& image, const Cells& cells, std::uint8_t frame_feat, std::int64_t at, std::int64_t n,
             const Out& out, Workspace& work) const;
  const Surroundings around_;
  const Layers layers_;
  const int kernels_;
};

class ReflectanceNet {
 public:
  ReflectanceNet(Surroundings around, std::vector<LayerWeights> layers, int num_row_feats);
  int outputs() const { return layers_.outputs(); }
  const int num_row_feats;
  // Cells (n,) by their place in the image; reflectance (rows, stride), 0 where unknown; logits (n, outputs).
  void run(const RangeImage& image, const std::uint8_t* reflectance, const std::int64_t* cells, std::int64_t n, std::uint8_t frame_feat,
           std::int16_t* logits) const;

 private:
  const Surroundings around_;
  const Layers layers_;
};

}  // namespace pcc
