#include <algorithm>
#include <cstring>

#include "common/isa.h"
#include "common/requantise.h"
#include "common/threads.h"
#include "conv_int8/tiles.h"
#include "occupancy_context/nibbles.h"
#include "occupancy_head/op.h"

namespace pcc {
namespace {

constexpr int kTileRows = 64;

int padded_outputs(int outputs) { return (outputs + 15) / 16 * 16; }

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

PCC_AVX512 void logits_avx512(const int32_t* acc, const int32_t* bias, const int32_t* multiplier, int shift, int outputs,
                              int16_t* out) {
  const __m512i rounding = _mm512_set1_epi64(int64_t{1} << (shift - 1));
  const __m512i low = _mm512_set1_epi64(-kLogitMax), high = _mm512_set1_epi64(kLogitMax);
  for (int c = 0; c < outputs; c += 16) {
    const __m512i sum = _mm512_add_epi32(_mm512_loadu_si512(acc + c), _mm512_loadu_si512(bias + c));
    const __m512i by = _mm512_loadu_si512(multiplier + c);
    __m512i even = _mm512_mul_epi32(sum, by);
    __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), _mm512_srli_epi64(by, 32));
    even = _mm512_srai_epi64(_mm512_add_epi64(even, rounding), shift);
    odd = _mm512_srai_epi64(_mm512_add_epi64(odd, rounding), shift);
    even = _mm512_min_epi64(_mm512_max_epi64(even, low), high);
    odd = _mm512_min_epi64(_mm512_max_epi64(odd, low), high);
    const __m512i both = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
    const __mmask16 lanes = outputs - c >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << (outputs - c)) - 1);
    _mm256_mask_storeu_epi16(out + c, lanes, _mm512_cvtepi32_epi16(both));
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

void logits_scalar(const int32_t* acc, const int32_t* bias, const int32_t* multiplier, int shift, int outputs, int16_t* out) {
  for (int c = 0; c < outputs; c++) {
    const int64_t l = round_shift(static_cast<int64_t>(acc[c] + bias[c]) * multiplier[c], shift);
    out[c] = static_cast<int16_t>(std::clamp<int64_t>(l, -kLogitMax, kLogitMax));
  }
}

struct PackedGroup {
  std::vector<std::byte> weight1, weight2, weight3;
  NibbleTables context;
  std::vector<int32_t> bias3, multiplier3;  // padded with zeros

  PackedGroup(const HeadShape& s, const HeadGroup& g, const IntTiles& tiles)
      : weight1(tiles.packed_bytes(s.channels, s.hidden)),
        weight2(tiles.packed_bytes(s.hidden, s.hidden)),
        weight3(tiles.packed_bytes(s.hidden, padded_outputs(s.outputs))),
        context(g.context.data(), s.hidden),
        bias3(g.bias3),
        multiplier3(g.multiplier3) {
    const int outputs = padded_outputs(s.outputs);
    bias3.resize(outputs);
    multiplier3.resize(outputs);
    std::vector<int8_t> last(static_cast<size_t>(s.hidden) * outputs);
    for (int i = 0; i < s.hidden; i++)
      std::copy_n(g.weight3.data() + i * s.outputs, s.outputs, last.data() + i * outputs);
    tiles.pack(g.weight1.data(), s.channels, s.hidden, weight1.data());
    tiles.pack(g.weight2.data(), s.hidden, s.hidden, weight2.data());
    tiles.pack(last.data(), s.hidden, outputs, weight3.data());
  }
};

}  // namespace

struct OccupancyHead::Packed {
  const IntTiles& tiles = int_tiles();
  ContextSum add_context;
  decltype(&finish_scalar) finish = finish_scalar;
  decltype(&logits_scalar) finish_logits = logits_scalar;
  std::vector<PackedGroup> groups;

  Packed(const HeadShape& shape, const std::vector<HeadGroup>& raw) : add_context(context_sum(shape.hidden)) {
    for (const HeadGroup& group : raw) groups.emplace_back(shape, group, tiles);
#if PCC_X86
    if (active_isa() == Isa::avx512) finish = finish_avx512, finish_logits = logits_avx512;
#endif
  }
};

namespace {

// What one thread needs for a tile of rows.
struct Tile {
  int32_t identity[kTileRows];
  Seen seen[kTileRows][kDirections];
  int seen_count[kTileRows];
  int16_t context[kMaxHidden];
  uint8_t z[kTileRows * kMaxHidden];
  std::vector<int32_t> acc;
  std::vector<int16_t> wide;  // inputs as int16, where the tiles want them so
  explicit Tile(const HeadShape& s)
      : acc(kTileRows * static_cast<size_t>(std::max(s.hidden, padded_outputs(s.outputs)))),
        wide(static_cast<size_t>(kTileRows) * std::max(s.channels, kMaxHidden)) {
    for (int i = 0; i < kTileRows; i++) identity[i] = i;
  }
};

// acc = inputs[rows] . weights, for `count` rows.
void product(const IntTiles& tiles, const uint8_t* inputs, const int32_t* rows, int count, const void* weights, int ci, int co,
             Tile& t) {
  std::memset(t.acc.data(), 0, sizeof(int32_t) * count * co);
  if (!tiles.wide_inputs) return tiles.accumulate(inputs, rows, t.identity, count, weights, t.acc.data(), ci, co);
  for (int i = 0; i < count; i++) {
    const uint8_t* x = inputs + static_cast<int64_t>(rows[i]) * ci;
    std::copy(x, x + ci, t.wide.data() + i * ci);
  }
  tiles.accumulate(t.wide.data(), t.identity, t.identity, count, weights, t.acc.data(), ci, co);
}

void look_around_tile(const NeighbourLists& lists, const uint8_t* occupancy, int64_t place, int count, Tile& t) {
  for (int i = 0; i < count; i++) t.seen_count[i] = look_around(lists, place + i, occupancy, t.seen[i]);
}

}  // namespace

OccupancyHead::OccupancyHead(const HeadShape& shape, std::vector<HeadGroup> groups, std::vector<uint8_t> masks)
    : shape(shape), groups_(std::move(groups)), masks_(std::move(masks)) {}

OccupancyHead::~OccupancyHead() = default;

const OccupancyHead::Packed& OccupancyHead::packed() {
  const int isa = static_cast<int>(active_isa());
  std::call_once(once_[isa], [&] { packed_[isa] = std::make_unique<const Packed>(shape, groups_); });
  return *packed_[isa];
}

void OccupancyHead::logits(const uint8_t* feats, const NeighbourLists& lists, const uint8_t* occupancy, int64_t place,
                           int64_t num_rows, int colour, int first, int count, const int32_t* bias1, int16_t* logits) {
  const Packed& all = packed();
  const int h = shape.hidden, outputs = shape.outputs, padded = padded_outputs(outputs);
  const int64_t tiles = (num_rows + kTileRows - 1) / kTileRows;
  const int threads = threads_for(tiles, 8);
#pragma omp parallel num_threads(threads)
  {
    Tile t(shape);
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = 0; i < tiles; i++) {
      const int64_t begin = i * kTileRows;
      const int size = static_cast<int>(std::min<int64_t>(kTileRows, num_rows - begin));
      look_around_tile(lists, occupancy, place + begin, size, t);
      for (int g = first; g < first + count; g++) {
        const HeadGroup& raw = groups_[g];
        const PackedGroup& group = all.groups[g];
        const uint8_t* masks = masks_.data() + (g * shape.colours + colour) * kDirections;
        product(all.tiles, feats, lists.rows + place + begin, size, group.weight1.data(), shape.channels, h, t);
        for (int r = 0; r < size; r++) {
          all.add_context(t.seen[r], t.seen_count[r], masks, group.context, t.context);
          all.finish(t.acc.data() + r * h, bias1 + (g - first) * h, t.context, raw.context_shift.data(), raw.multiplier1.data(),
                     raw.shift1, h, t.z + r * h);
        }
        product(all.tiles, t.z, t.identity, size, group.weight2.data(), h, h, t);
        for (int r = 0; r < size; r++)
          all.finish(t.acc.data() + r * h, raw.bias2.data(), nullptr, nullptr, raw.multiplier2.data(), raw.shift2, h, t.z + r * h);
        product(all.tiles, t.z, t.identity, size, group.weight3.data(), h, padded, t);
        int16_t* out = logits + ((g - first) * num_rows + begin) * outputs;
        for (int r = 0; r < size; r++)
          all.finish_logits(t.acc.data() + r * padded, group.bias3.data(), group.multiplier3.data(), raw.shift3, outputs,
                            out + r * outputs);
      }
    }
  }
}

}  // namespace pcc
