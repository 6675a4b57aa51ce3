#include <array>
#include <cstring>

#include "checksum/op.h"
#include "common/isa.h"

namespace pcc {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[k][b]: the remainder of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; byte++) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (int k = 1; k < 8; k++)
    for (int byte = 0; byte < 256; byte++)
      tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 255];
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t update_scalar(const std::uint8_t* data, std::int64_t n, std::uint32_t crc) {
  for (; n >= 8; n -= 8, data += 8) {  // bytes, not words: the same on any byte order
    std::uint32_t next = 0;
    for (int k = 0; k < 8; k++) next ^= kTables[7 - k][data[k] ^ (k < 4 ? crc >> 8 * k & 255 : 0)];
    crc = next;
  }
  for (; n > 0; n--, data++) crc = crc >> 8 ^ kTables[0][(crc ^ *data) & 255];
  return crc;
}

#if PCC_X86
__attribute__((target("sse4.2"))) std::uint32_t update_sse42(const std::uint8_t* data, std::int64_t n,
                                                             std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; n >= 8; n -= 8, data += 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; n > 0; n--, data++) crc = _mm_crc32_u8(crc, *data);
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c_cpu(const std::uint8_t* data, std::int64_t n, std::uint32_t value) {
  auto update = update_scalar;
#if PCC_X86
  if (active_isa() >= Isa::avx2) update = update_sse42;  // AVX2 implies SSE4.2
#endif
  return ~update(data, n, ~value);
}

}  // namespace pcc
