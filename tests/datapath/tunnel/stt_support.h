// STT segments for tests, made and cut by hand.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "datapath/tunnel/stt_frame.h"
#include "lib/packet/header_at.h"
#include "lib/packet/tcp.h"
#include "tests/support/frame.h"

namespace weft::datapath {

// The STT frame that a guest's frame becomes.
inline Bytes stt_frame(const Frame& inner, uint64_t context_id = 5001) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, inner);
  const auto header = make_stt_header(*packet, context_id);
  const auto* bytes = reinterpret_cast<const uint8_t*>(&*header);
  Bytes whole(bytes, bytes + sizeof *header);
  whole.insert(whole.end(), packet->data(), packet->data() + packet->size());
  return whole;
}

// IP, TCP and a slice of an STT frame, the checksum finished as a wire has it.
inline Bytes stt_segment(const SttOuter& outer, const Bytes& frame, size_t offset, size_t size) {
  const size_t headers = stt_outer_size(outer.remote);
  Bytes bytes(headers);
  write_stt_outer(bytes.data(), outer, frame.size(), offset, size);
  const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(offset);
  bytes.insert(bytes.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  const std::span<uint8_t> tcp = std::span(bytes).subspan(headers - tcp_header_bytes);
  store_be16(&tcp[tcp_checksum_offset], internet_checksum(tcp).host());
  return bytes;
}

// As a device with segmentation offload cuts it.
inline std::vector<Bytes> stt_segments(const SttOuter& outer, const Bytes& frame, size_t mss) {
  std::vector<Bytes> segments;
  for (size_t at = 0; at < frame.size(); at += mss) {
    segments.push_back(stt_segment(outer, frame, at, std::min(mss, frame.size() - at)));
  }
  return segments;
}

// From 192.0.2.1 to 192.0.2.2.
inline SttOuter stt_outer(uint32_t frame_id = 1) {
  SttOuter outer;
  outer.local = *IpAddress::parse("192.0.2.1");
  outer.remote = *IpAddress::parse("192.0.2.2");
  outer.ttl = 64;
  outer.src_port = 50000;
  outer.frame_id = frame_id;
  return outer;
}

}  // namespace weft::datapath
