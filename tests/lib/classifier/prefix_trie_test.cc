// The trie against its dull twin, a list of prefixes: which match a value, and that the bits it names prove it.
#include "lib/classifier/prefix_trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "lib/base/rcu.h"

namespace weft {
namespace {

FieldValue ipv4(uint32_t address) { return FieldValue{uint64_t{address} << 32, 0}; }

FieldValue first_bits(FieldValue value, unsigned count) {
  return count == 0 ? FieldValue{} : value & (FieldValue::ones(count) << (max_prefix_length - count));
}

class PrefixTrieTest : public testing::Test {
 protected:
  rcu::ThreadScope rcu_;
  PrefixTrie trie_;
};

TEST_F(PrefixTrieTest, AnEmptyOneNeedsNoBit) {
  const PrefixMatch match = trie_.lookup(ipv4(0x0a010203));
  EXPECT_EQ(match.needed, 0u);
  EXPECT_FALSE(match.has(32));
}

TEST_F(PrefixTrieTest, TheExampleOfTheHeader) {
  trie_.add(ipv4(0x0a010200), 24);
  trie_.add(ipv4(0x0a010280), 25);
  trie_.add(ipv4(0x0a090000), 16);
  const PrefixMatch match = trie_.lookup(ipv4(0x0a01024d));
  EXPECT_TRUE(match.has(24));
  EXPECT_FALSE(match.has(25));
  EXPECT_FALSE(match.has(16));
  EXPECT_EQ(match.needed, 25u);
  EXPECT_EQ(match.bits_against(32), 25u);
  EXPECT_EQ(match.bits_against(16), 16u);
}

TEST_F(PrefixTrieTest, ALeafNeedsNoMoreThanItself) {
  trie_.add(ipv4(0x0a010200), 24);
  EXPECT_EQ(trie_.lookup(ipv4(0x0a0102ff)).needed, 24u);
  EXPECT_EQ(trie_.lookup(ipv4(0xffffffff)).needed, 1u);
}

// Adding begins where the way to the last prefix turns off.
TEST_F(PrefixTrieTest, NeighboursThatDifferInTheBitBehindABranch) {
  trie_.add(ipv4(0x0a000000), 8);
  trie_.add(ipv4(0x0a800000), 16);  // passes the node of the /8
  trie_.add(ipv4(0x0a000000), 16);  // and leaves it the other way
  trie_.add(ipv4(0x0a000000), 8);   // ends at it
  EXPECT_TRUE(trie_.lookup(ipv4(0x0a800001)).has(16));
  EXPECT_TRUE(trie_.lookup(ipv4(0x0a000001)).has(16));
  trie_.remove(ipv4(0x0a000000), 8);
  EXPECT_TRUE(trie_.lookup(ipv4(0x0a000001)).has(8));
}

TEST_F(PrefixTrieTest, WhatIsAddedTwiceIsRemovedTwice) {
  trie_.add(ipv4(0x0a010200), 24);
  trie_.add(ipv4(0x0a010200), 24);
  trie_.remove(ipv4(0x0a010200), 24);
  EXPECT_TRUE(trie_.lookup(ipv4(0x0a010200)).has(24));
  trie_.remove(ipv4(0x0a010200), 24);
  EXPECT_TRUE(trie_.empty());
}

class PrefixTrieRandom : public testing::TestWithParam<uint32_t> {
 protected:
  struct Prefix {
    FieldValue value;
    unsigned length;
  };

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  // Values that share beginnings of every length.
  FieldValue value() {
    FieldValue result;
    for (unsigned byte = 0; byte < 16; ++byte) {
      const uint64_t bits = below(4) != 0 ? 0 : uint64_t{1} << below(8);
      result = result << 8 | FieldValue{0, bits};
    }
    return result;
  }

  void add_one() {
    const unsigned length = 1 + static_cast<unsigned>(below(below(2) != 0 ? 32 : 128));
    known_.push_back({first_bits(value(), length), length});
    trie_.add(known_.back().value, length);
  }
  void remove_one() {
    const size_t i = below(known_.size());
    trie_.remove(known_[i].value, known_[i].length);
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  bool is_known(FieldValue value, unsigned length) const {
    return std::ranges::any_of(known_, [&](const Prefix& prefix) {
      return prefix.length == length && prefix.value == first_bits(value, length);
    });
  }

  void look_up() {
    const FieldValue packet = value();
    const PrefixMatch match = trie_.lookup(packet);
    for (unsigned length = 1; length <= max_prefix_length; ++length) {
      ASSERT_EQ(match.has(length), is_known(packet, length)) << length;
      if (!match.has(length)) {
        const unsigned bits = match.bits_against(length);
        const FieldValue other = first_bits(packet, bits) | (value() & ~first_bits(FieldValue{~0ULL, ~0ULL}, bits));
        ASSERT_FALSE(is_known(other, length)) << bits << " bits do not prove that no /" << length << " matches";
      }
    }
  }

  rcu::ThreadScope rcu_;
  std::mt19937_64 random_{GetParam()};
  PrefixTrie trie_;
  std::vector<Prefix> known_;
};

TEST_P(PrefixTrieRandom, AgreesWithAListOfPrefixes) {
  for (int round = 0; round < 30 && !HasFatalFailure(); ++round) {
    for (uint64_t n = below(20); n > 0; --n) {
      known_.empty() || below(3) != 0 ? add_one() : remove_one();
    }
    for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
      look_up();
    }
    rcu::quiescent();
  }
  while (!known_.empty()) {
    remove_one();
  }
  EXPECT_TRUE(trie_.empty()) << "every node goes with its last prefix";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PrefixTrieRandom, testing::Range(1u, 9u));

}  // namespace
}  // namespace weft
