#include "lib/flow/extract.h"

#include <bit>

#include "lib/base/big_endian.h"
#include "lib/flow/extract_ip.h"
#include "lib/flow/flow_hash.h"
#include "lib/flow/key_bytes.h"
#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/mpls.h"
#include "lib/packet/pbb.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"

namespace weft {
namespace {

// Two options a word, those of the first field in its upper half.
void append_options(const TunnelOptions& options, FlowKey& key) {
  for (uint64_t rest = options.present(); rest != 0;) {
    const auto pair = static_cast<unsigned>(std::countr_zero(rest)) / 2;
    key.append(index(KeyWord::tun_options) + pair, key_word(options.value(2 * pair), options.value(2 * pair + 1)));
    rest &= ~(uint64_t{3} << (2 * pair));
  }
  key.append(KeyWord::tun_options_present, options.present());
}

void append_tunnel(const PacketTunnel& tunnel, FlowKey& key) {
  key.append(KeyWord::tun_id, key_word(tunnel.id));
  if (tunnel.is_ipv6) {
    key.append(index(KeyWord::tun_ipv6_src), raw_key_word(tunnel.src.bytes.data()));
    key.append(index(KeyWord::tun_ipv6_src) + 1, raw_key_word(tunnel.src.bytes.data() + 8));
    key.append(index(KeyWord::tun_ipv6_dst), raw_key_word(tunnel.dst.bytes.data()));
    key.append(index(KeyWord::tun_ipv6_dst) + 1, raw_key_word(tunnel.dst.bytes.data() + 8));
  } else {
    key.append(KeyWord::tun_ipv4, key_word(load_be32(tunnel.src.bytes.data()), load_be32(tunnel.dst.bytes.data())));
  }
  const uint32_t flags = tunnel.flags & TunnelMetadata::flag_oam;
  key.append(KeyWord::tun_misc, key_word(flags << 16 | uint32_t{tunnel.tos} << 8 | tunnel.ttl,
                                         uint32_t{tunnel.gbp_id} << 16 | uint32_t{tunnel.gbp_flags} << 8));
  if (!tunnel.options.empty()) [[unlikely]] {
    append_options(tunnel.options, key);
  }
}

void append_metadata(const Packet& packet, FlowKey& key) {
  if (packet.tunnel.present) {
    append_tunnel(packet.tunnel, key);
  }
  key.append(KeyWord::mark_recirc, key_word(packet.mark, packet.recirculation_id));
  key.append(KeyWord::hash_port, key_word(packet.dp_hash, number(packet.in_port)));
}

// Where the tags end and what the frame carries there.
struct LinkPayload {
  uint16_t type;
  size_t offset;
  uint64_t tags = 0;  // the key's vlan word
};

LinkPayload skip_tags(std::span<const uint8_t> frame) {
  LinkPayload payload{load_be16(frame.data() + mac_pair_bytes), ethernet_header_bytes};
  for (const unsigned shift : {32U, 0U}) {
    // The tag's TCI and the type behind it must both be there.
    if (!eth_type::is_vlan(payload.type) || frame.size() - payload.offset < vlan_tag_bytes) {
      break;
    }
    const uint16_t tci = load_be16(frame.data() + payload.offset) | vlan_tag_present;
    payload.tags |= (uint64_t{payload.type} << 16 | tci) << shift;
    payload.type = load_be16(frame.data() + payload.offset + 2);
    payload.offset += vlan_tag_bytes;
  }
  return payload;
}

// The frame has a length where the type should be (IEEE 802.3 with LLC).
void skip_llc(std::span<const uint8_t> frame, LinkPayload& payload) {
  const auto* llc = header_at<LlcSnapHeader>(frame, payload.offset);
  payload.type = eth_type::not_ethernet_ii;
  if (llc != nullptr && llc->is_snap() && llc->type.host() >= eth_type::min) {
    payload.type = llc->type.host();
    payload.offset += sizeof(LlcSnapHeader);
  }
}

LinkPayload append_ethernet(std::span<const uint8_t> frame, FlowKey& key) {
  LinkPayload payload = skip_tags(frame);
  if (payload.type < eth_type::min) {
    skip_llc(frame, payload);
  }
  key.append(KeyWord::eth_dst, raw_key_word(frame.data()));
  key.append(KeyWord::eth_src_type, key_word(load_be32(frame.data() + 8), uint32_t{payload.type} << 16));
  key.append(KeyWord::vlan, key_word(payload.tags));
  return payload;
}

uint16_t append_mpls(Packet& packet, size_t offset, FlowKey& key) {
  constexpr unsigned max_entries = 3;
  uint32_t entries[max_entries + 1] = {};
  unsigned count = 0;
  const std::span<const uint8_t> frame = packet.bytes();
  for (bool is_bottom = false; !is_bottom && count < max_entries;) {
    const auto* entry = header_at<MplsEntry>(frame, offset + count * mpls_entry_bytes);
    if (entry == nullptr) {
      return 0;  // a stack that ends in the middle has no label that a pop could lay bare
    }
    entries[count++] = entry->word.host();
    is_bottom = entry->is_bottom();
  }
  packet.l2_5_offset = static_cast<uint16_t>(offset);
  key.append(KeyWord::mpls01, key_word(entries[0], entries[1]));
  key.append(KeyWord::mpls2_pbb, key_word(entries[2], 0));
  return present::mpls;
}

// The I-TAG, which the customer's MAC pair follows.
uint16_t append_pbb(Packet& packet, size_t offset, FlowKey& key) {
  const std::span<const uint8_t> frame = packet.bytes();
  const auto* tag = header_at<PbbTag>(frame, offset);
  if (tag == nullptr || frame.size() - offset < pbb_tag_bytes + mac_pair_bytes) {
    return 0;
  }
  packet.l2_5_offset = static_cast<uint16_t>(offset);
  key.append(KeyWord::mpls2_pbb, key_word(0, tag->isid() << 8 | (tag->uca() ? 1 : 0)));
  return present::pbb;
}

uint16_t append_arp(Packet& packet, size_t offset, FlowKey& key) {
  const auto* arp = header_at<ArpHeader>(std::span<const uint8_t>(packet.bytes()), offset);
  if (arp == nullptr || !arp->is_ethernet_ipv4()) {
    return 0;
  }
  packet.l3_offset = static_cast<uint16_t>(offset);
  key.append(KeyWord::nd_sll, key_word(arp->op.host()));
  key.append(KeyWord::arp_ip, key_word(arp->spa.host(), arp->tpa.host()));
  key.append(KeyWord::arp_sha, key_word(arp->sha.to_uint64() << 16));
  key.append(KeyWord::arp_tha, key_word(arp->tha.to_uint64() << 16));
  return present::arp;
}

uint16_t append_network(Packet& packet, const LinkPayload& payload, FlowKey& key) {
  switch (payload.type) {
    case eth_type::ipv4:
      return append_ipv4(packet, payload.offset, key);
    case eth_type::ipv6:
      return append_ipv6(packet, payload.offset, key);
    case eth_type::arp:
    case eth_type::rarp:
      return append_arp(packet, payload.offset, key);
    case eth_type::mpls:
    case eth_type::mpls_multicast:
      return append_mpls(packet, payload.offset, key);
    case eth_type::pbb:
      return append_pbb(packet, payload.offset, key);
    default:
      return 0;
  }
}

// What most packets are: IPv4 without tags, options or fragments, with TCP or UDP behind it. A frame that is shorter than
// this is not looked at as one, though UDP would fit.
struct CommonHeaders {
  EthernetHeader ethernet;
  Ipv4Header ip;
  TcpHeader tcp;
};
static_assert(sizeof(CommonHeaders) == ethernet_header_bytes + ipv4_header_bytes + tcp_header_bytes);

// The presence bits and flags of a whole TCP or UDP header in `available` bytes; nothing found: zeros.
struct CommonTransport {
  uint16_t found = 0;
  uint16_t tcp_flags = 0;
};

// Without a branch between the two protocols: which one comes next nothing foretells.
CommonTransport read_transport(const CommonHeaders& headers, size_t available) {
  constexpr uint32_t found = present::ip | present::ip_protocol | present::ports;
  const auto& udp = reinterpret_cast<const UdpHeader&>(headers.tcp);
  const uint32_t is_tcp = static_cast<uint32_t>(headers.ip.protocol == ip_protocol::tcp) &
                          static_cast<uint32_t>(headers.tcp.header_bytes() >= tcp_header_bytes) &
                          static_cast<uint32_t>(headers.tcp.header_bytes() <= available);
  const uint32_t is_udp = static_cast<uint32_t>(headers.ip.protocol == ip_protocol::udp) &
                          static_cast<uint32_t>(udp.length.host() >= udp_header_bytes) &
                          static_cast<uint32_t>(available >= udp_header_bytes);
  return {static_cast<uint16_t>((is_tcp | is_udp) * found | is_tcp * present::tcp_flags),
          static_cast<uint16_t>(is_tcp * headers.tcp.flags())};
}

// The same as the long way for what is common, in one straight line. False: it is not, and nothing was done.
bool extract_common(Packet& packet, FlowKey& key) {
  if (packet.size() < sizeof(CommonHeaders)) {
    return false;
  }
  const uint8_t* const frame = packet.data();
  const auto& headers = *reinterpret_cast<const CommonHeaders*>(frame);
  const size_t total = headers.ip.total_length.host();
  if (headers.ethernet.type != Be16{eth_type::ipv4} || headers.ip.version_ihl != 0x45 || headers.ip.is_fragment() ||
      total < ipv4_header_bytes || total > packet.size() - ethernet_header_bytes) {
    return false;
  }
  const CommonTransport transport = read_transport(headers, total - ipv4_header_bytes);
  if (transport.found == 0) {
    return false;
  }
  const uint64_t ipv4 = raw_key_word(headers.ip.src.bytes.data());
  const uint64_t misc =
      key_word(0, uint32_t{headers.ip.tos} << 16 | uint32_t{headers.ip.ttl} << 8 | headers.ip.protocol);
  const uint64_t l4 =
      key_word(load_be32(frame + ethernet_header_bytes + ipv4_header_bytes), uint32_t{transport.tcp_flags} << 16);
  const uint64_t src_and_type =
      key_word(load_be32(frame + 8), uint32_t{eth_type::ipv4} << 16) | present_in_word(transport.found);
  constexpr std::array names{KeyWord::eth_dst, KeyWord::eth_src_type, KeyWord::ipv4, KeyWord::ip_misc, KeyWord::l4};
  if (!key.append_if_whole<names.size()>(names, {raw_key_word(frame), src_and_type, ipv4, misc, l4})) {
    return false;
  }
  packet.l3_offset = ethernet_header_bytes;
  packet.l4_offset = ethernet_header_bytes + ipv4_header_bytes;
  packet.flow_hash = ipv4_flow_entropy(ipv4, misc, l4);
  return true;
}

}  // namespace

Verdict extract(Packet& packet, FlowKey& key) {
  key.clear();
  packet.l2_5_offset = packet.l3_offset = packet.l4_offset = Packet::unknown_offset;
  append_metadata(packet, key);
  if (extract_common(packet, key)) {
    return keep;
  }
  if (packet.size() < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  const LinkPayload payload = append_ethernet(packet.bytes(), key);
  const uint16_t found = append_network(packet, payload, key);
  key.add_bits(present_word, present_in_word(found));
  packet.flow_hash = flow_entropy(key);
  return keep;
}

}  // namespace weft
