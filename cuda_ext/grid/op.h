// Float coordinates on a grid: which values it restores, the Morton codes of points, and points of codes. src/pcc/geometry/grid.py has the meaning.
//
//   index = floor(value * den / num + 0.5)      value' = cast(index * num / den)
//
// in float64, one multiplication and one division each; T is float or double.
#pragma once
#include <cstdint>

namespace pcc {

struct GridStep {
  double num, den;
};

constexpr double kMaxGridIndex = 4503599627370496.0;  // 2^52: indices below it are exact

// Whether every value is restored (0 without its sign), its index being below 2^52 in magnitude. NaN never is.
template <class T> bool grid_restores(const T* values, std::int64_t n, GridStep step);

// codes (n,) of xyz (n, 3), whose indices less origin (3,) are the coordinates. Returns false, with codes undefined, when a
// coordinate is not in 0..2^21 - 1.
template <class T>
bool grid_codes(const T* xyz, std::int64_t n, GridStep step, const std::int64_t* origin, std::uint64_t* codes);

// xyz (n, 3): the coordinates of codes (n,), plus origin, as values.
template <class T>
void grid_values(const std::uint64_t* codes, std::int64_t n, GridStep step, const std::int64_t* origin, T* xyz);

}  // namespace pcc
