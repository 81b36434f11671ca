// Stage index: which hashes the first words of a subtable's rules have, to give up on a packet early.
//
// Counts rules by the hash of their masked words up to the end of one stage. has() may say yes wrongly (two hashes
// collide), never no: a no means that no rule of the subtable agrees with the packet so far.
//
// Threads: add and remove by the classifier's writer, before a rule is published and after no reader sees it;
//          has() by readers under RCU. Cost: a probe; 8 bytes a slot, at most half full (segmented_slots.h).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "lib/classifier/segmented_slots.h"
#include "lib/flow/flow_key.h"

namespace weft {

// The words of each stage end before this index. Fields that change least from packet to packet come first.
inline constexpr unsigned stage_count = 4;
inline constexpr std::array<unsigned, stage_count> stage_ends = {
    index(KeyWord::eth_dst),  // tunnel, metadata, registers, connection tracking, ports
    index(KeyWord::ipv4),     // L2
    index(KeyWord::l4),       // L3
    key_word_count,           // L4
};

class StageIndex {
 public:
  StageIndex() = default;
  StageIndex(const StageIndex&) = delete;
  StageIndex& operator=(const StageIndex&) = delete;

  void add(uint32_t hash);
  void remove(uint32_t hash);
  bool has(uint32_t hash) const;
  void prefetch(uint32_t hash) const { slots_.prefetch(hash); }

 private:
  struct Slot {
    uint32_t hash() const { return hash_.load(std::memory_order_relaxed); }
    bool is_free() const { return state.load(std::memory_order_relaxed) == 0; }
    bool is_kept() const { return state.load(std::memory_order_relaxed) > 1; }
    void take(const Slot& other) {
      hash_.store(other.hash(), std::memory_order_relaxed);
      state.store(other.state.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    std::atomic<uint32_t> hash_{0};
    std::atomic<uint32_t> state{0};  // 0: never used, ends a probe; otherwise the number of rules plus one
  };
  using Slots = SegmentedSlots<Slot, 1, 2, 3>;

  // The slot of this hash, or the free one where it would go.
  static Slot& at(Slots::Segment& segment, uint32_t hash);

  Slots slots_;
};

}  // namespace weft
