// Op folders add their Python names to the module without a central list.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <vector>

namespace nb = nanobind;

namespace pcc {

using BindFunction = void (*)(nb::module_&);

inline std::vector<BindFunction>& registry() {
  static std::vector<BindFunction> functions;
  return functions;
}

struct Registrar {
  explicit Registrar(BindFunction f) { registry().push_back(f); }
};

// Arrays that cross the border: C-contiguous, on the CPU, never converted silently.
template <class T> using Array1 = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T> using Array2 = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T> using Array3 = nb::ndarray<T, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

}  // namespace pcc
