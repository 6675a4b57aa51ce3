#include "common/registry.h"
#include "morton/op.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("morton_encode", [](Array2<const std::int32_t> coords, Array1<std::uint64_t> codes) {
    nb::gil_scoped_release released;
    return morton_encode_cpu(coords.data(), static_cast<std::int64_t>(codes.shape(0)), codes.data());
  }, nb::arg("coords").noconvert(), nb::arg("codes").noconvert());
  m.def("morton_decode", [](Array1<const std::uint64_t> codes, Array2<std::int32_t> coords) {
    nb::gil_scoped_release released;
    morton_decode_cpu(codes.data(), static_cast<std::int64_t>(codes.shape(0)), coords.data());
  }, nb::arg("codes").noconvert(), nb::arg("coords").noconvert());
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
