#include "common/registry.h"
#include "lattice_map/op.h"

namespace pcc {
namespace {

Lattice lattice_of(const Array2<const std::int64_t>& slope, const Array2<const std::int64_t>& offset,
                   const Array2<const std::int32_t>& turn, bool radial) {
  if (slope.shape(0) != offset.shape(0) || slope.shape(1) != 3 || offset.shape(1) != 3 || turn.shape(1) != 2 ||
      slope.shape(0) > kMaxLasers)
    throw nb::value_error("slope, offset, turn: expected shapes (L, 3), (L, 3), (U, 2)");
  return {slope.data(), offset.data(), static_cast<int>(slope.shape(0)),
          turn.data(),  static_cast<int>(turn.shape(0)), radial};
}

void positions(Array2<const std::int64_t> slope, Array2<const std::int64_t> offset, Array2<const std::int32_t> turn,
               bool radial, Array1<const std::uint8_t> laser, Array1<const std::int32_t> step, Array1<const std::int32_t> half,
               Array2<std::int32_t> voxels, Array2<std::uint8_t> place) {
  const Lattice lattice = lattice_of(slope, offset, turn, radial);
  nb::gil_scoped_release release;
  lattice_positions(lattice, laser.data(), step.data(), half.data(), static_cast<std::int64_t>(laser.shape(0)),
                    voxels.data(), place.data());
}

void find(Array2<const std::int64_t> slope, Array2<const std::int64_t> offset, Array2<const std::int32_t> turn,
          bool radial, Array2<const double> xyz, int max_index, Array1<std::uint8_t> laser, Array1<std::int32_t> step,
          Array1<std::int32_t> index, Array1<float> error) {
  const Lattice lattice = lattice_of(slope, offset, turn, radial);
  nb::gil_scoped_release release;
  lattice_find(lattice, xyz.data(), static_cast<std::int64_t>(xyz.shape(0)), max_index,
               {laser.data(), step.data(), index.data(), error.data()});
}

const Registrar registrar([](nb::module_& m) {
  m.def("lattice_positions", &positions, nb::arg("slope").noconvert(), nb::arg("offset").noconvert(),
        nb::arg("turn").noconvert(), nb::arg("radial"), nb::arg("laser").noconvert(), nb::arg("step").noconvert(),
        nb::arg("half").noconvert(), nb::arg("voxels").noconvert(), nb::arg("place").noconvert());
  m.def("lattice_find", &find, nb::arg("slope").noconvert(), nb::arg("offset").noconvert(), nb::arg("turn").noconvert(),
        nb::arg("radial"), nb::arg("xyz").noconvert(), nb::arg("max_index"), nb::arg("laser").noconvert(), nb::arg("step").noconvert(),
        nb::arg("index").noconvert(), nb::arg("error").noconvert());
});

}  // namespace
}  // namespace pcc
