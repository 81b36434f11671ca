// Prefix trie: which prefixes of one field the rules of a classifier have.
//
// A binary trie with compressed paths. A node stands for the bits on the way to it; one that rules end at counts them. It
// keeps the 32 bits that end where it ends, of which the last ones are its own: as many as follow the node above it. So
// a node that comes between two others, or goes, changes neither.
//
//     value 10.1.2.77 among 10.1.2.0/24, 10.1.2.128/25, 10.9.0.0/16:
//     root "0000 1010 0000" -> "0001 0000 0010" (/24, counted) -> "1" (/25)
//     lookup: matches /24, then bit 24 has no way on: lengths {24}, needed 25
//
// So 25 bits of the address prove that no /25 to /32 matches, and which shorter ones do.
//
// Threads:   lookup by readers under RCU; add and remove by the classifier's writer, before a rule is published and
//            after no reader can see it. A reader that meets a half-made change sees the trie with or without it.
// Ownership: nodes are the trie's, retired by RCU; their memory is kept for later nodes of any trie.
// Cost:      lookup: a node for each branch on the way, and one for each 32 bits. 24 bytes a node; a prefix costs one
//            and mostly a branch. add() begins where the way to the prefix that was added last turns off: prefixes in some
//            order, as files of flows have them, cost a few nodes each.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/flow/field.h"

namespace weft {

inline constexpr unsigned max_prefix_length = 128;

// What the trie says of one value.
struct PrefixMatch {
  std::array<uint64_t, 3> lengths;  // bit n: some rule has the first n bits of the value as its prefix
  uint8_t needed;                   // so many bits prove that no longer prefix than those in `lengths` matches

  bool has(unsigned length) const { return ((lengths[length / 64] >> (length % 64)) & 1) != 0; }
  void add(unsigned length) { lengths[length / 64] |= uint64_t{1} << (length % 64); }
  // How many bits prove that no prefix of this length matches; it must not be in `lengths`.
  unsigned bits_against(unsigned length) const { return length < needed ? length : needed; }
};

class PrefixTrie {
 public:
  PrefixTrie() = default;
  ~PrefixTrie();
  PrefixTrie(const PrefixTrie&) = delete;
  PrefixTrie& operator=(const PrefixTrie&) = delete;

  // `value` stands at the left: its first bit is the most significant of the 128.
  PrefixMatch lookup(FieldValue value) const;

  // `length` is 1 to 128; bits behind it are ignored. What was added as often as it was removed is gone.
  void add(FieldValue value, unsigned length);
  void remove(FieldValue value, unsigned length);

  bool empty() const { return root_.load() == nullptr; }

 private:
  struct Node;
  // On the way to the prefix added last: a link, and how many bits lead to it.
  struct Step {
    RcuPtr<Node>* link;
    unsigned depth;
  };

  static Node* make_chain(FieldValue value, unsigned depth, unsigned length);
  static void prune(RcuPtr<Node>& link, unsigned depth);
  static void destroy(Node* node);
  Step turn_off(FieldValue value, unsigned length);

  RcuPtr<Node> root_;
  // The writer's.
  FieldValue added_;       // last
  std::vector<Step> way_;  // to it; empty: begin at the root
};

}  // namespace weft
