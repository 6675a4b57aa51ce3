// The Python module `pcc._ext`: every op folder registers its names through common/registry.h.
#include "common/registry.h"

NB_MODULE(_ext, m) {
  nb::set_leak_warnings(false);  // loaded programs lie in a cache (src/pcc/inference/registry.py) until the process ends
  m.doc() = "Kernels of pcc; use them through pcc.ops, which documents shapes and types.";
  for (auto bind : pcc::registry()) bind(m);
}
