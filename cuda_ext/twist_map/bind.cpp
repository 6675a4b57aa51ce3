#include <algorithm>

#include "common/registry.h"
#include "twist_map/op.h"

namespace pcc {
namespace {

void map(Array1<const std::int64_t> twist, Array1<const std::int64_t> arc, Array2<const std::int32_t> voxels,
         Array2<const std::int32_t> rounding, Array1<const std::int8_t> wrap, Array2<std::int64_t> fixed) {
  if (twist.shape(0) != 6 || arc.shape(0) != kArcSteps + 1 || voxels.shape(1) != 3)
    throw nb::value_error("twist, arc, voxels: expected shapes (6,), (257,), (N, 3)");
  Twist t{};
  std::copy_n(twist.data(), 3, t.velocity), std::copy_n(twist.data() + 3, 3, t.angular);
  const std::int32_t* beyond = rounding.shape(0) ? rounding.data() : nullptr;
  if (beyond && rounding.size() != voxels.size()) throw nb::value_error("rounding: expected the shape of voxels, or (0, 3)");
  nb::gil_scoped_release release;
  twist_map(t, arc.data(), voxels.data(), beyond, wrap.data(), static_cast<std::int64_t>(voxels.shape(0)), fixed.data());
}

void whole(Array2<const std::int64_t> fixed, Array2<std::int32_t> voxels, Array2<std::uint8_t> place) {
  nb::gil_scoped_release release;
  whole_voxels(fixed.data(), static_cast<std::int64_t>(fixed.size()), voxels.data(), place.data());
}

const Registrar registrar([](nb::module_& m) {
  m.def("twist_map", &map, nb::arg("twist").noconvert(), nb::arg("arc").noconvert(), nb::arg("voxels").noconvert(),
        nb::arg("rounding").noconvert(), nb::arg("wrap").noconvert(), nb::arg("fixed").noconvert());
  m.def("whole_voxels", &whole, nb::arg("fixed").noconvert(), nb::arg("voxels").noconvert(),
        nb::arg("place").noconvert());
});

}  // namespace
}  // namespace pcc
