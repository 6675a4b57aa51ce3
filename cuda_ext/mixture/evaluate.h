// The distribution function of a block of numbers, and the probability of each decision.
#pragma once
#include <bit>
#include <cstdint>

#include "common/isa.h"
#include "mixture/op.h"

namespace pcc {

constexpr int kGroup = 8;  // numbers side by side

// A component of eight numbers: z = (edge - mu) * factor >> shift, in 2^-16.
struct alignas(64) Component {
  std::int32_t mu[kGroup], factor[kGroup], shift[kGroup], weight[kGroup];
};

// One block: `groups` times `components` entries, and for each number the mass of a bin that every bin has.
struct Block {
  std::vector<Component> components;
  std::vector<std::int64_t> floors, low, high, middle;  // distribution function at both ends of what is left, and between
  std::vector<std::int32_t> prefix;                     // the bits decided so far
  int count = 0, groups = 0, per_number = 0;

  void load(const Mixture& mixture, const Bins& bins, std::int64_t begin, int size);
  void start(const Bins& bins);
};

// p1 (count,) of decision `bit` of all numbers; leaves the distribution function at the middle in `middle`.
void decide(Block& block, const Bins& bins, int bit, std::uint16_t* p1);
// Halves what is left by the decisions' outcome.
void settle(Block& block, int bit, const std::uint8_t* symbols);

}  // namespace pcc
