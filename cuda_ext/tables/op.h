// Integer logits -> integer frequencies. The definition is written out in src/pcc/ops/tables.py.
//
//   tables              logits (N, K) int16 -> cdf (N, K + 1) uint16, cdf[:, 0] = 0, cdf[:, K] = 16384
//   binary_frequencies  logits (N,)   int16 -> p1 (N,) uint16 in [1, 16383], the frequency of symbol 1
//   tree_frequencies    logits (N, T) int16, values (N,) uint8 -> p1 (N,) uint16: of bit `bit` of a tree of G decisions,
//                       T = 2^G - 1, given the lower bits of values: that of logits[:, 2^bit - 1 + values mod 2^bit]
//   tree_places         the same decisions -> (N,) uint16: place of the logit in a BinaryTable | bit of values << 15
//
// Logits are in 1/256 bit: symbol k has the weight 2^(logits[k] / 256). 1 <= K <= 4096.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "tables/exp2_table.h"

#ifndef PCC_HOST_DEVICE
#ifdef __CUDACC__
#define PCC_HOST_DEVICE __host__ __device__
#else
#define PCC_HOST_DEVICE
#endif
#endif

namespace pcc {

constexpr int kPrecisionBits = 14;
constexpr uint32_t kTotal = 1u << kPrecisionBits;
constexpr int kMaxSymbols = 4096;
constexpr int kLogitLimit = 3584;  // 14 bits; a binary logit beyond it has the frequencies of the limit
constexpr int kReciprocalBits = 48;

// 2^30 * 2^(-distance / 256), distance >= 0; 0 when everything is shifted out.
PCC_HOST_DEVICE inline uint32_t exp2_weight(uint32_t distance, const uint32_t* table) {
  const uint32_t shift = distance >> 8;
  return shift < 31 ? table[distance & 255] >> shift : 0;
}

// One row. Weights are at most 2^30 and their sum is at least 2^30, so the reciprocal is below 2^32 and nothing overflows.
PCC_HOST_DEVICE inline void table_row(const int16_t* logits, int num_symbols, uint16_t* cdf, const uint32_t* table) {
  int mode = 0;
  for (int k = 1; k < num_symbols; k++)
    if (logits[k] > logits[mode]) mode = k;
  const int highest = logits[mode];
  uint64_t sum = 0;
  for (int k = 0; k < num_symbols; k++) sum += exp2_weight(static_cast<uint32_t>(highest - logits[k]), table);
  const uint64_t reciprocal = (static_cast<uint64_t>(kTotal - num_symbols) << kReciprocalBits) / sum;
  uint32_t end = 0;
  cdf[0] = 0;
  for (int k = 0; k < num_symbols; k++) {
    const uint64_t weight = exp2_weight(static_cast<uint32_t>(highest - logits[k]), table);
    end += 1 + static_cast<uint32_t>(weight * reciprocal >> kReciprocalBits);
    cdf[k + 1] = static_cast<uint16_t>(end);
  }
  const uint32_t rest = kTotal - end;
  for (int k = mode; k < num_symbols; k++) cdf[k + 1] = static_cast<uint16_t>(cdf[k + 1] + rest);
}

// Frequencies of symbol 1 of all binary decisions: of the logit l at [l + kLogitLimit], of a certain one at [kCertain]. One
// value more at the end, which 32-bit loads read into.
constexpr int kCertain = 2 * kLogitLimit + 1;
using BinaryTable = std::array<uint16_t, kCertain + 2>;

// What a level's logits go through: l -> clamp(((l * scale + 8) >> 4) + shift), certain decisions excepted.
struct Calibration {
  int scale = 16, shift = 0;
};
constexpr int kMaxScale = 64;  // 1..64; the shift lies within +- kLogitLimit

const BinaryTable& binary_table();
BinaryTable calibrated_table(Calibration calibration);  // throws std::invalid_argument

void tables_cpu(const int16_t* logits, size_t rows, int num_symbols, uint16_t* cdf);
void binary_frequencies_cpu(const int16_t* logits, size_t count, uint16_t* p1);
// `certain` (N,) uint8, or null: nodes whose bit is surely 1 if all lower ones are 0; they get the largest frequency.
void tree_frequencies_cpu(const int16_t* logits, int num_logits, const uint8_t* values, const uint8_t* certain, size_t count,
                          int bit, const BinaryTable& table, uint16_t* p1);
void tree_places_cpu(const int16_t* logits, int num_logits, const uint8_t* values, const uint8_t* certain, size_t count,
                     int bit, uint16_t* places);

}  // namespace pcc
