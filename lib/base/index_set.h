// IndexSet: a set of numbers below 64, such as which packets of a batch are hits.
//
// What is put in and taken out by a condition costs no branch, and for_each visits the members alone: where members
// and others alternate at random, as hits and misses do under attack, a processor cannot guess such a branch.
//
// Threads: values. Cost: a register.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace weft {

class IndexSet {
 public:
  static constexpr size_t capacity = 64;

  constexpr IndexSet() = default;
  // All below this, which is at most 64.
  static constexpr IndexSet all_below(size_t count) {
    return IndexSet(count == capacity ? ~uint64_t{0} : (uint64_t{1} << count) - 1);
  }
  // Bit i says whether i is in it.
  static constexpr IndexSet of_bits(uint64_t bits) { return IndexSet(bits); }

  constexpr bool has(size_t i) const { return (bits_ >> i & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr size_t count() const { return static_cast<size_t>(std::popcount(bits_)); }
  // Of a set that has one.
  constexpr size_t first() const { return static_cast<size_t>(__builtin_ctzll(bits_)); }

  constexpr void add(size_t i) { bits_ |= uint64_t{1} << i; }
  constexpr void add_if(bool condition, size_t i) { bits_ |= uint64_t{condition} << i; }
  constexpr void remove(size_t i) { bits_ &= ~(uint64_t{1} << i); }

  // In ascending order; those that are members when it begins.
  template <typename Visit>
  constexpr void for_each(Visit&& visit) const {
    for (uint64_t rest = bits_; rest != 0; rest &= rest - 1) {
      visit(IndexSet(rest).first());
    }
  }

  friend constexpr IndexSet operator|(IndexSet a, IndexSet b) { return IndexSet(a.bits_ | b.bits_); }
  friend constexpr IndexSet operator&(IndexSet a, IndexSet b) { return IndexSet(a.bits_ & b.bits_); }
  // Those of a that are not in b.
  friend constexpr IndexSet operator-(IndexSet a, IndexSet b) { return IndexSet(a.bits_ & ~b.bits_); }
  friend constexpr bool operator==(IndexSet, IndexSet) = default;

 private:
  constexpr explicit IndexSet(uint64_t bits) : bits_(bits) {}

  uint64_t bits_ = 0;
};

}  // namespace weft
