// Frames of a capture file (pcap or pcapng, by libpcap), for commands that take a packet.
//
// Threads: the caller's. Cost: all frames in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace weft::appctl {

struct CapturedFrame {
  size_t number = 0;  // in the file, from 1
  std::vector<uint8_t> bytes;
  size_t length = 0;  // of the frame on the wire, of which `bytes` may be the beginning
};

// Every frame, or only the one with this number. Refused: a file that libpcap cannot read, one of another link type
// than Ethernet, and a number beyond the last.
Result<std::vector<CapturedFrame>, std::string> read_capture(const std::string& path, std::optional<size_t> number);

std::string to_hex(const std::vector<uint8_t>& bytes);

}  // namespace weft::appctl
