#include "common/registry.h"
#include "occupancy_context/op.h"

namespace pcc {
namespace {

void forward(Array3<const float> weights, Array2<const int32_t> neighbours, Array1<const uint8_t> occupancy,
             Array1<const uint8_t> octants, Array3<const uint8_t> first_group, Array2<float> out, int groups) {
  nb::gil_scoped_release release;
  context_forward(weights.data(), neighbours.data(), occupancy.data(), octants.data(), first_group.data(), out.data(),
                  neighbours.shape(0), static_cast<int>(weights.shape(2)), groups);
}

void backward(Array2<const float> grad_out, Array2<const int32_t> neighbours, Array1<const uint8_t> occupancy,
              Array1<const uint8_t> octants, Array3<const uint8_t> first_group, Array3<float> grad_weights, int groups) {
  nb::gil_scoped_release release;
  context_backward(grad_out.data(), neighbours.data(), occupancy.data(), octants.data(), first_group.data(),
                   grad_weights.data(), neighbours.shape(0), static_cast<int>(grad_weights.shape(2)), groups);
}

void absorb(Array2<const uint8_t> feats, Array3<const int8_t> weights, Array1<const int32_t> rows, Array1<const uint32_t> begin,
            Array1<const uint32_t> entries, Array1<const uint8_t> occupancy, Array1<const int32_t> bias,
            Array1<const int32_t> multiplier, int shift, int32_t residual_multiplier, Array2<uint8_t> out) {
  nb::gil_scoped_release release;
  const NeighbourLists lists{rows.data(), begin.data(), entries.data()};
  context_absorb(feats.data(), weights.data(), lists, occupancy.data(), bias.data(), multiplier.data(), shift,
                 residual_multiplier, out.data(), static_cast<int64_t>(occupancy.shape(0)),
                 static_cast<int>(weights.shape(2)));
}

const Registrar registrar([](nb::module_& m) {
  m.def("context_forward", &forward, nb::arg("weights").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("octants").noconvert(), nb::arg("first_group").noconvert(),
        nb::arg("out").noconvert(), nb::arg("groups"));
  m.def("context_backward", &backward, nb::arg("grad_out").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("octants").noconvert(), nb::arg("first_group").noconvert(),
        nb::arg("grad_weights").noconvert(), nb::arg("groups"));
  m.def("context_absorb", &absorb, nb::arg("feats").noconvert(), nb::arg("weights").noconvert(),
        nb::arg("rows").noconvert(), nb::arg("begin").noconvert(), nb::arg("entries").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("bias").noconvert(), nb::arg("multiplier").noconvert(), nb::arg("shift"),
        nb::arg("residual_multiplier"), nb::arg("out").noconvert());
});

}  // namespace
}  // namespace pcc
