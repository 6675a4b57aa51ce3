// ReLU with the range and, when `quantised`, the rounding of u8 activations, for training.
//
//   y = clamp(x, 0, 255 step)                          or    y = clamp(round(x / step), 0, 255) * step
//   grad_x = grad_y where 0 < x < 255 step, else 0     (straight through the rounding)
//
// Arrays of n float32. One pass over memory each way.
#pragma once
#include <cstdint>

namespace pcc {

void activation_forward(const float* x, float* y, int64_t n, float step, bool quantised);
void activation_backward(const float* x, const float* grad_y, float* grad_x, int64_t n, float step);

}  // namespace pcc
