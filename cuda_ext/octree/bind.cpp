#include "common/registry.h"
#include "octree/op.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("octree_parents", [](Array1<const std::uint64_t> codes, Array1<std::uint64_t> parent_codes,
                             Array1<std::uint8_t> occupancy) {
    nb::gil_scoped_release released;
    const auto n = static_cast<std::int64_t>(codes.shape(0));
    return octree_parents_cpu(codes.data(), n, parent_codes.data(), occupancy.data());
  }, nb::arg("codes").noconvert(), nb::arg("parent_codes").noconvert(), nb::arg("occupancy").noconvert());
  m.def("octree_count_children", [](Array1<const std::uint8_t> occupancy) {
    nb::gil_scoped_release released;
    return octree_count_children_cpu(occupancy.data(), static_cast<std::int64_t>(occupancy.shape(0)));
  }, nb::arg("occupancy").noconvert());
  m.def("octree_children", [](Array1<const std::uint64_t> codes, Array1<const std::uint8_t> occupancy,
                              Array1<std::uint64_t> child_codes, Array1<std::int32_t> parents,
                              Array1<std::uint8_t> octants) {
    nb::gil_scoped_release released;
    octree_children_cpu(codes.data(), occupancy.data(), static_cast<std::int64_t>(codes.shape(0)), child_codes.data(),
                        parents.data(), octants.data());
  }, nb::arg("codes").noconvert(), nb::arg("occupancy").noconvert(), nb::arg("child_codes").noconvert(),
     nb::arg("parents").noconvert(), nb::arg("octants").noconvert());
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
