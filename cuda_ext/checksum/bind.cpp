#include "checksum/op.h"
#include "common/registry.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("crc32c", [](Array1<const std::uint8_t> data, std::uint32_t value) {
    nb::gil_scoped_release released;
    return crc32c_cpu(data.data(), static_cast<std::int64_t>(data.shape(0)), value);
  }, nb::arg("data").noconvert(), nb::arg("value"));
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
