#include <algorithm>

#include "activation_float/op.h"
#include "common/activation.h"
#include "common/isa.h"
#include "common/ranges.h"

namespace pcc {
namespace {

constexpr int64_t kChunk = 1 << 14;

void forward_scalar(const float* x, float* y, int64_t n, float step, bool q) { activate_body(x, y, n, step, q); }
void backward_scalar(const float* x, const float* g, float* d, int64_t n, float step) {
  activation_gradient_body(x, g, d, n, step);
}
#if PCC_X86
PCC_AVX2 void forward_avx2(const float* x, float* y, int64_t n, float step, bool q) { activate_body(x, y, n, step, q); }
PCC_AVX2 void backward_avx2(const float* x, const float* g, float* d, int64_t n, float step) {
  activation_gradient_body(x, g, d, n, step);
}
PCC_AVX512 void forward_avx512(const float* x, float* y, int64_t n, float step, bool quantised) {
  const __m512 inverse = _mm512_set1_ps(1.0f / step), scale = _mm512_set1_ps(step), zero = _mm512_setzero_ps();
  const __m512 top = _mm512_set1_ps(quantised ? kActivationLevels : kActivationLevels * step);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 valid = n - i >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << (n - i)) - 1);
    __m512 v = _mm512_maskz_loadu_ps(valid, x + i);
    if (quantised) v = _mm512_roundscale_ps(_mm512_mul_ps(v, inverse), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    v = _mm512_min_ps(top, _mm512_max_ps(zero, v));  // in this order NaN stays NaN, as in the body above
    if (quantised) v = _mm512_mul_ps(v, scale);
    _mm512_mask_storeu_ps(y + i, valid, v);
  }
}
PCC_AVX512 void backward_avx512(const float* x, const float* g, float* d, int64_t n, float step) {
  activation_gradient_body(x, g, d, n, step);
}
#endif

}  // namespace

void activation_forward(const float* x, float* y, int64_t n, float step, bool quantised) {
  const auto run = PCC_SELECT(forward);
  for_ranges(n, kChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kChunk) run(x + i, y + i, std::min(kChunk, end - i), step, quantised);
  });
}

void activation_backward(const float* x, const float* grad_y, float* grad_x, int64_t n, float step) {
  const auto run = PCC_SELECT(backward);
  for_ranges(n, kChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kChunk) run(x + i, grad_y + i, grad_x + i, std::min(kChunk, end - i), step);
  });
}

}  // namespace pcc
