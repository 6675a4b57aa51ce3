// Whether memory that was freed stays with the process.
//
// By default the C library maps every large array anew and gives it back when freed, so each array pays for first
// touching its pages (0.3 ms a megabyte, more on virtual machines). Kept, the next array finds them touched: a third of
// the page faults of encoding a million points, half of decoding's. It is a choice for a whole process, so only a
// program makes it, never a library for its user.
#include "common/registry.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace pcc {
namespace {

// Of arrays up to 1 GiB, the most that the setting takes. False where the C library has none.
bool keep_memory() {
#if defined(__GLIBC__)
  constexpr int kNever = 1 << 30;
  return mallopt(M_MMAP_THRESHOLD, kNever) && mallopt(M_TRIM_THRESHOLD, kNever);
#else
  return false;
#endif
}

const Registrar registrar([](nb::module_& m) { m.def("keep_memory", &keep_memory); });

}  // namespace
}  // namespace pcc
