#include <algorithm>
#include <atomic>
#include <cmath>

#include "common/isa.h"
#include "common/ranges.h"
#include "grid/op.h"
#include "morton/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 17;
constexpr std::int64_t kBlock = 1024;  // values looked at before the first that is not restored ends the search

PCC_INLINE double index_of(double value, GridStep step, bool scaled) {
  if (scaled) value = value * step.den / step.num;  // by 1 changes nothing
  return std::floor(value + 0.5);
}

// In lanes of 64 bits throughout, so that compilers vectorise it.
template <class T> PCC_INLINE bool restores(const T* values, std::int64_t n, GridStep step, bool scaled) {
  std::int64_t bad = 0;
  for (std::int64_t i = 0; i < n; i++) {
    const double value = static_cast<double>(values[i]), index = index_of(value, step, scaled);
    const double back = static_cast<double>(static_cast<T>(scaled ? index * step.num / step.den : index));
    const double distance = std::fabs(index);
    bad |= distance < kMaxGridIndex && back == value ? 0 : 1;
  }
  return !bad;
}

// Indices of one block of values whose axes follow each other, less the origins (repeated), as far as 32 bits go. Returns
// all bits that occur in them: more than 21 where one is no coordinate.
template <class T>
PCC_INLINE std::uint32_t to_coords(const T* __restrict values, std::int64_t n, GridStep step, bool scaled,
                                   const double* __restrict origins, std::int32_t* __restrict coords) {
  std::int32_t seen = 0;
  for (std::int64_t i = 0; i < n; i++) {
    double index = index_of(static_cast<double>(values[i]), step, scaled) - origins[i];
    index = index > -1 ? index : -1;  // NaN, too: conversions stay defined
    index = index < 2147483647.0 ? index : 2147483647.0;
    coords[i] = static_cast<std::int32_t>(index);
  }
  for (std::int64_t i = 0; i < n; i++) seen |= coords[i];  // a loop of its own, so that both are vectorised
  return static_cast<std::uint32_t>(seen);
}

template <class T>
PCC_INLINE void to_values(const std::int32_t* __restrict coords, std::int64_t n, GridStep step, bool scaled,
                          const double* __restrict origins, T* __restrict values) {
  for (std::int64_t i = 0; i < n; i++) {
    const double index = coords[i] + origins[i];
    values[i] = static_cast<T>(scaled ? index * step.num / step.den : index);
  }
}

// The origin of each of a block's values.
struct Origins {
  double of[3 * kBlock];
  explicit Origins(const std::int64_t* origin) {
    for (std::int64_t i = 0; i < 3 * kBlock; i++) of[i] = static_cast<double>(origin[i % 3]);
  }
};

// Each body is compiled once per instruction set; the compiler vectorises the loops.
#define PCC_PER_ISA(TARGET, SUFFIX)                                                                                     \
  TARGET static bool restores_##SUFFIX(const T* v, std::int64_t n, GridStep step, bool scaled) {                         \
    return scaled ? restores(v, n, step, true) : restores(v, n, step, false);                                           \
  }                                                                                                                     \
  TARGET static std::uint32_t to_coords_##SUFFIX(const T* xyz, std::int64_t n, GridStep step, bool scaled,               \
                                                 const double* origin, std::int32_t* coords) {                          \
    return scaled ? to_coords(xyz, n, step, true, origin, coords) : to_coords(xyz, n, step, false, origin, coords);     \
  }                                                                                                                     \
  TARGET static void to_values_##SUFFIX(const std::int32_t* coords, std::int64_t n, GridStep step, bool scaled,          \
                                        const double* origin, T* xyz) {                                                 \
    scaled ? to_values(coords, n, step, true, origin, xyz) : to_values(coords, n, step, false, origin, xyz);            \
  }
template <class T> struct Kernels {
  PCC_FOR_EACH_ISA(PCC_PER_ISA)
};
#undef PCC_PER_ISA

}  // namespace

template <class T> bool grid_restores(const T* values, std::int64_t n, GridStep step) {
  const bool scaled = step.num != 1 || step.den != 1;
  const auto kernel = PCC_SELECT(Kernels<T>::restores);
  std::atomic<bool> all{true};
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end && all; begin += kBlock)
      if (!kernel(values + begin, std::min(kBlock, end - begin), step, scaled)) all = false;
  });
  return all;
}

template <class T>
bool grid_codes(const T* xyz, std::int64_t n, GridStep step, const std::int64_t* origin, std::uint64_t* codes) {
  const bool scaled = step.num != 1 || step.den != 1;
  const Origins origins(origin);
  const auto kernel = PCC_SELECT(Kernels<T>::to_coords);
  std::atomic<bool> all{true};
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int32_t coords[3 * kBlock];
    for (; begin < end; begin += kBlock) {
      const std::int64_t size = std::min(kBlock, end - begin);
      if (kernel(xyz + 3 * begin, 3 * size, step, scaled, origins.of, coords) >> kMortonBits) all = false;
      else morton_encode_cpu(coords, size, codes + begin);
    }
  });
  return all;
}

template <class T>
void grid_values(const std::uint64_t* codes, std::int64_t n, GridStep step, const std::int64_t* origin, T* xyz) {
  const bool scaled = step.num != 1 || step.den != 1;
  const Origins origins(origin);
  const auto kernel = PCC_SELECT(Kernels<T>::to_values);
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int32_t coords[3 * kBlock];
    for (; begin < end; begin += kBlock) {
      const std::int64_t size = std::min(kBlock, end - begin);
      morton_decode_cpu(codes + begin, size, coords);
      kernel(coords, 3 * size, step, scaled, origins.of, xyz + 3 * begin);
    }
  });
}

template void grid_values(const std::uint64_t*, std::int64_t, GridStep, const std::int64_t*, float*);
template void grid_values(const std::uint64_t*, std::int64_t, GridStep, const std::int64_t*, double*);
template bool grid_restores(const float*, std::int64_t, GridStep);
template bool grid_restores(const double*, std::int64_t, GridStep);
template bool grid_codes(const float*, std::int64_t, GridStep, const std::int64_t*, std::uint64_t*);
template bool grid_codes(const double*, std::int64_t, GridStep, const std::int64_t*, std::uint64_t*);

}  // namespace pcc
