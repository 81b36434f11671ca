// Subtable: the rules of a classifier that have one and the same mask.
//
// A hash table from masked words to the rules that have them, chained in falling order of priority. Stage indexes
// answer, after each stage but the last, whether any rule goes on like this; where none does, a prefix trie may prove
// the same with fewer bits.
//
// Threads:   find() by readers under RCU; the rest by the classifier's writer.
// Ownership: the classifier's, retired by RCU. Cost: find() hashes the mask's words once and probes once a stage.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lib/classifier/classifier_rule.h"
#include "lib/classifier/prefix_tracker.h"
#include "lib/classifier/rcu_hash_table.h"
#include "lib/classifier/stage_index.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"

namespace weft {

class Subtable {
 public:
  Subtable(const MiniMatch& match_with_mask, const PrefixTracker& tracker, uint64_t hash_seed);

  // --- readers
  // False when every rule was removed by then: nobody has to look at any bit to know that none is found.
  bool may_have_rules(uint64_t version) const { return version < vacant_from_.load(std::memory_order_relaxed); }
  // The best visible rule whose words equal the flow's under the mask. Adds the bits that prove the answer to `mask`
  // unless null, and of several proofs that which adds fewest.
  const ClassifierRule* find(const Flow& flow, uint64_t version, Flow* mask, PrefixLookup& prefixes) const;
  // The rule itself if it is visible, else as next_visible; null stays null.
  static const ClassifierRule* first_visible(const ClassifierRule* rule, uint64_t version);
  // The next visible rule of the same match, of a lower priority.
  static const ClassifierRule* next_visible(const ClassifierRule& rule, uint64_t version);

  // --- writer
  void link(ClassifierRule& rule);
  void note_insertion(const ClassifierRule& rule);  // it was linked and now has its added_version
  void prefetch(const MiniMatch& match) const;      // what link() will look at
  void unlink(ClassifierRule& rule);
  // A linked rule was given its removed_version, or it was taken back.
  void note_removal(uint64_t version);
  void note_return();
  ClassifierRule* find_equal(const MiniMatch& match) const;  // head of the chain; follow next_equal. Readers may, too
  static ClassifierRule* next_equal(const ClassifierRule& rule);
  // The visible rule of the match and priority of one that is linked.
  static ClassifierRule* find_beside(ClassifierRule& rule, uint64_t version);

  bool has_mask_of(const MiniMatch& match) const;
  // Whether each bit of the filter's mask is in this mask, so that rules here may be more specific.
  bool is_within(const MiniMatch& filter) const;

  const PrefixLengths& prefix_lengths() const { return prefix_lengths_; }

  bool empty() const { return first_ == nullptr; }
  // In order of insertion.
  ClassifierRule* first() const { return first_; }
  static ClassifierRule* next_inserted(const ClassifierRule& rule) { return rule.next_; }
  // Of rules that were inserted.
  std::optional<int32_t> max_priority() const {
    return priorities_.empty() ? std::nullopt : std::optional(priorities_.rbegin()->first);
  }
  bool has_priority(int32_t priority) const { return priorities_.contains(priority); }

 private:
  struct MaskWord {
    unsigned index;
    uint64_t bits;
  };
  // A tracked field of which the mask names a prefix.
  struct PrefixUse {
    unsigned field;  // the tracker's number
    unsigned length;
    unsigned first_word;  // where the field begins in the key
    unsigned first_bit;
  };
  using StageHashes = std::array<uint32_t, stage_count>;

  StageHashes hash_stages(const MiniMatch& match, uint32_t& whole) const;
  ClassifierRule* find_equal(const MiniMatch& match, uint32_t hash) const;
  uint64_t add_stage(uint64_t hash, unsigned stage, const Flow& flow) const;
  bool is_ruled_out(unsigned stage, const PrefixLookup& prefixes) const;
  void prove_miss(unsigned stage, Flow& mask, PrefixLookup& prefixes) const;
  std::span<const PrefixUse> prefixes_of(unsigned stage) const;
  unsigned stage_begin(unsigned stage) const { return stage == 0 ? 0 : stage_word_ends_[stage - 1]; }
  void mark_words(unsigned end, Flow& mask) const;
  bool equals(const ClassifierRule& rule, const Flow& flow) const;
  void link_in_chain(ClassifierRule& rule);
  void unlink_from_chain(ClassifierRule& rule);
  void append_to_list(ClassifierRule& rule);
  void remove_from_list(ClassifierRule& rule);

  const uint64_t hash_seed_;
  WordSet set_;
  std::vector<MaskWord> words_;
  std::array<unsigned, stage_count> stage_word_ends_{};          // in words_
  std::array<std::unique_ptr<StageIndex>, stage_count> stages_;  // null: nothing to ask after this stage
  PrefixLengths prefix_lengths_;
  std::vector<PrefixUse> prefixes_;                             // in the order of stages
  std::array<uint8_t, stage_count + 1> stage_prefix_begins_{};  // in prefixes_
  unsigned last_stage_ = 0;                                     // that has words
  RcuHashTable<ClassifierRule> heads_;
  // Written before the version is published that it names; `never` while a rule stays.
  std::atomic<uint64_t> vacant_from_{TableVersion::never};
  size_t staying_count_ = 0;     // linked rules that were inserted and not removed
  uint64_t latest_removal_ = 0;  // no linked rule was removed at a later version
  ClassifierRule* first_ = nullptr;
  ClassifierRule* last_ = nullptr;
  std::map<int32_t, uint32_t> priorities_;  // of linked rules that were inserted, with their number
};

}  // namespace weft
