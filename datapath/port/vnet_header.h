// virtio_net_hdr from and to Offload: how taps and packet sockets speak of unfinished frames.
//
// What comes in is not believed: a header that cannot be true (a checksum field beyond the frame's end, GSO without a
// size, without a checksum to finish or of a kind unknown here) is bad_vnet_header. What GSO says about the headers
// inside the frame is checked, and hdr_len settled, behind extraction (datapath/offload/ingress.h); until then hdr_len
// is 0.
//
// Fields are in the host's byte order (the legacy form, which the kernel speaks here unless told otherwise).
//
// Threads: pure functions. Cost: a few ns.
#pragma once

#include <cstdint>

#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// The kernel's own header (linux/virtio_net.h) is no C++: it has a member named `class`.
struct VnetHeader {
  static constexpr uint8_t needs_checksum = 1;
  static constexpr uint8_t data_valid = 2;

  static constexpr uint8_t gso_none = 0;
  static constexpr uint8_t gso_tcp4 = 1;
  static constexpr uint8_t gso_tcp6 = 4;
  static constexpr uint8_t gso_udp_l4 = 5;
  static constexpr uint8_t gso_ecn = 0x80;  // beside one of the TCP kinds

  uint8_t flags = 0;
  uint8_t gso_type = gso_none;
  uint16_t hdr_len = 0;
  uint16_t gso_size = 0;
  uint16_t csum_start = 0;
  uint16_t csum_offset = 0;
};

inline constexpr size_t vnet_header_bytes = sizeof(VnetHeader);
static_assert(vnet_header_bytes == 10);

// Sets packet.offload from what came before the frame.
Verdict read_vnet_header(const VnetHeader& header, Packet& packet);

// For a packet that the port's capabilities cover.
VnetHeader make_vnet_header(const Packet& packet);

// Whether the kernel cuts UDP datagrams for virtio_net_hdr (VIRTIO_NET_HDR_GSO_UDP_L4): from 6.2 on.
bool kernel_takes_udp_l4_gso();

}  // namespace weft::datapath
