// FrameAssembler: turns the layers of a test frame into bytes.
//
// Part of frame.cc. It works from the last layer to the first: each is put before what follows it,
// told the next one's number, its length and its checksum.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/packet/checksum.h"
#include "lib/packet/offload.h"

namespace weft {

// A header as it was asked for, before numbers, lengths and checksums.
struct FrameLayer {
  enum class Kind : uint8_t {
    eth,
    llc,
    vlan,
    pbb,
    mpls,
    arp,
    ipv4,
    ipv6,
    extension,
    tcp,
    udp,
    sctp,
    icmp,
    icmpv6,
    payload
  };
  enum class ChecksumMode : uint8_t { right, zero, bad, partial };

  Kind kind = Kind::payload;
  std::vector<uint8_t> header;
  uint16_t number = 0;  // EtherType or IP protocol by which the header before names this one
  ChecksumMode checksum = ChecksumMode::right;
  int next_number = -1;  // told by eth_type() or protocol(), instead of the next layer's
  int length = -1;       // told by ip_length() or udp_length()
  bool has_length_type = false;
};

class FrameAssembler {
 public:
  explicit FrameAssembler(const std::vector<FrameLayer>& layers) : layers_(layers) {}

  std::vector<uint8_t> bytes() const;

  // Of the last layer with a partial checksum.
  Offload offload(uint16_t gso_size) const;

 private:
  using Bytes = std::vector<uint8_t>;

  uint16_t next_number(size_t index) const;
  void finish_header(size_t index, Bytes& header, const Bytes& rest) const;
  void finish_l4_checksum(size_t index, Bytes& header, const Bytes& rest) const;
  InternetSum pseudo_sum(size_t index, size_t l4_size) const;

  const std::vector<FrameLayer>& layers_;
};

}  // namespace weft
