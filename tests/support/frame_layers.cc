#include "tests/support/frame_layers.h"

#include <cstring>

#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"

namespace weft {

namespace {

using Kind = FrameLayer::Kind;
using ChecksumMode = FrameLayer::ChecksumMode;

template <class H>
H& as(std::vector<uint8_t>& header) {
  return *reinterpret_cast<H*>(header.data());
}

// Where the checksum field lies in a layer-4 header; nothing in other layers.
std::optional<uint16_t> checksum_offset(Kind kind) {
  switch (kind) {
    case Kind::tcp:
      return tcp_checksum_offset;
    case Kind::udp:
      return udp_checksum_offset;
    case Kind::sctp:
      return sctp_checksum_offset;
    case Kind::icmp:
    case Kind::icmpv6:
      return icmp_checksum_offset;
    default:
      return std::nullopt;
  }
}

uint8_t protocol_number(Kind kind) {
  switch (kind) {
    case Kind::tcp:
      return ip_protocol::tcp;
    case Kind::udp:
      return ip_protocol::udp;
    default:
      return ip_protocol::icmpv6;
  }
}

bool is_l2(Kind kind) { return kind == Kind::eth || kind == Kind::vlan || kind == Kind::pbb || kind == Kind::llc; }

}  // namespace

std::vector<uint8_t> FrameAssembler::bytes() const {
  Bytes frame;
  for (size_t i = layers_.size(); i-- > 0;) {
    Bytes header = layers_[i].header;
    finish_header(i, header, frame);
    frame.insert(frame.begin(), header.begin(), header.end());
  }
  return frame;
}

// The number of the layer that follows: told, or its own, or zero when bytes of no kind follow.
uint16_t FrameAssembler::next_number(size_t index) const {
  if (layers_[index].next_number >= 0) {
    return static_cast<uint16_t>(layers_[index].next_number);
  }
  return index + 1 < layers_.size() ? layers_[index + 1].number : 0;
}

void FrameAssembler::finish_header(size_t index, Bytes& header, const Bytes& rest) const {
  const FrameLayer& layer = layers_[index];
  const auto length = [&](size_t real) {
    return Be16{static_cast<uint16_t>(layer.length >= 0 ? static_cast<size_t>(layer.length) : real)};
  };
  if (is_l2(layer.kind)) {
    const uint16_t type = layer.has_length_type ? static_cast<uint16_t>(rest.size()) : next_number(index);
    store_be16(header.data() + header.size() - 2, type);
    return;
  }
  switch (layer.kind) {
    case Kind::mpls: {
      const bool is_bottom = index + 1 == layers_.size() || layers_[index + 1].kind != Kind::mpls;
      header[2] = static_cast<uint8_t>((header[2] & 0xfe) | (is_bottom ? 1 : 0));
      break;
    }
    case Kind::ipv4: {
      auto& ipv4 = as<Ipv4Header>(header);
      ipv4.total_length = length(header.size() + rest.size());
      ipv4.protocol = static_cast<uint8_t>(next_number(index));
      ipv4.checksum = internet_checksum(header);
      if (layer.checksum == ChecksumMode::bad) {
        ipv4.checksum = Be16{static_cast<uint16_t>(ipv4.checksum.host() ^ 0x5555)};
      }
      break;
    }
    case Kind::ipv6: {
      auto& ipv6 = as<Ipv6Header>(header);
      ipv6.payload_length = length(rest.size());
      ipv6.next_header = static_cast<uint8_t>(layers_[index].next_number < 0 && index + 1 == layers_.size()
                                                  ? ip_protocol::no_next_header
                                                  : next_number(index));
      break;
    }
    case Kind::extension:
      header[0] = static_cast<uint8_t>(next_number(index));
      break;
    case Kind::udp:
      as<UdpHeader>(header).length = length(header.size() + rest.size());
      break;
    default:
      break;
  }
  finish_l4_checksum(index, header, rest);
}

void FrameAssembler::finish_l4_checksum(size_t index, Bytes& header, const Bytes& rest) const {
  const FrameLayer& layer = layers_[index];
  const auto offset = checksum_offset(layer.kind);
  if (!offset || layer.checksum == ChecksumMode::zero) {
    return;
  }
  uint8_t* const field = header.data() + *offset;
  if (layer.kind == Kind::sctp) {
    if (layer.checksum != ChecksumMode::partial) {
      store_sctp_crc(field, crc32c(rest, crc32c(header)));
      field[0] = static_cast<uint8_t>(field[0] ^ (layer.checksum == ChecksumMode::bad ? 0x55 : 0));
    }
    return;
  }
  const InternetSum pseudo = pseudo_sum(index, header.size() + rest.size());
  Be16 value = pseudo.folded();
  if (layer.checksum != ChecksumMode::partial) {
    // Every header here has an even size, so the rest begins at an even offset.
    value = InternetSum(pseudo).add(header).add(rest).checksum();
    value = layer.kind == Kind::udp ? udp_checksum_or_ones(value) : value;
  }
  if (layer.checksum == ChecksumMode::bad) {
    value = Be16{static_cast<uint16_t>(value.host() ^ 0x5555)};
  }
  std::memcpy(field, &value, sizeof value);
}

// Of the IP header that carries layer `index`. ICMP over IPv4 has none.
InternetSum FrameAssembler::pseudo_sum(size_t index, size_t l4_size) const {
  const Kind kind = layers_[index].kind;
  if (kind == Kind::icmp) {
    return {};
  }
  for (size_t i = index; i-- > 0;) {
    Bytes header = layers_[i].header;
    if (layers_[i].kind == Kind::ipv4) {
      const auto& ipv4 = as<Ipv4Header>(header);
      return pseudo_header_sum(ipv4.src, ipv4.dst, protocol_number(kind), l4_size);
    }
    if (layers_[i].kind == Kind::ipv6) {
      const auto& ipv6 = as<Ipv6Header>(header);
      return pseudo_header_sum(ipv6.src, ipv6.dst, protocol_number(kind), l4_size);
    }
  }
  return {};
}

Offload FrameAssembler::offload(uint16_t gso_size) const {
  Offload offload;
  size_t at = 0;
  bool is_ipv6 = false;
  for (const FrameLayer& layer : layers_) {
    is_ipv6 = layer.kind == Kind::ipv6 || (is_ipv6 && layer.kind != Kind::ipv4);
    if (layer.checksum == ChecksumMode::partial) {
      offload.checksum = Offload::Checksum::partial;
      offload.csum_start = static_cast<uint16_t>(at);
      offload.csum_offset = checksum_offset(layer.kind).value_or(0);
      if (gso_size != 0) {
        offload.gso_size = gso_size;
        offload.hdr_len = static_cast<uint16_t>(at + layer.header.size());
        offload.gso = layer.kind == Kind::udp ? Offload::Gso::udp_l4
                      : is_ipv6               ? Offload::Gso::tcp6
                                              : Offload::Gso::tcp4;
      }
    }
    at += layer.header.size();
  }
  return offload;
}

}  // namespace weft
