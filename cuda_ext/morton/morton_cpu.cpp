#include <atomic>

#include "common/isa.h"
#include "common/ranges.h"
#include "morton/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 17;

// All bits that occur in the coordinates of the range: one comparison at the end checks every one of them.
std::uint32_t encode_scalar(const std::int32_t* coords, std::int64_t begin, std::int64_t end, std::uint64_t* codes) {
  std::uint32_t seen = 0;
  for (std::int64_t i = begin; i < end; i++) {
    const std::uint32_t x = coords[3 * i], y = coords[3 * i + 1], z = coords[3 * i + 2];
    seen |= x | y | z;
    codes[i] = morton_encode(x, y, z);
  }
  return seen;
}

void decode_scalar(const std::uint64_t* codes, std::int64_t begin, std::int64_t end, std::int32_t* coords) {
  for (std::int64_t i = begin; i < end; i++)
    for (int axis = 0; axis < 3; axis++)
      coords[3 * i + axis] = static_cast<std::int32_t>(gather_bits(codes[i] >> (2 - axis)));
}

#if PCC_X86
PCC_AVX2 std::uint32_t encode_bmi2(const std::int32_t* coords, std::int64_t begin, std::int64_t end,
                                   std::uint64_t* codes) {
  std::uint32_t seen = 0;
  for (std::int64_t i = begin; i < end; i++) {
    const std::uint32_t x = coords[3 * i], y = coords[3 * i + 1], z = coords[3 * i + 2];
    seen |= x | y | z;
    codes[i] = _pdep_u64(x, kMortonZ << 2) | _pdep_u64(y, kMortonZ << 1) | _pdep_u64(z, kMortonZ);
  }
  return seen;
}

PCC_AVX2 void decode_bmi2(const std::uint64_t* codes, std::int64_t begin, std::int64_t end, std::int32_t* coords) {
  for (std::int64_t i = begin; i < end; i++)
    for (int axis = 0; axis < 3; axis++)
      coords[3 * i + axis] = static_cast<std::int32_t>(_pext_u64(codes[i], kMortonZ << (2 - axis)));
}
#endif

}  // namespace

bool morton_encode_cpu(const std::int32_t* coords, std::int64_t n, std::uint64_t* codes) {
  auto kernel = encode_scalar;
#if PCC_X86
  if (active_isa() >= Isa::avx2) kernel = encode_bmi2;
#endif
  std::atomic<std::uint32_t> seen{0};
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) { seen |= kernel(coords, begin, end, codes); });
  return seen >> kMortonBits == 0;
}

void morton_decode_cpu(const std::uint64_t* codes, std::int64_t n, std::int32_t* coords) {
  auto kernel = decode_scalar;
#if PCC_X86
  if (active_isa() >= Isa::avx2) kernel = decode_bmi2;
#endif
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) { kernel(codes, begin, end, coords); });
}

}  // namespace pcc
