// Products of u8 rows with one packed s8 matrix, per instruction set; the inner loop of every integer layer.
//
// Packed weights of one offset: [CO / 16][CI / 4][16][4] int8 for AVX-512-VNNI (four products per lane and step),
// [CO / 8][CI / 2][8][2] int16 for AVX2 (vpmaddwd; vpmaddubsw would saturate), plain (CI, CO) int8 otherwise.
#pragma once
#include <cstdint>
#include <vector>

#include "common/isa.h"

namespace pcc {

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
