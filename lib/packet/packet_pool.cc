#include "lib/packet/packet_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/counter.h"

namespace weft {

namespace {

constexpr std::align_val_t slab_alignment{cache_line_bytes};

constexpr size_t round_up(size_t size) { return (size + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes; }

// A slab is a row of these: the Packet, then its buffer.
constexpr size_t packet_bytes = round_up(sizeof(Packet));
constexpr size_t buffer_bytes(size_t room) { return round_up(packet_headroom + room); }

// The smallest frames are the ones of which there are many: two halves that overlap, without a call.
void copy(uint8_t* to, std::span<const uint8_t> from) {
  constexpr size_t half = 32;
  if (from.size() >= half && from.size() <= 2 * half) {
    std::memcpy(to, from.data(), half);
    std::memcpy(to + from.size() - half, from.data() + from.size() - half, half);
  } else {
    std::memcpy(to, from.data(), from.size());
  }
}

}  // namespace

void PacketPool::SlabDeleter::operator()(uint8_t* slab) const { ::operator delete(slab, slab_alignment); }

PacketPool::PacketPool(Limits limits)
    : small_{.room = small_room, .slab_count = 64, .limit = limits.small_count},
      large_{.room = large_room, .slab_count = 8, .is_large = true, .limit = limits.large_count} {
  for (Class* size_class : {&small_, &large_}) {
    size_class->free = PacketStack(size_class->limit);
  }
}

PacketPool::~PacketPool() {
  for (Class* size_class : {&small_, &large_}) {
    assert(size_class->free.size() == size_class->total && "a pool outlives its packets");
    while (!size_class->free.empty()) {
      Packet* const packet = size_class->free.pop();
      packet->unpoison();
      packet->~Packet();
    }
  }
}

bool PacketPool::grow(Class& size_class) {
  if (size_class.total >= size_class.limit) {
    return false;
  }
  const size_t count = std::min(size_class.slab_count, size_class.limit - size_class.total);
  const size_t stride = packet_bytes + buffer_bytes(size_class.room);
  auto* const memory = static_cast<uint8_t*>(::operator new(count* stride, slab_alignment, std::nothrow));
  if (memory == nullptr) {
    return false;
  }
  size_class.slabs.emplace_back(memory);
  size_class.total += count;
  for (size_t i = count; i-- > 0;) {
    uint8_t* const place = memory + i * stride;
    uint8_t* const buffer = place + packet_bytes;
    auto* const packet =
        new (place) Packet(*this, size_class.free, buffer, buffer_bytes(size_class.room), size_class.is_large);
    packet->poison();
    size_class.free.push(packet);
  }
  return true;
}

PacketPtr PacketPool::copy_of(std::span<const uint8_t> frame) {
  PacketPtr packet = allocate(frame.size());
  if (packet && !frame.empty()) {
    packet->set_size(frame.size());
    copy(packet->data(), frame);
  }
  return packet;
}

// The copy begins with full headroom whatever was pushed on the original: only what it will need
// for headers still to come counts.
PacketPtr PacketPool::clone(const Packet& packet) {
  PacketPtr copy = copy_of(packet.bytes());
  if (copy) {
    static_cast<PacketMetadata&>(*copy) = packet;
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
