// The estimate of one context, and how it learns (docs/arithmetic.md, section 12).
#pragma once
#include <algorithm>
#include <array>

#include "adaptive_occupancy/op.h"

namespace pcc {

constexpr std::uint32_t kMostSeen = 510, kSeenAtStart = 30, kFastRate = 2048;

constexpr std::array<std::uint32_t, kMostSeen + 1> make_rates() {
  std::array<std::uint32_t, kMostSeen + 1> rates{};
  for (std::uint32_t n = 0; n <= kMostSeen; n++) rates[n] = 131072 / (2 * n + 3);
  return rates;
}
inline constexpr auto kRates = make_rates();

inline std::uint32_t frequency_of_one(const AdaptiveBit& bit) {
  return std::clamp((bit.fast + bit.slow) >> 9, 1u, kTotal - 1);
}

// p + ((target - p) * rate >> 16): the difference has 23 bits with its sign, the rate 16.
inline std::uint32_t nearer(std::uint32_t p, std::int64_t target, std::uint32_t rate) {
  return static_cast<std::uint32_t>(p + ((target - static_cast<std::int64_t>(p)) * rate >> 16));
}

inline void learn(AdaptiveBit& bit, std::uint32_t symbol) {
  const std::uint32_t rate = kRates[bit.count];
  const std::int64_t target = (0u - symbol) & ((1u << 22) - 1);  // a mask: no branch to miss
  bit.fast = nearer(bit.fast, target, std::max(rate, kFastRate));
  bit.slow = nearer(bit.slow, target, rate);
  bit.count += bit.count < kMostSeen;
}

// At the start of a level: what was learnt stays, and gives way to the new level soon.
inline void start_level(OccupancyContexts& contexts) {
  auto* bits = reinterpret_cast<AdaptiveBit*>(&contexts);
  for (std::size_t i = 0; i < sizeof(OccupancyContexts) / sizeof(AdaptiveBit); i++)
    bits[i].count = std::min(bits[i].count, kSeenAtStart);
}

}  // namespace pcc
