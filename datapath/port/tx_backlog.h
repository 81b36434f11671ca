// TxBacklog: frames that a port could not send at once, of one worker, in order and bounded.
//
// A port keeps one for each worker. transmit() sends directly only while the backlog is empty, so order is kept; what
// does not fit is for the caller to drop as tx_queue_full. The bound counts frames, and large buffers by themselves: a
// frame keeps the buffer it is in from the worker, whatever its size, and a worker has few large ones (packet_pool.h).
// A port may hold an eighth of them, so a few jammed ports leave the others enough.
//
// Threads: one worker. Cost: a fixed array; no allocation after construction.
#pragma once

#include <memory>
#include <utility>

#include "lib/packet/packet.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

class TxBacklog {
 public:
  static constexpr size_t default_capacity = 256;
  static constexpr size_t max_large_count = PacketPool::Limits{}.large_count / 8;

  explicit TxBacklog(size_t capacity = default_capacity)
      : capacity_(capacity), slots_(std::make_unique<PacketPtr[]>(capacity)) {}

  bool is_empty() const { return count_ == 0; }
  size_t count() const { return count_; }

  // False without room; `packet` is then untouched.
  bool try_push(PacketPtr& packet) {
    const size_t large = packet->is_large() ? 1 : 0;
    if (count_ == capacity_ || large_count_ + large > max_large_count) {
      return false;
    }
    large_count_ += large;
    slots_[(head_ + count_) % capacity_] = std::move(packet);
    ++count_;
    return true;
  }

  // The n-th from the front, for building one system call from several frames.
  Packet& at(size_t n) { return *slots_[(head_ + n) % capacity_]; }

  PacketPtr pop() {
    PacketPtr packet = std::move(slots_[head_]);
    large_count_ -= packet->is_large() ? 1 : 0;
    head_ = (head_ + 1) % capacity_;
    --count_;
    return packet;
  }

 private:
  const size_t capacity_;
  const std::unique_ptr<PacketPtr[]> slots_;
  size_t head_ = 0;
  size_t count_ = 0;
  size_t large_count_ = 0;
};

}  // namespace weft::datapath
