// Provider backbone bridging (IEEE 802.1Q clause 9.7, once 802.1ah): a customer's whole frame behind a backbone header.
//
//     backbone MAC pair, [B-TAG], 0x88e7, I-TAG TCI (4), customer's MAC pair, [tags], EtherType, payload
//
// What follows the I-TAG's TCI is the customer's frame as it was.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/packet/ethernet.h"

namespace weft {

// Three bits of priority, one of drop eligibility, one that says "the customer's addresses are used", three reserved,
// 24 of service instance.
struct PbbTag {
  Be32 word;

  static constexpr uint32_t make(uint32_t isid, uint8_t pcp) { return (isid & 0xffffffU) | uint32_t{pcp} << 29; }

  constexpr uint32_t isid() const { return word.host() & 0xffffff; }
  constexpr bool uca() const { return (word.host() >> 27 & 1) != 0; }
  constexpr uint8_t pcp() const { return static_cast<uint8_t>(word.host() >> 29); }
};

inline constexpr size_t pbb_tag_bytes = sizeof(PbbTag);
static_assert(pbb_tag_bytes == 4);

// What stands before a customer's frame without a B-TAG.
inline constexpr size_t pbb_header_bytes = ethernet_header_bytes + pbb_tag_bytes;

inline constexpr unsigned pbb_uca_shift = 27;

}  // namespace weft
