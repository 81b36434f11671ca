// LargeSend: what a guest hands over at once, and the packets of a wire that it stands for. Plain twin of cutting and
// merging for every kind of traffic: TCP and UDP, over IPv4 and IPv6, behind tags, labels and tunnels.
//
// Both forms are written out by the frame builder, which computes every length and checksum afresh: nothing here knows
// how a large frame is cut.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/support/frame.h"

namespace weft::reference {

struct LargeSend {
  std::function<Frame(size_t piece)> headers;  // all before TCP or UDP; pieces count from 0 (IPv4 ids)
  std::function<Frame(size_t piece, const Frame& inner)> tunnel{};  // of the guest's own, around it; none if empty
  bool is_udp = false;
  Bytes payload{};
  size_t piece_size = 1000;
  uint32_t sequence = 1;
  uint32_t acknowledgement = 77;
  uint16_t flags = tcp_flag::ack;
  Bytes options{};

  Frame whole() const { return wrapped(0, transport(0, 0, flags).raw(payload).gso(static_cast<uint16_t>(piece_size))); }

  std::vector<Frame> pieces() const {
    std::vector<Frame> all;
    for (size_t begin = 0; begin < payload.size(); begin += piece_size) {
      const size_t end = std::min(payload.size(), begin + piece_size);
      const Bytes part(payload.begin() + static_cast<long>(begin), payload.begin() + static_cast<long>(end));
      all.push_back(wrapped(all.size(),
                            transport(all.size(), begin, flags_between(begin != 0, end != payload.size())).raw(part)));
    }
    return all;
  }

 private:
  // CWR is said once, by the first; PSH and FIN are for the last.
  uint16_t flags_between(bool has_before, bool has_after) const {
    const int no_more = (has_before ? tcp_flag::cwr : 0) | (has_after ? tcp_flag::fin | tcp_flag::psh : 0);
    return static_cast<uint16_t>(flags & ~no_more);
  }

  Frame transport(size_t piece, size_t begin, uint16_t piece_flags) const {
    const Frame network = headers(piece);
    if (is_udp) {
      return network.udp(4000, 80);
    }
    const Frame tcp = network.tcp(4000, 80, piece_flags);
    return (options.empty() ? tcp : tcp.tcp_options(options))
        .tcp_sequence(static_cast<uint32_t>(sequence + begin), acknowledgement);
  }

  Frame wrapped(size_t piece, const Frame& inner) const { return tunnel ? tunnel(piece, inner) : inner; }
};

}  // namespace weft::reference
