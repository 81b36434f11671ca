// ByteStream: the receiving end of a TCP connection at its dullest. Takes segments of any size in any order and keeps
// their bytes where the sequence number says; a byte that comes twice must be the same.
//
// read_tcp() reads a frame as a guest's stack would: Ethernet, two tags, IPv4 or IPv6 without extension headers, TCP.
// It adds up words one by one (checksum.h), and says whether all checksums are right, or the TCP one is the
// pseudo-header's sum alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/reference/checksum.h"

namespace weft::reference {

struct TcpSegment {
  enum class Checksum { right, unfinished, wrong };
  Checksum checksum = Checksum::wrong;
  uint32_t sequence = 0;
  std::span<const uint8_t> payload;
};

inline uint16_t word_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Nothing when it is no TCP, or a length lies.
inline std::optional<TcpSegment> read_tcp(std::span<const uint8_t> frame) {
  size_t at = 12;
  while (word_at(frame, at) == 0x8100 || word_at(frame, at) == 0x88a8) {
    at += 4;
  }
  const bool is_v4 = word_at(frame, at) == 0x0800;
  const auto ip = frame.subspan(at + 2);
  const size_t header = is_v4 ? (ip[0] & 15U) * 4U : 40U;
  const size_t end = is_v4 ? word_at(ip, 2) : 40U + word_at(ip, 4);
  if (ip[is_v4 ? 9 : 6] != 6 || end > ip.size() || end < header + 20) {
    return std::nullopt;
  }
  const auto tcp = ip.subspan(header, end - header);
  const size_t data = (tcp[12] >> 4U) * 4U;
  if (data < 20 || data > tcp.size()) {
    return std::nullopt;
  }
  const auto addresses = is_v4 ? ip.subspan(12, 8) : ip.subspan(8, 32);
  std::vector<uint8_t> summed(addresses.begin(), addresses.end());
  for (const size_t byte : {size_t{0}, tcp.size() >> 16, tcp.size() >> 8 & 255, tcp.size() & 255, size_t{0}, size_t{0},
                            size_t{0}, size_t{6}}) {
    summed.push_back(static_cast<uint8_t>(byte));
  }
  const auto pseudo = static_cast<uint16_t>(~internet_checksum(summed));
  summed.insert(summed.end(), tcp.begin(), tcp.end());

  TcpSegment segment;
  segment.sequence = uint32_t{word_at(tcp, 4)} << 16 | word_at(tcp, 6);
  segment.payload = tcp.subspan(data);
  if (is_v4 && internet_checksum(ip.first(header)) != 0) {
    return segment;
  }
  if (internet_checksum(summed) == 0) {
    segment.checksum = TcpSegment::Checksum::right;
  } else if (word_at(tcp, 16) == pseudo) {
    segment.checksum = TcpSegment::Checksum::unfinished;
  }
  return segment;
}

class ByteStream {
 public:
  explicit ByteStream(uint32_t first_sequence) : first_sequence_(first_sequence) {}

  // False: bytes that came before were others.
  bool take(const TcpSegment& segment) {
    const size_t begin = static_cast<uint32_t>(segment.sequence - first_sequence_);
    if (bytes_.size() < begin + segment.payload.size()) {
      bytes_.resize(begin + segment.payload.size(), missing);
    }
    for (size_t i = 0; i < segment.payload.size(); ++i) {
      int& place = bytes_[begin + i];
      if (place != missing && place != segment.payload[i]) {
        return false;
      }
      place = segment.payload[i];
    }
    return true;
  }

  // Whether these and only these bytes have come, from the first on.
  bool is_all_of(std::span<const uint8_t> sent) const {
    return bytes_.size() == sent.size() && std::equal(sent.begin(), sent.end(), bytes_.begin());
  }

 private:
  static constexpr int missing = -1;

  const uint32_t first_sequence_;
  std::vector<int> bytes_;
};

}  // namespace weft::reference
