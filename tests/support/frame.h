// Frame: the packets of tests, written the way one says them.
//
//     frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi")
//
// A frame begins as an Ethernet header; each call adds the next header, or changes the last one of
// the kind it names (ttl(), tos(), fragment(), zero_checksum(), ...). Every call returns a new
// frame, so a common beginning can be kept and continued twice. EtherTypes, protocol numbers,
// lengths and checksums are filled in when bytes() asks; what a test wants wrong, it says.
// A frame compares by its bytes and prints as words (describe.h) when an expectation fails.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/packet/offload.h"
#include "lib/packet/packet_pool.h"
#include "lib/packet/tcp.h"
#include "lib/packet/vxlan.h"
#include "tests/support/frame_layers.h"

namespace weft {

using Bytes = std::vector<uint8_t>;

// Addresses as text or as values; text that is no address ends the test program.
struct MacArg {
  MacArg(const char* text);
  MacArg(MacAddress address) : mac(address) {}
  MacAddress mac;
};
struct Ipv4Arg {
  Ipv4Arg(const char* text);
  Ipv4Arg(Ipv4Address address) : ip(address) {}
  Ipv4Address ip;
};
struct Ipv6Arg {
  Ipv6Arg(const char* text);
  Ipv6Arg(Ipv6Address address) : ip(address) {}
  Ipv6Address ip;
};

class Frame {
 public:
  // 02:00:00:00:00:01 to 02:00:00:00:00:02 and nothing after.
  Frame();
  // Exactly these bytes.
  explicit Frame(Bytes bytes);
  explicit Frame(std::span<const uint8_t> bytes);

  // Layer 2.
  [[nodiscard]] Frame eth(MacArg src, MacArg dst) const;
  [[nodiscard]] Frame eth_type(uint16_t type) const;  // of the last layer-2 header, for what follows
  [[nodiscard]] Frame length_type() const;  // an 802.3 length instead of a type: give llc_snap() or raw() after
  [[nodiscard]] Frame llc_snap() const;
  [[nodiscard]] Frame vlan(uint16_t vid, uint8_t pcp = 0, uint16_t tpid = 0x8100) const;
  [[nodiscard]] Frame vlan_tci(uint16_t tci, uint16_t tpid = 0x8100) const;
  // An I-TAG, and the customer's addresses behind it; vlan() and what else follows is the customer's.
  [[nodiscard]] Frame pbb(uint32_t isid, MacArg src = "02:00:00:00:00:01", MacArg dst = "02:00:00:00:00:02",
                          uint8_t pcp = 0, bool uca = false) const;
  [[nodiscard]] Frame mpls(uint32_t label, uint8_t tc = 0, uint8_t ttl = 64) const;
  [[nodiscard]] Frame arp(uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) const;
  [[nodiscard]] Frame arp_request(Ipv4Arg spa, Ipv4Arg tpa) const;  // broadcast, from eth()'s source
  [[nodiscard]] Frame rarp(uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) const;

  // Layer 3.
  [[nodiscard]] Frame ipv4(Ipv4Arg src, Ipv4Arg dst) const;
  [[nodiscard]] Frame ipv6(Ipv6Arg src, Ipv6Arg dst) const;
  [[nodiscard]] Frame ttl(uint8_t ttl) const;  // of the last MPLS, IPv4 or IPv6 header
  [[nodiscard]] Frame tos(uint8_t tos) const;  // traffic class in IPv6
  [[nodiscard]] Frame ip_id(uint16_t id) const;
  [[nodiscard]] Frame dont_fragment() const;
  [[nodiscard]] Frame ip_options(Bytes options) const;  // of IPv4; padded to whole words
  [[nodiscard]] Frame flow_label(uint32_t label) const;
  [[nodiscard]] Frame protocol(uint8_t protocol) const;  // of the last IP or extension header
  // `offset` in bytes; in IPv6 it adds a fragment header. Later fragments go on with payload().
  [[nodiscard]] Frame fragment(size_t offset, bool more, uint32_t id = 1) const;
  // An IPv6 extension header of `size` bytes (a multiple of 8; of 4 for AH), zero inside.
  [[nodiscard]] Frame extension(uint8_t protocol, size_t size = 8) const;

  // Layer 4.
  [[nodiscard]] Frame tcp(uint16_t src, uint16_t dst, uint16_t flags = tcp_flag::ack) const;
  [[nodiscard]] Frame tcp_sequence(uint32_t sequence, uint32_t acknowledgement = 0) const;
  [[nodiscard]] Frame tcp_options(Bytes options) const;  // padded to whole words
  [[nodiscard]] Frame udp(uint16_t src, uint16_t dst) const;
  [[nodiscard]] Frame sctp(uint16_t src, uint16_t dst, uint32_t tag = 0) const;
  [[nodiscard]] Frame icmp(uint8_t type, uint8_t code = 0, uint32_t rest = 0) const;
  [[nodiscard]] Frame icmpv6(uint8_t type, uint8_t code = 0, uint32_t rest = 0) const;
  [[nodiscard]] Frame nd_ns(Ipv6Arg target, MacArg source) const;  // with source link-layer option
  [[nodiscard]] Frame nd_na(Ipv6Arg target, MacArg owner, uint32_t flags = 0x60000000) const;

  // What follows.
  [[nodiscard]] Frame vxlan(uint32_t vni, const Frame& inner) const;
  [[nodiscard]] Frame vxlan(const VxlanHeader& header, const Frame& inner) const;
  [[nodiscard]] Frame inner(const Frame& inner) const;  // a whole frame as payload
  [[nodiscard]] Frame payload(std::string_view text) const;
  [[nodiscard]] Frame payload_size(size_t size) const;  // so many bytes of a fixed pattern
  [[nodiscard]] Frame raw(Bytes bytes) const;

  // What is wrong or unusual.
  [[nodiscard]] Frame zero_checksum() const;             // of the last L4 header
  [[nodiscard]] Frame bad_checksum() const;              // of the last L4 header, or IPv4 if there is none
  [[nodiscard]] Frame bad_ip_checksum() const;           // of the last IPv4 header
  [[nodiscard]] Frame ip_length(uint16_t length) const;  // a length field that lies
  [[nodiscard]] Frame udp_length(uint16_t length) const;
  [[nodiscard]] Frame truncated(size_t size) const;    // the first `size` bytes
  [[nodiscard]] Frame padded(size_t size = 60) const;  // zeros at the end up to `size`

  // What a guest with offloads sends: the last L4 checksum holds the pseudo-header sum, and with
  // gso() the payload is to be cut into pieces of `size`. offload() is the metadata beside it.
  [[nodiscard]] Frame partial_checksum() const;
  [[nodiscard]] Frame gso(uint16_t size) const;
  Offload offload() const;

  Bytes bytes() const;
  operator Bytes() const { return bytes(); }
  size_t size() const { return bytes().size(); }

  friend bool operator==(const Frame& a, const Frame& b) { return a.bytes() == b.bytes(); }

 private:
  Frame with(FrameLayer layer) const;
  template <class Kinds, class Change>
  Frame changed(Kinds kinds, Change&& change) const;

  std::vector<FrameLayer> layers_;
  Offload inner_offload_;  // of a frame put inside
  bool is_given_ = false;  // made from bytes: nothing is filled in
  uint16_t gso_size_ = 0;
  size_t truncated_to_ = ~size_t{0};
  size_t padded_to_ = 0;
};

inline Frame frame() { return Frame(); }

// What a test sends that only needs a packet.
inline Frame small_udp() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi"); }
// So long with its Ethernet header, from 42 bytes.
inline Frame udp_of_size(size_t size) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(size - 42); }

// A packet of `pool` with the frame's bytes and offload metadata.
PacketPtr make_packet(PacketPool& pool, const Frame& frame);

std::ostream& operator<<(std::ostream& out, const Frame& frame);

}  // namespace weft
