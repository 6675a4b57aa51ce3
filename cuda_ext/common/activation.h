// The activation of the networks in float: clamped to 0..255 steps, and with fake quantisation rounded to whole ones.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "common/isa.h"

namespace pcc {

constexpr float kActivationLevels = 255.0f;

PCC_INLINE void activate_body(const float* __restrict x, float* __restrict y, int64_t n, float step, bool quantised) {
  const float inverse = 1.0f / step, top = kActivationLevels * step;
  if (quantised)
    for (int64_t i = 0; i < n; i++)
      y[i] = std::min(std::max(std::nearbyintf(x[i] * inverse), 0.0f), kActivationLevels) * step;
  else
    for (int64_t i = 0; i < n; i++) y[i] = std::min(std::max(x[i], 0.0f), top);
}

// The gradient at x; `grad_x` may be `grad_y`.
PCC_INLINE void activation_gradient_body(const float* __restrict x, const float* grad_y, float* grad_x, int64_t n,
                                         float step) {
  const float top = kActivationLevels * step;
  for (int64_t i = 0; i < n; i++) grad_x[i] = x[i] > 0.0f && x[i] < top ? grad_y[i] : 0.0f;
}

}  // namespace pcc
