#include "common/registry.h"
#include "row_bytes/op.h"

namespace pcc {
namespace {

const Registrar registrar([](nb::module_& m) {
  m.def("take_bytes", [](Array1<const std::uint8_t> values, Array1<const std::int32_t> rows, Array1<std::uint8_t> taken) {
    nb::gil_scoped_release released;
    return take_bytes(values.data(), static_cast<std::int64_t>(values.shape(0)), rows.data(),
                      static_cast<std::int64_t>(rows.shape(0)), taken.data());
  }, nb::arg("values").noconvert(), nb::arg("rows").noconvert(), nb::arg("taken").noconvert());
  m.def("put_bits", [](Array1<const std::uint8_t> bits, int shift, Array1<std::uint8_t> taken,
                       Array1<const std::int32_t> rows, Array1<std::uint8_t> values) {
    nb::gil_scoped_release released;
    return put_bits(bits.data(), shift, taken.data(), rows.data(), static_cast<std::int64_t>(rows.shape(0)), values.data(),
                    static_cast<std::int64_t>(values.shape(0)));
  }, nb::arg("bits").noconvert(), nb::arg("shift"), nb::arg("taken").noconvert(), nb::arg("rows").noconvert(),
     nb::arg("values").noconvert());
});

}  // namespace
}  // namespace pcc
