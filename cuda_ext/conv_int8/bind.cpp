#include <nanobind/stl/optional.h>

#include <optional>

#include "common/registry.h"
#include "conv_int8/op.h"

namespace pcc {
namespace {

using Feats = Array2<const uint8_t>;

void conv(Feats feats, Array3<const int8_t> weights, Array2<const int32_t> neighbours, Array2<const int32_t> bias,
          Array1<const int32_t> multiplier, int shift, std::optional<Feats> residual, int32_t residual_multiplier,
          Array2<uint8_t> out) {
  nb::gil_scoped_release release;
  const Requantisation to_u8{bias.data(), multiplier.data(), shift, residual ? residual->data() : nullptr,
                             residual_multiplier};
  conv_int8(feats.data(), weights.data(), neighbours.data(), to_u8, out.data(), feats.shape(0), neighbours.shape(0),
            static_cast<int>(weights.shape(0)), static_cast<int>(weights.shape(1)), static_cast<int>(weights.shape(2)));
}

bool expand(std::optional<Feats> feats, Array3<const int8_t> weights, Array1<const int32_t> parents,
            Array1<const uint8_t> octants, Array2<const int32_t> bias, Array1<const int32_t> multiplier, int shift,
            Array2<uint8_t> out) {
  nb::gil_scoped_release release;
  const Requantisation to_u8{bias.data(), multiplier.data(), shift, nullptr, 0};
  return expand_int8(feats ? feats->data() : nullptr, weights.data(), parents.data(), octants.data(), to_u8, out.data(),
                     feats ? feats->shape(0) : 0, octants.shape(0), static_cast<int>(weights.shape(1)),
                     static_cast<int>(weights.shape(2)));
}

const Registrar registrar([](nb::module_& m) {
  m.def("conv_int8", &conv, nb::arg("feats").noconvert(), nb::arg("weights").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("bias").noconvert(), nb::arg("multiplier").noconvert(), nb::arg("shift"),
        nb::arg("residual").noconvert().none(), nb::arg("residual_multiplier"), nb::arg("out").noconvert());
  m.def("expand_int8", &expand, nb::arg("feats").noconvert().none(), nb::arg("weights").noconvert(),
        nb::arg("parents").noconvert(), nb::arg("octants").noconvert(), nb::arg("bias").noconvert(),
        nb::arg("multiplier").noconvert(), nb::arg("shift"), nb::arg("out").noconvert());
});

}  // namespace
}  // namespace pcc
