// ChangeQueue: whose turn it is to change tables, over all bridges of a switch.
//
// There is one next version of all tables (lib/classifier/table_version.h), so two changes cannot be prepared side by
// side. One that takes long works in slices, a slice at a turn of the event loop; whoever else wants to change
// something meanwhile waits here, in the order in which they came. Nothing else waits: packets, dumps, echoes and
// barriers of what is done go on.
//
// Threads:   control thread. `post` runs calls on it, in order.
// Ownership: of the changes that wait. One that refers to what may go meanwhile holds it weakly.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "ofproto/upcall/executor.h"

namespace weft::ofproto {

class ChangeQueue {
 public:
  // Does some of a change, a few milliseconds at most; false when it is through.
  using Slice = std::function<bool()>;

  explicit ChangeQueue(const Executor& post) : post_(post) {}
  ChangeQueue(const ChangeQueue&) = delete;
  ChangeQueue& operator=(const ChangeQueue&) = delete;

  // Nothing is being prepared and nobody waits: a change may be made right away.
  bool is_free() const { return waiting_.empty(); }

  // Runs `change` now if the queue is free, otherwise when its turn comes.
  void run(std::function<void()> change);
  // The same for a change in slices: the first slice may be done when this returns.
  void run_sliced(Slice slice);

 private:
  void go_on();
  void work();

  const Executor& post_;
  std::deque<Slice> waiting_;  // the first is at work
};

}  // namespace weft::ofproto
