// STT headers (draft-davie-stt-08, "A Stateless Transport Tunneling Protocol for Network Virtualization", section 3).
//
// A frame travels as SttHeader and the Ethernet frame behind it: the STT frame. TCP segmentation offload cuts that into
// segments, each behind a TCP header whose fields mean something else (section 3.2): the sequence number holds the size
// of the STT frame in its upper and the place of this segment's first byte in its lower half, which is why hardware that
// counts it up does the right thing; the acknowledgement number is the frame's id, the same in all of its segments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct SttHeader {
  uint8_t version = 0;
  uint8_t flags = 0;
  uint8_t l4_offset = 0;  // bytes from the Ethernet header to the TCP or UDP header; 0 unless csum_partial
  uint8_t reserved = 0;
  Be16 mss;  // payload of the segments that the frame is to be cut into; 0: none
  Be16 vlan;
  Be64 context_id;
  Be16 padding;  // puts the IP header behind the Ethernet header at a multiple of four

  static constexpr uint8_t flag_csum_verified = 0x01;  // the inner L4 checksum is right
  static constexpr uint8_t flag_csum_partial = 0x02;   // it holds the pseudo-header sum
  static constexpr uint8_t flag_ipv4 = 0x04;           // of a partial checksum: IPv4, else IPv6
  static constexpr uint8_t flag_tcp = 0x08;            // of a partial checksum: TCP, else UDP

  static constexpr uint16_t vlan_is_valid = 0x1000;  // where a tag has its DEI bit
};

inline constexpr size_t stt_header_bytes = sizeof(SttHeader);
static_assert(stt_header_bytes == 18);
inline constexpr uint16_t stt_port = 7471;
// The size of an STT frame has 16 bits.
inline constexpr size_t max_stt_frame_size = 65535;

// The two halves of a segment's sequence number.
constexpr Be32 make_stt_sequence(uint16_t frame_size, uint16_t offset) {
  return Be32{uint32_t{frame_size} << 16 | offset};
}
constexpr uint16_t stt_frame_size(Be32 sequence) { return static_cast<uint16_t>(sequence.host() >> 16); }
constexpr uint16_t stt_segment_offset(Be32 sequence) { return static_cast<uint16_t>(sequence.host()); }

}  // namespace weft
