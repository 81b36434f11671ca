#include "tests/support/frame.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"
#include "lib/packet/pbb.h"
#include "lib/packet/sctp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"
#include "tests/support/describe.h"

namespace weft {

namespace {

[[noreturn]] void give_up(const char* why, const char* what) {
  std::fprintf(stderr, "test frame: %s: %s\n", why, what);
  std::abort();
}

template <class Address>
Address parse_or_give_up(const char* text) {
  const auto address = Address::parse(text);
  if (!address) {
    give_up("not an address", text);
  }
  return *address;
}

template <class H>
Bytes bytes_of(const H& header) {
  const auto* begin = reinterpret_cast<const uint8_t*>(&header);
  return Bytes(begin, begin + sizeof header);
}

template <class H>
H& header_of(FrameLayer& layer) {
  return *reinterpret_cast<H*>(layer.header.data());
}

using Kind = FrameLayer::Kind;
using ChecksumMode = FrameLayer::ChecksumMode;

constexpr std::array layer_2 = {Kind::eth, Kind::llc, Kind::vlan, Kind::pbb, Kind::mpls};
constexpr std::array layer_3 = {Kind::ipv4, Kind::ipv6};
constexpr std::array layer_4 = {Kind::tcp, Kind::udp, Kind::sctp, Kind::icmp, Kind::icmpv6};

}  // namespace

MacArg::MacArg(const char* text) : mac(parse_or_give_up<MacAddress>(text)) {}
Ipv4Arg::Ipv4Arg(const char* text) : ip(parse_or_give_up<Ipv4Address>(text)) {}
Ipv6Arg::Ipv6Arg(const char* text) : ip(parse_or_give_up<Ipv6Address>(text)) {}

Frame::Frame() {
  layers_.push_back(
      {Kind::eth, bytes_of(EthernetHeader{MacArg("02:00:00:00:00:02").mac, MacArg("02:00:00:00:00:01").mac, Be16{}})});
}

Frame::Frame(Bytes bytes) : is_given_(true) { layers_.push_back({Kind::payload, std::move(bytes)}); }

Frame::Frame(std::span<const uint8_t> bytes) : Frame(Bytes(bytes.begin(), bytes.end())) {}

// Adds a layer to a copy.
Frame Frame::with(FrameLayer layer) const {
  Frame longer = *this;
  longer.layers_.push_back(std::move(layer));
  return longer;
}

// Changes, in a copy, the last layer of one of these kinds.
template <class Kinds, class Change>
Frame Frame::changed(Kinds kinds, Change&& change) const {
  Frame other = *this;
  for (auto layer = other.layers_.rbegin(); layer != other.layers_.rend(); ++layer) {
    if (std::find(kinds.begin(), kinds.end(), layer->kind) != kinds.end()) {
      change(*layer);
      return other;
    }
  }
  give_up("nothing to change", "the header this call speaks of is not there yet");
}

// Layer 2.

Frame Frame::eth(MacArg src, MacArg dst) const {
  return changed(std::array{Kind::eth}, [&](FrameLayer& layer) {
    header_of<EthernetHeader>(layer).src = src.mac;
    header_of<EthernetHeader>(layer).dst = dst.mac;
  });
}

Frame Frame::eth_type(uint16_t type) const {
  return changed(layer_2, [&](FrameLayer& layer) { layer.next_number = type; });
}

Frame Frame::length_type() const {
  return changed(std::array{Kind::eth, Kind::vlan}, [](FrameLayer& layer) { layer.has_length_type = true; });
}

Frame Frame::llc_snap() const { return length_type().with({Kind::llc, bytes_of(LlcSnapHeader{})}); }

Frame Frame::vlan(uint16_t vid, uint8_t pcp, uint16_t tpid) const { return vlan_tci(make_vlan_tci(vid, pcp), tpid); }

// A tag's TPID is the type of what precedes, so the layer is the TCI and the type that follows.
Frame Frame::vlan_tci(uint16_t tci, uint16_t tpid) const {
  return with({Kind::vlan, bytes_of(VlanTag{Be16{tci}, Be16{}}), tpid});
}

Frame Frame::pbb(uint32_t isid, MacArg src, MacArg dst, uint8_t pcp, bool uca) const {
  const uint32_t tag = PbbTag::make(isid, pcp) | (uca ? 1U << pbb_uca_shift : 0);
  Bytes header = bytes_of(PbbTag{Be32{tag}});
  const Bytes addresses = bytes_of(EthernetHeader{dst.mac, src.mac, Be16{}});
  header.insert(header.end(), addresses.begin(), addresses.end());
  return with({Kind::pbb, std::move(header), eth_type::pbb});
}

Frame Frame::mpls(uint32_t label, uint8_t tc, uint8_t ttl) const {
  return with({Kind::mpls, bytes_of(MplsEntry::make(label, tc, false, ttl)), eth_type::mpls});
}

namespace {

FrameLayer arp_layer(uint16_t type, uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) {
  const ArpHeader header{Be16{1}, Be16{eth_type::ipv4}, 6, 4, Be16{op}, sha.mac, spa.ip, tha.mac, tpa.ip};
  return {Kind::arp, bytes_of(header), type};
}

}  // namespace

Frame Frame::arp(uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) const {
  return with(arp_layer(eth_type::arp, op, sha, spa, tha, tpa));
}

Frame Frame::arp_request(Ipv4Arg spa, Ipv4Arg tpa) const {
  Frame question = *this;
  const MacAddress src = header_of<EthernetHeader>(question.layers_.front()).src;
  return question.eth(src, MacAddress::broadcast()).arp(arp_op::request, src, spa, MacAddress{}, tpa);
}

Frame Frame::rarp(uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) const {
  return with(arp_layer(eth_type::rarp, op, sha, spa, tha, tpa));
}

// Layer 3.

Frame Frame::ipv4(Ipv4Arg src, Ipv4Arg dst) const {
  Ipv4Header header;
  header.ttl = 64;
  header.src = src.ip;
  header.dst = dst.ip;
  return with({Kind::ipv4, bytes_of(header), eth_type::ipv4});
}

Frame Frame::ipv6(Ipv6Arg src, Ipv6Arg dst) const {
  Ipv6Header header;
  header.hop_limit = 64;
  header.src = src.ip;
  header.dst = dst.ip;
  return with({Kind::ipv6, bytes_of(header), eth_type::ipv6});
}

Frame Frame::ttl(uint8_t ttl) const {
  return changed(std::array{Kind::mpls, Kind::ipv4, Kind::ipv6}, [&](FrameLayer& layer) {
    if (layer.kind == Kind::mpls) {
      layer.header[3] = ttl;
    } else if (layer.kind == Kind::ipv4) {
      header_of<Ipv4Header>(layer).ttl = ttl;
    } else {
      header_of<Ipv6Header>(layer).hop_limit = ttl;
    }
  });
}

Frame Frame::tos(uint8_t tos) const {
  return changed(layer_3, [&](FrameLayer& layer) {
    if (layer.kind == Kind::ipv4) {
      header_of<Ipv4Header>(layer).tos = tos;
    } else {
      header_of<Ipv6Header>(layer).set_traffic_class(tos);
    }
  });
}

Frame Frame::ip_id(uint16_t id) const {
  return changed(std::array{Kind::ipv4}, [&](FrameLayer& layer) { header_of<Ipv4Header>(layer).id = Be16{id}; });
}

Frame Frame::dont_fragment() const {
  return changed(std::array{Kind::ipv4}, [](FrameLayer& layer) {
    Be16& field = header_of<Ipv4Header>(layer).flags_fragment;
    field = Be16{static_cast<uint16_t>(field.host() | ipv4_dont_fragment)};
  });
}

Frame Frame::ip_options(Bytes options) const {
  options.resize((options.size() + 3) / 4 * 4);
  return changed(std::array{Kind::ipv4}, [&](FrameLayer& layer) {
    layer.header.insert(layer.header.end(), options.begin(), options.end());
    header_of<Ipv4Header>(layer).version_ihl = static_cast<uint8_t>(0x40 | layer.header.size() / 4);
  });
}

Frame Frame::flow_label(uint32_t label) const {
  return changed(std::array{Kind::ipv6},
                 [&](FrameLayer& layer) { header_of<Ipv6Header>(layer).set_flow_label(label); });
}

Frame Frame::protocol(uint8_t protocol) const {
  return changed(std::array{Kind::ipv4, Kind::ipv6, Kind::extension},
                 [&](FrameLayer& layer) { layer.next_number = protocol; });
}

Frame Frame::fragment(size_t offset, bool more, uint32_t id) const {
  if (offset % 8 != 0) {
    give_up("fragment offset", "not a multiple of eight");
  }
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    if (layer->kind == Kind::ipv6) {
      const auto offset_more = static_cast<uint16_t>(offset | (more ? 1 : 0));
      return with(
          {Kind::extension, bytes_of(Ipv6FragmentHeader{0, 0, Be16{offset_more}, Be32{id}}), ip_protocol::fragment});
    }
    if (layer->kind == Kind::ipv4) {
      break;
    }
  }
  return changed(std::array{Kind::ipv4}, [&](FrameLayer& layer) {
    auto& header = header_of<Ipv4Header>(layer);
    header.flags_fragment = Be16{static_cast<uint16_t>(offset / 8 | (more ? ipv4_more_fragments : 0))};
    header.id = Be16{static_cast<uint16_t>(id)};
  });
}

Frame Frame::extension(uint8_t protocol, size_t size) const {
  Bytes header(size);
  header.at(1) = static_cast<uint8_t>(protocol == ip_protocol::ah ? size / 4 - 2 : size / 8 - 1);
  return with({Kind::extension, std::move(header), protocol});
}

// Layer 4.

Frame Frame::tcp(uint16_t src, uint16_t dst, uint16_t flags) const {
  TcpHeader header;
  header.src_port = Be16{src};
  header.dst_port = Be16{dst};
  header.offset_flags = TcpHeader::make_offset_flags(tcp_header_bytes, flags);
  header.window = Be16{0xffff};
  return with({Kind::tcp, bytes_of(header), ip_protocol::tcp});
}

Frame Frame::tcp_sequence(uint32_t sequence, uint32_t acknowledgement) const {
  return changed(std::array{Kind::tcp}, [&](FrameLayer& layer) {
    header_of<TcpHeader>(layer).sequence = Be32{sequence};
    header_of<TcpHeader>(layer).acknowledgement = Be32{acknowledgement};
  });
}

Frame Frame::tcp_options(Bytes options) const {
  options.resize((options.size() + 3) / 4 * 4);
  return changed(std::array{Kind::tcp}, [&](FrameLayer& layer) {
    layer.header.insert(layer.header.end(), options.begin(), options.end());
    auto& header = header_of<TcpHeader>(layer);
    header.offset_flags = TcpHeader::make_offset_flags(layer.header.size(), header.flags());
  });
}

Frame Frame::udp(uint16_t src, uint16_t dst) const {
  return with({Kind::udp, bytes_of(UdpHeader{Be16{src}, Be16{dst}, Be16{}, Be16{}}), ip_protocol::udp});
}

Frame Frame::sctp(uint16_t src, uint16_t dst, uint32_t tag) const {
  return with({Kind::sctp, bytes_of(SctpHeader{Be16{src}, Be16{dst}, Be32{tag}, {}}), ip_protocol::sctp});
}

Frame Frame::icmp(uint8_t type, uint8_t code, uint32_t rest) const {
  return with({Kind::icmp, bytes_of(IcmpHeader{type, code, Be16{}, Be32{rest}}), ip_protocol::icmp});
}

Frame Frame::icmpv6(uint8_t type, uint8_t code, uint32_t rest) const {
  return with({Kind::icmpv6, bytes_of(IcmpHeader{type, code, Be16{}, Be32{rest}}), ip_protocol::icmpv6});
}

namespace {

// Target and link-layer option: what follows the ICMPv6 header of a solicitation or advertisement.
Bytes nd_body(const Ipv6Address& target, uint8_t option_type, const MacAddress& mac) {
  Bytes body(target.bytes.begin(), target.bytes.end());
  const Bytes option = bytes_of(NdLinkLayerOption{{option_type, 1}, mac});
  body.insert(body.end(), option.begin(), option.end());
  return body;
}

}  // namespace

// RFC 4861 section 7.1: neighbour discovery is sent with hop limit 255.
Frame Frame::nd_ns(Ipv6Arg target, MacArg source) const {
  return ttl(255)
      .icmpv6(icmpv6_type::neighbor_solicitation)
      .raw(nd_body(target.ip, nd_option_type::source_link_layer, source.mac));
}

Frame Frame::nd_na(Ipv6Arg target, MacArg owner, uint32_t flags) const {
  return ttl(255)
      .icmpv6(icmpv6_type::neighbor_advertisement, 0, flags)
      .raw(nd_body(target.ip, nd_option_type::target_link_layer, owner.mac));
}

// What follows.

Frame Frame::vxlan(uint32_t vni, const Frame& inner) const { return vxlan(VxlanHeader::make(vni), inner); }

Frame Frame::vxlan(const VxlanHeader& header, const Frame& inner) const { return raw(bytes_of(header)).inner(inner); }

// The inner frame's promises become the whole frame's: its offsets lie behind what is here now.
Frame Frame::inner(const Frame& inner) const {
  const Offload promise = inner.offload();
  const size_t start = bytes().size();
  Frame outer = raw(inner.bytes());
  if (promise.csum_start != 0) {
    outer.inner_offload_ = promise;
    outer.inner_offload_.pushed(start);
    ++outer.inner_offload_.outer_count;
  }
  return outer;
}

Frame Frame::payload(std::string_view text) const { return raw(Bytes(text.begin(), text.end())); }

Frame Frame::payload_size(size_t size) const {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>('a' + i % 26);
  }
  return raw(std::move(bytes));
}

Frame Frame::raw(Bytes bytes) const { return with({Kind::payload, std::move(bytes)}); }

// What is wrong or unusual.

Frame Frame::zero_checksum() const {
  return changed(layer_4, [](FrameLayer& layer) { layer.checksum = ChecksumMode::zero; });
}

Frame Frame::bad_checksum() const {
  const bool has_l4 = std::any_of(layers_.begin(), layers_.end(), [](const FrameLayer& layer) {
    return std::find(layer_4.begin(), layer_4.end(), layer.kind) != layer_4.end();
  });
  return has_l4 ? changed(layer_4, [](FrameLayer& layer) { layer.checksum = ChecksumMode::bad; }) : bad_ip_checksum();
}

Frame Frame::bad_ip_checksum() const {
  return changed(std::array{Kind::ipv4}, [](FrameLayer& layer) { layer.checksum = ChecksumMode::bad; });
}

Frame Frame::ip_length(uint16_t length) const {
  return changed(layer_3, [&](FrameLayer& layer) { layer.length = length; });
}

Frame Frame::udp_length(uint16_t length) const {
  return changed(std::array{Kind::udp}, [&](FrameLayer& layer) { layer.length = length; });
}

Frame Frame::truncated(size_t size) const {
  Frame shorter = *this;
  shorter.truncated_to_ = size;
  return shorter;
}

Frame Frame::padded(size_t size) const {
  Frame longer = *this;
  longer.padded_to_ = size;
  return longer;
}

Frame Frame::partial_checksum() const {
  return changed(layer_4, [](FrameLayer& layer) { layer.checksum = ChecksumMode::partial; });
}

Frame Frame::gso(uint16_t size) const {
  Frame large = partial_checksum();
  large.gso_size_ = size;
  return large;
}

// Results.

Offload Frame::offload() const {
  if (inner_offload_.csum_start != 0) {
    return inner_offload_;
  }
  return is_given_ ? Offload{} : FrameAssembler(layers_).offload(gso_size_);
}

Bytes Frame::bytes() const {
  Bytes bytes = is_given_ ? layers_.front().header : FrameAssembler(layers_).bytes();
  if (is_given_) {
    for (size_t i = 1; i < layers_.size(); ++i) {
      bytes.insert(bytes.end(), layers_[i].header.begin(), layers_[i].header.end());
    }
  }
  bytes.resize(std::max(bytes.size(), padded_to_));
  bytes.resize(std::min(bytes.size(), truncated_to_));
  return bytes;
}

PacketPtr make_packet(PacketPool& pool, const Frame& frame) {
  PacketPtr packet = pool.copy_of(frame.bytes());
  if (packet) {
    packet->offload = frame.offload();
  }
  return packet;
}

std::ostream& operator<<(std::ostream& out, const Frame& frame) { return out << describe(frame.bytes()); }

}  // namespace weft
