// PacketPool: a worker's stock of packet buffers, small for ordinary frames, large for GSO frames.
//
// Two free lists that grow a slab at a time up to a limit and never shrink; the last buffer given
// back is the next one handed out, while it is warm. Under the address sanitizer a free buffer is
// poisoned, so a pointer kept too long is found.
//
// Threads:   one: the worker that owns the pool allocates, frees and reads the counts. It may be
//            made and destroyed elsewhere, while no packet is out.
// Ownership: the pool owns the memory and outlives every packet it gave out.
// Cost:      allocate and free are a few loads and stores; a slab now and then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lib/packet/packet.h"

namespace weft {

class PacketPool {
 public:
  // Frame bytes that fit after packet_headroom.
  static constexpr size_t small_room = 2048;
  static constexpr size_t large_room = max_frame_size;

  struct Limits {
    size_t small_count = 16384;
    size_t large_count = 512;
  };

  PacketPool() : PacketPool(Limits{}) {}
  explicit PacketPool(Limits limits);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // An empty packet (size() is 0) with packet_headroom and room for `size_needed` bytes. Null when
  // none is left or the size is beyond large_room.
  PacketPtr allocate(size_t size_needed) {
    Class& size_class = size_needed <= small_room ? small_ : large_;
    if (size_needed > large_room || (size_class.free.empty() && !grow(size_class))) [[unlikely]] {
      return nullptr;
    }
    return hand_out(size_class.free.pop());
  }

  // A packet that holds `frame`.
  PacketPtr copy_of(std::span<const uint8_t> frame);

  // The same frame and metadata with full headroom; the original may be from another pool.
  PacketPtr clone(const Packet& packet);

  size_t small_in_use() const { return small_.total - small_.free.size(); }
  size_t large_in_use() const { return large_.total - large_.free.size(); }
  size_t memory_bytes() const;

 private:
  struct SlabDeleter {
    void operator()(uint8_t* slab) const;
  };
  struct Class {
    size_t room = 0;        // frame bytes
    size_t slab_count = 0;  // packets a slab
    bool is_large = false;
    size_t limit = 0;
    size_t total = 0;
    PacketStack free{};
    std::vector<std::unique_ptr<uint8_t, SlabDeleter>> slabs{};
  };

  bool grow(Class& size_class);
  static PacketPtr hand_out(Packet* packet) {
    packet->unpoison();
    packet->reset();
    return PacketPtr(packet);
  }
  Class small_;
  Class large_;
};

}  // namespace weft
