// AfXdpSocket: one AF_XDP socket on one queue of a device, with its memory and the four rings shared with the kernel.
//
// The memory (UMEM) is cut into chunks. Half of them belong to receiving and go round: the kernel fills one, the owner
// of the queue copies the frame into a packet of its pool and puts the chunk back on the fill ring. Copying a small
// frame costs less than what lending the worker's pool to the kernel would: a pool serves many ports. The other half
// belongs to sending; the completion ring says which are free again. A frame larger than a chunk takes several, where
// the kernel has that (6.6 and later).
//
// Sending is shared by the workers, under a lock that is taken once a batch; the kernel holds one of its own for the
// same length.
//
// Threads:   receive side: the worker that owns the queue. send(), kick(): any, told apart by the lock inside.
// Ownership: of memory, rings and descriptor.
// Cost:      receiving makes no system call; sending one for up to 32 frames.
#pragma once

#include <xdp/xsk.h>

#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/mutex.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

class AfXdpSocket {
 public:
  struct Options {
    bool zero_copy = false;
    bool need_wakeup = true;
  };

  // Binds to queue `queue` of the device and enters itself into the program's socket map.
  static Result<std::unique_ptr<AfXdpSocket>, OsError> open(const std::string& device, unsigned queue, int socket_map,
                                                            const Options& options);
  ~AfXdpSocket();
  AfXdpSocket(const AfXdpSocket&) = delete;
  AfXdpSocket& operator=(const AfXdpSocket&) = delete;

  int fd() const { return ::xsk_socket__fd(socket_); }
  // The longest frame that send() takes, in bytes.
  size_t max_frame_size() const;

  // --- receiving
  struct Piece {
    std::span<const uint8_t> bytes;
    bool is_last = true;  // of its frame
  };
  // Whether receive() has something to do: a look at the rings.
  bool has_to_receive() const {
    return __atomic_load_n(rx_.producer, __ATOMIC_ACQUIRE) != rx_.cached_cons ||
           ::xsk_ring_prod__needs_wakeup(&fill_) != 0;
  }
  // Calls take(Piece) for up to `limit` filled chunks and gives them back to the kernel. How many there were.
  template <class Take>
  size_t receive(size_t limit, Take&& take);

  // Frames that the kernel had no room for, or that were too long, since the last time it was asked.
  uint64_t take_overruns();

  // --- sending
  struct Sent {
    size_t count = 0;  // frames that are on their way; the next one would wait
    int error = 0;     // what the kernel said when it was told of them; 0: nothing
  };
  Sent send(std::span<Packet* const> packets) EXCLUDES(tx_mutex_);
  // Tells the kernel again of what it did not take. True when something still waits.
  bool kick() EXCLUDES(tx_mutex_);
  bool has_waiting() const { return has_waiting_.load(std::memory_order_relaxed); }

 private:
  // As powers of two: what the rings need.
  static constexpr uint32_t rx_chunks = 2048;
  static constexpr uint32_t tx_chunks = 2048;
  // Twice as many places as there are chunks for what we fill: the kernel shows a frame, or that a chunk is free, a
  // moment before it says that it has read the place where it was told of the chunk.
  static constexpr uint32_t fill_places = 2 * rx_chunks;
  static constexpr uint32_t tx_places = 2 * tx_chunks;
  static constexpr size_t chunk_bytes = 2048;

  struct Unmap {
    void operator()(uint8_t* area) const;
  };

  AfXdpSocket() = default;
  Result<void, OsError> make_memory();
  Result<void, OsError> bind(const std::string& device, unsigned queue, const Options& options);
  void fill_at_first();
  size_t chunks_for(const Packet& packet) const { return (packet.size() + chunk_bytes - 1) / chunk_bytes; }
  void reclaim() REQUIRES(tx_mutex_);
  void put(const Packet& packet) REQUIRES(tx_mutex_);
  int tell_kernel() REQUIRES(tx_mutex_);
  void wake_receiving() const;

  std::unique_ptr<uint8_t, Unmap> area_;
  xsk_ring_prod fill_{};
  xsk_ring_cons completion_{};
  xsk_ring_cons rx_{};
  xsk_ring_prod tx_{};
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  bool takes_several_chunks_ = false;
  bool need_wakeup_ = true;
  uint64_t overruns_told_ = 0;

  Mutex tx_mutex_;
  std::vector<uint64_t> free_chunks_ GUARDED_BY(tx_mutex_);
  bool is_refused_ GUARDED_BY(tx_mutex_) = false;
  std::atomic<bool> has_waiting_ = false;
};

template <class Take>
size_t AfXdpSocket::receive(size_t limit, Take&& take) {
  uint32_t from = 0;
  const uint32_t count = ::xsk_ring_cons__peek(&rx_, static_cast<uint32_t>(limit), &from);
  if (count == 0) {
    wake_receiving();
    return 0;
  }
  uint32_t to = 0;
  [[maybe_unused]] const uint32_t reserved = ::xsk_ring_prod__reserve(&fill_, count, &to);
  assert(reserved == count && "the fill ring has more places than there are chunks");
  for (uint32_t i = 0; i < count; ++i) {
    const xdp_desc& descriptor = *::xsk_ring_cons__rx_desc(&rx_, from + i);
    constexpr uint32_t continues = 1;  // XDP_PKT_CONTD
    take(Piece{{area_.get() + descriptor.addr, descriptor.len}, (descriptor.options & continues) == 0});
    *::xsk_ring_prod__fill_addr(&fill_, to + i) = descriptor.addr / chunk_bytes * chunk_bytes;
  }
  ::xsk_ring_cons__release(&rx_, count);
  ::xsk_ring_prod__submit(&fill_, count);
  wake_receiving();
  return count;
}

}  // namespace weft::datapath
