// Interleaved rANS: the words of pcc's entropy coder. The layout and the arithmetic are written out in src/pcc/ops/rans.py.
//
// Both coders work in calls; symbol i of a call belongs to lane i % lanes, and every call starts at lane 0.
//   binary  p1 (N,) uint16 in [1, 16383], symbols (N,) uint8 0 / 1
//   tree    logits (N, 2^G - 1) int16, values (N,) uint8 below 2^G: G binary calls, bit 0 of all values first, with the
//           frequencies of tables/op.h, of calibrated logits
//   table   cdf (N, K + 1) uint16 strictly increasing from 0 to 16384, symbols (N,) uint16 < K
// Wrong arguments throw std::invalid_argument before anything is coded; a damaged stream throws CorruptStream.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tables/op.h"

namespace pcc {

constexpr uint32_t kRansLow = 1u << 16;  // states are in [2^16, 2^32) between symbols
constexpr int kMaxLanes = 64;
constexpr int kBins = 2 * kLogitLimit / 16 + 1;  // of a histogram

struct CorruptStream : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class RansEncoder {
 public:
  RansEncoder() = default;
  RansEncoder(const RansEncoder& other);
  void put_binary(const uint16_t* p1, const uint8_t* symbols, size_t count);
  void put_tree(const int16_t* logits, const uint8_t* certain, const uint8_t* values, size_t count, int bits);
  void put_table(const uint16_t* cdf, const uint16_t* symbols, size_t count, int num_symbols);
  // The stream of everything put so far; changes nothing, so it may be asked for with several numbers of lanes.
  std::vector<uint8_t> finish(int lanes);
  size_t num_calls() const { return calls_.size(); }
  // Takes back calls begin..end-1.
  void drop(size_t begin, size_t end);
  // About the size of the words of the calls from `begin` on, in bits (cost.h).
  double approximate_bits(size_t begin);
  // The decisions of trees that were put since call `begin` and are not settled: (2, kBins) by symbol and logit in steps of
  // 16, without the certain ones.
  void histogram(size_t begin, uint32_t* counts) const;
  // Gives them the frequencies of calibrated logits; what nobody settles gets those of its own logits in the end.
  void settle(size_t begin, Calibration calibration);

 private:
  struct Call {                        // one of the two is filled
    std::unique_ptr<uint16_t[]> bits;  // p1 | symbol << 15; of an open call the place in a BinaryTable instead of p1
    std::vector<uint32_t> slots;       // start | (frequency - 1) << 16
    size_t count = 0;
    uint64_t cost = 0;  // in 1/16384 bit; of an open call unknown
    bool open = false;
  };
  std::vector<Call> calls_;
};

class RansDecoder {
  friend class SerialCall;

 public:
  RansDecoder(const uint8_t* data, size_t size, int lanes);
  void get_binary(const uint16_t* p1, uint8_t* symbols, size_t count);
  void get_tree(const int16_t* logits, const uint8_t* certain, uint8_t* values, size_t count, int bits);
  void calibrate(Calibration calibration) { table_ = calibrated_table(calibration); }  // of the trees to come
  void get_table(const uint16_t* cdf, uint16_t* symbols, size_t count, int num_symbols);
  void finish() const;

 private:
  template <class Step> void groups(size_t count, Step step);
  void require_intact() const;
  void read_bits(const uint16_t* p1, uint8_t* symbols, size_t count);
  BinaryTable table_ = binary_table();
  std::vector<uint16_t> p1_;  // of one call of a tree
  std::vector<uint8_t> bits_;
  std::vector<uint8_t> words_;  // followed by kMaxLanes + 16 zero words, so that one group may read without a check
  size_t size_ = 0;             // bytes of real words
  size_t position_ = 0;         // bytes of words that were read
  int lanes_ = 1;
  bool broken_ = false;
  alignas(64) uint32_t states_[kMaxLanes] = {};
};

}  // namespace pcc
