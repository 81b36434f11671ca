#include "datapath/icmp/too_big.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "datapath/offload/frame_layers.h"
#include "datapath/offload/gso.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

using Bytes = std::span<const uint8_t>;
using WritableBytes = std::span<uint8_t>;

constexpr size_t max_ipv4_answer = 576;
constexpr size_t max_ipv6_answer = 1280;
constexpr size_t min_ipv4_mtu = 68;
constexpr size_t min_ipv6_mtu = 1280;
constexpr uint8_t fragmentation_needed = 4;
constexpr uint8_t answer_ttl = 64;
// Headers longer than that, up to the payload that is cut, are of no guest's stack.
constexpr size_t max_header_size = 1024;

bool is_of_one(Ipv4Address ip) { return ip.bytes[0] != 0 && !ip.is_loopback() && ip.bytes[0] < 224; }
bool is_of_one(const Ipv6Address& ip) { return !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast(); }
bool is_of_one(const MacAddress& mac) { return !mac.is_multicast() && !mac.is_zero(); }

// What is not known to be a question may be an error (RFC 792, RFC 950, RFC 1256, RFC 8335).
bool is_icmp_question(uint8_t type) {
  switch (type) {
    case icmp_type::echo_reply:
    case icmp_type::echo_request:
    case 9:   // router advertisement
    case 10:  // router solicitation
    case 13:  // timestamp
    case 14:
    case 15:  // information
    case 16:
    case 17:  // address mask
    case 18:
    case 42:  // extended echo
    case 43:
      return true;
    default:
      return false;
  }
}

// Of ICMPv6 the upper half of the types tells, and redirects do not ask either.
bool is_icmp_error(Bytes frame, const FrameLayers& layers) {
  if (layers.network == FrameLayers::Network::ipv4 && layers.ip_protocol == ip_protocol::icmp) {
    return !is_icmp_question(frame[layers.l4]);
  }
  return layers.network == FrameLayers::Network::ipv6 && layers.ip_protocol == ip_protocol::icmpv6 &&
         (frame[layers.l4] < 128 || frame[layers.l4] == icmpv6_type::redirect);
}

// The protocol is told by the frame itself, and there is one IP header behind plain Ethernet and tags.
bool may_be_answered(Bytes frame, const FrameLayers& layers) {
  const auto& ethernet = *header_at<EthernetHeader>(frame);
  if (!layers.is_ip() || !layers.has_l4() || is_icmp_error(frame, layers) || !is_of_one(ethernet.src) ||
      !is_of_one(ethernet.dst) || size_t{layers.eth_type_at} + sizeof(Be16) != layers.l3 ||
      layers.l3 != ethernet_header_bytes + layers.vlan_count * vlan_tag_bytes) {
    return false;
  }
  if (layers.network == FrameLayers::Network::ipv4) {
    const auto& ip = *header_at<Ipv4Header>(frame, layers.l3);
    return ip.dont_fragment() && is_of_one(ip.src) && is_of_one(ip.dst);
  }
  const auto& ip = *header_at<Ipv6Header>(frame, layers.l3);
  return is_of_one(ip.src) && is_of_one(ip.dst);
}

// The MTU to tell; nothing where none would help. `packet_size` is the IP packet's.
std::optional<size_t> mtu_to_tell(size_t packet_size, size_t mtu, bool is_v4) {
  if (packet_size <= mtu) {
    return std::nullopt;
  }
  if (is_v4) {
    return mtu >= min_ipv4_mtu ? std::optional(std::min<size_t>(mtu, 0xffff)) : std::nullopt;
  }
  return packet_size > min_ipv6_mtu ? std::optional(std::max(mtu, min_ipv6_mtu)) : std::nullopt;
}

// Where the parts of an answer are.
struct Layout {
  bool is_v4 = true;
  size_t l3 = 0;
  size_t ip_size() const { return is_v4 ? ipv4_header_bytes : ipv6_header_bytes; }
  size_t icmp() const { return l3 + ip_size(); }
  size_t quote() const { return icmp() + icmp_header_bytes; }
  size_t max_size() const { return l3 + (is_v4 ? max_ipv4_answer : max_ipv6_answer); }
};

// The frame, or the first piece of it, so placed that its IP header is where the quote begins; what is before that is
// written over later. The answer's size is then that of a whole quote, or less.
Verdict write_quote(const Packet& packet, const FrameLayers& layers, const Layout& layout, Packet& answer) {
  const size_t begin = layout.quote() - layout.l3;
  const auto put_behind = [&](size_t at, Bytes bytes) {
    const size_t size = std::min(bytes.size(), layout.max_size() - std::min(at, layout.max_size()));
    answer.set_size(std::min(at, layout.max_size()) + size);
    if (size > 0) {
      std::memcpy(answer.data() + at, bytes.data(), size);
    }
  };
  if (!packet.offload.is_gso()) {
    put_behind(begin, packet.bytes().first(layers.l3_end));
    return keep;
  }
  const Segmenter segmenter(packet);
  if (segmenter.verdict()) {
    return segmenter.verdict();
  }
  const size_t header_size = segmenter.header_size();
  if (header_size > max_header_size) {
    return DropReason::gso_unsupported;
  }
  answer.set_size(begin + header_size);
  segmenter.write_headers(0, answer.data() + begin, InternetSum().add(segmenter.payload(0)));
  put_behind(begin + header_size, segmenter.payload(0));
  return keep;
}

void write_ethernet(Bytes frame, const Layout& layout, WritableBytes answer) {
  std::memcpy(answer.data(), frame.data(), layout.l3);
  const auto& asked = *header_at<EthernetHeader>(frame);
  auto& ethernet = *header_at<EthernetHeader>(answer);
  ethernet.dst = asked.src;
  ethernet.src = asked.dst;
}

void write_ipv4(Bytes frame, const Layout& layout, size_t mtu, WritableBytes answer) {
  const auto& asked = *header_at<Ipv4Header>(frame, layout.l3);
  Ipv4Header ip;
  ip.total_length = Be16{static_cast<uint16_t>(answer.size() - layout.l3)};
  ip.flags_fragment = Be16{ipv4_dont_fragment};  // so it needs no id (RFC 6864 section 4.1)
  ip.ttl = answer_ttl;
  ip.protocol = ip_protocol::icmp;
  ip.src = asked.dst;
  ip.dst = asked.src;
  ip.checksum = internet_checksum({reinterpret_cast<const uint8_t*>(&ip), sizeof ip});
  std::memcpy(&answer[layout.l3], &ip, sizeof ip);

  auto& icmp = *header_at<IcmpHeader>(answer, layout.icmp());
  icmp = {icmp_type::destination_unreachable, fragmentation_needed, Be16{}, Be32{static_cast<uint32_t>(mtu)}};
  icmp.checksum = internet_checksum(answer.subspan(layout.icmp()));
}

void write_ipv6(Bytes frame, const Layout& layout, size_t mtu, WritableBytes answer) {
  const auto& asked = *header_at<Ipv6Header>(frame, layout.l3);
  const size_t icmp_size = answer.size() - layout.icmp();
  Ipv6Header ip;
  ip.payload_length = Be16{static_cast<uint16_t>(icmp_size)};
  ip.next_header = ip_protocol::icmpv6;
  ip.hop_limit = answer_ttl;
  ip.src = asked.dst;
  ip.dst = asked.src;
  std::memcpy(&answer[layout.l3], &ip, sizeof ip);

  auto& icmp = *header_at<IcmpHeader>(answer, layout.icmp());
  icmp = {icmpv6_type::packet_too_big, 0, Be16{}, Be32{static_cast<uint32_t>(mtu)}};
  icmp.checksum =
      pseudo_header_sum(ip.src, ip.dst, ip_protocol::icmpv6, icmp_size).add(answer.subspan(layout.icmp())).checksum();
}

}  // namespace

PacketPtr too_big_answer(Packet& packet, size_t max_frame_size, PacketPool& pool) {
  if (packet.size() < ethernet_header_bytes) {
    return nullptr;
  }
  if (!packet.offload.is_gso() && finish_partial_checksum(packet)) {
    return nullptr;
  }
  const Bytes frame = packet.bytes();
  const FrameLayers layers = find_layers(frame);
  if (!may_be_answered(frame, layers)) {
    return nullptr;
  }
  const Layout layout{layers.network == FrameLayers::Network::ipv4, layers.l3};
  const Offload& offload = packet.offload;
  const size_t end =
      offload.is_gso() ? std::min<size_t>(frame.size(), size_t{offload.hdr_len} + offload.gso_size) : layers.l3_end;
  const auto mtu =
      mtu_to_tell(end - std::min(end, layout.l3), max_frame_size - std::min(max_frame_size, layout.l3), layout.is_v4);
  PacketPtr answer = mtu ? pool.allocate(PacketPool::small_room) : nullptr;
  if (answer == nullptr || write_quote(packet, layers, layout, *answer)) {
    return nullptr;
  }
  write_ethernet(frame, layout, answer->bytes());
  if (layout.is_v4) {
    write_ipv4(frame, layout, *mtu, answer->bytes());
  } else {
    write_ipv6(frame, layout, *mtu, answer->bytes());
  }
  return answer;
}

}  // namespace weft::datapath
