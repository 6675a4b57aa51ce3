#include <algorithm>
#include <stdexcept>

#include "common/isa.h"
#include "lattice_net/op.h"
#include "occupancy_head/dense.h"

namespace pcc {

struct Layers::Packed {
  std::vector<DenseLayer> layers;
  std::vector<std::vector<std::int32_t>> bias;  // padded with zeros

  explicit Packed(const std::vector<LayerWeights>& weights) {
    layers.reserve(weights.size());
    for (const LayerWeights& w : weights) {
      layers.emplace_back(w.weight.data(), w.multiplier.data(), w.inputs, w.outputs, w.shift);
      bias.push_back(w.bias);
      bias.back().resize(static_cast<std::size_t>(layers.back().padded));
    }
  }
};

Layers::Layers(std::vector<LayerWeights> weights) : weights_(std::move(weights)) {
  if (weights_.empty() || weights_.size() > kMaxLayers) throw std::invalid_argument("layers: expected 1 to 6");
  for (std::size_t i = 0; i < weights_.size(); i++) {
    const LayerWeights& w = weights_[i];
    const bool fits = i + 1 == weights_.size() || (w.outputs == weights_[i + 1].inputs && w.outputs % 16 == 0);
    if (!fits || w.inputs < 4 || w.inputs % 4 || w.inputs > kMaxWidth || w.outputs < 1 || w.outputs > kMaxWidth)
      throw std::invalid_argument("layers: widths do not fit each other");
  }
}

Layers::~Layers() = default;

const Layers::Packed& Layers::packed() const {
  return packed_[static_cast<int>(active_isa())].get([&] { return std::make_unique<Packed>(weights_); });
}

void Layers::run(const std::uint8_t* feats, int count, std::int16_t* out) const {
  const Packed& all = packed();
  alignas(64) std::uint8_t values[2][kTileRows * kMaxWidth];
  const std::size_t last = all.layers.size() - 1;
  for (std::size_t i = 0; i < last; i++) {
    all.layers[i].hidden(feats, nullptr, count, all.bias[i].data(), {}, values[i % 2]);
    feats = values[i % 2];
  }
  all.layers[last].last(feats, count, all.bias[last].data(), out);
}

}  // namespace pcc
