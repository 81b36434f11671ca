// What a packet takes from a token bucket of bits: what a wire would see of it, each piece of a GSO frame with the
// headers anew. Pure.
#pragma once

#include <cstdint>

#include "lib/packet/packet.h"

namespace weft::datapath {

struct PacketCost {
  uint64_t all;
  uint64_t first_piece;  // so much must be there; the rest may be owed
};

inline PacketCost bits_of(const Packet& packet) {
  constexpr uint64_t bits_per_byte = 8;
  const uint64_t pieces = packet.gso_segments();
  if (pieces == 1) {
    return {packet.size() * bits_per_byte, packet.size() * bits_per_byte};
  }
  const uint64_t headers = packet.offload.hdr_len;
  return {(packet.size() + (pieces - 1) * headers) * bits_per_byte,
          (headers + packet.offload.gso_size) * bits_per_byte};
}

}  // namespace weft::datapath
