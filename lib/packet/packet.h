// Packet: one frame in a buffer with room before it, and what the switch knows about it.
//
//     buffer:  | headroom ........ | frame (data(), size()) ..... | tailroom .. |
//                     <- push(n)     pull(n) ->      set_size(n)
//
// push() and pull() move the start of the frame and with it every offset that counts from there:
// the layer offsets and the offload metadata. A header is therefore put on or taken off without
// touching the payload. Where bytes in the *middle* appear or vanish (a VLAN tag), the MAC pair is
// moved and the frame pushed or pulled, which comes out the same.
//
// Ownership: a PacketPtr owns its packet and gives it back to the pool it came from
//            (packet_pool.h). Packets are not copied by accident: a copy is spelled clone().
// Threads:   a packet stays with the worker that owns its pool.
// Cost:      metadata is not cleared beyond what reset() names.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "lib/base/ids.h"
#include "lib/packet/offload.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft {

// Before each received frame: outer Ethernet with two tags (22), IPv6 (40), UDP (8) and Geneve with
// all its options (260), or any other tunnel header, and a virtio_net_hdr (12).
inline constexpr size_t packet_headroom = 384;

// The largest frame: an IP packet of 65,535 bytes, its Ethernet header and two tags.
inline constexpr size_t max_frame_size = 65535 + 14 + 8;

class Packet;
class PacketPool;

// Gives a packet back to its pool.
struct PacketDeleter {
  void operator()(Packet* packet) const;
};

using PacketPtr = std::unique_ptr<Packet, PacketDeleter>;

class Packet {
 public:
  static constexpr uint16_t unknown_offset = 0xffff;

  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<uint8_t> bytes() { return {data_, size_}; }
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

  size_t headroom() const { return static_cast<size_t>(data_ - buffer_); }
  size_t tailroom() const { return capacity_ - headroom() - size_; }

  // `n` more bytes at the front, their contents undefined: the new data(), or null without room.
  uint8_t* push(size_t n);

  // `n` bytes fewer at the front. At most size().
  void pull(size_t n);

  // `n` more bytes at the end, their contents undefined: where they begin, or null without room.
  uint8_t* append(size_t n);

  // Cuts the end off; does nothing to a frame that is shorter already.
  void trim(size_t new_size) {
    if (new_size < size_) {
      size_ = static_cast<uint32_t>(new_size);
    }
  }

  // After something wrote frame bytes to data(). At most size() + tailroom().
  void set_size(size_t new_size) {
    assert(new_size <= size_ + tailroom() && "frame fits its buffer");
    size_ = static_cast<uint32_t>(new_size);
  }

  // An equal packet from the same pool, or null when that is exhausted.
  PacketPtr clone() const;

  PacketPool& pool() const { return *pool_; }

  // As new: empty, full headroom, nothing known.
  void reset();

  size_t gso_segments() const { return offload.gso_segments(size_); }
  bool is_large() const { return is_large_; }

  Offload offload;
  PortId in_port = port_id::none;
  uint64_t flow_hash = 0;
  uint32_t mark = 0;              // pkt_mark
  uint32_t recirculation_id = 0;  // 0: as received
  uint32_t dp_hash = 0;           // what a datapath's hash action chose; 0: nothing yet
  uint8_t recirculation_count = 0;

  // A pop has taken bytes off the front: it leaves no shorter than a wire allows (datapath/action/execute.h).
  bool was_shortened = false;
  // How much of the frame, or of each that it stands for, is sent: so many bytes; 0: all.
  uint32_t size_limit = 0;

  // From data(); unknown_offset until extraction has found the layer, or when there is none.
  uint16_t l2_5_offset = unknown_offset;  // first MPLS label, or I-TAG (PBB)
  uint16_t l3_offset = unknown_offset;
  uint16_t l4_offset = unknown_offset;

  TunnelMetadata tunnel;

 private:
  friend class PacketPool;
  friend struct PacketDeleter;

  Packet(PacketPool& pool, uint8_t* buffer, size_t capacity, bool is_large)
      : data_(buffer), buffer_(buffer), capacity_(static_cast<uint32_t>(capacity)), is_large_(is_large), pool_(&pool) {}
  ~Packet() = default;

  uint8_t* data_;
  uint32_t size_ = 0;
  uint8_t* const buffer_;
  const uint32_t capacity_;
  const bool is_large_;
  PacketPool* const pool_;
};

}  // namespace weft
