// Packets of a capture file (pcap or pcapng, by libpcap), for commands that take them.
//
// Threads: the caller's. Cost: for_each_captured() keeps one packet in memory, read_capture() all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace weft::capture {

struct CapturedFrame {
  size_t number = 0;  // in the file, from 1
  std::vector<uint8_t> bytes;
  size_t length = 0;            // of the frame on the wire, of which `bytes` may be the beginning
  std::optional<size_t> ip_at;  // where in `bytes` an IPv4 or IPv6 header begins, if there is one
  int64_t microseconds = 0;     // since the Unix epoch, when it was captured
};

// Which links' captures are taken: of Ethernet only, or of each that may carry IP ("any" and loopback interfaces).
enum class Links : uint8_t { ethernet, with_ip };

// Shows every packet to `visit`. Refused: a file that libpcap cannot read (also one that ends in the middle of a packet, when
// those before it have been shown), and other links. "-" is standard input.
Result<void, std::string> for_each_captured(const std::string& path, Links links,
                                            const std::function<void(CapturedFrame)>& visit);

// Every frame of Ethernet, or only the one with this number. Refused too: a number beyond the last, and an empty file.
Result<std::vector<CapturedFrame>, std::string> read_capture(const std::string& path, std::optional<size_t> number);

std::string to_hex(std::span<const uint8_t> bytes);

}  // namespace weft::capture
