// Plain twins of lib/packet/checksum.h: two bytes at a time, one bit at a time.
#pragma once

#include <cstdint>
#include <span>

namespace weft::reference {

// RFC 1071 section 4.1: words in network order, an odd last byte padded with zero.
inline uint16_t internet_checksum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += uint32_t{bytes[i]} << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum);
}

// RFC 9260 appendix A, bit by bit over the reflected polynomial.
inline uint32_t crc32c(std::span<const uint8_t> bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78U : crc >> 1;
    }
  }
  return ~crc;
}

}  // namespace weft::reference
