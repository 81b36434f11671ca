// Where the layers of a frame are, and where its checksum fields are: what actions and segmentation need to know.
//
// Extraction (lib/flow/extract.h) answers what a rule may ask; this answers where to write. It walks the frame as it
// is now, behind any pushes and pops, and believes no length that the frame does not hold. A header that is cut off,
// or whose length lies, or that ends beyond what an offset of 16 bits can name, is absent, and so is everything behind
// it: every layer found lies behind the one before.
//
// Threads: pure functions. Cost: some 10 ns; callers keep the answer until the frame's headers move.
#pragma once

#include <cstdint>
#include <span>

#include "lib/packet/checksum.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

struct FrameLayers {
  static constexpr uint16_t absent = 0xffff;
  enum class Network : uint8_t { none, ipv4, ipv6, arp };

  uint16_t eth_type = 0;          // of the payload behind all VLAN tags
  uint16_t vlan_count = 0;        // more than the key knows of, where frames come with three or a push adds to two
  uint16_t eth_type_at = absent;  // where it stands: behind the tags, or in a SNAP header
  uint16_t mpls = absent;         // first label stack entry; what is behind the stack is not looked at
  uint16_t pbb = absent;          // I-TAG of a backbone frame; the customer's frame begins pbb_tag_bytes behind it
  uint16_t l3 = absent;
  Network network = Network::none;
  uint8_t ip_protocol = 0;        // of l4
  uint16_t protocol_at = absent;  // the byte that says so, in the last IP or extension header
  bool is_fragment = false;
  bool is_later_fragment = false;
  bool has_route_ahead = false;  // IPv6 routing header with segments left: dst is not the final destination
  uint16_t final_dst = absent;   // IPv6: the address the pseudo-header names
  uint16_t l4 = absent;          // never on a later fragment
  uint32_t l3_end = 0;           // end of the IP packet; the frame may be padded behind it

  bool is_ip() const { return network == Network::ipv4 || network == Network::ipv6; }
  bool has_l4() const { return l4 != absent; }
};

// From an Ethernet header at `offset`.
FrameLayers find_layers(std::span<const uint8_t> frame, size_t offset = 0);
// From an IP header at `offset`, which its version nibble tells apart.
FrameLayers find_ip_layers(std::span<const uint8_t> frame, size_t offset);

// How the L4 checksum of the layer that `layers` found is kept.
struct L4Checksum {
  enum class State : uint8_t {
    none,     // the protocol has none, or it is elsewhere: later fragments, unknown protocols
    absent,   // UDP with zero: nothing to keep right
    full,     // the complement of the whole sum
    partial,  // the sum of the pseudo-header alone
    crc,      // SCTP's CRC32c over all of it
  };
  State state = State::none;
  bool has_pseudo_header = false;
  bool is_udp = false;
  uint16_t field = 0;  // offset of the field in the frame
};

L4Checksum find_l4_checksum(const Packet& packet, const FrameLayers& layers);

// What a pseudo-header is read from: the IP header at `offset`, and where the address stands that an IPv6 packet is
// for in the end.
struct PseudoHeaderPlace {
  bool is_ipv4 = true;
  size_t offset = 0;
  size_t final_dst = 0;  // IPv6
};

inline PseudoHeaderPlace pseudo_header_place(const FrameLayers& layers) {
  return {layers.network == FrameLayers::Network::ipv4, layers.l3, layers.final_dst};
}

// The place is one that was found in this frame.
InternetSum pseudo_header_sum(std::span<const uint8_t> frame, const PseudoHeaderPlace& place, uint8_t protocol,
                              size_t l4_size);

}  // namespace weft::datapath
