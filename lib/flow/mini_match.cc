#include <algorithm>
#include <array>

#include "lib/base/hash.h"
#include "lib/flow/match.h"

namespace weft {
namespace {

WordSet intersection(const WordSet& a, const WordSet& b) {
  WordSet both;
  both.bits = {a.bits[0] & b.bits[0], a.bits[1] & b.bits[1]};
  return both;
}

WordSet words_of(const Flow& mask) {
  WordSet set;
  for (unsigned i = 0; i < key_word_count; ++i) {
    set.bits[i >> 6] |= uint64_t{mask.word(i) != 0} << (i & 63);
  }
  return set;
}

bool contains(const WordSet& all, const WordSet& some) { return intersection(all, some) == some; }

}  // namespace

// Rules come in crowds that have one mask. Each thread remembers the masks that it met, and tries the last one first.
MiniMatch::SharedMask MiniMatch::share(const WordSet& set, const Flow& mask) {
  constexpr size_t remembered = 64;
  thread_local std::array<std::shared_ptr<const Mask>, remembered> recent;
  thread_local size_t last = 0;
  const auto is_at = [&](const std::shared_ptr<const Mask>& known) {
    if (known == nullptr || known->set != set) {
      return false;
    }
    uint64_t difference = 0;
    const uint64_t* word = known->words.data();
    set.for_each([&](unsigned i) { difference |= *word++ ^ mask.word(i); });
    return difference == 0;
  };
  if (is_at(recent[last])) {
    return recent[last];
  }
  uint64_t hash = set.bits[0];
  set.for_each([&](unsigned i) { hash = hash_add(hash, mask.word(i)); });
  last = hash % remembered;
  std::shared_ptr<const Mask>& place = recent[last];
  if (!is_at(place)) {
    auto made = std::make_shared<Mask>(Mask{set, {}});
    made->words.reserve(set.count());
    set.for_each([&](unsigned i) { made->words.push_back(mask.word(i)); });
    place = std::move(made);
  }
  return place;
}

MiniMatch::SharedMask MiniMatch::take_apart(const Match& match, std::vector<uint64_t>& values) {
  const WordSet set = words_of(match.mask());
  if (set.empty()) {
    return nullptr;
  }
  set.for_each([&](unsigned i) { values.push_back(match.value().word(i) & match.mask().word(i)); });
  return share(set, match.mask());
}

MiniMatch::MiniMatch(const Match& match) {
  const WordSet set = words_of(match.mask());
  if (set.empty()) {
    return;
  }
  mask_ = share(set, match.mask());
  values_ = std::make_unique_for_overwrite<uint64_t[]>(word_count());
  unsigned next = 0;
  set.for_each([&](unsigned i) { values_[next++] = match.value().word(i) & match.mask().word(i); });
}

MiniMatch::MiniMatch(const MiniMatch& other) { *this = other; }

MiniMatch& MiniMatch::operator=(const MiniMatch& other) {
  if (this != &other) {
    values_ = std::make_unique_for_overwrite<uint64_t[]>(other.word_count());
    std::ranges::copy(other.values(), values_.get());
    mask_ = other.mask_;
  }
  return *this;
}

Match MiniMatch::expand() const {
  Match match;
  unsigned next = 0;
  set().for_each([&](unsigned i) {
    match.value().word(i) = values()[next];
    match.mask().word(i) = masks()[next];
    ++next;
  });
  return match;
}

bool MiniMatch::matches(const FlowKey& key) const {
  uint64_t difference = 0;
  unsigned next = 0;
  set().for_each([&](unsigned i) {
    difference |= (key.word(i) & masks()[next]) ^ values()[next];
    ++next;
  });
  return difference == 0;
}

bool MiniMatch::is_subset_of(const MiniMatch& other) const {
  if (!contains(set(), other.set())) {
    return false;
  }
  uint64_t difference = 0;
  unsigned theirs = 0;
  other.set().for_each([&](unsigned i) {
    const unsigned ours = set().rank(i);
    difference |= other.masks()[theirs] & ~masks()[ours];
    difference |= (values()[ours] ^ other.values()[theirs]) & other.masks()[theirs];
    ++theirs;
  });
  return difference == 0;
}

bool MiniMatch::overlaps(const View& other) const {
  if (other.mask == nullptr) {
    return true;
  }
  uint64_t difference = 0;
  intersection(set(), other.mask->set).for_each([&](unsigned i) {
    const unsigned a = set().rank(i);
    const unsigned b = other.mask->set.rank(i);
    difference |= (values()[a] ^ other.values[b]) & masks()[a] & other.mask->words[b];
  });
  return difference == 0;
}

bool operator==(const MiniMatch& a, const MiniMatch& b) {
  const bool is_same_mask = a.mask_ == b.mask_ || (a.set() == b.set() && std::ranges::equal(a.masks(), b.masks()));
  return is_same_mask && std::ranges::equal(a.values(), b.values());
}

}  // namespace weft
