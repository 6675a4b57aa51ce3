// The number of threads that kernels use; results never depend on it.
#pragma once

namespace pcc {

// As set; else the first number of OMP_NUM_THREADS; else the cores that the process may run on. At most kMaxThreads.
int num_threads();
void set_num_threads(int n);  // 0: all
// Threads worth starting for `work` units when one thread should have at least `grain` of them.
inline int threads_for(long long work, long long grain) {
  const long long wanted = work / grain + 1;
  const int limit = num_threads();
  return wanted < limit ? static_cast<int>(wanted) : limit;
}

}  // namespace pcc
