// describe(): a frame in words, as failures of tests print it.
//
//     eth 02:00:00:00:00:01 > 02:00:00:00:00:02, vlan 10, ipv4 10.0.0.1 > 10.0.0.2 ttl 64,
//     udp 4000 > 53, payload 2 "hi"
//
// One line. Wrong lengths and checksums are said where they occur; what cannot be read further is
// shown as hexadecimal.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace weft {

std::string describe(std::span<const uint8_t> frame);

// "aa bb cc ...", the first `limit` bytes.
std::string hex(std::span<const uint8_t> bytes, size_t limit = 64);

}  // namespace weft
