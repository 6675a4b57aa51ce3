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

// joined = p1 | symbol << 15; returns the symbols' cost. Compiled once per instruction set: the loop is vectorised.
PCC_INLINE uint32_t join_bits(const uint16_t* __restrict p1, const uint8_t* __restrict values, int bit, size_t count,
                              uint16_t* __restrict joined) {
  uint32_t cost = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t symbol = values[i] >> bit & 1, one = 0u - symbol, zero = kTotal - p1[i];
    joined[i] = static_cast<uint16_t>(p1[i] | symbol << 15);
    cost += approximate_cost(zero ^ ((zero ^ p1[i]) & one));
  }
  return cost;
}

uint32_t join_bits_scalar(const uint16_t* p1, const uint8_t* values, int bit, size_t count, uint16_t* joined) {
  return join_bits(p1, values, bit, count, joined);
}
#if PCC_X86
PCC_AVX2 uint32_t join_bits_avx2(const uint16_t* p1, const uint8_t* values, int bit, size_t count, uint16_t* joined) {
  return join_bits(p1, values, bit, count, joined);
}
PCC_AVX512 uint32_t join_bits_avx512(const uint16_t* p1, const uint8_t* values, int bit, size_t count, uint16_t* joined) {
  return join_bits(p1, values, bit, count, joined);
}
#endif

}  // namespace

void RansEncoder::put_binary(const uint16_t* p1, const uint8_t* symbols, size_t count) {
  check_binary(p1, count);
  check_bits(symbols, count);
  put_bit(p1, symbols, 0, count);
}

// One bit of every value, without checks.
void RansEncoder::put_bit(const uint16_t* p1, const uint8_t* values, int bit, size_t count) {
  Call call{std::unique_ptr<uint16_t[]>(new uint16_t[count]), {}, count};
  const auto join = PCC_SELECT(join_bits);
  for (size_t begin = 0; begin < count; begin += kCostBlock)
    call.cost += join(p1 + begin, values + begin, bit, std::min(kCostBlock, count - begin), call.bits.get() + begin);
  calls_.push_back(std::move(call));
}

void RansEncoder::put_tree(const int16_t* logits, const uint8_t* certain, const uint8_t* values, size_t count, int bits) {
  check_values(values, count, bits);
  p1_.resize(std::max(p1_.size(), count));
  for (int bit = 0; bit < bits; bit++) {
    tree_frequencies_cpu(logits, (1 << bits) - 1, values, bit + 1 == bits ? certain : nullptr, count, bit, p1_.data());
    put_bit(p1_.data(), values, bit, count);
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

double RansEncoder::approximate_bits(size_t begin) const {
  uint64_t cost = 0;
  for (size_t i = begin; i < calls_.size(); i++) cost += calls_[i].cost;
  return static_cast<double>(cost) / kTotal;
}

std::vector<uint8_t> RansEncoder::finish(int lanes) const {
  check_lanes(lanes);
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
