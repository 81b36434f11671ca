// Plain twin of datapath/offload/gso.h and gro.h: a TCP stream as one large frame, and as the segments of a wire.
//
// Both are written out by the frame builder, which computes every length and checksum afresh, so nothing here knows
// how a large frame is cut. large_send.h is the same for more kinds of traffic.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/support/frame.h"

namespace weft::reference {

struct TcpStream {
  // Everything before TCP; `segment` counts from 0, for what differs from one to the next (IPv4 ids).
  std::function<Frame(size_t segment)> headers;
  Bytes payload;
  uint16_t segment_size = 1000;
  uint32_t sequence = 1;
  uint16_t flags = tcp_flag::ack;
  Bytes options{};

  Frame tcp(size_t segment, size_t offset, uint16_t segment_flags) const {
    const Frame started = headers(segment).tcp(4000, 80, segment_flags);
    const auto at = static_cast<uint32_t>(sequence + offset);
    return (options.empty() ? started : started.tcp_options(options)).tcp_sequence(at, 77);
  }

  Frame whole() const { return tcp(0, 0, flags).raw(payload).gso(segment_size); }

  std::vector<Frame> segments() const {
    std::vector<Frame> all;
    for (size_t offset = 0; offset < payload.size(); offset += segment_size) {
      const size_t end = std::min(payload.size(), offset + segment_size);
      uint16_t segment_flags = flags;
      if (end != payload.size()) {
        segment_flags = static_cast<uint16_t>(segment_flags & ~(tcp_flag::fin | tcp_flag::psh));
      }
      if (offset != 0) {
        segment_flags = static_cast<uint16_t>(segment_flags & ~tcp_flag::cwr);
      }
      all.push_back(tcp(all.size(), offset, segment_flags)
                        .raw({payload.begin() + static_cast<long>(offset), payload.begin() + static_cast<long>(end)}));
    }
    return all;
  }
};

}  // namespace weft::reference
