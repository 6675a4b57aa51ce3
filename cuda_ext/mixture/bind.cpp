#include "common/registry.h"
#include "mixture/op.h"

namespace pcc {
namespace {

Mixture mixture_of(const Array2<const std::int32_t>& mu, const Array2<const std::int16_t>& scale,
                   const Array2<const std::int16_t>& weight) {
  return {mu.data(), scale.data(), weight.data(), static_cast<std::int64_t>(mu.shape(1)), static_cast<int>(mu.shape(0))};
}

void encode(RansEncoder& coder, Array2<const std::int32_t> mu, Array2<const std::int16_t> scale,
            Array2<const std::int16_t> weight, int bits, int first, int step, Array1<const std::int32_t> index) {
  const Mixture mixture = mixture_of(mu, scale, weight);
  nb::gil_scoped_release release;
  mixture_encode(coder, mixture, {bits, first, step}, index.data());
}

void decode(RansDecoder& coder, Array2<const std::int32_t> mu, Array2<const std::int16_t> scale,
            Array2<const std::int16_t> weight, int bits, int first, int step, Array1<std::int32_t> index) {
  const Mixture mixture = mixture_of(mu, scale, weight);
  nb::gil_scoped_release release;
  mixture_decode(coder, mixture, {bits, first, step}, index.data());
}

const Registrar registrar([](nb::module_& m) {
  m.def("mixture_encode", &encode, nb::arg("coder"), nb::arg("mu").noconvert(), nb::arg("scale").noconvert(),
        nb::arg("weight").noconvert(), nb::arg("bits"), nb::arg("first"), nb::arg("step"), nb::arg("index").noconvert());
  m.def("mixture_decode", &decode, nb::arg("coder"), nb::arg("mu").noconvert(), nb::arg("scale").noconvert(),
        nb::arg("weight").noconvert(), nb::arg("bits"), nb::arg("first"), nb::arg("step"), nb::arg("index").noconvert());
});

}  // namespace
}  // namespace pcc
