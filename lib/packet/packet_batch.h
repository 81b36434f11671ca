// PacketBatch: up to 32 packets that travel through the stages together.
//
// Owns its packets. Read-only stages iterate; a stage that takes packets out drains it, and whoever
// takes a packet passes it on or counts it. A stage that multiplies packets is given an output sink
// instead.
//
// Threads: the worker that owns the packets.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

#include "lib/packet/packet.h"

namespace weft {

class PacketBatch {
 public:
  static constexpr size_t capacity = 32;

  PacketBatch() = default;
  PacketBatch(PacketBatch&& other) noexcept { swap(other); }
  PacketBatch& operator=(PacketBatch&& other) noexcept {
    if (this != &other) {
      clear();
      swap(other);
    }
    return *this;
  }

  size_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }
  bool is_full() const { return size_ == capacity; }

  // The batch must not be full, the packet not null.
  void add(PacketPtr packet) {
    assert(!is_full() && "a full batch takes no packet");
    assert(packet != nullptr && "a batch holds packets");
    packets_[size_++] = std::move(packet);
  }

  Packet& operator[](size_t index) { return *packets_[index]; }
  const Packet& operator[](size_t index) const { return *packets_[index]; }

  // take(PacketPtr) for each, in order; the batch is then empty.
  template <class Take>
  void drain(Take&& take) {
    const size_t count = std::exchange(size_, 0);
    for (size_t i = 0; i < count; ++i) {
      take(std::move(packets_[i]));
      packets_[i].reset();
    }
  }

  // Frees all, without counting.
  void clear() {
    for (size_t i = 0; i < size_; ++i) {
      packets_[i].reset();
    }
    size_ = 0;
  }

  void swap(PacketBatch& other) noexcept {
    packets_.swap(other.packets_);
    std::swap(size_, other.size_);
  }

  template <bool is_const>
  class Iterator {
   public:
    using Slot = std::conditional_t<is_const, const PacketPtr, PacketPtr>;
    using Value = std::conditional_t<is_const, const Packet, Packet>;
    explicit Iterator(Slot* slot) : slot_(slot) {}
    Value& operator*() const { return **slot_; }
    Iterator& operator++() {
      ++slot_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    Slot* slot_;
  };

  Iterator<false> begin() { return Iterator<false>(packets_.data()); }
  Iterator<false> end() { return Iterator<false>(packets_.data() + size_); }
  Iterator<true> begin() const { return Iterator<true>(packets_.data()); }
  Iterator<true> end() const { return Iterator<true>(packets_.data() + size_); }

 private:
  size_t size_ = 0;
  std::array<PacketPtr, capacity> packets_;
};

}  // namespace weft
