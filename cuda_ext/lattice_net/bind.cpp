#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>

#include "common/registry.h"
#include "lattice_net/op.h"

namespace pcc {
namespace {

RangeImage image_of(const Array2<const std::int32_t>& range, const Array2<const std::int16_t>& deviation,
                    const Array2<const std::uint8_t>& row_feats) {
  if (deviation.shape(0) != range.shape(0) || deviation.shape(1) != range.shape(1) || row_feats.shape(0) != range.shape(0))
    throw nb::value_error("range, deviation, row_feats: expected as many rows and columns");
  return {range.data(), deviation.data(), row_feats.data(), static_cast<int>(row_feats.shape(1)),
          static_cast<std::int64_t>(range.shape(1))};
}

LayerWeights layer(Array2<const std::int8_t> weight, Array1<const std::int32_t> bias, Array1<const std::int32_t> multiplier,
                   int shift) {
  const auto inputs = static_cast<int>(weight.shape(0)), outputs = static_cast<int>(weight.shape(1));
  if (bias.shape(0) != weight.shape(1) || multiplier.shape(0) != weight.shape(1))
    throw nb::value_error("bias, multiplier: expected one for each output");
  return {inputs, outputs, shift, {weight.data(), weight.data() + weight.size()}, {bias.data(), bias.data() + outputs},
          {multiplier.data(), multiplier.data() + outputs}};
}

Surroundings surroundings(std::vector<std::int64_t> offsets, std::vector<int> near, std::vector<int> anchors,
                          std::vector<std::pair<int, int>> extensions) {
  return {std::move(offsets), std::move(near), std::move(anchors), std::move(extensions)};
}

// That no cell's neighbour lies outside of the image.
void check_reach(const Surroundings& around, const RangeImage& image, std::int64_t rows, std::int64_t first, std::int64_t last) {
  for (const std::int64_t offset : around.offsets)
    if (first + offset < 0 || last + offset >= rows * image.stride) throw nb::value_error("cells: a neighbour lies outside");
}

using PassNumbers = std::array<std::int64_t, 6>;  // no vector: nanobind ends the process where it has no memory for one

PassCells pass_of(const PassNumbers& c) { return {c[0], c[1], c[2], c[3], c[4], c[5]}; }

void check_pass(const Surroundings& around, const RangeImage& image, std::int64_t rows, const PassCells& cells) {
  const std::int64_t last_row = cells.first_row + (cells.rows - 1) * cells.row_step;
  const std::int64_t last_column = cells.first_column + (cells.columns - 1) * cells.column_step;
  if (cells.rows < 1 || cells.columns < 1 || cells.first_row < 0 || cells.row_step < 1 || cells.column_step < 1 ||
      cells.first_column < 0 || last_row >= rows || last_column >= image.stride)
    throw nb::value_error("cells: not in the image");
  check_reach(around, image, rows, cells.first_row * image.stride + cells.first_column, last_row * image.stride + last_column);
}

using Range = Array2<const std::int32_t>;
using Deviation = Array2<const std::int16_t>;
using Bytes = Array2<const std::uint8_t>;

void require(bool fits, const char* what) {
  if (!fits) throw nb::value_error(what);
}

void context(const Surroundings& around, Range range, Deviation deviation, Bytes row_feats,
             const PassNumbers& pass, int frame_feat, Array2<std::uint8_t> feats,
             Array2<std::int16_t> differences, Array1<std::int32_t> base, Array2<std::int32_t> guesses) {
  const RangeImage image = image_of(range, deviation, row_feats);
  const PassCells cells = pass_of(pass);
  check_pass(around, image, static_cast<std::int64_t>(range.shape(0)), cells);
  const auto n = static_cast<std::size_t>(cells.rows * cells.columns);
  const auto padded = static_cast<int>(feats.shape(1));
  require(feats.shape(0) == n && padded >= around.num_feats(image.num_row_feats) &&
              differences.shape(0) == n && differences.shape(1) == around.offsets.size() && base.shape(0) == n &&
              guesses.shape(0) == n && static_cast<int>(guesses.shape(1)) == around.num_guesses(),
          "feats, differences, base, guesses: wrong shapes");
  nb::gil_scoped_release release;
  for (std::int64_t row = 0; row < cells.rows; row++) {
    const std::int64_t at = row * cells.columns;
    lattice_context(image, around,
                    {cells.first_row + row * cells.row_step, cells.first_column, cells.column_step,
                     static_cast<int>(cells.columns)},
                    static_cast<std::uint8_t>(frame_feat),
                    {feats.data() + at * padded, differences.data() + at * around.count(), base.data() + at,
                     guesses.data() + at * around.num_guesses(), padded});
  }
}

void run_range(const RangeNet& net, const Surroundings& around, Range range, Deviation deviation, Bytes row_feats,
               const PassNumbers& pass, int frame_feat,
               Array1<std::int16_t> occupancy, Array2<std::int32_t> mu, Array2<std::int16_t> scale, Array2<std::int16_t> weight) {
  const RangeImage image = image_of(range, deviation, row_feats);
  const PassCells cells = pass_of(pass);
  check_pass(around, image, static_cast<std::int64_t>(range.shape(0)), cells);
  const auto n = static_cast<std::size_t>(cells.rows * cells.columns), k = static_cast<std::size_t>(net.components());
  const auto fits = [&](const auto& array) { return array.shape(0) == k && array.shape(1) == n; };
  require(occupancy.shape(0) == n && fits(mu) && fits(scale) && fits(weight) &&
              static_cast<int>(row_feats.shape(1)) == net.num_row_feats,
          "row_feats, occupancy, mu, scale, weight: wrong shapes");
  nb::gil_scoped_release release;
  net.run(image, cells, static_cast<std::uint8_t>(frame_feat), {occupancy.data(), mu.data(), scale.data(), weight.data()});
}

void run_reflectance(const ReflectanceNet& net, const Surroundings& around, Range range, Deviation deviation,
                     Bytes reflectance, Bytes row_feats, Array1<const std::int64_t> cells,
                     int frame_feat, Array2<std::int16_t> logits) {
  const RangeImage image = image_of(range, deviation, row_feats);
  const std::size_t n = cells.shape(0);
  require(reflectance.shape(0) == range.shape(0) && reflectance.shape(1) == range.shape(1) && logits.shape(0) == n && static_cast<int>(logits.shape(1)) == net.outputs() &&
              static_cast<int>(row_feats.shape(1)) == net.num_row_feats,
          "reflectance, row_feats, logits: wrong shapes");
  const auto rows = static_cast<std::int64_t>(range.shape(0));
  if (n) {
    const auto [low, high] = std::minmax_element(cells.data(), cells.data() + n);
    require(*low >= 0 && *high < rows * image.stride, "cells: not in the image");
    check_reach(around, image, rows, *low, *high);
    require(*low >= image.stride && *high < (rows - 1) * image.stride, "cells: in the margin");
  }
  nb::gil_scoped_release release;
  net.run(image, reflectance.data(), cells.data(), static_cast<std::int64_t>(n), static_cast<std::uint8_t>(frame_feat), logits.data());
}

const Registrar registrar([](nb::module_& m) {
  nb::class_<LayerWeights>(m, "LayerWeights");
  m.def("layer_weights", &layer, nb::arg("weight").noconvert(), nb::arg("bias").noconvert(),
        nb::arg("multiplier").noconvert(), nb::arg("shift"));
  nb::class_<Surroundings>(m, "Surroundings").def("num_feats", &Surroundings::num_feats);
  m.def("surroundings", &surroundings);
  m.def("lattice_context", &context, nb::arg("around"), nb::arg("range").noconvert(), nb::arg("deviation").noconvert(),
        nb::arg("row_feats").noconvert(), nb::arg("cells"), nb::arg("frame_feat"), nb::arg("feats").noconvert(), nb::arg("differences").noconvert(),
        nb::arg("base").noconvert(), nb::arg("guesses").noconvert());
  nb::class_<RangeNet>(m, "RangeNet")
      .def(nb::init<Surroundings, std::vector<LayerWeights>, int, int>())
      .def("components", &RangeNet::components)
      .def("run", &run_range, nb::arg("around"), nb::arg("range").noconvert(), nb::arg("deviation").noconvert(),
           nb::arg("row_feats").noconvert(), nb::arg("cells"), nb::arg("frame_feat"), nb::arg("occupancy").noconvert(), nb::arg("mu").noconvert(),
           nb::arg("scale").noconvert(), nb::arg("weight").noconvert());
  nb::class_<ReflectanceNet>(m, "ReflectanceNet")
      .def(nb::init<Surroundings, std::vector<LayerWeights>, int>())
      .def("outputs", &ReflectanceNet::outputs)
      .def("run", &run_reflectance, nb::arg("around"), nb::arg("range").noconvert(), nb::arg("deviation").noconvert(),
           nb::arg("reflectance").noconvert(), nb::arg("row_feats").noconvert(), nb::arg("cells").noconvert(),
           nb::arg("frame_feat"), nb::arg("logits").noconvert());
});

}  // namespace
}  // namespace pcc
