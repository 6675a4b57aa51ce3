// The last step of an integer layer for one row: bias, requantisation, residual.
#pragma once
#include <cstdint>

#include "conv_int8/op.h"

namespace pcc {

// out[c] = requantise(acc[c] + bias[c], multiplier[c], residual[c] * residual_multiplier); residual may be null.
using FinishRow = void (*)(const int32_t* acc, const int32_t* bias, const Requantisation& to_u8, const uint8_t* residual,
                           uint8_t* out, int channels);

FinishRow finish_row();  // of the active instruction set

}  // namespace pcc
