// KeptKey: a flow key, or mask, that is kept with many others: it takes the room of the words it has.
//
// A FlowKey has room for every word there is, 672 bytes; most keys have seven words. Up to eight lie inside, more in an
// allocation.
//
// Threads: a value. Cost: to make or copy, of its words; an allocation beyond eight.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "lib/flow/flow_key.h"

namespace weft {

class KeptKey {
 public:
  KeptKey() = default;
  KeptKey(const FlowKey& key) { *this = key; }  // NOLINT(google-explicit-constructor): the same value
  KeptKey(const KeptKey& other) { assign(other.set_, other.words()); }
  KeptKey(KeptKey&& other) noexcept { *this = std::move(other); }
  KeptKey& operator=(const FlowKey& key) {
    assign(key.set(), key.words());
    return *this;
  }
  KeptKey& operator=(const KeptKey& other) {
    if (this != &other) {
      assign(other.set_, other.words());
    }
    return *this;
  }
  KeptKey& operator=(KeptKey&& other) noexcept {
    set_ = std::exchange(other.set_, {});
    more_ = std::move(other.more_);
    inside_ = other.inside_;
    return *this;
  }
  ~KeptKey() = default;

  operator FlowKey() const {  // NOLINT(google-explicit-constructor)
    FlowKey key;
    key.clear();
    size_t n = 0;
    set_.for_each([&](unsigned i) { key.append(i, words()[n++]); });
    return key;
  }

  const WordSet& set() const { return set_; }
  std::span<const uint64_t> words() const { return {more_ != nullptr ? more_.get() : inside_.data(), set_.count()}; }
  uint64_t word(unsigned i) const { return set_.has(i) ? words()[set_.rank(i)] : 0; }
  uint64_t word(KeyWord name) const { return word(index(name)); }

  friend bool operator==(const KeptKey& a, const KeptKey& b) {
    return a.set_ == b.set_ && std::ranges::equal(a.words(), b.words());
  }

 private:
  static constexpr size_t inside = 8;

  void assign(const WordSet& set, std::span<const uint64_t> words) {
    set_ = set;
    more_ = words.size() > inside ? std::make_unique_for_overwrite<uint64_t[]>(words.size()) : nullptr;
    std::ranges::copy(words, more_ != nullptr ? more_.get() : inside_.data());
  }

  WordSet set_;
  std::unique_ptr<uint64_t[]> more_;
  std::array<uint64_t, inside> inside_{};
};

// A mask that is kept.
using KeptMask = KeptKey;

}  // namespace weft
