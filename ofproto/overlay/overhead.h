// How much of an underlay's IP packet an encapsulation takes before the guest's own IP packet begins: outer IP header,
// tunnel header, inner Ethernet header (untagged). A route's MTU less that is the largest MTU of guests.
#pragma once

#include <cstdint>
#include <optional>

#include "ofproto/overlay/segment.h"

namespace weft::ofproto {

// Bytes. VXLAN: RFC 7348 section 5; Geneve without options: RFC 8926 section 3.4; NVGRE: RFC 7637 section 3.2. Nothing for
// STT, which cuts a frame over as many segments as it takes (draft-davie-stt-08 section 3).
constexpr std::optional<uint32_t> overhead_of(Encap encap, bool is_ipv6) {
  constexpr uint32_t inner_ethernet = 14;
  const uint32_t ip = is_ipv6 ? 40 : 20;
  switch (encap) {
    case Encap::vxlan:
    case Encap::geneve:
      return ip + 8 + 8 + inner_ethernet;
    case Encap::nvgre:
      return ip + 8 + inner_ethernet;
    case Encap::stt:
      break;
  }
  return std::nullopt;
}

}  // namespace weft::ofproto
