// Instruction sets: detected once, overridable (tests run every set that the machine has).
#pragma once
#include <string>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define PCC_X86 1
// GCC 12's own intrinsics start from a deliberately undefined register and then warn about it (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
// A kernel and every helper inlined into it carry the same attribute.
#define PCC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,bmi,bmi2,popcnt")))
#define PCC_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))
#else
#define PCC_X86 0
#endif
#define PCC_SCALAR
#define PCC_INLINE inline __attribute__((always_inline))

namespace pcc {

enum class Isa : int { scalar = 0, avx2 = 1, avx512 = 2 };

Isa detected_isa();  // the best set of this machine
Isa active_isa();    // the set in use: detected, unless set_isa or the variable PCC_ISA lowered it
void set_isa(Isa isa);  // one that this machine has
const char* isa_name(Isa isa);            // scalar, avx2, avx512
Isa isa_named(const std::string& name);  // throws std::invalid_argument where this machine does not have it

}  // namespace pcc

// MACRO(attribute, suffix) for every set, to compile a body once for each.
#if PCC_X86
#define PCC_FOR_EACH_ISA(MACRO) MACRO(PCC_SCALAR, scalar) MACRO(PCC_AVX2, avx2) MACRO(PCC_AVX512, avx512)
#else
#define PCC_FOR_EACH_ISA(MACRO) MACRO(PCC_SCALAR, scalar)
#endif

// The variant of a kernel for the set in use: name_avx512, name_avx2 or name_scalar.
#if PCC_X86
#define PCC_SELECT(name)                                    \
  (::pcc::active_isa() == ::pcc::Isa::avx512 ? name##_avx512 \
   : ::pcc::active_isa() == ::pcc::Isa::avx2 ? name##_avx2   \
                                             : name##_scalar)
#else
#define PCC_SELECT(name) name##_scalar
#endif
