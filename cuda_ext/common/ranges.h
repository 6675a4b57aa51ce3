// Cuts 0..n into ranges for threads. Kernels with a target attribute are called from here, so that no loop over threads
// lies inside them.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "common/threads.h"
#include "common/workers.h"

namespace pcc {

// body(begin, end) over disjoint ranges that cover 0..n, one a thread; a thread gets at least `grain` units.
template <class Body>
void for_ranges(std::int64_t n, std::int64_t grain, const Body& body) {
  const int threads = threads_for(n, grain);
  for_shares(threads, [&](int t) { body(n * t / threads, n * (t + 1) / threads); });
}

// body(begin, end, own) over ranges of `size` units that cover 0..n: a thread that is free takes the next one. Each thread
// makes an `own` for itself: nothing here is thread_local, whose memory the C library takes late, and ends the process
// where there is none.
template <class Own, class Body>
void for_blocks(std::int64_t n, std::int64_t size, int threads, const Body& body) {
  std::atomic<std::int64_t> next{0};
  for_shares(threads, [&](int) {
    const std::unique_ptr<Own> own(new Own);  // not initialised where it needs no initialisation
    for (std::int64_t begin; (begin = next.fetch_add(size, std::memory_order_relaxed)) < n;)
      body(begin, std::min(begin + size, n), *own);
  });
}

}  // namespace pcc
