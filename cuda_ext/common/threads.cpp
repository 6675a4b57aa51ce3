#include "common/threads.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "common/workers.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace pcc {
namespace {

std::atomic<int> chosen{0};

// Cores that the process may run on; it may have fewer than the machine.
int num_cores() {
#if defined(__linux__)
  cpu_set_t cores;
  if (!sched_getaffinity(0, sizeof cores, &cores)) return CPU_COUNT(&cores);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

int initial() {
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  const long named = wanted ? std::strtol(wanted, nullptr, 10) : 0;
  return static_cast<int>(std::clamp<long>(named > 0 ? named : num_cores(), 1, kMaxThreads));
}

}  // namespace

int num_threads() {
  static const int all = initial();
  const int n = chosen.load(std::memory_order_relaxed);
  return n > 0 ? n : all;
}

void set_num_threads(int n) {
  if (n < 0) throw std::invalid_argument("num_threads: expected 0 (all) or more");
  chosen.store(std::min(n, kMaxThreads));
}

}  // namespace pcc
