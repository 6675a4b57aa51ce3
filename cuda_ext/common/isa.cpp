#include "common/isa.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace pcc {
namespace {

const char* const kNames[] = {"scalar", "avx2", "avx512"};

Isa initial() {
  const char* wanted = std::getenv("PCC_ISA");
  return wanted && *wanted ? isa_named(wanted) : detected_isa();
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

const char* isa_name(Isa isa) { return kNames[static_cast<int>(isa)]; }

Isa isa_named(const std::string& name) {
  for (int i = 0; i < 3; i++) {
    if (name != kNames[i]) continue;
    if (static_cast<Isa>(i) > detected_isa()) throw std::invalid_argument("isa: this machine does not have " + name);
    return static_cast<Isa>(i);
  }
  throw std::invalid_argument("isa: expected scalar, avx2 or avx512, got " + name);
}

}  // namespace pcc
