// release_together: lets sockets go at the same time.
//
// Closing a packet socket waits for a grace period of the kernel, some 15 ms, and a port with 64 queues has as many of
// them: one after the other they would hold up the control thread for a second. Closers that wait at the same time wait
// for the same grace period.
//
// Threads:   any. Each owner but one is destroyed by a thread of its own, which ends before this returns.
// Ownership: of the owners.
#pragma once

#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace weft::datapath {

template <class Owner>
void release_together(std::vector<Owner> owners) {
  std::vector<std::jthread> closers;
  while (owners.size() > 1) {
    try {
      closers.emplace_back([owner = std::move(owners.back())]() mutable { const Owner last = std::move(owner); });
    } catch (const std::system_error&) {
      break;  // no thread is to be had: the rest goes one after the other
    }
    owners.pop_back();
  }
  owners.clear();  // before the threads are joined
}

}  // namespace weft::datapath
