#include "adaptive_occupancy/presence.h"

#include <initializer_list>

#include "common/isa.h"
#include "neighbours/op.h"

namespace pcc {
namespace {

void presence_scalar(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* masks) {
  for (std::int64_t i = 0; i < n; i++) {
    std::uint32_t mask = 0;
    for (int d = 0; d < kDirections; d++)
      mask |= (~static_cast<std::uint32_t>(neighbours[i * kDirections + d]) >> 31) << d;
    masks[i] = mask;
  }
}

#if PCC_X86
// A row is read in parts that overlap, so that nothing beyond it is touched.
PCC_AVX2 void presence_avx2(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* masks) {
  for (std::int64_t i = 0; i < n; i++) {
    const std::int32_t* row = neighbours + i * kDirections;
    std::uint32_t empty = 0;
    for (int d : {0, 8, 16, 19}) {
      const __m256i part = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + d));
      empty |= static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(part))) << d;
    }
    masks[i] = ~empty & ((1u << kDirections) - 1);
  }
}

PCC_AVX512 void presence_avx512(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* masks) {
  for (std::int64_t i = 0; i < n; i++) {
    const std::int32_t* row = neighbours + i * kDirections;
    const std::uint32_t low = _mm512_movepi32_mask(_mm512_loadu_si512(row));
    const std::uint32_t high = _mm512_movepi32_mask(_mm512_loadu_si512(row + 11));
    masks[i] = ~(low | high << 11) & ((1u << kDirections) - 1);
  }
}
#endif

}  // namespace

void presence(const std::int32_t* neighbours, std::int64_t n, std::uint32_t* masks) {
  PCC_SELECT(presence)(neighbours, n, masks);
}

}  // namespace pcc
