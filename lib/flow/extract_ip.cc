#include "lib/flow/extract_ip.h"

#include <optional>

#include "lib/base/big_endian.h"
#include "lib/flow/ipv6_chain.h"
#include "lib/flow/key_bytes.h"
#include "lib/flow/nd_options.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"

namespace weft {
namespace {

using Bytes = std::span<const uint8_t>;

// What IP says about its payload.
struct Datagram {
  Bytes payload;  // behind all IP headers, without padding
  uint8_t protocol = 0;
  uint8_t fragment = 0;     // ip_frag bits
  uint16_t extensions = 0;  // ipv6_exthdr bits
};

uint64_t ip_misc(uint32_t label, uint8_t fragment, uint8_t tos, uint8_t ttl, uint8_t protocol) {
  return key_word(label, uint32_t{fragment} << 24 | uint32_t{tos} << 16 | uint32_t{ttl} << 8 | protocol);
}

// The link address options of a neighbour message (RFC 4861 section 4.6.1).
struct NdOptions {
  uint64_t sll = 0;
  uint64_t tll = 0;
  uint8_t type = 0;  // of the first of them
  uint16_t present = 0;
  bool has_others = false;

  // False when the message may not be believed.
  bool add(const uint8_t* option, size_t size) {
    const bool is_source = option[0] == nd_option_type::source_link_layer;
    if ((!is_source && option[0] != nd_option_type::target_link_layer) || size != sizeof(NdLinkLayerOption)) {
      has_others = true;
      return true;
    }
    const uint16_t bit = is_source ? present::nd_sll : present::nd_tll;
    if ((present & bit) != 0) {
      return false;
    }
    (is_source ? sll : tll) = load_be64(option) << 16;
    type = type != 0 ? type : option[0];
    present |= bit;
    return true;
  }
};

std::optional<NdOptions> read_nd_options(Bytes options) {
  NdOptions found;
  while (options.size() >= sizeof(NdLinkLayerOption)) {
    const size_t size = header_at<NdOption>(options)->option_bytes();
    if (size == 0 || size > options.size() || !found.add(options.data(), size)) {
      return std::nullopt;
    }
    options = options.subspan(size);
  }
  found.has_others = found.has_others || !options.empty();
  return found;
}

uint64_t icmp_word(uint8_t type, uint8_t code, uint16_t extensions, uint32_t nd_reserved) {
  return key_word(uint32_t{type} << 24 | uint32_t{code} << 16 | extensions, nd_reserved);
}

uint16_t append_icmp(const Datagram& datagram, FlowKey& key) {
  const auto* icmp = header_at<IcmpHeader>(datagram.payload);
  if (icmp == nullptr) {
    return 0;
  }
  key.append(KeyWord::icmp, icmp_word(icmp->type, icmp->code, 0, 0));
  return present::icmp;
}

// Type and code are there for any message, the rest for a neighbour solicitation or advertisement in order.
uint16_t append_icmpv6(const Datagram& datagram, FlowKey& key) {
  const auto* icmp = header_at<IcmpHeader>(datagram.payload);
  if (icmp == nullptr) {
    key.append(KeyWord::icmp, icmp_word(0, 0, datagram.extensions, 0));
    return 0;
  }
  const auto* nd = header_at<NdHeader>(datagram.payload);
  std::optional<NdOptions> options;
  if (nd != nullptr && icmpv6_type::is_neighbor_discovery(icmp->type) && icmp->code == 0) {
    options = read_nd_options(datagram.payload.subspan(nd_header_bytes));
  }
  key.append(KeyWord::icmp, icmp_word(icmp->type, icmp->code, datagram.extensions, options ? icmp->rest.host() : 0));
  if (!options) {
    return present::icmp;
  }
  key.append(index(KeyWord::nd_target), raw_key_word(nd->target.bytes.data()));
  key.append(index(KeyWord::nd_target) + 1, raw_key_word(nd->target.bytes.data() + 8));
  key.append(KeyWord::nd_sll, key_word(options->sll));
  key.append(KeyWord::nd_tll,
             key_word(options->tll | uint64_t{options->type} << 8 | (options->has_others ? nd_other_options : 0)));
  return present::icmp | present::nd | options->present;
}

uint16_t append_tcp(const Datagram& datagram, FlowKey& key) {
  const auto* tcp = header_at<TcpHeader>(datagram.payload);
  if (tcp == nullptr || tcp->header_bytes() < tcp_header_bytes || tcp->header_bytes() > datagram.payload.size()) {
    return 0;
  }
  key.append(KeyWord::l4, key_word(load_be32(datagram.payload.data()), uint32_t{tcp->flags()} << 16));
  return present::ports | present::tcp_flags;
}

// UDP and SCTP: two ports at the front.
uint16_t append_ports(const Datagram& datagram, FlowKey& key) {
  key.append(KeyWord::l4, key_word(load_be32(datagram.payload.data()), 0));
  return present::ports;
}

uint16_t append_udp(const Datagram& datagram, FlowKey& key) {
  const auto* udp = header_at<UdpHeader>(datagram.payload);
  return udp != nullptr && udp->length.host() >= udp_header_bytes ? append_ports(datagram, key) : 0;
}

uint16_t append_sctp(const Datagram& datagram, FlowKey& key) {
  return datagram.payload.size() >= sctp_header_bytes ? append_ports(datagram, key) : 0;
}

// The L4 words. `found` is told apart from a protocol without a header of ours, which has none but is there.
struct Transport {
  uint16_t found = 0;
  bool is_whole = true;
};

Transport append_transport(const Datagram& datagram, bool is_ipv6, FlowKey& key) {
  const auto needed = [](uint16_t found) { return Transport{found, found != 0}; };
  if (datagram.protocol == ip_protocol::icmpv6 && is_ipv6) {
    return needed(append_icmpv6(datagram, key));
  }
  if (datagram.protocol == ip_protocol::icmp && !is_ipv6) {
    return needed(append_icmp(datagram, key));
  }
  Transport transport;
  switch (datagram.protocol) {
    case ip_protocol::tcp:
      transport = needed(append_tcp(datagram, key));
      break;
    case ip_protocol::udp:
      transport = needed(append_udp(datagram, key));
      break;
    case ip_protocol::sctp:
      transport = needed(append_sctp(datagram, key));
      break;
    default:
      break;
  }
  key.append(KeyWord::icmp, icmp_word(0, 0, datagram.extensions, 0));
  return transport;
}

uint16_t append_payload(Packet& packet, const Datagram& datagram, bool is_ipv6, FlowKey& key) {
  if ((datagram.fragment & ip_frag::later) != 0) {
    key.append(KeyWord::icmp, icmp_word(0, 0, datagram.extensions, 0));
    return 0;
  }
  const Transport transport = append_transport(datagram, is_ipv6, key);
  const size_t offset = static_cast<size_t>(datagram.payload.data() - packet.data());
  if (transport.is_whole && offset < Packet::unknown_offset) {
    packet.l4_offset = static_cast<uint16_t>(offset);
  }
  return transport.found;
}

bool is_sound(const Ipv4Header& ip, size_t available) {
  const size_t total = ip.total_length.host();
  return ip.version() == 4 && ip.header_bytes() >= ipv4_header_bytes && ip.header_bytes() <= total &&
         total <= available;
}

uint8_t fragment_bits(const Ipv4Header& ip) {
  if (ip.is_later_fragment()) {
    return ip_frag::any | ip_frag::later;
  }
  return ip.more_fragments() ? ip_frag::any : 0;
}

bool is_sound(const Ipv6Header& ip, size_t available) {
  return ip.version() == 6 && ip.payload_length.host() <= available - ipv6_header_bytes;
}

}  // namespace

uint16_t append_ipv4(Packet& packet, size_t offset, FlowKey& key) {
  const Bytes rest = Bytes(packet.bytes()).subspan(offset);
  const auto* ip = header_at<Ipv4Header>(rest);
  if (ip == nullptr || !is_sound(*ip, rest.size())) {
    return 0;
  }
  packet.l3_offset = static_cast<uint16_t>(offset);
  const size_t header = ip->header_bytes();
  const Datagram datagram{rest.subspan(header, ip->total_length.host() - header), ip->protocol, fragment_bits(*ip)};
  key.append(KeyWord::ipv4, raw_key_word(ip->src.bytes.data()));
  key.append(KeyWord::ip_misc, ip_misc(0, datagram.fragment, ip->tos, ip->ttl, ip->protocol));
  return present::ip | present::ip_protocol | append_payload(packet, datagram, false, key);
}

uint16_t append_ipv6(Packet& packet, size_t offset, FlowKey& key) {
  const Bytes rest = Bytes(packet.bytes()).subspan(offset);
  const auto* ip = header_at<Ipv6Header>(rest);
  if (ip == nullptr || !is_sound(*ip, rest.size())) {
    return 0;
  }
  packet.l3_offset = static_cast<uint16_t>(offset);
  const Bytes payload = rest.subspan(ipv6_header_bytes, ip->payload_length.host());
  const auto chain = walk_ipv6_chain(payload, ip->next_header);
  key.append(index(KeyWord::ipv6_src), raw_key_word(ip->src.bytes.data()));
  key.append(index(KeyWord::ipv6_src) + 1, raw_key_word(ip->src.bytes.data() + 8));
  key.append(index(KeyWord::ipv6_dst), raw_key_word(ip->dst.bytes.data()));
  key.append(index(KeyWord::ipv6_dst) + 1, raw_key_word(ip->dst.bytes.data() + 8));
  key.append(KeyWord::ip_misc, ip_misc(ip->flow_label(), chain ? chain->fragment : uint8_t{0}, ip->traffic_class(),
                                       ip->hop_limit, chain ? chain->protocol : uint8_t{0}));
  if (!chain) {
    return present::ip;
  }
  const Datagram datagram{payload.subspan(chain->size), chain->protocol, chain->fragment, chain->extensions};
  return present::ip | present::ip_protocol | append_payload(packet, datagram, true, key);
}

}  // namespace weft
