// PacketBatch: up to 32 packets that travel through the stages together.
//
// Owns its packets. Read-only stages iterate; a stage that takes packets out drains it, and whoever
// takes a packet passes it on or counts it. A stage that multiplies packets is given an output sink
// instead.
//
// Threads: the worker that owns the packets.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

#include "lib/packet/packet.h"

namespace weft {

class PacketBatch {
 public:
  static constexpr size_t capacity = 32;

  PacketBatch() {}  // NOLINT(modernize-use-equals-default): the array is left unset on purpose
  PacketBatch(PacketBatch&& other) noexcept { take_all(other); }
  PacketBatch& operator=(PacketBatch&& other) noexcept {
    if (this != &other) {
      clear();
      take_all(other);
    }
    return *this;
  }
  ~PacketBatch() { clear(); }

  size_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }
  bool is_full() const { return size_ == capacity; }

  // The batch must not be full, the packet not null.
  void add(PacketPtr packet) {
    assert(!is_full() && "a full batch takes no packet");
    assert(packet != nullptr && "a batch holds packets");
    packets_[size_++] = packet.release();
  }

  Packet& operator[](size_t index) { return *packets_[index]; }
  const Packet& operator[](size_t index) const { return *packets_[index]; }

  // take(PacketPtr) for each, in order; the batch is then empty.
  template <class Take>
  void drain(Take&& take) {
    const size_t count = std::exchange(size_, 0);
    for (size_t i = 0; i < count; ++i) {
      take(PacketPtr(packets_[i]));
    }
  }

  // Frees all, without counting.
  void clear() {
    const size_t count = std::exchange(size_, 0);
    for (size_t i = 0; i < count; ++i) {
      PacketDeleter()(packets_[i]);
    }
  }

  template <bool is_const>
  class Iterator {
   public:
    using Slot = Packet* const;
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
  void take_all(PacketBatch& other) {
    size_ = std::exchange(other.size_, 0);
    std::copy_n(other.packets_.begin(), size_, packets_.begin());
  }

  size_t size_ = 0;
  std::array<Packet*, capacity> packets_;  // the first size_ are owned
};

}  // namespace weft
