// Poller: tells a worker which rx queues have something to receive, and lets it sleep until one has.
//
// An epoll instance with the queues' descriptors and an eventfd that other threads write to wake it. Level-triggered:
// a queue that was not read empty is reported again.
//
// Threads:   add, remove, poll: the worker (or its owner while it does not run). wake: any.
// Cost:      poll is one system call, for all queues together.
#pragma once

#include <cstdint>
#include <functional>

#include "datapath/port/port.h"

namespace weft::datapath {

class Poller {
 public:
  static constexpr int forever = -1;

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Only for queues that have an fd.
  void add(RxQueue& queue);
  void remove(RxQueue& queue);

  // Calls ready(RxQueue&) for each queue with something to receive. Waits for one, or for wake(), up to the timeout.
  void poll(int timeout_ms, const std::function<void(RxQueue&)>& ready);

  // Ends a poll() that waits, or the next one.
  void wake() const;

 private:
  const int epoll_fd_;
  const int wake_fd_;
};

}  // namespace weft::datapath
