#include <algorithm>
#include <cstring>
#include <vector>

#include "common/isa.h"
#include "common/pairs.h"
#include "common/ranges.h"
#include "conv_int8/finish.h"
#include "occupancy_context/nibbles.h"
#include "occupancy_context/op.h"

namespace pcc {
namespace {

constexpr int64_t kCachedRows = 256;  // rows of the gradient that stay in L2 while all offsets pass over them

struct Visibility {
  const uint8_t* first_group;  // (8, 27, 8)
  int part;                    // columns of one group
  int first_column(int o, int d, int octant) const { return part * first_group[(octant * kDirections + d) * 8 + o]; }
};

PCC_INLINE void forward_row(const float* __restrict weights, const int32_t* neighbours, const uint8_t* occupancy,
                            int64_t n, int octant, float* __restrict y, int columns, const Visibility& sees) {
  std::memset(y, 0, sizeof(float) * columns);
  for (int d = 0; d < kDirections; d++) {
    if (!exists(neighbours[d], n)) continue;
    for (unsigned bits = occupancy[neighbours[d]]; bits; bits &= bits - 1) {
      const int o = __builtin_ctz(bits);
      const float* __restrict w = weights + static_cast<int64_t>(d * 8 + o) * columns;
      for (int c = sees.first_column(o, d, octant); c < columns; c++) y[c] += w[c];
    }
  }
}

PCC_INLINE void backward_offset(int d, const float* __restrict grad_out, const int32_t* neighbours, const uint8_t* occupancy,
                                int64_t n, const uint8_t* octants, float* __restrict grad_weights, int64_t begin, int64_t end,
                                int columns, const Visibility& sees) {
  for (int64_t i = begin; i < end; i++) {
    const int32_t m = neighbours[i * kDirections + d];
    if (!exists(m, n)) continue;
    const float* __restrict g = grad_out + i * columns;
    for (unsigned bits = occupancy[m]; bits; bits &= bits - 1) {
      const int o = __builtin_ctz(bits);
      float* __restrict w = grad_weights + static_cast<int64_t>(d * 8 + o) * columns;
      for (int c = sees.first_column(o, d, octants[i] & 7); c < columns; c++) w[c] += g[c];
    }
  }
}

// Each body is compiled once per instruction set; the compiler vectorises the loops over columns.
#define PCC_PER_ISA(TARGET, SUFFIX)                                                                                       \
  TARGET void forward_row_##SUFFIX(const float* w, const int32_t* nb, const uint8_t* occ, int64_t n, int octant, float* y, \
                                   int c, const Visibility& s) {                                                          \
    forward_row(w, nb, occ, n, octant, y, c, s);                                                                          \
  }                                                                                                                       \
  TARGET void backward_offset_##SUFFIX(int d, const float* g, const int32_t* nb, const uint8_t* occ, int64_t n,           \
                                       const uint8_t* oct, float* w, int64_t b, int64_t e, int c, const Visibility& s) {  \
    backward_offset(d, g, nb, occ, n, oct, w, b, e, c, s);                                                                \
  }

PCC_FOR_EACH_ISA(PCC_PER_ISA)
#undef PCC_PER_ISA

}  // namespace

void context_forward(const float* weights, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                     const uint8_t* first_group, float* out, int64_t n, int columns, int groups) {
  const Visibility sees{first_group, columns / groups};
  const auto row = PCC_SELECT(forward_row);
  for_ranges(n, 512, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      row(weights, neighbours + i * kDirections, occupancy, n, octants[i] & 7, out + i * columns, columns, sees);
  });
}

void context_backward(const float* grad_out, const int32_t* neighbours, const uint8_t* occupancy, const uint8_t* octants,
                      const uint8_t* first_group, float* grad_weights, int64_t n, int columns, int groups) {
  const Visibility sees{first_group, columns / groups};
  const auto offset = PCC_SELECT(backward_offset);
  std::memset(grad_weights, 0, sizeof(float) * kDirections * 8 * columns);
  const int threads = threads_for(n, 512);
  for_shares(threads, [&](int part) {  // an offset has rows of its own: no races, one order
    for (int64_t first = 0; first < n; first += kCachedRows)
      for (int d = kDirections * part / threads; d < kDirections * (part + 1) / threads; d++)
        offset(d, grad_out, neighbours, occupancy, n, octants, grad_weights, first, std::min(n, first + kCachedRows),
               columns, sees);
  });
}

void context_absorb(const uint8_t* feats, const int8_t* weights, const NeighbourLists& lists, const uint8_t* occupancy,
                    const int32_t* bias, const int32_t* multiplier, int shift, int32_t residual_multiplier, uint8_t* out,
                    int64_t n, int channels) {
  const NibbleTables tables(weights, channels);
  const ContextSum sum_row = context_sum(channels, true);
  const std::vector<uint8_t> all(kDirections, 255);
  const FinishRow finish = finish_row();
  const Requantisation to_u8{bias, multiplier, shift, feats, residual_multiplier};
  for_ranges(n, 512, [&](int64_t begin, int64_t end) {
    Seen seen[kDirections];
    std::vector<int16_t> sum(channels);
    std::vector<int32_t> acc(channels);
    for (int64_t i = begin; i < end; i++) {
      const int count = look_around(lists, i, occupancy, seen);
      sum_row(seen, count, all.data(), tables, sum.data());
      std::copy(sum.begin(), sum.end(), acc.begin());
      const int64_t row = lists.rows[i] * static_cast<int64_t>(channels);
      finish(acc.data(), bias, to_u8, feats + row, out + row, channels);
    }
  });
}

}  // namespace pcc
