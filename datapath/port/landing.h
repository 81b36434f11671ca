// Landing: where frames of unknown size are received without a copy and without large buffers for small frames.
//
// A frame is scattered into a small packet and, beyond its room, into a large one at the place where the rest of the
// frame belongs. A frame that fits leaves in the small packet; one that does not costs a copy of its first 2 KB into
// the large packet, whose remainder the kernel has already written. Large buffers that are not used are not touched,
// so a batch of small frames stays within the processor's second-level cache.
//
// The number of places follows the traffic between 4 and 32, so that a lone frame does not pay for a full batch.
//
// Threads:   one call of receive(); buffers come from the pool of the calling worker and none stays behind.
// Ownership: what take() does not give out goes back to the pool at the end of the scope.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "lib/packet/packet_batch.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

class Landing {
 public:
  static constexpr size_t iovec_count = 2;

  // Takes buffers for one more frame; false when the pool has none. Without a large one left, frames beyond the small
  // one's room come out truncated.
  bool prepare(PacketPool& pool) {
    small_ = pool.allocate(PacketPool::small_room);
    if (!small_) {
      return false;
    }
    iovecs_[0] = {small_->data(), PacketPool::small_room};
    iovecs_[1] = {};
    large_ = pool.allocate(PacketPool::large_room);
    if (large_) {
      iovecs_[1] = {large_->data() + PacketPool::small_room, PacketPool::large_room - PacketPool::small_room};
    }
    return true;
  }

  std::span<const iovec, iovec_count> iovecs() const { return iovecs_; }

  // After `size` bytes have landed: the packet that holds them.
  PacketPtr take(size_t size) {
    if (size <= PacketPool::small_room || !large_) {
      small_->set_size(std::min(size, PacketPool::small_room));
      return std::move(small_);
    }
    std::memcpy(large_->data(), small_->data(), PacketPool::small_room);
    large_->set_size(size);
    return std::move(large_);
  }

  bool takes_large() const { return large_ != nullptr; }

 private:
  PacketPtr small_;
  PacketPtr large_;
  std::array<iovec, iovec_count> iovecs_{};
};

// Prepares the first of them for up to `wanted` frames and calls prepare_message(i) for each; how many are ready.
template <class F>
size_t prepare_landings(std::span<Landing> landings, size_t wanted, PacketPool& pool, F&& prepare_message) {
  size_t ready = 0;
  while (ready < wanted && landings[ready].prepare(pool)) {
    prepare_message(ready);
    ++ready;
  }
  return ready;
}

// How many frames the next receive call should be ready for.
class LandingCount {
 public:
  size_t value() const { return value_; }
  void used(size_t count) {
    if (count >= value_) {
      value_ = std::min(value_ * 2, PacketBatch::capacity);
    } else if (count * 4 < value_) {
      value_ = std::max<size_t>(value_ / 2, least);
    }
  }

 private:
  static constexpr size_t least = 4;
  size_t value_ = 8;
};

}  // namespace weft::datapath
