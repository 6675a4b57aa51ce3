#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "common/activation.h"
#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "neighbours/op.h"
#include "occupancy_bits/matrix.h"
#include "occupancy_bits/op.h"

namespace pcc {
namespace {

constexpr int kTile = 64;
constexpr int kSlots = 4;  // partial sums of gradients: a fixed number, so that threads change no bit
constexpr float kLogitTop = 14.0f, kLogitUnit = 256.0f;

void multiply_scalar(const Product& p) { multiply_body(p); }
#if PCC_X86
PCC_AVX2 void multiply_avx2(const Product& p) { multiply_body(p); }
PCC_AVX512 void multiply_avx512(const Product& p) { multiply_tiles(p); }
#endif

// Element by element over whole rows of a tile, compiled once per instruction set.
PCC_INLINE void add_body(float* __restrict y, const float* __restrict x, int n) {
  for (int i = 0; i < n; i++) y[i] += x[i];
}
PCC_INLINE void add_scaled_body(float* __restrict y, const float* __restrict x, float scale, int n) {
  for (int i = 0; i < n; i++) y[i] += scale * x[i];
}
constexpr int kLanes = 16;  // partial sums of a scalar product: the same order on every machine
PCC_INLINE float dot_body(const float* __restrict x, const float* __restrict y, int n) {
  float sums[kLanes] = {};
  for (int i = 0; i < n; i += kLanes)
    for (int j = 0; j < kLanes; j++) sums[j] += x[i + j] * y[i + j];
  for (int half = kLanes / 2; half; half /= 2)
    for (int j = 0; j < half; j++) sums[j] += sums[j + half];
  return sums[0];
}
#define PCC_PER_ISA(TARGET, SUFFIX)                                                                                   \
  TARGET void activate_##SUFFIX(const float* x, float* y, int n, float s, bool q) { activate_body(x, y, n, s, q); } \
  TARGET void gate_##SUFFIX(const float* x, float* g, int n, float s) { activation_gradient_body(x, g, g, n, s); }     \
  TARGET void add_##SUFFIX(float* y, const float* x, int n) { add_body(y, x, n); }                                  \
  TARGET void add_scaled_##SUFFIX(float* y, const float* x, float a, int n) { add_scaled_body(y, x, a, n); }        \
  TARGET float dot_##SUFFIX(const float* x, const float* y, int n) { return dot_body(x, y, n); }
PCC_FOR_EACH_ISA(PCC_PER_ISA)
#undef PCC_PER_ISA

// A set bit that a node sees: the row of `context` that counts.
using BitRow = uint16_t;
// A neighbour that exists, direction << 8 | occupancy.
using Seen = uint16_t;
constexpr int kMaxBits = kDirections * 8;

struct Scratch {
  std::vector<float> feats, grad_feats, x1, a1, x2, a2, logits, grad_logits, grad1, grad2;
  std::vector<BitRow> bits;
  int begin[kTile + 1];
  Seen seen[kTile][kDirections];
  int seen_count[kTile];

  explicit Scratch(const HeadBitsShape& s)
      : feats(kTile * s.channels), grad_feats(feats), x1(kTile * s.hidden), a1(x1), x2(x1), a2(x1), logits(kTile * s.outputs), grad_logits(logits), grad1(x1), grad2(x1),
        bits(kTile * kMaxBits) {}
};

class Head {
 public:
  // `gradients`: whether there is a way back, which needs the weights transposed.
  Head(const HeadBitsShape& shape, const HeadNodes& nodes, const HeadArrays<const float>& weights, float step, bool quantised,
       bool gradients)
      : s(shape), nodes(nodes), w(weights), step(step), quantised(quantised), size_(8 / s.groups) {
    if (!gradients) return;
    transposed2.resize(s.groups * s.hidden * s.hidden), transposed1.resize(s.groups * s.hidden * s.channels);
    for (int g = 0; g < s.groups; g++) {
      transpose(w.weight2 + g * s.hidden * s.hidden, s.hidden, s.hidden, transposed2.data() + g * s.hidden * s.hidden);
      transpose(w.weight1 + g * s.channels * s.hidden, s.channels, s.hidden, transposed1.data() + g * s.hidden * s.channels);
    }
  }

  // The bits of the nodes rows[first .. first + count); gradients are added to `grads`, those of the features written.
  double tile(int64_t first, int count, const HeadArrays<float>* grads, float* grad_feats, Scratch& t) const {
    double bits = 0;
    const int64_t c = s.channels;
    for (int i = 0; i < count; i++) std::copy_n(nodes.feats + node(first + i) * c, c, t.feats.data() + i * c);
    if (grads) std::fill_n(t.grad_feats.begin(), count * c, 0.0f);
    look_around(first, count, t);
    for (int g = 0; g < s.groups; g++) {
      forward(first, count, g, t);
      bits += cost(first, count, g, t);
      if (grads) backward(first, count, g, *grads, t);
    }
    for (int i = 0; grads && i < count; i++) std::copy_n(t.grad_feats.data() + i * c, c, grad_feats + node(first + i) * c);
    return bits;
  }

  void decide(int64_t first, int count, int g, float threshold, uint8_t* occupancy, Scratch& t) const {
    const int64_t c = s.channels;
    for (int i = 0; i < count; i++) std::copy_n(nodes.feats + node(first + i) * c, c, t.feats.data() + i * c);
    look_around(first, count, t);
    forward(first, count, g, t);
    for (int i = 0; i < count; i++) {
      const int64_t n = node(first + i);
      unsigned known = occupancy[n];  // nobody looks at its bits of this group in this pass
      for (int j = 0; j < size_; j++) {
        const auto [at, certain, rounded] = decision(i, g, j, known, t);
        const unsigned likely = rounded > 0, coded = nodes.target[n] >> (g * size_ + j) & 1;
        known |= (certain ? 1u : std::fabs(rounded) < threshold ? coded : likely) << (g * size_ + j);
      }
      occupancy[n] = static_cast<uint8_t>(known);
    }
  }

 private:
  int64_t node(int64_t i) const { return nodes.rows[i]; }
  static void transpose(const float* in, int rows, int columns, float* out) {
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) out[j * rows + i] = in[i * columns + j];
  }

  const float* context(int g) const { return w.context + static_cast<int64_t>(g) * kMaxBits * s.hidden; }
  int64_t bias1_at(int64_t node, int g) const {
    return (static_cast<int64_t>(nodes.colour_of[nodes.octants[node] & 7]) * s.groups + g) * s.hidden;
  }

  void look_around(int64_t first, int count, Scratch& t) const {
    for (int i = 0; i < count; i++) {
      const int32_t* near = nodes.neighbours + node(first + i) * kDirections;
      int found = 0;
      for (unsigned d = 0; d < kDirections; d++)
        if (exists(near[d], s.nodes)) t.seen[i][found++] = static_cast<Seen>(d << 8 | nodes.occupancy[near[d]]);
      t.seen_count[i] = found;
    }
  }

  void list_bits(int64_t first, int count, int g, Scratch& t) const {
    int total = 0;
    for (int i = 0; i < count; i++) {
      t.begin[i] = total;
      const uint8_t* masks = nodes.masks + ((nodes.octants[node(first + i)] & 7) * s.groups + g) * kDirections;
      for (int k = 0; k < t.seen_count[i]; k++) {
        const unsigned d = t.seen[i][k] >> 8;
        for (unsigned v = t.seen[i][k] & masks[d]; v; v &= v - 1)
          t.bits[total++] = static_cast<BitRow>(d * 8 + __builtin_ctz(v));
      }
    }
    t.begin[count] = total;
  }

  void forward(int64_t first, int count, int g, Scratch& t) const {
    const int h = s.hidden;
    list_bits(first, count, g, t);
    for (int i = 0; i < count; i++) {
      float* x = t.x1.data() + i * h;
      std::copy_n(w.bias1 + bias1_at(node(first + i), g), h, x);
      for (int k = t.begin[i]; k < t.begin[i + 1]; k++) add(x, context(g) + t.bits[k] * h, h);
    }
    const int64_t c = s.channels;
    multiply({count, h, s.channels, t.feats.data(), c, 1, w.weight1 + g * c * h, h, t.x1.data(), h});
    activate(t.x1.data(), t.a1.data(), count * h, step, quantised);
    for (int i = 0; i < count; i++) std::copy_n(w.bias2 + g * h, h, t.x2.data() + i * h);
    multiply({count, h, h, t.a1.data(), h, 1, w.weight2 + g * h * h, h, t.x2.data(), h});
    activate(t.x2.data(), t.a2.data(), count * h, step, quantised);
    for (int i = 0; i < count; i++)
      for (int k = 0; k < s.outputs; k++) {
        const int at = g * s.outputs + k;
        t.logits[i * s.outputs + k] = w.bias3[at] + dot(t.a2.data() + i * h, w.weight3 + static_cast<int64_t>(at) * h, h);
      }
  }

  // Of decision j of group g of node i of the tile, by the bits of the node that are known; `at` is its place in logits.
  struct Decision {
    int at;
    bool certain;
    float rounded;
  };
  Decision decision(int i, int g, int j, unsigned known, const Scratch& t) const {
    const unsigned prefix = known >> (g * size_) & ((1u << j) - 1);
    const int at = i * s.outputs + (1 << j) - 1 + static_cast<int>(prefix);
    const float raw = t.logits[at];
    return {at, g * size_ + j == 7 && (known & 127) == 0,
            quantised ? std::nearbyintf(raw * kLogitUnit) / kLogitUnit : raw};
  }

  // Bits of the group's decisions; their gradients go to grad_logits.
  double cost(int64_t first, int count, int g, Scratch& t) const {
    double bits = 0;
    std::fill_n(t.grad_logits.begin(), count * s.outputs, 0.0f);
    for (int i = 0; i < count; i++) {
      const unsigned known = nodes.occupancy[node(first + i)], target = nodes.target[node(first + i)];
      for (int j = 0; j < size_; j++) {
        const bool one = target >> (g * size_ + j) & 1;
        const auto [at, certain, rounded] = decision(i, g, j, known, t);
        const float logit = certain ? kLogitTop : std::clamp(rounded, -kLogitTop, kLogitTop);
        const float odds = std::exp2(-std::fabs(logit));  // of the less likely symbol
        const float miss = (logit > 0) != one ? std::fabs(logit) : 0.0f;
        bits += miss + std::log2(1.0f + odds);
        const float p1 = logit > 0 ? 1.0f / (1.0f + odds) : odds / (1.0f + odds);
        if (!certain && std::fabs(rounded) <= kLogitTop) t.grad_logits[at] = p1 - (one ? 1.0f : 0.0f);
      }
    }
    return bits;
  }

  void backward(int64_t first, int count, int g, const HeadArrays<float>& d, Scratch& t) const {
    const int h = s.hidden, n = s.outputs;
    const int64_t c = s.channels;
    std::fill_n(t.grad2.begin(), count * h, 0.0f);
    for (int i = 0; i < count; i++)
      for (int k = 0; k < n; k++) {
        const float grad = t.grad_logits[i * n + k];
        if (grad == 0.0f) continue;
        const int64_t at = g * n + k;
        d.bias3[at] += grad;
        add_scaled(t.grad2.data() + i * h, w.weight3 + at * h, grad, h);
        add_scaled(d.weight3 + at * h, t.a2.data() + i * h, grad, h);
      }
    gate(t.x2.data(), t.grad2.data(), count * h, step);
    for (int i = 0; i < count; i++) add(d.bias2 + g * h, t.grad2.data() + i * h, h);
    multiply({h, h, count, t.a1.data(), 1, h, t.grad2.data(), h, d.weight2 + g * h * h, h});
    std::fill_n(t.grad1.begin(), count * h, 0.0f);
    multiply({count, h, h, t.grad2.data(), h, 1, transposed2.data() + g * h * h, h, t.grad1.data(), h});
    gate(t.x1.data(), t.grad1.data(), count * h, step);
    float* grad_context = d.context + static_cast<int64_t>(g) * kMaxBits * h;
    for (int i = 0; i < count; i++) {
      const float* grad = t.grad1.data() + i * h;
      add(d.bias1 + bias1_at(node(first + i), g), grad, h);
      for (int k = t.begin[i]; k < t.begin[i + 1]; k++) add(grad_context + t.bits[k] * h, grad, h);
    }
    multiply({s.channels, h, count, t.feats.data(), 1, c, t.grad1.data(), h, d.weight1 + g * c * h, h});
    multiply({count, s.channels, h, t.grad1.data(), h, 1, transposed1.data() + g * h * c, c, t.grad_feats.data(), c});
  }

  const HeadBitsShape& s;
  const HeadNodes& nodes;
  const HeadArrays<const float>& w;
  const float step;
  const bool quantised;
  std::vector<float> transposed2, transposed1;
  const int size_;
  void (*const multiply)(const Product&) = PCC_SELECT(multiply);
  decltype(&activate_scalar) const activate = PCC_SELECT(activate);
  decltype(&gate_scalar) const gate = PCC_SELECT(gate);
  decltype(&add_scalar) const add = PCC_SELECT(add);
  decltype(&add_scaled_scalar) const add_scaled = PCC_SELECT(add_scaled);
  decltype(&dot_scalar) const dot = PCC_SELECT(dot);
};

// Gradients of a slot, one array after the other, in the order of HeadArrays.
struct Slot {
  std::vector<float> values;
  HeadArrays<float> arrays;

  static std::vector<int64_t> sizes(const HeadBitsShape& s) {
    const int64_t gh = static_cast<int64_t>(s.groups) * s.hidden;
    return {gh * s.channels, gh * kMaxBits, gh * s.colours, gh * s.hidden, gh, gh * s.outputs, static_cast<int64_t>(s.groups) * s.outputs};
  }
  explicit Slot(const HeadBitsShape& s) {
    int64_t total = 0;
    for (int64_t size : sizes(s)) total += size;
    values.assign(total, 0.0f);
    float* p = values.data();
    float** fields[] = {&arrays.weight1, &arrays.context, &arrays.bias1, &arrays.weight2, &arrays.bias2, &arrays.weight3, &arrays.bias3};
    int i = 0;
    for (int64_t size : sizes(s)) *fields[i++] = p, p += size;
  }
  void add_to(const HeadBitsShape& s, const HeadArrays<float>& out) const {
    float* targets[] = {out.weight1, out.context, out.bias1, out.weight2, out.bias2, out.weight3, out.bias3};
    const float* p = values.data();
    int i = 0;
    for (int64_t size : sizes(s)) {
      float* target = targets[i++];
      for (int64_t k = 0; k < size; k++) target[k] += p[k];
      p += size;
    }
  }
};

}  // namespace

double occupancy_bits(const HeadBitsShape& shape, const HeadNodes& nodes, const HeadArrays<const float>& weights, float step,
                      bool quantised, const HeadArrays<float>* grads, float* grad_feats) {
  const Head head(shape, nodes, weights, step, quantised, grads != nullptr);
  const int64_t tiles = (nodes.num_rows + kTile - 1) / kTile;
  const int slots = static_cast<int>(std::min<int64_t>(kSlots, std::max<int64_t>(1, tiles / 8)));
  double bits[kSlots] = {};
  std::vector<Slot> partial;
  if (grads && slots > 1) {
    partial.reserve(slots);  // no copies: a copy's pointers would be the original's
    for (int slot = 0; slot < slots; slot++) partial.emplace_back(shape);
  }
  const auto code_slot = [&](int slot, Scratch& scratch) {
    const HeadArrays<float>* into = grads && slots > 1 ? &partial[slot].arrays : grads;
    for (int64_t i = slot; i < tiles; i += slots) {
      const int64_t first = i * kTile;
      bits[slot] += head.tile(first, static_cast<int>(std::min<int64_t>(kTile, nodes.num_rows - first)), into, grad_feats, scratch);
    }
  };
  const int threads = threads_for(slots, 1);
  for_shares(threads, [&](int t) {
    Scratch scratch(shape);
    for (int slot = t; slot < slots; slot += threads) code_slot(slot, scratch);
  });
  for (const Slot& slot : partial) slot.add_to(shape, *grads);
  double total = 0;
  for (int slot = 0; slot < slots; slot++) total += bits[slot];
  return total;
}

void occupancy_decide(const HeadBitsShape& shape, const HeadNodes& nodes, const HeadArrays<const float>& weights, float step,
                      bool quantised, int group, float threshold, uint8_t* occupancy) {
  const Head head(shape, nodes, weights, step, quantised, false);
  const int64_t tiles = (nodes.num_rows + kTile - 1) / kTile;
  for_ranges(tiles, 8, [&](int64_t begin, int64_t end) {
    Scratch scratch(shape);
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i * kTile;
      head.decide(first, static_cast<int>(std::min<int64_t>(kTile, nodes.num_rows - first)), group, threshold, occupancy, scratch);
    }
  });
}

}  // namespace pcc
