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

#include "lib/base/address_sanitizer.h"
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

// The free packets of one size. Its room is for all there are, so that giving back neither allocates nor asks.
class PacketStack {
 public:
  explicit PacketStack(size_t room = 0) : packets_(std::make_unique_for_overwrite<Packet*[]>(room)) {}

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  void push(Packet* packet) { packets_[size_++] = packet; }
  Packet* pop() { return packets_[--size_]; }

 private:
  size_t size_ = 0;
  std::unique_ptr<Packet*[]> packets_;
};

// What the switch knows about a frame beyond its bytes, as it is when the frame has just come.
struct PacketMetadata {
  static constexpr uint16_t unknown_offset = 0xffff;

  uint64_t flow_hash = 0;
  PortId in_port = port_id::none;
  uint32_t mark = 0;              // pkt_mark
  uint32_t recirculation_id = 0;  // 0: as received
  uint32_t dp_hash = 0;           // what a datapath's hash action chose; 0: nothing yet
  // How much of the frame, or of each that it stands for, is sent: so many bytes; 0: all.
  uint32_t size_limit = 0;
  Offload offload;

  // From data(); unknown_offset until extraction has found the layer, or when there is none.
  uint16_t l2_5_offset = unknown_offset;  // first MPLS label, or I-TAG (PBB)
  uint16_t l3_offset = unknown_offset;
  uint16_t l4_offset = unknown_offset;

  uint8_t recirculation_count = 0;
  // A pop has taken bytes off the front: it leaves no shorter than a wire allows (datapath/action/execute.h).
  bool was_shortened = false;
  // The switch has made it in reply to a packet and guesses where it comes from: nothing is to be learned from it.
  bool is_answer = false;
};

class Packet : public PacketMetadata {
 public:
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
  void reset() {
    data_ = buffer_ + packet_headroom;
    size_ = 0;
    static_cast<PacketMetadata&>(*this) = PacketMetadata{};
    tunnel.present = false;
  }

  size_t gso_segments() const { return offload.gso_segments(size_); }
  bool is_large() const { return is_large_; }

 private:
  friend class PacketPool;
  friend struct PacketDeleter;

  Packet(PacketPool& pool, PacketStack& home, uint8_t* buffer, size_t capacity, bool is_large)
      : data_(buffer),
        buffer_(buffer),
        capacity_(static_cast<uint32_t>(capacity)),
        is_large_(is_large),
        home_(&home),
        pool_(&pool) {}
  ~Packet() = default;

  // While it is free nobody may touch its buffer; the address sanitizer is told.
  void poison() const { ASAN_POISON_MEMORY_REGION(buffer_, capacity_); }
  void unpoison() const { ASAN_UNPOISON_MEMORY_REGION(buffer_, capacity_); }

  uint8_t* data_;
  uint32_t size_ = 0;
  uint8_t* const buffer_;
  const uint32_t capacity_;
  const bool is_large_;
  PacketStack* const home_;
  PacketPool* const pool_;

 public:
  PacketTunnel tunnel;  // behind what every packet needs
};

inline void PacketDeleter::operator()(Packet* packet) const {
  packet->poison();
  packet->home_->push(packet);
}

}  // namespace weft
