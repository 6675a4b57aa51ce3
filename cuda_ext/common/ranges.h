// Cuts 0..n into one contiguous range a thread. Kernels with a target attribute are called from here, so that no
// OpenMP region lies inside them.
#pragma once
#include <cstdint>

#include "common/threads.h"

namespace pcc {

// body(begin, end) over disjoint ranges that cover 0..n; a thread gets at least `grain` units.
template <class Body>
void for_ranges(std::int64_t n, std::int64_t grain, const Body& body) {
  const std::int64_t threads = threads_for(n, grain);
  if (threads <= 1) return body(std::int64_t{0}, n);
#pragma omp parallel for num_threads(static_cast<int>(threads)) schedule(static, 1)
  for (std::int64_t t = 0; t < threads; t++) body(n * t / threads, n * (t + 1) / threads);
}

}  // namespace pcc
