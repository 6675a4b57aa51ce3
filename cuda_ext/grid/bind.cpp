#include "common/registry.h"
#include "grid/op.h"

namespace pcc {
namespace {

template <class T> void bind_of(nb::module_& m) {
  m.def("grid_restores", [](Array1<const T> values, double num, double den) {
    nb::gil_scoped_release released;
    return grid_restores(values.data(), static_cast<std::int64_t>(values.shape(0)), {num, den});
  }, nb::arg("values").noconvert(), nb::arg("num"), nb::arg("den"));
  m.def("grid_codes", [](Array2<const T> xyz, double num, double den, Array1<const std::int64_t> origin,
                         Array1<std::uint64_t> codes) {
    nb::gil_scoped_release released;
    return grid_codes(xyz.data(), static_cast<std::int64_t>(codes.shape(0)), {num, den}, origin.data(), codes.data());
  }, nb::arg("xyz").noconvert(), nb::arg("num"), nb::arg("den"), nb::arg("origin").noconvert(),
     nb::arg("codes").noconvert());
  m.def("grid_values", [](Array1<const std::uint64_t> codes, double num, double den, Array1<const std::int64_t> origin,
                          Array2<T> xyz) {
    nb::gil_scoped_release released;
    grid_values(codes.data(), static_cast<std::int64_t>(codes.shape(0)), {num, den}, origin.data(), xyz.data());
  }, nb::arg("codes").noconvert(), nb::arg("num"), nb::arg("den"), nb::arg("origin").noconvert(),
     nb::arg("xyz").noconvert());
}

const Registrar registrar([](nb::module_& m) {
  bind_of<float>(m);
  bind_of<double>(m);
});

}  // namespace
}  // namespace pcc
