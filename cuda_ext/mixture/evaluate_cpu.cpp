#include "mixture/evaluate.h"

#include <algorithm>
#include <array>

#include "mixture/logistic_table.h"
#include "tables/op.h"

namespace pcc {
namespace {

constexpr int kFractionBits = 11, kScaleBits = 4, kLowest = -(1 << 20), kHighest = (1 << 20) - 1;
constexpr int kFloorBits = 14;     // the floors' share of the mass: 2^14 in 2^24
constexpr int kDivisorBits = 17;

// Value and rise to the next, side by side for one gather.
struct Knot {
  std::uint32_t value, rise;
};
const std::array<Knot, 1024>& knots() {
  static const auto table = [] {
    std::array<Knot, 1024> made{};
    for (int i = 0; i < 1024; i++) made[i] = {kLogistic[i], kLogistic[i + 1] - kLogistic[i]};
    return made;
  }();
  return table;
}

std::int64_t edge(const Bins& bins, std::int64_t index) { return bins.first + index * bins.step - bins.step / 2; }

std::int64_t distribution(const Block& block, const Bins& bins, int i, std::int64_t index) {
  const Component* c = block.components.data() + static_cast<std::int64_t>(i / kGroup) * block.per_number;
  const int g = i % kGroup;
  std::int64_t sum = index * block.floors[i];
  for (int k = 0; k < block.per_number; k++) {
    const std::int64_t exact = (edge(bins, index) - c[k].mu[g]) * c[k].factor[g] >> c[k].shift[g];
    const auto z = static_cast<std::uint32_t>(std::clamp<std::int64_t>(exact, kLowest, kHighest) - kLowest);
    const Knot knot = knots()[z >> kFractionBits];
    const std::uint32_t part = z & ((1u << kFractionBits) - 1);
    sum += static_cast<std::int64_t>(knot.value + (knot.rise * part >> kFractionBits)) * c[k].weight[g];
  }
  return sum;
}

std::uint16_t frequency(std::int64_t low, std::int64_t middle, std::int64_t high) {
  const auto all = static_cast<std::uint64_t>(high - low), upper = static_cast<std::uint64_t>(high - middle);
  const int shift = std::max(0, static_cast<int>(std::bit_width(all)) - kDivisorBits);
  return static_cast<std::uint16_t>(
      std::clamp<std::uint64_t>((upper >> shift << kPrecisionBits) / (all >> shift), 1, kTotal - 1));
}

void decide_scalar(Block& block, const Bins& bins, int bit, std::uint16_t* p1) {
  for (int i = 0; i < block.count; i++) {
    block.middle[i] = distribution(block, bins, i, block.prefix[i] + (std::int64_t{1} << bit));
    p1[i] = frequency(block.low[i], block.middle[i], block.high[i]);
  }
}

#if PCC_X86
constexpr auto decide_avx2 = decide_scalar;

PCC_AVX512 PCC_INLINE __m512i wide(const std::int32_t* values) {
  return _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
}

// Quotients of 31-bit numbers by 17-bit ones, rounded down: a double's quotient is off by less than the distance of any
// fraction to the next integer.
PCC_AVX512 PCC_INLINE __m512i quotient(__m512i dividend, __m512i divisor) {
  return _mm512_cvttpd_epi64(_mm512_div_pd(_mm512_cvtepi64_pd(dividend), _mm512_cvtepi64_pd(divisor)));
}

PCC_AVX512 void decide_avx512(Block& block, const Bins& bins, int bit, std::uint16_t* p1) {
  const __m512i step = _mm512_set1_epi64(bins.step), first = _mm512_set1_epi64(bins.first - bins.step / 2);
  const __m512i lowest = _mm512_set1_epi64(kLowest), highest = _mm512_set1_epi64(kHighest);
  const __m512i part_mask = _mm512_set1_epi64((1 << kFractionBits) - 1);
  const long long* table = reinterpret_cast<const long long*>(knots().data());
  for (int g = 0; g < block.groups; g++) {
    const int i = g * kGroup;
    const __m512i index = _mm512_add_epi64(wide(block.prefix.data() + i), _mm512_set1_epi64(std::int64_t{1} << bit));
    const __m512i at = _mm512_add_epi64(first, _mm512_mul_epi32(index, step));
    __m512i sum = _mm512_mullo_epi64(index, _mm512_loadu_si512(block.floors.data() + i));
    const Component* c = block.components.data() + static_cast<std::int64_t>(g) * block.per_number;
    for (int k = 0; k < block.per_number; k++) {
      const __m512i away = _mm512_sub_epi64(at, wide(c[k].mu));
      __m512i z = _mm512_srav_epi64(_mm512_mul_epi32(away, wide(c[k].factor)), wide(c[k].shift));
      z = _mm512_sub_epi64(_mm512_min_epi64(_mm512_max_epi64(z, lowest), highest), lowest);
      const __m512i knot = _mm512_i64gather_epi64(_mm512_srli_epi64(z, kFractionBits), table, 8);
      const __m512i rise = _mm512_mul_epu32(_mm512_srli_epi64(knot, 32), _mm512_and_si512(z, part_mask));
      const __m512i value = _mm512_add_epi64(knot, _mm512_srli_epi64(rise, kFractionBits));  // only its lower half counts
      sum = _mm512_add_epi64(sum, _mm512_mul_epu32(value, wide(c[k].weight)));
    }
    _mm512_storeu_si512(block.middle.data() + i, sum);
    const __m512i high = _mm512_loadu_si512(block.high.data() + i);
    const __m512i all = _mm512_sub_epi64(high, _mm512_loadu_si512(block.low.data() + i)), upper = _mm512_sub_epi64(high, sum);
    const __m512i top_bit = _mm512_cvttpd_epi64(_mm512_getexp_pd(_mm512_cvtepi64_pd(all)));  // exact below 2^53
    const __m512i shift = _mm512_max_epi64(_mm512_sub_epi64(top_bit, _mm512_set1_epi64(kDivisorBits - 1)), _mm512_setzero_si512());
    const __m512i dividend = _mm512_slli_epi64(_mm512_srlv_epi64(upper, shift), kPrecisionBits);
    __m512i p = quotient(dividend, _mm512_srlv_epi64(all, shift));
    p = _mm512_min_epi64(_mm512_max_epi64(p, _mm512_set1_epi64(1)), _mm512_set1_epi64(kTotal - 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p1 + i), _mm512_cvtepi64_epi16(p));
  }
}
#endif

}  // namespace

void Block::load(const Mixture& mixture, const Bins& bins, std::int64_t begin, int size) {
  count = size, groups = (size + kGroup - 1) / kGroup, per_number = mixture.components;
  const auto padded = static_cast<std::size_t>(groups) * kGroup;
  components.resize(static_cast<std::size_t>(groups) * per_number);
  for (auto* values : {&floors, &low, &high, &middle}) values->resize(padded);
  prefix.assign(padded, 0);
  for (std::size_t i = 0; i < padded; i++) {
    const std::int64_t from = begin + std::min<std::int64_t>(static_cast<std::int64_t>(i), size - 1);  // the last fills up
    Component* c = components.data() + static_cast<std::int64_t>(i / kGroup) * per_number;
    const int g = static_cast<int>(i % kGroup);
    int largest = INT16_MIN;
    for (int k = 0; k < per_number; k++) largest = std::max<int>(largest, mixture.weight[k * mixture.n + from]);
    std::int64_t total = 0;
    for (int k = 0; k < per_number; k++) {
      const std::int64_t at = k * mixture.n + from;
      const int scale = std::clamp<int>(mixture.scale[at], 0, kLogitLimit);
      c[k].mu[g] = mixture.mu[at];
      c[k].factor[g] = static_cast<std::int32_t>(kExp2[scale & 255] >> 14);
      c[k].shift[g] = kScaleBits + (scale >> 8);
      c[k].weight[g] = static_cast<std::int32_t>(exp2_weight(static_cast<std::uint32_t>(largest - mixture.weight[at]), kExp2) >> 15);
      total += c[k].weight[g];
    }
    floors[i] = total << kFloorBits >> bins.bits;
  }
}

void Block::start(const Bins& bins) {
  for (std::size_t i = 0; i < low.size(); i++) {
    low[i] = distribution(*this, bins, static_cast<int>(i), 0);
    high[i] = distribution(*this, bins, static_cast<int>(i), std::int64_t{1} << bins.bits);
  }
}

void decide(Block& block, const Bins& bins, int bit, std::uint16_t* p1) { PCC_SELECT(decide)(block, bins, bit, p1); }

void settle(Block& block, int bit, const std::uint8_t* symbols) {
  for (int i = 0; i < block.count; i++) {
    const std::int64_t one = -static_cast<std::int64_t>(symbols[i]);
    block.prefix[i] |= static_cast<std::int32_t>(one & (std::int64_t{1} << bit));
    block.low[i] += (block.middle[i] - block.low[i]) & one;
    block.high[i] += (block.middle[i] - block.high[i]) & ~one;
  }
}

}  // namespace pcc
