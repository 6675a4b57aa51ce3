// One call of a decoder, symbol by symbol: for frequencies that follow from the symbols before them.
#pragma once
#include "rans/op.h"
#include "rans/step.h"

namespace pcc {

class SerialCall {
 public:
  // Throws CorruptStream when the stream ended before.
  explicit SerialCall(RansDecoder& decoder) : decoder_(decoder), lanes_(decoder.lanes_) {
    decoder.require_intact();
    word_ = decoder.words_.data() + decoder.position_;
    end_ = decoder.words_.data() + decoder.size_;
  }

  // A call that ends by an error leaves the decoder broken.
  ~SerialCall() {
    if (!finished_) decoder_.broken_ = true;
  }
  SerialCall(const SerialCall&) = delete;

  // The next binary symbol; p1 in 1..16383. At most kMaxLanes of them between two `require_intact`.
  uint32_t get(uint32_t p1) {
    uint32_t& state = decoder_.states_[lane_];
    const uint32_t zero = kTotal - p1, one = 0u - (rans_slot(state) >= zero);  // a mask: no branch to miss
    uint32_t x = state;
    const uint32_t low = 0u - rans_get(x, zero & one, zero ^ ((zero ^ p1) & one));
    state = x << (low & 16) | (load_word(word_) & low);
    word_ += low & 2;
    lane_ = lane_ + 1 == lanes_ ? 0 : lane_ + 1;
    return one & 1;
  }

  void require_intact() {
    if (word_ > end_) finish();
  }

  // Hands the position back; throws CorruptStream when the stream ended too early.
  void finish() {
    finished_ = true;
    decoder_.position_ = static_cast<size_t>(word_ - decoder_.words_.data());
    decoder_.broken_ = word_ > end_;
    decoder_.require_intact();
  }

 private:
  RansDecoder& decoder_;
  const uint8_t *word_, *end_;
  int lanes_, lane_ = 0;
  bool finished_ = false;
};

}  // namespace pcc
