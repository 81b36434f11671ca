#include "lib/classifier/subtable.h"

#include <algorithm>
#include <bit>

#include "lib/base/big_endian.h"
#include "lib/base/hash.h"

namespace weft {

namespace {

// A rule keeps 31 bits of it.
uint32_t stage_hash(uint64_t hash, unsigned stage) {
  return static_cast<uint32_t>(hash_finish(hash, stage)) & 0x7fffffff;
}

unsigned stage_of(const Field& field) {
  unsigned stage = 0;
  while (field.first_word() >= stage_ends[stage]) {
    ++stage;
  }
  return stage;
}

// The first bits of a field, where they stand in the key.
struct KeyBits {
  KeyBits(unsigned first_bit, unsigned count) {
    const unsigned in_first = std::min(count, 64 - first_bit);
    first = in_first == 0 ? 0 : swap_network_order(~uint64_t{0} << (64 - in_first) >> first_bit);
    second = count == in_first ? 0 : swap_network_order(~uint64_t{0} << (64 - (count - in_first)));
  }
  uint64_t first;
  uint64_t second;  // of the next word
};

}  // namespace

Subtable::Subtable(const MiniMatch& match_with_mask, const PrefixTracker& tracker, uint64_t hash_seed)
    : hash_seed_(hash_seed), set_(match_with_mask.set()), prefix_lengths_(tracker.lengths_of(match_with_mask)) {
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    stage_prefix_begins_[stage] = static_cast<uint8_t>(prefixes_.size());
    for (unsigned i = 0; i < tracker.field_count(); ++i) {
      const Field& field = tracker.tracked_field(i);
      if (prefix_lengths_[i] != 0 && stage_of(field) == stage) {
        prefixes_.push_back({i, prefix_lengths_[i], field.first_word(), field.first_bit()});
      }
    }
  }
  stage_prefix_begins_[stage_count] = static_cast<uint8_t>(prefixes_.size());
  const auto masks = match_with_mask.masks();
  set_.for_each([&](unsigned i) { words_.push_back({i, masks[words_.size()]}); });
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    const auto is_in_later_stage = [&](const MaskWord& word) { return word.index >= stage_ends[stage]; };
    stage_word_ends_[stage] =
        static_cast<unsigned>(std::find_if(words_.begin(), words_.end(), is_in_later_stage) - words_.begin());
  }
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    const bool adds_words = stage_word_ends_[stage] > stage_begin(stage);
    const bool is_last = stage_word_ends_[stage] == words_.size();
    last_stage_ = adds_words ? stage : last_stage_;
    if (adds_words && !is_last) {
      stages_[stage] = std::make_unique<StageIndex>();
    }
  }
}

uint64_t Subtable::add_stage(uint64_t hash, unsigned stage, const Flow& flow) const {
  for (unsigned i = stage_begin(stage); i < stage_word_ends_[stage]; ++i) {
    hash = hash_add(hash, flow.word(words_[i].index) & words_[i].bits);
  }
  return hash;
}

void Subtable::mark_words(unsigned end, Flow& mask) const {
  for (unsigned i = 0; i < end; ++i) {
    mask.word(words_[i].index) |= words_[i].bits;
  }
}

bool Subtable::equals(const ClassifierRule& rule, const Flow& flow) const {
  const auto values = rule.match().values();
  for (size_t i = 0; i < words_.size(); ++i) {
    if (values[i] != (flow.word(words_[i].index) & words_[i].bits)) {
      return false;
    }
  }
  return true;
}

const ClassifierRule* Subtable::find(const Flow& flow, uint64_t version, Flow* mask, PrefixLookup& prefixes) const {
  uint64_t hash = hash_seed_;
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    bool may_go_on = !is_ruled_out(stage, prefixes);
    if (may_go_on) {
      hash = add_stage(hash, stage, flow);
      may_go_on = stages_[stage] == nullptr || stages_[stage]->has(stage_hash(hash, stage));
    }
    if (!may_go_on) {
      if (mask != nullptr) {
        prove_miss(stage, *mask, prefixes);
      }
      return nullptr;
    }
  }
  const ClassifierRule* rule =
      heads_.find(stage_hash(hash, stage_count), [&](const ClassifierRule& head) { return equals(head, flow); });
  if (mask != nullptr) {
    rule != nullptr ? mark_words(static_cast<unsigned>(words_.size()), *mask)
                    : prove_miss(last_stage_, *mask, prefixes);
  }
  return first_visible(rule, version);
}

const ClassifierRule* Subtable::first_visible(const ClassifierRule* rule, uint64_t version) {
  while (rule != nullptr && !rule->is_visible(version)) {
    rule = rule->next_equal_.load(std::memory_order_acquire);
  }
  return rule;
}

const ClassifierRule* Subtable::next_visible(const ClassifierRule& rule, uint64_t version) {
  return first_visible(rule.next_equal_.load(std::memory_order_acquire), version);
}

std::span<const Subtable::PrefixUse> Subtable::prefixes_of(unsigned stage) const {
  const unsigned begin = stage_prefix_begins_[stage];
  return {prefixes_.data() + begin, stage_prefix_begins_[stage + 1] - begin};
}

// By what the tries have already said of this packet, for another subtable: saves a probe.
bool Subtable::is_ruled_out(unsigned stage, const PrefixLookup& prefixes) const {
  for (const PrefixUse& use : prefixes_of(stage)) {
    if (prefixes.is_known(use.field) && !prefixes.known(use.field).has(use.length)) {
      return true;
    }
  }
  return false;
}

// No rule agrees with the packet up to the end of `stage`; some do up to its beginning. Where a trie says that no rule
// has the packet's prefix, that proves it with fewer bits than the words of the stage. What the packet has in later
// stages is not considered, as it varies most.
void Subtable::prove_miss(unsigned stage, Flow& mask, PrefixLookup& prefixes) const {
  const PrefixUse* best = nullptr;
  KeyBits bits(0, 0);
  int fewest = 0;
  for (const PrefixUse& use : prefixes_of(stage)) {
    const PrefixMatch& match = prefixes.of(use.field);
    if (match.has(use.length)) {
      continue;
    }
    const KeyBits needed(use.first_bit, match.bits_against(use.length));
    int added = std::popcount(needed.first & ~mask.word(use.first_word));
    if (needed.second != 0) {
      added += std::popcount(needed.second & ~mask.word(use.first_word + 1));
    }
    if (best == nullptr || added < fewest) {
      best = &use;
      bits = needed;
      fewest = added;
    }
  }
  if (best == nullptr) {
    mark_words(stage_word_ends_[stage], mask);
    return;
  }
  mark_words(stage_begin(stage), mask);
  mask.word(best->first_word) |= bits.first;
  if (bits.second != 0) {
    mask.word(best->first_word + 1) |= bits.second;
  }
}

Subtable::StageHashes Subtable::hash_stages(const MiniMatch& match, uint32_t& whole) const {
  StageHashes hashes{};
  uint64_t hash = hash_seed_;
  size_t i = 0;
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    for (; i < stage_word_ends_[stage]; ++i) {
      hash = hash_add(hash, match.values()[i]);
    }
    hashes[stage] = stage_hash(hash, stage);
  }
  whole = stage_hash(hash, stage_count);
  return hashes;
}

void Subtable::prefetch(const MiniMatch& match) const {
  uint32_t whole = 0;
  const StageHashes hashes = hash_stages(match, whole);
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    if (stages_[stage] != nullptr) {
      stages_[stage]->prefetch(hashes[stage]);
    }
  }
  heads_.prefetch(whole);
}

void Subtable::link(ClassifierRule& rule) {
  uint32_t whole = 0;
  const StageHashes hashes = hash_stages(rule.match(), whole);
  rule.hash_ = whole;
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    if (stages_[stage] != nullptr) {
      stages_[stage]->add(hashes[stage]);
    }
  }
  link_in_chain(rule);
  append_to_list(rule);
}

void Subtable::note_insertion(const ClassifierRule& rule) {
  ++priorities_[rule.priority()];
  note_return();
}

void Subtable::note_removal(uint64_t version) {
  latest_removal_ = std::max(latest_removal_, version);
  if (--staying_count_ == 0) {
    vacant_from_.store(latest_removal_, std::memory_order_relaxed);
  }
}

void Subtable::note_return() {
  ++staying_count_;
  vacant_from_.store(TableVersion::never, std::memory_order_relaxed);
}

// Before the first of the same or a lower priority.
void Subtable::link_in_chain(ClassifierRule& rule) {
  ClassifierRule* before = nullptr;
  ClassifierRule* after = find_equal(rule.match(), rule.hash_);
  if (after == nullptr) {
    heads_.insert(rule.hash_, rule);
    return;
  }
  ClassifierRule& head = *after;
  while (after != nullptr && after->priority() > rule.priority()) {
    before = after;
    after = next_equal(*after);
  }
  rule.next_equal_.store(after, std::memory_order_relaxed);
  rule.previous_equal_ = before;
  if (after != nullptr) {
    after->previous_equal_ = &rule;
  }
  if (before != nullptr) {
    before->next_equal_.store(&rule, std::memory_order_release);
  } else {
    heads_.replace(rule.hash_, head, rule);
  }
}

void Subtable::unlink(ClassifierRule& rule) {
  const bool was_inserted = rule.added_version() != TableVersion::never;
  if (was_inserted && rule.removed_version() == TableVersion::never) {
    note_removal(0);  // it was taken back before it was published
  }
  unlink_from_chain(rule);
  remove_from_list(rule);
  uint32_t whole = 0;
  const StageHashes hashes = hash_stages(rule.match(), whole);
  for (unsigned stage = 0; stage < stage_count; ++stage) {
    if (stages_[stage] != nullptr) {
      stages_[stage]->remove(hashes[stage]);
    }
  }
  if (was_inserted) {
    const auto priority = priorities_.find(rule.priority());
    if (--priority->second == 0) {
      priorities_.erase(priority);
    }
  }
}

// The rule's own link stays, for readers that stand on it.
void Subtable::unlink_from_chain(ClassifierRule& rule) {
  ClassifierRule* after = next_equal(rule);
  ClassifierRule* before = rule.previous_equal_;
  if (after != nullptr) {
    after->previous_equal_ = before;
  }
  if (before != nullptr) {
    before->next_equal_.store(after, std::memory_order_release);
  } else if (after != nullptr) {
    heads_.replace(rule.hash_, rule, *after);
  } else {
    heads_.erase(rule.hash_, rule);
  }
}

void Subtable::append_to_list(ClassifierRule& rule) {
  rule.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &rule;
  last_ = &rule;
}

void Subtable::remove_from_list(ClassifierRule& rule) {
  (rule.previous_ != nullptr ? rule.previous_->next_ : first_) = rule.next_;
  (rule.next_ != nullptr ? rule.next_->previous_ : last_) = rule.previous_;
  rule.previous_ = nullptr;
  rule.next_ = nullptr;
}

ClassifierRule* Subtable::find_equal(const MiniMatch& match) const {
  uint32_t hash = 0;
  hash_stages(match, hash);
  return find_equal(match, hash);
}

ClassifierRule* Subtable::find_equal(const MiniMatch& match, uint32_t hash) const {
  return heads_.find(hash, [&](const ClassifierRule& head) {
    return std::equal(match.values().begin(), match.values().end(), head.match().values().begin());
  });
}

ClassifierRule* Subtable::next_equal(const ClassifierRule& rule) {
  return rule.next_equal_.load(std::memory_order_relaxed);
}

// Those of one priority stand together in their chain.
ClassifierRule* Subtable::find_beside(ClassifierRule& rule, uint64_t version) {
  ClassifierRule* first = &rule;
  while (first->previous_equal_ != nullptr && first->previous_equal_->priority() == rule.priority()) {
    first = first->previous_equal_;
  }
  for (ClassifierRule* each = first; each != nullptr && each->priority() == rule.priority(); each = next_equal(*each)) {
    if (each->is_visible(version)) {
      return each;
    }
  }
  return nullptr;
}

bool Subtable::has_mask_of(const MiniMatch& match) const {
  const auto masks = match.masks();
  return set_ == match.set() && std::equal(words_.begin(), words_.end(), masks.begin(),
                                           [](const MaskWord& word, uint64_t bits) { return word.bits == bits; });
}

bool Subtable::is_within(const MiniMatch& filter) const {
  const auto masks = filter.masks();
  size_t n = 0;
  bool within = true;
  filter.set().for_each([&](unsigned i) {
    const uint64_t wanted = masks[n++];
    within = within && set_.has(i) && (wanted & ~words_[set_.rank(i)].bits) == 0;
  });
  return within;
}

}  // namespace weft
