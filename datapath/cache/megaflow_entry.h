// What the cache keeps around a Megaflow. Everything a hit reads to verify a packet lies in the first lines: the
// generation, the mask, and the masked key, which is the Megaflow's first member.
//
// Threads: the owning worker, but for `state`, which readers load first. Ownership: megaflow_slabs.h.
#pragma once

#include <atomic>
#include <cstdint>

#include "datapath/api/megaflow.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

class MaskTable;

// Outlives the megaflow that stands in it: its generation says whether it is still the same one.
struct MegaflowHead {
  uint32_t generation = 0;  // grows when the megaflow is removed
  uint32_t hash = 0;        // under its mask
  MaskTable* masked = nullptr;
};

struct MegaflowEntry : MegaflowHead, Megaflow {
  enum class State : uint32_t { free, live, dead };
  std::atomic<State> state{State::free};
  MegaflowEntry* next_free = nullptr;
};

inline MegaflowEntry& entry_of(Megaflow& megaflow) { return static_cast<MegaflowEntry&>(megaflow); }

// Asks for the lines that verifying a packet and executing the decision read.
inline void prefetch(const MegaflowEntry& entry) {
  const auto* key = reinterpret_cast<const char*>(static_cast<const MegaflowHead*>(&entry));
  __builtin_prefetch(key);
  __builtin_prefetch(key + 64);
  __builtin_prefetch(&entry.installed);
}

// Whether the packet agrees with a masked key on the mask's words.
inline bool covers(const FlowMask& mask, const FlowKey& masked_key, const FlowKey& packet) {
  const auto mask_words = mask.words();
  const auto key_words = masked_key.words();
  size_t n_mask = 0;
  size_t n_key = 0;
  uint64_t difference = 0;
  mask.set().for_each([&](unsigned i) {
    const uint64_t expected = masked_key.set().has(i) ? key_words[n_key++] : 0;
    difference |= (packet.word(i) & mask_words[n_mask++]) ^ expected;
  });
  return difference == 0;
}

}  // namespace weft::datapath
