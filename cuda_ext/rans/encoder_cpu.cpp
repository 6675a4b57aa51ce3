#include <algorithm>
#include <cstring>

#include "common/isa.h"
#include "rans/binary_avx512.h"
#include "rans/check.h"
#include "rans/cost.h"
#include "rans/step.h"

namespace pcc {
namespace {

// Words written from the back to the front of a buffer that grows at the front.
class BackwardWords {
 public:
  // A pointer behind `count` free words; `commit` says how many of them were used.
  uint16_t* reserve(size_t count) {
    if (begin_ < count) grow(count);
    return words_.data() + begin_;
  }
  void commit(const uint16_t* begin) { begin_ = static_cast<size_t>(begin - words_.data()); }

  std::vector<uint8_t> with_header(const uint32_t* states, int lanes) const {
    const size_t count = words_.size() - begin_;
    std::vector<uint8_t> bytes;
    bytes.reserve(4 * lanes + 2 * count);
    for (int j = 0; j < lanes; j++)
      for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(states[j] >> shift));
    for (size_t i = begin_; i < words_.size(); i++) {
      bytes.push_back(static_cast<uint8_t>(words_[i]));
      bytes.push_back(static_cast<uint8_t>(words_[i] >> 8));
    }
    return bytes;
  }

 private:
  void grow(size_t count) {
    const size_t used = words_.size() - begin_, size = 2 * words_.size() + count;
    std::vector<uint16_t> larger(size);
    if (used) std::memcpy(larger.data() + size - used, words_.data() + begin_, 2 * used);
    words_.swap(larger);
    begin_ = size - used;
  }
  std::vector<uint16_t> words_;
  size_t begin_ = 0;
};

uint16_t* put(uint32_t& x, uint32_t start, uint32_t frequency, uint16_t* front) {
  uint16_t word;
  const bool full = rans_put(x, start, frequency, word);
  front[-1] = word;  // `reserve` left one word more than can be used
  return front - full;
}

uint16_t* put_bits(const uint16_t* bits, size_t begin, size_t end, int lanes, uint32_t* states, uint16_t* front) {
  for (size_t i = end, lane = (end - 1) % lanes; i-- > begin; lane = lane ? lane - 1 : lanes - 1) {
    const uint32_t p1 = bits[i] & 0x7fff, zero = kTotal - p1, one = 0u - (bits[i] >> 15);  // a mask: no branch to miss
    front = put(states[lane], zero & one, zero ^ ((zero ^ p1) & one), front);
  }
  return front;
}

uint16_t* put_slots(const uint32_t* slots, size_t begin, size_t end, int lanes, uint32_t* states, uint16_t* front) {
  for (size_t i = end, lane = (end - 1) % lanes; i-- > begin; lane = lane ? lane - 1 : lanes - 1)
    front = put(states[lane], slots[i] & 0xffff, (slots[i] >> 16) + 1, front);
  return front;
}

uint16_t* put_bits_any(const uint16_t* bits, size_t begin, size_t end, int lanes, uint32_t* states, uint16_t* front) {
#if PCC_X86
  if (active_isa() >= Isa::avx512 && lanes % 16 == 0) {
    const size_t whole = begin + (end - begin) / lanes * lanes;  // begin is a multiple of the lanes
    if (whole < end) front = put_bits(bits, whole, end, lanes, states, front);
    return put_bits_avx512(bits, begin, whole, lanes, states, front);
  }
#endif
  return put_bits(bits, begin, end, lanes, states, front);
}

constexpr size_t kCostBlock = 4096;  // its cost fits 32 bits

// bits = p1 | symbol << 15; returns the symbols' cost. The compiler vectorises the loop.
PCC_INLINE uint32_t cost_body(const uint16_t* bits, size_t count) {
  uint32_t cost = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t p1 = bits[i] & 0x7fff, zero = kTotal - p1, one = 0u - (bits[i] >> 15);
    cost += approximate_cost(zero ^ ((zero ^ p1) & one));
  }
  return cost;
}
#define PCC_PER_ISA(TARGET, SUFFIX) \
  TARGET uint32_t cost_##SUFFIX(const uint16_t* bits, size_t count) { return cost_body(bits, count); }
PCC_FOR_EACH_ISA(PCC_PER_ISA)
#undef PCC_PER_ISA

// Places in a table become the frequencies that lie there; the symbols above them stay.
void look_up_scalar(const BinaryTable& table, uint16_t* bits, size_t count) {
  for (size_t i = 0; i < count; i++) bits[i] = static_cast<uint16_t>(table[bits[i] & 0x7fff] | (bits[i] & 0x8000));
}
#if PCC_X86
constexpr auto look_up_avx2 = look_up_scalar;
PCC_AVX512 void look_up_avx512(const BinaryTable& table, uint16_t* bits, size_t count) {
  const __m512i place = _mm512_set1_epi32(0x7fff);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i* at = reinterpret_cast<__m256i*>(bits + i);
    const __m512i old = _mm512_cvtepu16_epi32(_mm256_loadu_si256(at));
    const __m512i found = _mm512_i32gather_epi32(_mm512_and_si512(old, place), table.data(), 2);
    _mm256_storeu_si256(at, _mm512_cvtepi32_epi16(_mm512_ternarylogic_epi32(place, found, old, 0xca)));
  }
  look_up_scalar(table, bits + i, count - i);
}
#endif

uint64_t cost_of(const uint16_t* bits, size_t count) {
  const auto cost = PCC_SELECT(cost);
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i += kCostBlock) sum += cost(bits + i, std::min(kCostBlock, count - i));
  return sum;
}

}  // namespace

RansEncoder::RansEncoder(const RansEncoder& other) {
  for (const Call& call : other.calls_) {
    Call own{{}, call.slots, call.count, call.cost, call.open};
    if (call.bits) {
      own.bits.reset(new uint16_t[call.count]);
      std::copy_n(call.bits.get(), call.count, own.bits.get());
    }
    calls_.push_back(std::move(own));
  }
}

void RansEncoder::put_binary(const uint16_t* p1, const uint8_t* symbols, size_t count) {
  check_binary(p1, count);
  check_bits(symbols, count);
  Call call{std::unique_ptr<uint16_t[]>(new uint16_t[count]), {}, count};
  for (size_t i = 0; i < count; i++) call.bits[i] = static_cast<uint16_t>(p1[i] | symbols[i] << 15);
  call.cost = cost_of(call.bits.get(), count);
  calls_.push_back(std::move(call));
}

void RansEncoder::put_tree(const int16_t* logits, const uint8_t* certain, const uint8_t* values, size_t count, int bits) {
  check_values(values, count, bits);
  for (int bit = 0; bit < bits; bit++) {
    Call call{std::unique_ptr<uint16_t[]>(new uint16_t[count]), {}, count};
    call.open = true;
    tree_places_cpu(logits, (1 << bits) - 1, values, bit + 1 == bits ? certain : nullptr, count, bit, call.bits.get());
    calls_.push_back(std::move(call));
  }
}

void RansEncoder::histogram(size_t begin, uint32_t* counts) const {
  constexpr int kTables = 4, kPlaces = 2 * kBins;  // the same place twice in a row would wait for itself
  std::vector<uint32_t> parts(kTables * (kPlaces + 1));
  for (size_t c = begin; c < calls_.size(); c++) {
    const Call& call = calls_[c];
    if (!call.open) continue;
    for (size_t i = 0; i < call.count; i++) {
      const unsigned place = call.bits[i] & 0x7fff, bin = (place + 8) / 16 + (call.bits[i] >> 15) * kBins;
      parts[i % kTables * (kPlaces + 1) + (place == kCertain ? kPlaces : bin)]++;
    }
  }
  for (int j = 0; j < kPlaces; j++) {
    counts[j] = 0;
    for (int t = 0; t < kTables; t++) counts[j] += parts[t * (kPlaces + 1) + j];
  }
}

void RansEncoder::settle(size_t begin, Calibration calibration) {
  const BinaryTable table = calibrated_table(calibration);
  const auto look_up = PCC_SELECT(look_up);
  for (size_t c = begin; c < calls_.size(); c++) {
    Call& call = calls_[c];
    if (!call.open) continue;
    for (size_t i = 0; i < call.count; i += kCostBlock) {  // both while the block is in the cache
      const size_t count = std::min(kCostBlock, call.count - i);
      look_up(table, call.bits.get() + i, count);
      call.cost += cost_of(call.bits.get() + i, count);
    }
    call.open = false;
  }
}

void RansEncoder::put_table(const uint16_t* cdf, const uint16_t* symbols, size_t count, int num_symbols) {
  check_tables(cdf, count, num_symbols);
  check_symbols(symbols, count, num_symbols);
  Call call{{}, std::vector<uint32_t>(count), count};
  for (size_t i = 0; i < count; i++) {
    const uint16_t* row = cdf + i * (num_symbols + 1) + symbols[i];
    const uint32_t frequency = row[1] - row[0];
    call.slots[i] = row[0] | (frequency - 1) << 16;
    call.cost += approximate_cost(frequency);
  }
  calls_.push_back(std::move(call));
}

void RansEncoder::drop(size_t begin, size_t end) {
  if (begin > end || end > calls_.size()) throw std::invalid_argument("calls: expected a range of those that were put");
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(begin), calls_.begin() + static_cast<std::ptrdiff_t>(end));
}

double RansEncoder::approximate_bits(size_t begin) {
  settle(begin, {});
  uint64_t cost = 0;
  for (size_t i = begin; i < calls_.size(); i++) cost += calls_[i].cost;
  return static_cast<double>(cost) / kTotal;
}

std::vector<uint8_t> RansEncoder::finish(int lanes) {
  check_lanes(lanes);
  settle(0, {});
  alignas(64) uint32_t states[kMaxLanes];
  std::fill_n(states, kMaxLanes, kRansLow);
  BackwardWords words;
  const size_t block = (size_t{1} << 16) / lanes * lanes;  // a multiple of the lanes, so that blocks start at lane 0
  for (size_t c = calls_.size(); c-- > 0;) {
    const Call& call = calls_[c];
    for (size_t end = call.count; end > 0;) {
      const size_t begin = (end - 1) / block * block;
      uint16_t* front = words.reserve(end - begin + 1);
      front = call.slots.empty() ? put_bits_any(call.bits.get(), begin, end, lanes, states, front)
                                 : put_slots(call.slots.data(), begin, end, lanes, states, front);
      words.commit(front);
      end = begin;
    }
  }
  return words.with_header(states, lanes);
}

}  // namespace pcc
