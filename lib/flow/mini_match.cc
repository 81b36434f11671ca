#include <algorithm>

#include "lib/flow/match.h"

namespace weft {
namespace {

WordSet intersection(const WordSet& a, const WordSet& b) {
  WordSet both;
  both.bits = {a.bits[0] & b.bits[0], a.bits[1] & b.bits[1]};
  return both;
}

bool contains(const WordSet& all, const WordSet& some) { return intersection(all, some) == some; }

}  // namespace

MiniMatch::MiniMatch(const Match& match) {
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (match.mask().word(i) != 0) {
      set_.add(i);
    }
  }
  const unsigned count = word_count();
  words_ = std::make_unique<uint64_t[]>(size_t{2} * count);
  unsigned next = 0;
  set_.for_each([&](unsigned i) {
    words_[next] = match.value().word(i) & match.mask().word(i);
    words_[count + next] = match.mask().word(i);
    ++next;
  });
}

MiniMatch::MiniMatch(const MiniMatch& other) { *this = other; }

MiniMatch& MiniMatch::operator=(const MiniMatch& other) {
  if (this != &other) {
    const size_t n = size_t{2} * other.word_count();
    words_ = std::make_unique<uint64_t[]>(n);
    std::copy_n(other.words_.get(), n, words_.get());
    set_ = other.set_;
  }
  return *this;
}

Match MiniMatch::expand() const {
  Match match;
  unsigned next = 0;
  set_.for_each([&](unsigned i) {
    match.value().word(i) = values()[next];
    match.mask().word(i) = masks()[next];
    ++next;
  });
  return match;
}

bool MiniMatch::matches(const FlowKey& key) const {
  uint64_t difference = 0;
  unsigned next = 0;
  set_.for_each([&](unsigned i) {
    difference |= (key.word(i) & masks()[next]) ^ values()[next];
    ++next;
  });
  return difference == 0;
}

bool MiniMatch::is_subset_of(const MiniMatch& other) const {
  if (!contains(set_, other.set_)) {
    return false;
  }
  uint64_t difference = 0;
  unsigned theirs = 0;
  other.set_.for_each([&](unsigned i) {
    const unsigned ours = set_.rank(i);
    difference |= other.masks()[theirs] & ~masks()[ours];
    difference |= (values()[ours] ^ other.values()[theirs]) & other.masks()[theirs];
    ++theirs;
  });
  return difference == 0;
}

bool MiniMatch::overlaps(const MiniMatch& other) const {
  uint64_t difference = 0;
  intersection(set_, other.set_).for_each([&](unsigned i) {
    const unsigned a = set_.rank(i);
    const unsigned b = other.set_.rank(i);
    difference |= (values()[a] ^ other.values()[b]) & masks()[a] & other.masks()[b];
  });
  return difference == 0;
}

bool operator==(const MiniMatch& a, const MiniMatch& b) {
  return a.set_ == b.set_ && std::equal(a.words_.get(), a.words_.get() + size_t{2} * a.word_count(), b.words_.get());
}

}  // namespace weft
