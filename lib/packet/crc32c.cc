// CRC32c for SCTP: the processor's instruction where there is one, else a table.

#include <array>
#include <cstring>

#include "lib/packet/checksum.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace weft {

namespace {

constexpr uint32_t reflected_polynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ ((crc & 1) != 0 ? reflected_polynomial : 0);
    }
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> table = make_table();

uint32_t update_by_table(uint32_t crc, std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) {
    crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t update_by_instruction(uint32_t crc, std::span<const uint8_t> bytes) {
  uint64_t wide = crc;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<uint32_t>(wide);
  for (; at < bytes.size(); ++at) {
    narrow = _mm_crc32_u8(narrow, bytes[at]);
  }
  return narrow;
}

const bool has_instruction = __builtin_cpu_supports("sse4.2");
#endif

}  // namespace

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t previous) {
#if defined(__x86_64__)
  if (has_instruction) {
    return ~update_by_instruction(~previous, bytes);
  }
#endif
  return ~update_by_table(~previous, bytes);
}

void store_sctp_crc(uint8_t* field, uint32_t crc) {
  for (size_t i = 0; i < 4; ++i) {
    field[i] = static_cast<uint8_t>(crc >> (8 * i));
  }
}

}  // namespace weft
