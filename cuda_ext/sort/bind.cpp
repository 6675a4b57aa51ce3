#include "common/registry.h"
#include "sort/op.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("radix_sort", [](Array1<const std::uint64_t> codes, Array1<std::uint64_t> sorted,
                         Array1<std::int32_t> permutation) {
    nb::gil_scoped_release released;
    radix_sort_cpu(codes.data(), static_cast<std::int64_t>(codes.shape(0)), sorted.data(), permutation.data());
  }, nb::arg("codes").noconvert(), nb::arg("sorted").noconvert(), nb::arg("permutation").noconvert());
  m.def("unique", [](Array1<const std::uint64_t> sorted, Array1<std::uint64_t> unique, Array1<std::int32_t> counts) {
    nb::gil_scoped_release released;
    return unique_cpu(sorted.data(), static_cast<std::int64_t>(sorted.shape(0)), unique.data(), counts.data());
  }, nb::arg("sorted").noconvert(), nb::arg("unique").noconvert(), nb::arg("counts").noconvert());
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
