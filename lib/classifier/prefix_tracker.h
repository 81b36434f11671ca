// Prefix tracker: the prefix tries of a classifier, one for each tracked field; and what they say of one packet.
//
// A rule's prefix of a field is as many of its highest bits as the rule's mask names without a gap; a field of which it
// names no high bit is not tracked for it.
//
// Threads:   readers under RCU and one writer, as PrefixTrie. A PrefixLookup is one reader's, on its stack.
// Cost:      a rule: a trie entry for each tracked field that it matches. A packet: a trie lookup for each field that is
//            asked about, once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lib/classifier/prefix_trie.h"
#include "lib/flow/field.h"
#include "lib/flow/match.h"

namespace weft {

inline constexpr unsigned max_prefix_fields = 8;

// How long the prefixes are that a mask names, by tracked field; 0: none.
using PrefixLengths = std::array<uint8_t, max_prefix_fields>;

// What is tracked unless a classifier is told otherwise: addresses and ports of the transport layer.
inline constexpr std::array default_prefix_fields = {FieldId::ipv4_dst, FieldId::ipv4_src, FieldId::ipv6_dst,
                                                     FieldId::ipv6_src, FieldId::tcp_src,  FieldId::tcp_dst};

class PrefixTracker {
 public:
  // At most max_prefix_fields, each with a place in the key and no two of the same place.
  explicit PrefixTracker(std::span<const FieldId> fields);

  unsigned field_count() const { return static_cast<unsigned>(tries_.size()); }
  const Field& tracked_field(unsigned i) const { return *tries_[i]->field; }
  PrefixLengths lengths_of(const MiniMatch& match) const;
  PrefixMatch lookup(unsigned i, const Flow& flow) const;

  // --- writer; `lengths` are lengths_of(match), which all rules of a mask share
  void add(const MiniMatch& match, const PrefixLengths& lengths);
  void remove(const MiniMatch& match, const PrefixLengths& lengths);

 private:
  struct Tracked {
    const Field* field = nullptr;
    PrefixTrie trie;
  };
  std::vector<std::unique_ptr<Tracked>> tries_;
};

class PrefixLookup {
 public:
  PrefixLookup(const PrefixTracker& tracker, const Flow& flow) : tracker_(tracker), flow_(flow) {}

  bool is_known(unsigned i) const { return ((known_ >> i) & 1) != 0; }
  const PrefixMatch& known(unsigned i) const { return matches_[i]; }  // which is_known
  const PrefixMatch& of(unsigned i) {
    if (!is_known(i)) {
      matches_[i] = tracker_.lookup(i, flow_);
      known_ |= 1U << i;
    }
    return matches_[i];
  }
  const Field& tracked_field(unsigned i) const { return tracker_.tracked_field(i); }

 private:
  const PrefixTracker& tracker_;
  const Flow& flow_;
  unsigned known_ = 0;
  std::array<PrefixMatch, max_prefix_fields> matches_;
};

}  // namespace weft
