// Key words out of host integers and out of frame bytes, for extraction.
#pragma once

#include <cstdint>
#include <cstring>

#include "lib/base/big_endian.h"

namespace weft {

// A key word from its value in host order.
constexpr uint64_t key_word(uint64_t value) { return swap_network_order(value); }
constexpr uint64_t key_word(uint32_t high, uint32_t low) { return key_word(uint64_t{high} << 32 | low); }

// A key word that is eight bytes of the frame as they are.
inline uint64_t raw_key_word(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace weft
