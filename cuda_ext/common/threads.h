// The number of OpenMP threads that kernels use; results never depend on it.
#pragma once

namespace pcc {

int num_threads();
// Threads worth starting for `work` units when one thread should have at least `grain` of them.
inline int threads_for(long long work, long long grain) {
  const long long wanted = work / grain + 1;
  const int limit = num_threads();
  return wanted < limit ? static_cast<int>(wanted) : limit;
}

}  // namespace pcc
