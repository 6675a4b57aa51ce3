#include <algorithm>
#include <stdexcept>

#include "common/ranges.h"
#include "lattice_context/tables.h"
#include "lattice_net/op.h"
#include "occupancy_head/dense.h"
#include "tables/op.h"

namespace pcc {
namespace {

constexpr int kKernelBits = 10;  // of the fraction of a kernel's weight
constexpr std::int64_t kGrain = 4;

std::int32_t spread(int output) { return output < 0 ? -kSpread[-output] : kSpread[output]; }

std::int32_t weighed(const std::int16_t* kernel, const std::int16_t* differences, int count) {
  std::int32_t sum = 0;
  for (int i = 0; i < count; i++) sum += static_cast<std::int32_t>(kernel[i]) * differences[i];
  return (sum + (1 << (kKernelBits - 1))) >> kKernelBits;
}

}  // namespace

// What a block of cells needs; one a thread.
struct Workspace {
  std::vector<std::uint8_t> feats;
  std::vector<std::int16_t> differences, outputs;
  std::vector<std::int32_t> base, guesses;
  int padded;

  Workspace(const Surroundings& around, int padded, int num_outputs) : padded(padded) {
    feats.resize(static_cast<std::size_t>(kTileRows) * padded);
    differences.resize(static_cast<std::size_t>(kTileRows) * around.offsets.size());
    outputs.resize(static_cast<std::size_t>(kTileRows) * num_outputs);
    base.resize(kTileRows), guesses.resize(static_cast<std::size_t>(kTileRows) * around.num_guesses());
  }
  Context context() { return {feats.data(), differences.data(), base.data(), guesses.data(), padded}; }
};

namespace {

void check(const Surroundings& around) {
  const int count = around.count();
  const auto known = [&](int k) { return 0 <= k && k < count; };
  bool fits = 2 <= count && count <= kMaxNeighbours;
  for (const int k : around.near) fits = fits && known(k);
  for (const int k : around.anchors) fits = fits && known(k);
  for (const auto& [one, three] : around.extensions) fits = fits && known(one) && known(three);
  if (!fits) throw std::invalid_argument("surroundings: expected 2 to 32 neighbours, and no others named");
}

}  // namespace

RangeNet::RangeNet(Surroundings around, std::vector<LayerWeights> layers, int kernels, int num_row_feats)
    : num_row_feats(num_row_feats), around_(std::move(around)), layers_(std::move(layers)), kernels_(kernels) {
  check(around_);
  if (kernels < 0 || layers_.inputs() < around_.num_feats(num_row_feats) ||
      layers_.outputs() != 3 * components() + 1 + kernels * around_.count())
    throw std::invalid_argument("layers: inputs or outputs do not fit the surroundings");
}

void RangeNet::run(const RangeImage& image, const PassCells& cells, std::uint8_t frame_feat, const Out& out) const {
  const std::int64_t per_row = (cells.columns + kTileRows - 1) / kTileRows, n = cells.rows * cells.columns;
  for_ranges(per_row * cells.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    Workspace work(around_, layers_.inputs(), layers_.outputs());
    for (std::int64_t b = begin; b < end; b++) {
      const std::int64_t row = b / per_row, from = b % per_row * kTileRows;
      const int count = static_cast<int>(std::min<std::int64_t>(kTileRows, cells.columns - from));
      const Cells some{cells.first_row + row * cells.row_step, cells.first_column + from * cells.column_step,
                       cells.column_step, count};
      block(image, some, frame_feat, row * cells.columns + from, n, out, work);
    }
  });
}

void RangeNet::block(const RangeImage& image, const Cells& cells, std::uint8_t frame_feat, std::int64_t at,
                     std::int64_t n, const Out& out, Workspace& work) const {
  lattice_context(image, around_, cells, frame_feat, work.context());
  layers_.run(work.feats.data(), cells.count, work.outputs.data());
  const int k = components(), neighbours = around_.count(), guesses = around_.num_guesses();
  for (int i = 0; i < cells.count; i++) {
    const std::int16_t* o = work.outputs.data() + static_cast<std::int64_t>(i) * layers_.outputs();
    const std::int16_t *kernel = o + 3 * k + 1, *differences = work.differences.data() + static_cast<std::int64_t>(i) * neighbours;
    out.occupancy[at + i] = o[3 * k];
    for (int c = 0; c < k; c++) {
      const std::int32_t start = c < kernels_ ? work.base[i] + weighed(kernel + c * neighbours, differences, neighbours)
                                              : work.guesses[static_cast<std::int64_t>(i) * guesses + c - kernels_];
      out.weight[c * n + at + i] = o[c];
      out.mu[c * n + at + i] = start + spread(o[k + c]);
      out.scale[c * n + at + i] = o[2 * k + c];
    }
  }
}

ReflectanceNet::ReflectanceNet(Surroundings around, std::vector<LayerWeights> layers, int num_row_feats)
    : num_row_feats(num_row_feats), around_(std::move(around)), layers_(std::move(layers)) {
  check(around_);
  if (layers_.inputs() < around_.num_feats(num_row_feats) + around_.count() + 1 + kNextTo)
    throw std::invalid_argument("layers: inputs do not fit the surroundings");
}

void ReflectanceNet::run(const RangeImage& image, const std::uint8_t* reflectance, const std::int64_t* cells,
                         std::int64_t n, std::uint8_t frame_feat, std::int16_t* logits) const {
  const std::int64_t next_to[kNextTo] = {-1, 1, -image.stride, image.stride};
  const int own = around_.num_feats(image.num_row_feats);
  for_ranges((n + kTileRows - 1) / kTileRows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    Workspace work(around_, layers_.inputs(), 1);
    for (std::int64_t b = begin; b < end; b++) {
      const int count = static_cast<int>(std::min<std::int64_t>(kTileRows, n - b * kTileRows));
      for (int i = 0; i < count; i++) {
        const std::int64_t cell = cells[b * kTileRows + i];
        Context one = work.context();
        one.feats += static_cast<std::int64_t>(i) * work.padded;
        lattice_context(image, around_, {cell / image.stride, cell % image.stride, 1, 1}, frame_feat, one);
        std::uint8_t* feats = one.feats + own;
        *feats++ = compand(image.range[cell] - *one.base);
        for (const std::int64_t offset : around_.offsets) *feats++ = reflectance[cell + offset];
        for (const std::int64_t offset : next_to) {
          const std::int32_t there = image.range[cell + offset];
          *feats++ = compand(there ? there - image.range[cell] : 0);
        }
      }
      layers_.run(work.feats.data(), count, logits + b * kTileRows * layers_.outputs());
    }
  });
}

}  // namespace pcc
