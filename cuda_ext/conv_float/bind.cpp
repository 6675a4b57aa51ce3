#include "common/registry.h"
#include "conv_float/op.h"

namespace pcc {
namespace {

void forward(Array2<const float> feats, Array3<const float> weights, Array2<const int32_t> neighbours, Array2<float> out) {
  nb::gil_scoped_release release;
  conv_float_forward(feats.data(), weights.data(), neighbours.data(), out.data(), feats.shape(0),
                     neighbours.shape(0), static_cast<int>(weights.shape(0)), static_cast<int>(weights.shape(1)),
                     static_cast<int>(weights.shape(2)));
}

void backward_weights(Array2<const float> feats, Array2<const float> grad_out, Array2<const int32_t> neighbours,
                      Array3<float> grad_weights) {
  nb::gil_scoped_release release;
  conv_float_backward_weights(feats.data(), grad_out.data(), neighbours.data(), grad_weights.data(), feats.shape(0),
                              neighbours.shape(0), static_cast<int>(grad_weights.shape(0)), static_cast<int>(grad_weights.shape(1)),
                              static_cast<int>(grad_weights.shape(2)));
}

const Registrar registrar([](nb::module_& m) {
  m.def("conv_float_forward", &forward, nb::arg("feats").noconvert(), nb::arg("weights").noconvert(),
        nb::arg("neighbours").noconvert(), nb::arg("out").noconvert());
  m.def("conv_float_backward_weights", &backward_weights, nb::arg("feats").noconvert(), nb::arg("grad_out").noconvert(),
        nb::arg("neighbours").noconvert(), nb::arg("grad_weights").noconvert());
});

}  // namespace
}  // namespace pcc
