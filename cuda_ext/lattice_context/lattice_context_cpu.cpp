#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "lattice_context/op.h"
#include "lattice_context/tables.h"

namespace pcc {
namespace {

constexpr std::int32_t kDefaultRange = 160000;  // 10 m, where no neighbour is known
constexpr std::uint8_t kPresent = 255;

// A logarithm in 1/16 octave, from 2^10 on.
std::uint8_t level_of(std::int32_t range) {
  const auto v = static_cast<std::uint32_t>(std::max(range, 1 << 10));
  const int octave = std::bit_width(v) - 1;
  return static_cast<std::uint8_t>(std::min(255, (octave - 10) * 16 + static_cast<int>(v >> (octave - 4) & 15)));
}

std::int32_t base_of(const std::int32_t* ranges, int count) {
  if (ranges[0] && ranges[1]) return (ranges[0] + ranges[1]) >> 1;
  if (ranges[0] || ranges[1]) return ranges[0] + ranges[1];
  std::int64_t sum = 0;
  int known = 0;
  for (int k = 2; k < count; k++) sum += ranges[k], known += ranges[k] != 0;
  return known ? static_cast<std::int32_t>(sum / known) : kDefaultRange;
}

std::int32_t harmonic_mean(std::int64_t a, std::int64_t b) { return static_cast<std::int32_t>(2 * a * b / (a + b)); }

std::uint8_t* put_differences(const std::int32_t* ranges, int count, std::int32_t base, std::int16_t* differences,
                              std::uint8_t* feats) {
  for (int k = 0; k < count; k++) {
    const std::int32_t d = ranges[k] ? ranges[k] - base : 0;
    feats[k] = compand(d);
    feats[count + k] = ranges[k] ? kPresent : 0;
    differences[k] = static_cast<std::int16_t>(std::clamp(d, -kMostDifference, kMostDifference));
  }
  return feats + 2 * count;
}

std::uint8_t* put_near(const RangeImage& image, const Surroundings& around, std::int64_t at, std::uint8_t* feats) {
  for (const int k : around.near) {
    const std::int64_t there = at + around.offsets[k];
    const bool known = image.range[there] != 0;
    const int deviation = std::clamp(image.deviation[there] - image.deviation[at], -127, 127);
    *feats++ = static_cast<std::uint8_t>(kCompandZero + (known ? deviation : 0));
  }
  return feats;
}

std::uint8_t* put_guesses(const std::int32_t* ranges, const Surroundings& around, std::int32_t base, std::int32_t* guesses,
                          std::uint8_t* feats) {
  for (const int k : around.anchors) *guesses++ = ranges[k] ? ranges[k] : base;
  *guesses = ranges[0] && ranges[1] ? harmonic_mean(ranges[0], ranges[1]) : base;
  *feats++ = compand(*guesses++ - base);
  for (const auto& [one, three] : around.extensions) {
    const std::int32_t line = std::clamp(ranges[one] + ((ranges[one] - ranges[three]) >> 1), 1, kMostRange);
    *guesses = ranges[one] && ranges[three] ? line : base;
    *feats++ = compand(*guesses++ - base);
  }
  return feats;
}

}  // namespace

void lattice_context(const RangeImage& image, const Surroundings& around, const Cells& cells, std::uint8_t frame_feat,
                     const Context& out) {
  const int count = around.count();
  std::int32_t ranges[kMaxNeighbours];
  for (int i = 0; i < cells.count; i++) {
    const std::int64_t at = cells.row * image.stride + cells.column + i * cells.step;
    for (int k = 0; k < count; k++) ranges[k] = image.range[at + around.offsets[k]];
    const std::int32_t base = out.base[i] = base_of(ranges, count);
    std::uint8_t* const first = out.feats + static_cast<std::int64_t>(i) * out.padded;
    std::uint8_t* feats = put_differences(ranges, count, base, out.differences + static_cast<std::int64_t>(i) * count, first);
    feats = put_near(image, around, at, feats);
    feats = put_guesses(ranges, around, base, out.guesses + static_cast<std::int64_t>(i) * around.num_guesses(), feats);
    *feats++ = level_of(base);
    *feats++ = frame_feat;
    feats = std::copy_n(image.row_feats + cells.row * image.num_row_feats, image.num_row_feats, feats);
    std::fill(feats, first + out.padded, kCompandZero);
  }
}

}  // namespace pcc
