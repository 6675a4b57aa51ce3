// Checks of the arguments of a call, made before anything is coded.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>

#include "rans/op.h"

namespace pcc {

inline void check_lanes(int lanes) {
  if (lanes < 1 || lanes > kMaxLanes) throw std::invalid_argument("lanes: expected 1..64, got " + std::to_string(lanes));
}

inline void check_binary(const uint16_t* p1, size_t count) {
  unsigned bad = 0;
  for (size_t i = 0; i < count; i++) bad |= static_cast<uint16_t>(p1[i] - 1) > kTotal - 2;
  if (bad) throw std::invalid_argument("p1: expected frequencies in 1..16383");
}

inline void check_bits(const uint8_t* symbols, size_t count) {
  uint8_t any = 0;
  for (size_t i = 0; i < count; i++) any |= symbols[i];
  if (any > 1) throw std::invalid_argument("symbols: expected 0 or 1");
}

inline void check_values(const uint8_t* values, size_t count, int bits) {
  unsigned any = 0;
  for (size_t i = 0; i < count; i++) any |= values[i];
  if (bits < 1 || bits > 8 || any >> bits) throw std::invalid_argument("values: expected less than 2^bits, 1..8 bits");
}

inline void check_tables(const uint16_t* cdf, size_t count, int num_symbols) {
  if (num_symbols < 1 || num_symbols > kMaxSymbols)
    throw std::invalid_argument("cdf: expected 2..4097 columns, got " + std::to_string(num_symbols + 1));
  unsigned bad = 0;
  for (size_t i = 0; i < count; i++) {
    const uint16_t* row = cdf + i * (num_symbols + 1);
    bad |= row[0] != 0 || row[num_symbols] != kTotal;
    for (int k = 0; k < num_symbols; k++) bad |= row[k] >= row[k + 1];
  }
  if (bad) throw std::invalid_argument("cdf: expected rows that strictly increase from 0 to 16384");
}

inline void check_symbols(const uint16_t* symbols, size_t count, int num_symbols) {
  const bool bad = std::any_of(symbols, symbols + count, [&](uint16_t s) { return s >= num_symbols; });
  if (bad) throw std::invalid_argument("symbols: expected values below " + std::to_string(num_symbols));
}

}  // namespace pcc
