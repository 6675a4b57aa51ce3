#include "common/registry.h"
#include "neighbours/op.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("child_neighbours", [](Array2<const std::int32_t> neighbours, Array1<const std::uint8_t> occupancy,
                               Array1<const std::int32_t> parents, Array1<const std::uint8_t> octants,
                               Array2<std::int32_t> out, bool consume) {
    nb::gil_scoped_release released;
    return child_neighbours_cpu(neighbours.data(), occupancy.data(), static_cast<std::int64_t>(occupancy.shape(0)),
                                parents.data(), octants.data(), static_cast<std::int64_t>(parents.shape(0)),
                                out.data(), consume);
  }, nb::arg("neighbours").noconvert(), nb::arg("occupancy").noconvert(), nb::arg("parents").noconvert(),
     nb::arg("octants").noconvert(), nb::arg("out").noconvert(), nb::arg("consume"));
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
