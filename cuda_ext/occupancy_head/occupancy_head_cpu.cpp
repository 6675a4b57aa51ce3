#include <algorithm>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/requantise.h"
#include "common/threads.h"
#include "conv_int8/tiles.h"
#include "occupancy_context/nibbles.h"
#include "occupancy_head/op.h"

namespace pcc {
namespace {

constexpr int kTileRows = 64;

#if PCC_X86
PCC_AVX512 void finish_avx512(const int32_t* acc, const int32_t* bias, const int16_t* context, const uint8_t* context_shift,
                              const int32_t* multiplier, int shift, int hidden, uint8_t* out) {
  const __m512i rounding = _mm512_set1_epi64(int64_t{1} << (shift - 1)), zero = _mm512_setzero_si512();
  for (int c = 0; c < hidden; c += 16) {
    __m512i sum = _mm512_add_epi32(_mm512_loadu_si512(acc + c), _mm512_loadu_si512(bias + c));
    if (context) {
      const __m512i extra = _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(context + c)));
      const __m512i places = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(context_shift + c)));
      sum = _mm512_add_epi32(sum, _mm512_sllv_epi32(extra, places));
    }
    const __m128i y = requantise_avx512(sum, _mm512_loadu_si512(multiplier + c), zero, zero, rounding, shift);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c), y);
  }
}
#endif

void finish_scalar(const int32_t* acc, const int32_t* bias, const int16_t* context, const uint8_t* context_shift,
                   const int32_t* multiplier, int shift, int hidden, uint8_t* out) {
  for (int c = 0; c < hidden; c++) {
    const int32_t extra = context ? static_cast<int32_t>(context[c]) * (1 << context_shift[c]) : 0;
    out[c] = requantise(acc[c] + bias[c] + extra, multiplier[c], 0, shift);
  }
}

PCC_INLINE int16_t logit_from(int32_t acc, const HeadStage& s) {
  const int64_t l = round_shift(static_cast<int64_t>(acc) * s.multiplier3, s.shift3);
  return static_cast<int16_t>(std::clamp<int64_t>(l, -kLogitMax, kLogitMax));
}

int16_t logit_scalar(const uint8_t* z, const HeadStage& s) {
  int32_t acc = s.bias3;
  for (int c = 0; c < s.hidden; c++) acc += z[c] * s.weight3[c];
  return logit_from(acc, s);
}

#if PCC_X86
PCC_AVX512 int16_t logit_avx512(const uint8_t* z, const HeadStage& s) {
  __m128i sum = _mm_setzero_si128();
  for (int c = 0; c < s.hidden; c += 16)
    sum = _mm_dpbusd_epi32(sum, _mm_loadu_si128(reinterpret_cast<const __m128i*>(z + c)),
                           _mm_loadu_si128(reinterpret_cast<const __m128i*>(s.weight3 + c)));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
  return logit_from(s.bias3 + _mm_cvtsi128_si32(sum), s);
}
#endif

// The stage's weights in the layout of the active instruction set; shared by all threads of a call.
struct PackedStage {
  const IntTiles& tiles = int_tiles();
  std::vector<std::byte> weight1, weight2;
  NibbleTables context;
  ContextSum add_context;
  decltype(&finish_scalar) finish = finish_scalar;
  decltype(&logit_scalar) logit = logit_scalar;

  explicit PackedStage(const HeadStage& s)
      : weight1(tiles.packed_bytes(s.channels, s.hidden)),
        weight2(tiles.packed_bytes(s.hidden, s.hidden)),
        context(s.context, s.hidden, s.stage >= 4 - s.checkerboard),
        add_context(context_sum(s.hidden)) {
    tiles.pack(s.weight1, s.channels, s.hidden, weight1.data());
    tiles.pack(s.weight2, s.hidden, s.hidden, weight2.data());
#if PCC_X86
    if (active_isa() == Isa::avx512) finish = finish_avx512, logit = logit_avx512;
#endif
  }
};

// What one thread needs for a tile of rows.
struct Tile {
  int32_t identity[kTileRows];
  int32_t acc[kTileRows * kMaxHidden];
  int16_t context[kMaxHidden];
  uint8_t z[kTileRows * kMaxHidden];
  std::vector<int16_t> wide;  // inputs as int16, where the tiles want them so
  explicit Tile(int channels) : wide(static_cast<size_t>(kTileRows) * std::max(channels, kMaxHidden)) {
    for (int i = 0; i < kTileRows; i++) identity[i] = i;
  }
};

// acc = inputs[rows] . weights, for `count` rows; rows null: the first rows.
void product(const IntTiles& tiles, const uint8_t* inputs, const int32_t* rows, int count, const void* weights, int ci, int co,
             Tile& t) {
  std::memset(t.acc, 0, sizeof(int32_t) * count * co);
  if (!rows) rows = t.identity;
  if (!tiles.wide_inputs) return tiles.accumulate(inputs, rows, t.identity, count, weights, t.acc, ci, co);
  for (int i = 0; i < count; i++) {
    const uint8_t* x = inputs + static_cast<int64_t>(rows[i]) * ci;
    std::copy(x, x + ci, t.wide.data() + i * ci);
  }
  tiles.accumulate(t.wide.data(), t.identity, t.identity, count, weights, t.acc, ci, co);
}

void run_tile(const uint8_t* feats, const int32_t* neighbours, const uint8_t* occupancy, const int32_t* rows, int count,
              int64_t num_nodes, const BitMasks& masks, const HeadStage& s, const PackedStage& packed, Tile& t,
              int16_t* logits) {
  const int h = s.hidden;
  product(packed.tiles, feats, rows, count, packed.weight1.data(), s.channels, h, t);
  for (int i = 0; i < count; i++) {
    packed.add_context(neighbours + static_cast<int64_t>(rows[i]) * kOffsets, occupancy, num_nodes, masks, packed.context,
                       t.context);
    packed.finish(t.acc + i * h, s.bias1, t.context, s.context_shift, s.multiplier1, s.shift1, h, t.z + i * h);
  }
  product(packed.tiles, t.z, nullptr, count, packed.weight2.data(), h, h, t);
  for (int i = 0; i < count; i++) {
    uint8_t* z2 = t.z + i * h;
    packed.finish(t.acc + i * h, s.bias2, nullptr, nullptr, s.multiplier2, s.shift2, h, z2);
    const bool certain = s.stage == 7 && (occupancy[rows[i]] & 127) == 0;
    logits[i] = certain ? kLogitMax : packed.logit(z2, s);
  }
}

}  // namespace

bool occupancy_head(const uint8_t* feats, const int32_t* neighbours, const uint8_t* occupancy, const int32_t* rows,
                    int64_t num_nodes, int64_t num_rows, int parity, const HeadStage& stage, int16_t* logits) {
  if (!std::all_of(rows, rows + num_rows, [&](int32_t row) { return exists(row, num_nodes); })) return false;
  const BitMasks masks = stage_masks(stage.stage, stage.checkerboard, parity);
  const std::vector<uint8_t> known = padded(occupancy, num_nodes);
  const PackedStage packed(stage);
  const int64_t tiles = (num_rows + kTileRows - 1) / kTileRows;
  const int threads = threads_for(tiles, 8);
#pragma omp parallel num_threads(threads)
  {
    Tile tile(stage.channels);
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = 0; i < tiles; i++) {
      const int64_t first = i * kTileRows;
      const int count = static_cast<int>(std::min<int64_t>(kTileRows, num_rows - first));
      run_tile(feats, neighbours, known.data(), rows + first, count, num_nodes, masks, stage, packed, tile, logits + first);
    }
  }
  return true;
}

}  // namespace pcc
