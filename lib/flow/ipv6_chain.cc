#include "lib/flow/ipv6_chain.h"

#include "lib/packet/header_at.h"
#include "lib/packet/ipv6.h"

namespace weft {
namespace {

// The preferred order; destination options may stand second or last.
struct Place {
  uint16_t bit = 0;
  unsigned rank = 0;
};

constexpr unsigned first_dest_rank = 1;
constexpr unsigned last_dest_rank = 6;

Place place_of(uint8_t header, unsigned rank_before) {
  switch (header) {
    case ip_protocol::hop_by_hop:
      return {ipv6_exthdr::hop, 0};
    case ip_protocol::destination_options:
      return {ipv6_exthdr::dest, rank_before < first_dest_rank ? first_dest_rank : last_dest_rank};
    case ip_protocol::routing:
      return {ipv6_exthdr::router, 2};
    case ip_protocol::fragment:
      return {ipv6_exthdr::frag, 3};
    case ip_protocol::ah:
      return {ipv6_exthdr::auth, 4};
    case ip_protocol::esp:
      return {ipv6_exthdr::esp, 5};
    default:
      return {};
  }
}

// What the field ipv6_exthdr remembers on the way.
class Sequence {
 public:
  void add(uint8_t header) {
    const Place place = place_of(header, rank_);
    const bool is_second_dest = place.bit == ipv6_exthdr::dest && dest_count_++ == 1;
    if ((bits_ & place.bit) != 0 && !is_second_dest) {
      bits_ |= ipv6_exthdr::unrep;
    }
    if (place.rank < rank_) {
      bits_ |= ipv6_exthdr::unseq;
    }
    bits_ |= place.bit;
    rank_ = place.rank;
  }
  void end(uint8_t protocol) {
    if (protocol == ip_protocol::esp) {
      add(protocol);
    } else if (protocol == ip_protocol::no_next_header) {
      bits_ |= ipv6_exthdr::no_next;
    }
  }
  uint16_t bits() const { return bits_; }

 private:
  uint16_t bits_ = 0;
  unsigned rank_ = 0;
  unsigned dest_count_ = 0;
};

bool is_stepped_over(uint8_t header) {
  return header == ip_protocol::hop_by_hop || header == ip_protocol::destination_options ||
         header == ip_protocol::routing || header == ip_protocol::ah || header == ip_protocol::fragment;
}

// Bytes of the extension header, which may be more than there are.
size_t header_bytes(uint8_t header, const Ipv6ExtensionHeader& extension) {
  if (header == ip_protocol::fragment) {
    return ipv6_fragment_header_bytes;
  }
  return header == ip_protocol::ah ? extension.ah_header_bytes() : extension.header_bytes();
}

uint8_t fragment_bits(const Ipv6FragmentHeader& header) {
  if (header.fragment_offset() != 0) {
    return ip_frag::any | ip_frag::later;
  }
  return header.more_fragments() ? ip_frag::any : 0;
}

}  // namespace

std::optional<Ipv6Chain> walk_ipv6_chain(std::span<const uint8_t> payload, uint8_t next_header) {
  Ipv6Chain chain{.protocol = next_header};
  Sequence sequence;
  while (is_stepped_over(chain.protocol)) {
    const auto* extension = header_at<Ipv6ExtensionHeader>(payload, chain.size);
    if (extension == nullptr || header_bytes(chain.protocol, *extension) > payload.size() - chain.size) {
      return std::nullopt;
    }
    sequence.add(chain.protocol);
    const size_t size = header_bytes(chain.protocol, *extension);
    if (chain.protocol == ip_protocol::fragment) {
      chain.fragment |= fragment_bits(*header_at<Ipv6FragmentHeader>(payload, chain.size));
    }
    chain.size += size;
    if ((chain.fragment & ip_frag::later) != 0) {
      chain.protocol = ip_protocol::fragment;
      break;
    }
    chain.protocol = extension->next_header;
  }
  sequence.end(chain.protocol);
  chain.extensions = sequence.bits();
  return chain;
}

}  // namespace weft
