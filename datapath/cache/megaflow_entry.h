// What the cache keeps around a Megaflow. Everything a hit reads to verify a packet lies in the first lines, the first two
// where the mask has no more than five words (ports and addresses of IPv4).
//
// Threads: the owning worker, but for `state`, which readers load first. Ownership: megaflow_slabs.h.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "datapath/api/megaflow.h"
#include "lib/base/counter.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

class MaskTable;

// A masked key for packets that have the same words as the packet it was made from, which most have: the mask's words
// stand with their place among such a packet's, so that nothing has to be looked for. Others are compared by agrees_under().
class ShapedKey {
 public:
  // Under a mask with more words nothing is kept, and no packet has its shape.
  static constexpr size_t capacity = 12;  // TCP over IPv6 from a tunnel over IPv4
  // So many are compared at least, those that are not there as equal: what most megaflows have, whose packets then meet no
  // branch that depends on the megaflow.
  static constexpr size_t least = 5;

  void assign(const FlowKey& packet, const FlowMask& mask) {
    shape_ = {};
    size_t count = 0;
    uint8_t place = 0;
    packet.set().for_each([&](unsigned i) {
      const uint64_t bits = mask.word(i);
      if (bits != 0 && count++ < capacity) {
        places_[count - 1] = place;
        words_[count - 1] = {bits, packet.word(i) & bits};
      }
      ++place;
    });
    if (count <= capacity) {
      shape_ = packet.set();
      for (; count < least; ++count) {
        places_[count] = 0;
        words_[count] = {0, 0};
      }
      count_ = static_cast<uint8_t>(count);
    }
  }

  bool has_shape_of(const FlowKey& packet) const { return packet.set() == shape_; }
  // The packet has the shape.
  bool agrees(const FlowKey& packet) const {
    const uint64_t* const words = packet.words().data();
    uint64_t difference = 0;
    for (size_t i = 0; i < least; ++i) {
      difference |= difference_in(words, i);
    }
    for (size_t i = least; i < count_; ++i) {
      difference |= difference_in(words, i);
    }
    return difference == 0;
  }

 private:
  uint64_t difference_in(const uint64_t* words, size_t i) const {
    return (words[places_[i]] & words_[i].mask) ^ words_[i].value;
  }

  struct Word {
    uint64_t mask, value;
  };

  WordSet shape_;
  uint8_t count_ = 0;
  std::array<uint8_t, capacity> places_;
  std::array<Word, capacity> words_;
};

// Outlives the megaflow that stands in it: its generation says whether it is still the same one.
struct MegaflowHead {
  Installed* in_force = nullptr;  // what `installed` points to, where a hit reads it
  uint32_t generation = 0;        // grows when the megaflow is removed
  uint32_t hash = 0;              // under its mask
  ShapedKey shaped_key;
  MaskTable* masked = nullptr;
};

struct alignas(cache_line_bytes) MegaflowEntry : MegaflowHead, Megaflow {
  enum class State : uint32_t { free, live, dead };
  std::atomic<State> state{State::free};
  MegaflowEntry* next_free = nullptr;
};

inline MegaflowEntry& entry_of(Megaflow& megaflow) { return static_cast<MegaflowEntry&>(megaflow); }

// What is done with a megaflow's packets now. The worker's.
inline Installed& in_force(Megaflow& megaflow) { return *entry_of(megaflow).in_force; }

// Asks for the lines that verifying a packet mostly reads.
inline void prefetch(const MegaflowEntry& entry) {
  const auto* head = reinterpret_cast<const char*>(static_cast<const MegaflowHead*>(&entry));
  __builtin_prefetch(head);
  __builtin_prefetch(head + cache_line_bytes);
}

// Whether the packet agrees with a masked key on the mask's words.
template <class Mask>
bool agrees_under(const Mask& mask, const KeptKey& masked_key, const FlowKey& packet) {
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

// Whether the packet is one of the entry's.
template <class Mask>
bool covers(const MegaflowEntry& entry, const Mask& mask, const FlowKey& packet) {
  return entry.shaped_key.has_shape_of(packet) ? entry.shaped_key.agrees(packet)
                                               : agrees_under(mask, entry.key, packet);
}

}  // namespace weft::datapath
