// A dense layer over a tile of rows: u8 inputs, s8 weights, and what follows each accumulator.
//
//   hidden layer  out[i, c] = requantise(bias[c] + inputs[rows[i], :] . weights[:, c] + (context[i, c] << shifts[c]))   u8
//   last layer    out[i, c] = clamp(round_shift((bias[c] + inputs[rows[i], :] . weights[:, c]) * multiplier[c], shift))  int16
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/isa.h"

namespace pcc {

struct IntTiles;

constexpr int kTileRows = 64;
constexpr int kLogitMax = 3584;

// Weights, multipliers and what is derived from them, in the layout of the instruction set in use when it is made.
class DenseLayer {
 public:
  // weights (inputs, outputs) int8, multiplier (outputs,); outputs are padded to a multiple of 16 with zeros.
  DenseLayer(const int8_t* weights, const int32_t* multiplier, int inputs, int outputs, int shift);

  struct Context {
    const int16_t* sums;    // (count, outputs), or null
    const uint8_t* shifts;  // (outputs,)
  };

  // `rows` (count,) of `x`; null: the first rows. bias and out have the padded number of columns, count <= kTileRows.
  void hidden(const uint8_t* x, const int32_t* rows, int count, const int32_t* bias, Context context, uint8_t* out) const {
    run_hidden_(*this, x, rows, count, bias, context, out);
  }
  // out (count, outputs) int16.
  void last(const uint8_t* x, int count, const int32_t* bias, int16_t* out) const { run_last_(*this, x, count, bias, out); }

  const int inputs, outputs, padded, shift;
  std::vector<int32_t> multiplier, cap;  // cap[c]: the smallest accumulator that gives 255 or more
  std::vector<std::byte> packed;
  const IntTiles* tiles;  // that packed them

 private:
  decltype(+[](const DenseLayer&, const uint8_t*, const int32_t*, int, const int32_t*, Context, uint8_t*) {}) run_hidden_;
  decltype(+[](const DenseLayer&, const uint8_t*, int, const int32_t*, int16_t*) {}) run_last_;
};

}  // namespace pcc
