// rANS and probability tables under libFuzzer (`make fuzz`, docs/fuzzing.md). Whatever the bytes say,
//
//   decode(any bytes) ends in symbols or CorruptStream, the same with every instruction set;
//   decode(encode(symbols)) = symbols, and every instruction set writes the same bytes;
//   rows of tables strictly increase from 0 to 16384, the same with every instruction set.
//
// An input is a plan of calls (what is coded, how many symbols, from which seed) and then the bytes of a stream.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/isa.h"
#include "common/threads.h"
#include "rans/op.h"
#include "tables/op.h"

namespace {

using namespace pcc;

constexpr int kMaxCalls = 6;
constexpr size_t kMaxCount = 140;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "rans_fuzzer: %s\n", what);
  std::abort();
}

struct Bytes {
  const uint8_t* at;
  size_t left;
  uint8_t next() { return left ? left--, *at++ : 0; }
};

// Numbers that follow from a seed (splitmix64).
struct Numbers {
  uint64_t state;
  uint32_t below(uint32_t bound) {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    return static_cast<uint32_t>((z ^ z >> 31) >> 11) % bound;
  }
};

enum class Kind { binary, tree, table };

struct Call {
  Kind kind;
  int width;  // bits of a tree, symbols of a table
  size_t count;
  Calibration calibration;
  std::vector<int16_t> logits;
  std::vector<uint8_t> certain;
  std::vector<uint16_t> symbols;

  size_t columns() const { return kind == Kind::table ? width : kind == Kind::tree ? (size_t{1} << width) - 1 : 1; }
};

// Logits near zero, anywhere, or at the ends of their range.
int16_t logit(Numbers& numbers) {
  switch (numbers.below(4)) {
    case 0: return static_cast<int16_t>(numbers.below(512) - 256);
    case 1: return static_cast<int16_t>(numbers.below(65536) - 32768);
    case 2: return static_cast<int16_t>(numbers.below(2 * kLogitLimit + 3) - kLogitLimit - 1);
    default: return numbers.below(2) ? INT16_MAX : INT16_MIN;
  }
}

Call parse_call(Bytes& in) {
  Call call{static_cast<Kind>(in.next() % 3), 0, 0, {}, {}, {}, {}};
  const uint8_t width = in.next();
  call.width = call.kind == Kind::tree ? 1 + width % 8 : call.kind == Kind::table ? 1 + width % 33 : 1;
  call.count = (in.next() + size_t{in.next()} * 256) % (kMaxCount + 1);
  call.calibration = {1 + in.next() % kMaxScale, (in.next() - 128) * 28};
  Numbers numbers{uint64_t{in.next()} << 8 | in.next()};
  call.logits.resize(call.count * call.columns());
  std::generate(call.logits.begin(), call.logits.end(), [&] { return logit(numbers); });
  const uint32_t values = call.kind == Kind::table ? call.width : 1u << call.width;
  for (size_t i = 0; i < call.count; i++) {
    call.certain.push_back(call.kind == Kind::tree && numbers.below(2));
    const bool not_zero = call.certain[i];  // where a value of zero is impossible
    call.symbols.push_back(static_cast<uint16_t>(not_zero ? 1 + numbers.below(values - 1) : numbers.below(values)));
  }
  return call;
}

std::vector<uint16_t> frequencies(const Call& call) {
  std::vector<uint16_t> p1(call.count);
  binary_frequencies_cpu(call.logits.data(), call.count, p1.data());
  return p1;
}

std::vector<uint16_t> tables(const Call& call) {
  std::vector<uint16_t> cdf(call.count * (call.width + 1));
  tables_cpu(call.logits.data(), call.count, call.width, cdf.data());
  for (size_t i = 0; i < call.count; i++) {
    const uint16_t* row = cdf.data() + i * (call.width + 1);
    require(row[0] == 0 && row[call.width] == kTotal, "a table begins at 0 and ends at 16384");
    for (int k = 0; k < call.width; k++) require(row[k] < row[k + 1], "a table strictly increases");
  }
  return cdf;
}

std::vector<uint8_t> small(const std::vector<uint16_t>& symbols) { return {symbols.begin(), symbols.end()}; }

std::vector<uint8_t> encode(const std::vector<Call>& calls, int lanes) {
  RansEncoder coder;
  for (const Call& call : calls) {
    const size_t first = coder.num_calls();
    const std::vector<uint8_t> values = small(call.symbols);
    if (call.kind == Kind::binary) coder.put_binary(frequencies(call).data(), values.data(), call.count);
    if (call.kind == Kind::tree)
      coder.put_tree(call.logits.data(), call.certain.data(), values.data(), call.count, call.width);
    if (call.kind == Kind::table) coder.put_table(tables(call).data(), call.symbols.data(), call.count, call.width);
    std::vector<uint32_t> counts(2 * kBins);
    coder.histogram(first, counts.data());
    if (call.kind == Kind::tree) coder.settle(first, call.calibration);
  }
  return RansEncoder(coder).finish(lanes);
}

// All symbols, then the error's text if there is one.
std::pair<std::vector<std::vector<uint16_t>>, std::string> decode(const std::vector<Call>& calls, const uint8_t* data,
                                                                  size_t size, int lanes) {
  std::vector<std::vector<uint16_t>> all;
  try {
    RansDecoder coder(data, size, lanes);
    for (const Call& call : calls) {
      std::vector<uint16_t> symbols(call.count);
      std::vector<uint8_t> values(call.count);
      if (call.kind == Kind::binary) coder.get_binary(frequencies(call).data(), values.data(), call.count);
      if (call.kind == Kind::tree) {
        coder.calibrate(call.calibration);
        coder.get_tree(call.logits.data(), call.certain.data(), values.data(), call.count, call.width);
      }
      if (call.kind == Kind::table)
        coder.get_table(tables(call).data(), symbols.data(), call.count, call.width);
      else
        std::copy(values.begin(), values.end(), symbols.begin());
      for (uint16_t s : symbols) require(s < (call.kind == Kind::table ? call.width : 1 << call.width), "a symbol is too large");
      all.push_back(symbols);
    }
    coder.finish();
  } catch (const CorruptStream& error) {
    return {all, error.what()};
  }
  return {all, ""};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes in{data, size};
  const int lanes = 1 + in.next() % kMaxLanes, num_calls = in.next() % (kMaxCalls + 1);
  set_num_threads(1);
  std::vector<Call> calls;
  for (int i = 0; i < num_calls; i++) calls.push_back(parse_call(in));
  std::vector<std::vector<uint16_t>> symbols;
  for (const Call& call : calls) symbols.push_back(call.symbols);

  set_isa(Isa::scalar);
  const std::vector<uint8_t> stream = encode(calls, lanes);
  const auto damaged = decode(calls, in.at, in.left, lanes);
  for (int isa = 0; isa <= static_cast<int>(detected_isa()); isa++) {
    set_isa(static_cast<Isa>(isa));
    require(encode(calls, lanes) == stream, "instruction sets write other bytes");
    const auto decoded = decode(calls, stream.data(), stream.size(), lanes);
    require(decoded.second.empty() && decoded.first == symbols, "decode(encode(symbols)) is not symbols");
    require(decode(calls, in.at, in.left, lanes) == damaged, "instruction sets read a damaged stream in other ways");
  }
  return 0;
}
