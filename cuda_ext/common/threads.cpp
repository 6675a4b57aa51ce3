#include "common/threads.h"

#include <omp.h>

#include <atomic>

#include "common/registry.h"

namespace pcc {
namespace {
std::atomic<int> chosen{0};
}

int num_threads() {
  const int n = chosen.load(std::memory_order_relaxed);
  return n > 0 ? n : omp_get_max_threads();
}

void bind_threads(nb::module_& m) {
  m.def("num_threads", &num_threads);
  m.def("set_num_threads", [](int n) {
    if (n < 0) throw nb::value_error("num_threads: expected 0 (all) or more");
    chosen.store(n);
  });
}

}  // namespace pcc
