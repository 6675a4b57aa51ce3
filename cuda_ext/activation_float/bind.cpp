#include "activation_float/op.h"
#include "common/registry.h"

namespace pcc {
namespace {

const Registrar registrar([](nb::module_& m) {
  m.def(
      "activation_forward",
      [](Array1<const float> x, Array1<float> y, float step, bool quantised) {
        nb::gil_scoped_release release;
        activation_forward(x.data(), y.data(), x.shape(0), step, quantised);
      },
      nb::arg("x").noconvert(), nb::arg("y").noconvert(), nb::arg("step"), nb::arg("quantised"));
  m.def(
      "activation_backward",
      [](Array1<const float> x, Array1<const float> grad_y, Array1<float> grad_x, float step) {
        nb::gil_scoped_release release;
        activation_backward(x.data(), grad_y.data(), grad_x.data(), x.shape(0), step);
      },
      nb::arg("x").noconvert(), nb::arg("grad_y").noconvert(), nb::arg("grad_x").noconvert(), nb::arg("step"));
});

}  // namespace
}  // namespace pcc
