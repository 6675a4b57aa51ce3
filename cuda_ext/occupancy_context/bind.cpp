#include "common/registry.h"
#include "occupancy_context/op.h"

namespace pcc {
namespace {

void forward(Array3<const float> weights, Array2<const int32_t> neighbours, Array1<const uint8_t> occupancy,
             Array1<const uint8_t> octants, Array2<float> out, bool staged, bool checkerboard) {
  nb::gil_scoped_release release;
  context_forward(weights.data(), neighbours.data(), occupancy.data(), octants.data(), out.data(), neighbours.shape(0),
                  static_cast<int>(weights.shape(2)), staged, checkerboard);
}

void backward(Array2<const float> grad_out, Array2<const int32_t> neighbours, Array1<const uint8_t> occupancy,
              Array1<const uint8_t> octants, Array3<float> grad_weights, bool staged, bool checkerboard) {
  nb::gil_scoped_release release;
  context_backward(grad_out.data(), neighbours.data(), occupancy.data(), octants.data(), grad_weights.data(),
                   neighbours.shape(0), static_cast<int>(grad_weights.shape(2)), staged, checkerboard);
}

void absorb(Array2<const uint8_t> feats, Array3<const int8_t> weights, Array2<const int32_t> neighbours,
            Array1<const uint8_t> occupancy, Array1<const int32_t> bias, Array1<const int32_t> multiplier, int shift,
            int32_t residual_multiplier, Array2<uint8_t> out) {
  nb::gil_scoped_release release;
  context_absorb(feats.data(), weights.data(), neighbours.data(), occupancy.data(), bias.data(), multiplier.data(), shift,
                 residual_multiplier, out.data(), neighbours.shape(0), static_cast<int>(weights.shape(2)));
}

const Registrar registrar([](nb::module_& m) {
  m.def("context_forward", &forward, nb::arg("weights").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("octants").noconvert(), nb::arg("out").noconvert(), nb::arg("staged"),
        nb::arg("checkerboard"));
  m.def("context_backward", &backward, nb::arg("grad_out").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("octants").noconvert(), nb::arg("grad_weights").noconvert(),
        nb::arg("staged"), nb::arg("checkerboard"));
  m.def("context_absorb", &absorb, nb::arg("feats").noconvert(), nb::arg("weights").noconvert(),
        nb::arg("neighbours").noconvert(), nb::arg("occupancy").noconvert(), nb::arg("bias").noconvert(),
        nb::arg("multiplier").noconvert(), nb::arg("shift"), nb::arg("residual_multiplier"), nb::arg("out").noconvert());
});

}  // namespace
}  // namespace pcc
