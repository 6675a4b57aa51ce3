#include "common/isa.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "common/registry.h"

namespace pcc {
namespace {

const char* const kNames[] = {"scalar", "avx2", "avx512"};

// The set of that name, if this machine has it.
Isa parse(const std::string& name) {
  for (int i = 0; i < 3; i++) {
    if (name != kNames[i]) continue;
    if (static_cast<Isa>(i) > detected_isa()) throw std::invalid_argument("isa: this machine does not have " + name);
    return static_cast<Isa>(i);
  }
  throw std::invalid_argument("isa: expected scalar, avx2 or avx512, got " + name);
}

Isa initial() {
  const char* wanted = std::getenv("PCC_ISA");
  return wanted && *wanted ? parse(wanted) : detected_isa();
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{initial()};
  return isa;
}

}  // namespace

Isa detected_isa() {
#if PCC_X86
  static const Isa best = [] {
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512vnni");
    return avx512 ? Isa::avx512 : avx2 ? Isa::avx2 : Isa::scalar;
  }();
  return best;
#else
  return Isa::scalar;
#endif
}

Isa active_isa() { return current().load(std::memory_order_relaxed); }

void set_isa(Isa isa) { current().store(isa); }

void bind_isa(nb::module_& m) {
  active_isa();  // a wrong PCC_ISA fails the import, with its reason, and nothing later
  m.def("isa", [] { return std::string(kNames[static_cast<int>(active_isa())]); });
  m.def("set_isa", [](const std::string& name) { set_isa(parse(name)); });
  m.def("available_isas", [] {
    nb::list names;
    for (int i = 0; i <= static_cast<int>(detected_isa()); i++) names.append(kNames[i]);
    return names;
  });
}

}  // namespace pcc
