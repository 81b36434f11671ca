// Offload: what about a frame is promised and not done yet.
//
// A guest may hand over a TCP segment of 64 KB whose checksum field holds only the pseudo-header
// sum (virtio_net_hdr). The switch keeps the promise as it is; the last step that cannot express
// it pays. All offsets are bytes from the start of the frame, so they move with every header that
// is pushed or pulled, and name one layer however many headers lie before it.
//
// A tunnel that encapsulates counts outer_count up, one that decapsulates counts it down; the
// offsets move by themselves (Packet::push and pull).
//
// Invariants:  gso != none implies checksum == partial, gso_size > 0, and hdr_len is where the
//              payload to cut begins: csum_start <= hdr_len <= frame size; at most
//              max_gso_segments pieces. Between an inlet and the check behind extraction
//              (datapath/offload/ingress.h) it is a guest's word, and hdr_len 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft {

// Into how many pieces a frame may be cut. Without a bound a guest's frame with a gso_size of 1 becomes 60,000, and the
// worker, shared with other guests, is busy for milliseconds. 64 KB in pieces of 32 bytes are allowed: Linux sends no
// MSS below 48, whatever the peer asks for, of which the timestamps option takes 12. Networks of the real world do not
// come near: IPv4's default MSS of 536 makes pieces of 524 bytes, the least MTU of IPv6 of 1,208.
inline constexpr size_t max_gso_segments = 2048;

struct Offload {
  enum class Checksum : uint8_t {
    none,      // nothing known: L4 checksums are whatever the packet carries
    partial,   // the field holds the pseudo-header sum: sum from csum_start, store at + csum_offset
    verified,  // the L4 checksum the packet carries was checked and is right
  };
  enum class Gso : uint8_t { none, tcp4, tcp6, udp_l4 };

  Checksum checksum = Checksum::none;
  Gso gso = Gso::none;
  bool gso_ecn = false;      // the TCP segments carry CWR: only the first piece keeps it
  uint8_t outer_count = 0;   // tunnel headers before the layer spoken of: 0 for a plain frame
  uint16_t csum_start = 0;   // where the summed part (the L4 header) begins
  uint16_t csum_offset = 0;  // from there to the checksum field
  uint16_t gso_size = 0;     // payload bytes per piece
  uint16_t hdr_len = 0;      // all headers, up to the payload that is cut

  bool is_partial() const { return checksum == Checksum::partial; }
  bool is_gso() const { return gso != Gso::none; }

  // The frame has grown by `size` bytes at its front. Zero offsets name no layer and stay.
  void pushed(size_t size) {
    if (csum_start == 0) {
      return;
    }
    if (csum_start + size > 0xffff || hdr_len + size > 0xffff) {
      *this = Offload{};  // no header lies that deep: the offsets were a lie
      return;
    }
    csum_start = static_cast<uint16_t>(csum_start + size);
    hdr_len = static_cast<uint16_t>(hdr_len == 0 ? 0 : hdr_len + size);
  }

  // The frame has lost `size` bytes at its front. A promise about a header that is gone is gone.
  void pulled(size_t size) {
    if (csum_start <= size) {
      *this = Offload{};
      return;
    }
    csum_start = static_cast<uint16_t>(csum_start - size);
    hdr_len = static_cast<uint16_t>(hdr_len <= size ? 0 : hdr_len - size);
  }

  // Frames that a wire would see instead of this one.
  size_t gso_segments(size_t frame_size) const {
    if (!is_gso() || gso_size == 0 || frame_size <= hdr_len) {
      return 1;
    }
    return (frame_size - hdr_len + gso_size - 1) / gso_size;
  }

  friend bool operator==(const Offload&, const Offload&) = default;
};

}  // namespace weft
