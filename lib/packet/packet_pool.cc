#include "lib/packet/packet_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/counter.h"

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_POISON_BUFFERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_POISON_BUFFERS 1
#endif
#endif

#ifdef WEFT_POISON_BUFFERS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace weft {

namespace {

constexpr std::align_val_t slab_alignment{cache_line_bytes};

constexpr size_t round_up(size_t size) { return (size + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes; }

// A slab is a row of these: the Packet, then its buffer.
constexpr size_t packet_bytes = round_up(sizeof(Packet));
constexpr size_t buffer_bytes(size_t room) { return round_up(packet_headroom + room); }

}  // namespace

void PacketPool::SlabDeleter::operator()(uint8_t* slab) const { ::operator delete(slab, slab_alignment); }

PacketPool::PacketPool(Limits limits) : limits_(limits) {
  small_.room = small_room;
  small_.slab_count = 64;
  large_.room = large_room;
  large_.slab_count = 8;
  large_.is_large = true;
}

PacketPool::~PacketPool() {
  for (Class* size_class : {&small_, &large_}) {
    assert(size_class->free.size() == size_class->total && "a pool outlives its packets");
    for (Packet* packet : size_class->free) {
      ASAN_UNPOISON_MEMORY_REGION(packet->buffer_, packet->capacity_);
      packet->~Packet();
    }
  }
}

bool PacketPool::grow(Class& size_class, size_t limit) {
  if (size_class.total >= limit) {
    return false;
  }
  const size_t count = std::min(size_class.slab_count, limit - size_class.total);
  const size_t stride = packet_bytes + buffer_bytes(size_class.room);
  auto* const memory = static_cast<uint8_t*>(::operator new(count* stride, slab_alignment, std::nothrow));
  if (memory == nullptr) {
    return false;
  }
  size_class.slabs.emplace_back(memory);
  size_class.total += count;
  size_class.free.reserve(size_class.total);  // so that giving back never allocates
  for (size_t i = count; i-- > 0;) {
    uint8_t* const place = memory + i * stride;
    uint8_t* const buffer = place + packet_bytes;
    size_class.free.push_back(new (place) Packet(*this, buffer, buffer_bytes(size_class.room), size_class.is_large));
    ASAN_POISON_MEMORY_REGION(buffer, buffer_bytes(size_class.room));
  }
  return true;
}

PacketPtr PacketPool::allocate(size_t size_needed) {
  if (size_needed > large_room) {
    return nullptr;
  }
  const bool is_small = size_needed <= small_room;
  Class& size_class = is_small ? small_ : large_;
  if (size_class.free.empty() && !grow(size_class, is_small ? limits_.small_count : limits_.large_count)) {
    return nullptr;
  }
  Packet* const packet = size_class.free.back();
  size_class.free.pop_back();
  ASAN_UNPOISON_MEMORY_REGION(packet->buffer_, packet->capacity_);
  packet->reset();
  return PacketPtr(packet);
}

void PacketPool::release(Packet* packet) {
  ASAN_POISON_MEMORY_REGION(packet->buffer_, packet->capacity_);
  (packet->is_large_ ? large_ : small_).free.push_back(packet);
}

PacketPtr PacketPool::copy_of(std::span<const uint8_t> frame) {
  PacketPtr packet = allocate(frame.size());
  if (packet && !frame.empty()) {
    packet->set_size(frame.size());
    std::memcpy(packet->data(), frame.data(), frame.size());
  }
  return packet;
}

// The copy begins with full headroom whatever was pushed on the original: only what it will need
// for headers still to come counts.
PacketPtr PacketPool::clone(const Packet& packet) {
  PacketPtr copy = copy_of(packet.bytes());
  if (copy) {
    copy->offload = packet.offload;
    copy->in_port = packet.in_port;
    copy->flow_hash = packet.flow_hash;
    copy->mark = packet.mark;
    copy->recirculation_id = packet.recirculation_id;
    copy->dp_hash = packet.dp_hash;
    copy->recirculation_count = packet.recirculation_count;
    copy->was_shortened = packet.was_shortened;
    copy->size_limit = packet.size_limit;
    copy->l2_5_offset = packet.l2_5_offset;
    copy->l3_offset = packet.l3_offset;
    copy->l4_offset = packet.l4_offset;
    if (packet.tunnel.present) {
      copy->tunnel = packet.tunnel;
    }
  }
  return copy;
}

size_t PacketPool::memory_bytes() const {
  return small_.total * (packet_bytes + buffer_bytes(small_.room)) +
         large_.total * (packet_bytes + buffer_bytes(large_.room));
}

}  // namespace weft
