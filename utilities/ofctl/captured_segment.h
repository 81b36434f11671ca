// The TCP segment of a captured packet. Threads: pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/ip_address.h"
#include "utilities/ofctl/tcp_stream.h"

namespace weft::ofctl {

struct CapturedSegment {
  IpAddress src;
  IpAddress dst;
  uint16_t src_port = 0;
  uint16_t dst_port = 0;
  TcpSegment segment;  // its data: a part of the packet
};

// Of what begins with an IPv4 or IPv6 header. Nothing: it is no TCP, a fragment, behind IPv6 extension headers that are cut
// off, or itself cut off in a header. Data that the capture cut off is missing; what pads a frame is no data. A length of 0
// is what captures on the sending host say of large segments: then all that is there counts.
std::optional<CapturedSegment> parse_segment(std::span<const uint8_t> packet);

}  // namespace weft::ofctl
