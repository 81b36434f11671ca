#include "lib/packet/packet.h"

#include "lib/packet/packet_pool.h"

namespace weft {

namespace {

// Offsets of headers that a frame of 64 KB may have all fit 16 bits; one that would not is unknown.
void move_out(uint16_t& offset, size_t n) {
  if (offset != Packet::unknown_offset) {
    const size_t moved = offset + n;
    offset = moved < Packet::unknown_offset ? static_cast<uint16_t>(moved) : Packet::unknown_offset;
  }
}

void move_in(uint16_t& offset, size_t n) {
  if (offset != Packet::unknown_offset) {
    offset = offset < n ? Packet::unknown_offset : static_cast<uint16_t>(offset - n);
  }
}

}  // namespace

uint8_t* Packet::push(size_t n) {
  if (n > headroom()) {
    return nullptr;
  }
  data_ -= n;
  size_ += static_cast<uint32_t>(n);
  offload.pushed(n);
  move_out(l2_5_offset, n);
  move_out(l3_offset, n);
  move_out(l4_offset, n);
  return data_;
}

void Packet::pull(size_t n) {
  assert(n <= size_ && "a pull stays inside the frame");
  data_ += n;
  size_ -= static_cast<uint32_t>(n);
  offload.pulled(n);
  move_in(l2_5_offset, n);
  move_in(l3_offset, n);
  move_in(l4_offset, n);
}

uint8_t* Packet::append(size_t n) {
  if (n > tailroom()) {
    return nullptr;
  }
  uint8_t* const end = data_ + size_;
  size_ += static_cast<uint32_t>(n);
  return end;
}

PacketPtr Packet::clone() const { return pool_->clone(*this); }

}  // namespace weft
