// The version of all tables: a counter that makes many changes visible at one instant.
//
// A writer prepares changes at next(), invisible to everybody, and publishes. A reader loads current() once and
// looks everything up at that version, so that it sees all of a change or nothing. What a change has removed stays
// linked until no reader can still be at an older version: settled() says which version all readers have reached.
//
// One TableVersion serves every bridge, because one translation may cross several.
//
// Threads:   publish() by the one writer (the control thread); the rest by any thread.
// Ownership: may be destroyed while a grace period is running; what that needs is shared.
// Cost:      current() is a load; publish() one deferred call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace weft {

class TableVersion {
 public:
  static constexpr uint64_t never = ~uint64_t{0};

  // Sequentially consistent: pairs with a worker's insert of a megaflow before it asks whether its version is
  // still current.
  uint64_t current() const { return current_.load(std::memory_order_seq_cst); }
  // What a change is prepared at.
  uint64_t next() const { return current() + 1; }
  // Makes next() current.
  void publish();

  // Every reader that is still reading loaded this version or a later one.
  uint64_t settled() const { return settled_->load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> current_{1};
  std::shared_ptr<std::atomic<uint64_t>> settled_ = std::make_shared<std::atomic<uint64_t>>(1);
};

}  // namespace weft
