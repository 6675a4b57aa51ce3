#include <algorithm>

#include "common/isa.h"
#include "rans/binary_avx512.h"
#include "rans/check.h"
#include "rans/step.h"

namespace pcc {
namespace {

// The symbol whose interval holds `slot`: the last k with row[k] <= slot.
int find_symbol(const uint16_t* row, int num_symbols, uint32_t slot) {
  int low = 0;
  for (int length = num_symbols; length > 1;) {
    const int half = length / 2;
    low += row[low + half] <= slot ? half : 0;
    length -= half;
  }
  return low;
}

}  // namespace

RansDecoder::RansDecoder(const uint8_t* data, size_t size, int lanes) : lanes_(lanes) {
  check_lanes(lanes);
  const size_t header = 4 * static_cast<size_t>(lanes);
  if (size < header) throw CorruptStream("rANS stream: shorter than its states");
  if ((size - header) % 2) throw CorruptStream("rANS stream: half a word at the end");
  for (int j = 0; j < lanes; j++) states_[j] = load_word(data + 4 * j) | load_word(data + 4 * j + 2) << 16;
  if (*std::min_element(states_, states_ + lanes) < kRansLow) throw CorruptStream("rANS stream: invalid state");
  size_ = size - header;
  words_.assign(size_ + 2 * (kMaxLanes + 16), 0);
  std::copy(data + header, data + size, words_.begin());
}

void RansDecoder::require_intact() const {
  if (broken_) throw CorruptStream("rANS stream: ended too early");
}

// Runs step(i, state) -> "reads a word" over a call. At most `lanes` words are read between two checks of the
// position, and the padding behind the words is longer than that.
template <class Step> void RansDecoder::groups(size_t count, Step step) {
  for (size_t begin = 0; begin < count; begin += lanes_) {
    const int width = static_cast<int>(std::min<size_t>(lanes_, count - begin));
    const uint8_t* word = words_.data() + position_;
    for (int j = 0; j < width; j++) {
      uint32_t x = states_[j];
      const bool low = step(begin + j, x);
      const uint32_t mask = 0u - low;
      states_[j] = x << (mask & 16) | (load_word(word) & mask);
      word += 2 & mask;
    }
    position_ = static_cast<size_t>(word - words_.data());
    if (position_ > size_) {
      broken_ = true;
      return;
    }
  }
}

void RansDecoder::get_binary(const uint16_t* p1, uint8_t* symbols, size_t count) {
  check_binary(p1, count);
  require_intact();
  read_bits(p1, symbols, count);
  require_intact();
}

void RansDecoder::read_bits(const uint16_t* p1, uint8_t* symbols, size_t count) {
  size_t done = 0;
#if PCC_X86
  if (active_isa() >= Isa::avx512 && lanes_ % 16 == 0) {
    done = get_bits_avx512(p1, symbols, count, lanes_, states_, words_.data(), size_, position_);
    broken_ = position_ > size_;
  }
#endif
  if (!broken_)
    groups(count - done, [&](size_t i, uint32_t& x) {
      const uint32_t one_frequency = p1[done + i], zero_frequency = kTotal - one_frequency;
      const uint32_t one = 0u - (rans_slot(x) >= zero_frequency);  // a mask: no branch to miss
      symbols[done + i] = one & 1;
      return rans_get(x, zero_frequency & one, zero_frequency ^ ((zero_frequency ^ one_frequency) & one));
    });
  if (broken_) std::fill_n(symbols, count, uint8_t{0});
}

void RansDecoder::get_tree(const int16_t* logits, const uint8_t* certain, uint8_t* values, size_t count, int bits) {
  require_intact();
  std::fill_n(values, count, uint8_t{0});
  p1_.resize(std::max(p1_.size(), count));
  bits_.resize(std::max(bits_.size(), count));
  for (int bit = 0; bit < bits && !broken_; bit++) {
    tree_frequencies_cpu(logits, (1 << bits) - 1, values, bit + 1 == bits ? certain : nullptr, count, bit, table_, p1_.data());
    read_bits(p1_.data(), bits_.data(), count);
    for (size_t i = 0; i < count; i++) values[i] |= static_cast<uint8_t>(bits_[i] << bit);
  }
  require_intact();
}

void RansDecoder::get_table(const uint16_t* cdf, uint16_t* symbols, size_t count, int num_symbols) {
  check_tables(cdf, count, num_symbols);
  require_intact();
  groups(count, [&](size_t i, uint32_t& x) {
    const uint16_t* row = cdf + i * (num_symbols + 1);
    const int symbol = find_symbol(row, num_symbols, rans_slot(x));
    symbols[i] = static_cast<uint16_t>(symbol);
    return rans_get(x, row[symbol], row[symbol + 1] - row[symbol]);
  });
  if (broken_) std::fill_n(symbols, count, uint16_t{0});
  require_intact();
}

void RansDecoder::finish() const {
  require_intact();
  if (position_ != size_) throw CorruptStream("rANS stream: words are left over");
  if (std::any_of(states_, states_ + lanes_, [](uint32_t x) { return x != kRansLow; }))
    throw CorruptStream("rANS stream: the final states are wrong");
}

}  // namespace pcc
