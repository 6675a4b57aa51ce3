#include "common/registry.h"
#include "nearest/op.h"

namespace pcc {
namespace {

const Registrar registrar([](nb::module_& m) {
  m.def("nearest", [](Array1<const std::uint64_t> codes, Array1<const std::uint64_t> others, Array1<std::int32_t> rows,
                      Array1<std::int64_t> squared) {
    nb::gil_scoped_release released;
    return nearest_cpu(codes.data(), static_cast<std::int64_t>(codes.shape(0)), others.data(),
                       static_cast<std::int64_t>(others.shape(0)), rows.data(), squared.data());
  }, nb::arg("codes").noconvert(), nb::arg("others").noconvert(), nb::arg("rows").noconvert(),
     nb::arg("squared").noconvert());
});

}  // namespace
}  // namespace pcc
