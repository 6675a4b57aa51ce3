#include <algorithm>
#include <stdexcept>

#include "common/ranges.h"
#include "mixture/evaluate.h"

namespace pcc {
namespace {

void check(const Mixture& mixture, const Bins& bins) {
  if (mixture.components < 1 || mixture.components > kMaxComponents)
    throw std::invalid_argument("mixture: expected 1 to 16 components");
  if (bins.bits < 1 || bins.bits > kMaxMixtureBits || bins.step < 2 || bins.step % 2 || bins.first < -(1 << 26) ||
      bins.first + (std::int64_t{bins.step} << bins.bits) > 1 << 26)
    throw std::invalid_argument("bins: expected 1 to 20 bits, an even step and all within 2^26 units");
  for (std::int64_t i = 0; i < mixture.components * mixture.n; i++)
    if (mixture.mu[i] < -(1 << 28) || mixture.mu[i] > 1 << 28) throw std::invalid_argument("mu: beyond 2^28");
}

int size_at(std::int64_t begin, std::int64_t n) { return static_cast<int>(std::min<std::int64_t>(kMixtureBlock, n - begin)); }

}  // namespace

void mixture_encode(RansEncoder& coder, const Mixture& mixture, const Bins& bins, const std::int32_t* index) {
  check(mixture, bins);
  for (std::int64_t i = 0; i < mixture.n; i++)
    if (index[i] < 0 || index[i] >> bins.bits) throw std::invalid_argument("index: expected 0 to 2^bits - 1");
  const std::int64_t n = mixture.n, blocks = (n + kMixtureBlock - 1) / kMixtureBlock, padded = blocks * kMixtureBlock;
  std::vector<std::uint16_t> p1(static_cast<std::size_t>(padded) * bins.bits);
  std::vector<std::uint8_t> symbols(p1.size());
  for_ranges(blocks, 1, [&](std::int64_t from, std::int64_t to) {
    Block block;
    for (std::int64_t b = from; b < to; b++) {
      const std::int64_t begin = b * kMixtureBlock;
      const int size = size_at(begin, n);
      block.load(mixture, bins, begin, size);
      block.start(bins);
      for (int bit = bins.bits - 1; bit >= 0; bit--) {
        const std::int64_t at = (b * bins.bits + bit) * kMixtureBlock;
        for (int i = 0; i < size; i++) symbols[at + i] = index[begin + i] >> bit & 1;
        decide(block, bins, bit, p1.data() + at);
        settle(block, bit, symbols.data() + at);
      }
    }
  });
  for (std::int64_t b = 0; b < blocks; b++)
    for (int bit = bins.bits - 1; bit >= 0; bit--) {
      const std::int64_t at = (b * bins.bits + bit) * kMixtureBlock;
      coder.put_binary(p1.data() + at, symbols.data() + at, static_cast<std::size_t>(size_at(b * kMixtureBlock, n)));
    }
}

void mixture_decode(RansDecoder& coder, const Mixture& mixture, const Bins& bins, std::int32_t* index) {
  check(mixture, bins);
  Block block;
  std::vector<std::uint16_t> p1(kMixtureBlock);
  std::vector<std::uint8_t> symbols(kMixtureBlock);
  for (std::int64_t begin = 0; begin < mixture.n; begin += kMixtureBlock) {
    const int size = size_at(begin, mixture.n);
    block.load(mixture, bins, begin, size);
    block.start(bins);
    for (int bit = bins.bits - 1; bit >= 0; bit--) {
      decide(block, bins, bit, p1.data());
      coder.get_binary(p1.data(), symbols.data(), static_cast<std::size_t>(size));
      settle(block, bit, symbols.data());
    }
    std::copy_n(block.prefix.begin(), size, index + begin);
  }
}

}  // namespace pcc
