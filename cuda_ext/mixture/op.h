// Whole numbers under mixtures of logistic distributions, coded by binary decisions. The definition is written out in
// src/pcc/ops/mixture.py and docs/arithmetic.md.
//
//   mu (K, n) int32, range units (1/16 mm)        scale (K, n) int16, log2 in 1/256 of the logistic's s over 16 units
//   weight (K, n) int16, logits in 1/256 bit      index (n,) int32 in 0..2^bits - 1
//
// Bin i of the numbers has its middle at first + i * step, in range units. `bits` decisions a number, the highest bit first;
// numbers go in blocks of kMixtureBlock, each block's decisions bit by bit, one call of the coder each.
#pragma once
#include <cstdint>
#include <vector>

#include "rans/op.h"

namespace pcc {

constexpr int kMaxComponents = 16;
constexpr int kMaxMixtureBits = 20;
constexpr int kMixtureBlock = 2048;

struct Mixture {
  const std::int32_t* mu;
  const std::int16_t *scale, *weight;
  std::int64_t n;
  int components;
};

struct Bins {
  int bits;
  std::int32_t first, step;
};

// Throw std::invalid_argument for shapes, bins or an index out of range. |mu| < 2^28, bins within 2^26 units.
void mixture_encode(RansEncoder& coder, const Mixture& mixture, const Bins& bins, const std::int32_t* index);
void mixture_decode(RansDecoder& coder, const Mixture& mixture, const Bins& bins, std::int32_t* index);

}  // namespace pcc
