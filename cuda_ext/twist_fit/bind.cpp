#include "common/registry.h"
#include "twist_fit/op.h"

namespace pcc {
namespace {

Lattice lattice_of(const Array2<const std::int64_t>& slope, const Array2<const std::int64_t>& offset,
                   const Array2<const std::int32_t>& turn) {
  if (slope.shape(0) > kMaxLasers) throw nb::value_error("slope: expected at most 256 lasers");
  return {slope.data(), offset.data(), static_cast<int>(slope.shape(0)), turn.data(), static_cast<int>(turn.shape(0))};
}

void undo(Array1<const double> twist, Array2<const double> xyz, Array1<const std::int8_t> branch, Array2<double> raw,
          Array1<double> share) {
  if (twist.shape(0) != 6) throw nb::value_error("twist: expected the shape (6,)");
  nb::gil_scoped_release release;
  twist_undo(twist.data(), xyz.data(), branch.data(), static_cast<std::int64_t>(xyz.shape(0)), raw.data(), share.data());
}

void cones(Array2<const std::int64_t> slope, Array2<const std::int64_t> offset, Array2<const std::int32_t> turn,
           Array2<const double> raw, Array1<std::uint8_t> laser, Array1<double> height) {
  const Lattice lattice = lattice_of(slope, offset, turn);
  nb::gil_scoped_release release;
  lattice_cones(lattice, raw.data(), static_cast<std::int64_t>(raw.shape(0)), laser.data(), height.data());
}

void sharpness(Array2<const std::int64_t> slope, Array2<const std::int64_t> offset, Array2<const std::int32_t> turn,
               Array2<const double> xyz, Array1<const double> share, Array2<const double> motion, double scale,
               Array1<double> sharp) {
  const Lattice lattice = lattice_of(slope, offset, turn);
  nb::gil_scoped_release release;
  cone_sharpness(lattice, xyz.data(), share.data(), static_cast<std::int64_t>(xyz.shape(0)), motion.data(),
                 static_cast<std::int64_t>(motion.shape(0)), scale, sharp.data());
}

const Registrar registrar([](nb::module_& m) {
  m.def("twist_undo", &undo, nb::arg("twist").noconvert(), nb::arg("xyz").noconvert(), nb::arg("branch").noconvert(),
        nb::arg("raw").noconvert(), nb::arg("share").noconvert());
  m.def("lattice_cones", &cones, nb::arg("slope").noconvert(), nb::arg("offset").noconvert(),
        nb::arg("turn").noconvert(), nb::arg("raw").noconvert(), nb::arg("laser").noconvert(),
        nb::arg("height").noconvert());
  m.def("cone_sharpness", &sharpness, nb::arg("slope").noconvert(), nb::arg("offset").noconvert(),
        nb::arg("turn").noconvert(), nb::arg("xyz").noconvert(), nb::arg("share").noconvert(),
        nb::arg("motion").noconvert(), nb::arg("scale"), nb::arg("sharp").noconvert());
});

}  // namespace
}  // namespace pcc
