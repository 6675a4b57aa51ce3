// The dense layers with AVX2; contract in dense.h.
#pragma once
#include "occupancy_head/dense.h"

#if PCC_X86
namespace pcc {

void hidden_avx2(const DenseLayer& layer, const uint8_t* x, const int32_t* rows, int count, const int32_t* bias,
                 DenseLayer::Context context, uint8_t* out);
void last_avx2(const DenseLayer& layer, const uint8_t* x, int count, const int32_t* bias, int16_t* out);

}  // namespace pcc
#endif
