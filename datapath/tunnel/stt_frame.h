// STT frames and segments as bytes: what a packet's offload metadata becomes in an STT header and back, the outer headers
// of a segment, and what a received segment says.
//
// A frame keeps its partial checksum and its GSO size across hosts (the flags, L4 offset and MSS of the header), so a
// guest's 64 KB segment is neither cut nor summed by the switch. What the header cannot say (a checksum that is neither
// TCP's nor UDP's, or that lies in a tunnel of the guest's own, or beyond 255 bytes) is finished here.
//
// A VLAN tag stays in the frame, where it is no different to the receiver; one that a peer has put into the header is put
// back.
//
// Exact overhead on the wire, of the IP packet: 18 bytes a frame, and 40 bytes (IPv6: 60) a segment.
//
// Threads: pure functions. Cost: some 20 ns.
#pragma once

#include <cstdint>
#include <span>

#include "datapath/tunnel/tunnel.h"
#include "lib/base/result.h"
#include "lib/packet/checksum.h"
#include "lib/packet/packet.h"
#include "lib/packet/stt.h"

namespace weft::datapath {

// Sending: the header that goes before the frame. May finish the packet's checksum. gso_unsupported: a GSO kind that STT
// has no word for.
Result<SttHeader, DropReason> make_stt_header(Packet& packet, uint64_t context_id);

// Receiving: takes the header off and sets the packet's offload metadata, which the pipeline checks (check_offload).
// tunnel_bad_header: cut short, or the checksum to finish lies beyond the frame. tunnel_bad_version.
Result<uint64_t, DropReason> take_stt_header(Packet& packet);

// What tells the frames of all senders apart.
struct SttFrameId {
  IpAddress remote;
  IpAddress local;
  uint16_t src_port = 0;
  uint32_t id = 0;
  friend bool operator==(const SttFrameId&, const SttFrameId&) = default;
};

// One segment, as its IP and TCP headers say.
struct SttSegment {
  SttFrameId frame;
  uint16_t frame_size = 0;  // of the whole STT frame
  uint16_t offset = 0;      // of this segment's first byte in it
  uint8_t tos = 0;
  uint8_t ttl = 0;

  OuterHeader outer() const { return {frame.remote, frame.local, tos, ttl}; }
};

// Fills in what the TCP header says; `outer` is what the IP header said, `tcp` all of the IP packet's payload.
// tunnel_bad_header: no such header, one with options, or a frame that cannot be; tunnel_bad_flags: SYN, FIN or RST, or no
// ACK; stt_bad_checksum; stt_bad_segment: it reaches beyond its frame.
Result<SttSegment, DropReason> open_stt_segment(const OuterHeader& outer, std::span<const uint8_t> tcp);

// The outer IP and TCP headers of one segment, or of a super-segment that the device or the kernel cuts: the checksum of
// TCP is the pseudo-header sum, for csum_start = the IP header's size.
struct SttOuter {
  IpAddress local;
  IpAddress remote;
  uint8_t tos = 0;
  uint8_t ttl = 0;
  bool dont_fragment = true;
  uint16_t src_port = 0;
  uint16_t dst_port = stt_port;
  uint32_t frame_id = 0;
  uint16_t ip_id = 0;  // IPv4
};
// Writes stt_outer_size(...) bytes for `size` bytes from `offset` on of an STT frame of `frame_size`.
void write_stt_outer(uint8_t* to, const SttOuter& outer, size_t frame_size, size_t offset, size_t size);
size_t stt_outer_size(const IpAddress& remote);

// 49,152 to 65,535 (section 3.2): always the same of one flow.
uint16_t stt_source_port(uint64_t flow_hash);

}  // namespace weft::datapath
