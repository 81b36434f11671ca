// HeaderPath: the headers that lie before the layer a frame's offload metadata speaks of, outermost first.
//
// Every one of them has a length, an id or a checksum that depends on the frame's size. The path is found by walking
// from the Ethernet header to csum_start through MPLS, PBB, VXLAN, Geneve, GRE and IP in IP. Which UDP ports carry tunnels
// is not asked: the offset to arrive at is known, so a guess that does not arrive there is dropped.
//
// Threads: pure functions. Cost: one walk of the headers; at most 32 layers and labels are looked at, however many
// guesses fail.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "datapath/offload/frame_layers.h"

namespace weft::datapath {

struct HeaderPath {
  static constexpr size_t capacity = 12;

  enum class Kind : uint8_t { ipv4, ipv6, udp, gre };
  struct Header {
    Kind kind;
    uint16_t offset;
  };

  std::array<Header, capacity> headers{};  // what must be patched; UDP and GRE only as tunnel headers
  uint8_t count = 0;
  uint8_t tunnel_count = 0;
  FrameLayers innermost;  // layers.l4 is the target

  std::span<const Header> all() const { return {headers.data(), count}; }
};

// Nothing when no way through known headers leads to an L4 header at `target`.
std::optional<HeaderPath> find_header_path(std::span<const uint8_t> frame, uint16_t target);

}  // namespace weft::datapath
