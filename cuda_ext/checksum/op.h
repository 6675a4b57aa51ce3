// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final XOR 0xFFFFFFFF (RFC 3720, B.4).
// The check value of the nine bytes "123456789" is 0xE3069283.
#pragma once
#include <cstdint>

namespace pcc {

// The CRC of (the bytes that gave `value`, then these n bytes); value 0 starts anew.
std::uint32_t crc32c_cpu(const std::uint8_t* data, std::int64_t n, std::uint32_t value);

}  // namespace pcc
