// Products of u8 rows with one packed s8 matrix, per instruction set; the inner loop of every integer layer.
//
// Packed weights of one offset: [CO / 16][CI / 4][16][4] int8 for AVX-512-VNNI (four products per lane and step),
// [CO / 8][CI / 2][8][2] int16 for AVX2 (vpmaddwd; vpmaddubsw would saturate), (CI, CO) int16 otherwise.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/isa.h"

namespace pcc {

#if PCC_X86
// sum += b . w, four u8 x s8 products a lane. The intrinsic makes GCC 12 move every accumulator to another register and
// back in each step of an inner loop; the instruction itself adds in place.
PCC_AVX512 PCC_INLINE void add_products(__m512i& sum, __m512i b, __m512i w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(b), "v"(w));
}
#endif

// acc[out[i], :] += feats[in[i], :] . weights, for all pairs i; acc (rows, CO) int32.
struct IntTiles {
  // Bytes of one packed offset.
  size_t (*packed_bytes)(int ci, int co);
  void (*pack)(const int8_t* weights, int ci, int co, void* packed);
  // `feats` are uint8 rows, or int16 rows where wide_inputs is set.
  void (*accumulate)(const void* feats, const int32_t* in, const int32_t* out, int pairs, const void* packed, int32_t* acc,
                     int ci, int co);
  bool wide_inputs;
};

const IntTiles& int_tiles();  // of the active instruction set

}  // namespace pcc
