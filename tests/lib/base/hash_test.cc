#include "lib/base/hash.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(Hash, IsTheSameForTheSameSeed) {
  const std::vector<uint64_t> words = {1, 2, 3};
  EXPECT_EQ(hash_words(words, 7), hash_words(words, 7));
  EXPECT_NE(hash_words(words, 7), hash_words(words, 8));
}

TEST(Hash, TellsLengthsApart) {
  std::set<uint64_t> hashes;
  const std::vector<uint64_t> zero_words(100);
  const std::vector<uint8_t> zero_bytes(300);
  for (size_t size = 0; size <= zero_words.size(); ++size) {
    EXPECT_TRUE(hashes.insert(hash_words(std::span(zero_words).first(size), 1)).second) << size;
  }
  hashes.clear();
  for (size_t size = 0; size <= zero_bytes.size(); ++size) {
    EXPECT_TRUE(hashes.insert(hash_bytes(std::span(zero_bytes).first(size), 1)).second) << size;
  }
}

// Every single-bit change moves about half of the bits of the result.
TEST(Hash, EveryInputBitReachesTheResult) {
  for (const size_t count : {1, 2, 3, 5, 8, 30}) {
    std::vector<uint64_t> words(count, 0x0123456789abcdef);
    const uint64_t base = hash_words(words, 99);
    double sum = 0;
    for (size_t bit = 0; bit < count * 64; ++bit) {
      words[bit / 64] ^= uint64_t{1} << bit % 64;
      const int changed = std::popcount(base ^ hash_words(words, 99));
      words[bit / 64] ^= uint64_t{1} << bit % 64;
      EXPECT_GE(changed, 8) << "bit " << bit << " of " << count << " words";
      sum += changed;
    }
    EXPECT_NEAR(sum / static_cast<double>(count * 64), 32, 1.5) << count;
  }
}

// Addresses that count up, as real ones do, must not pile up in the low bits a table uses.
TEST(Hash, SpreadsConsecutiveWords) {
  constexpr size_t buckets = 1024;
  constexpr size_t per_bucket = 64;
  std::vector<size_t> low(buckets);
  std::vector<size_t> high(buckets);
  for (uint64_t i = 0; i < buckets * per_bucket; ++i) {
    const uint64_t words[] = {0x0a00000000000000 + i, 6};
    const uint64_t hash = hash_words(words, 1);
    ++low[hash % buckets];
    ++high[hash >> 54];
  }
  // Poisson with mean 64: eight standard deviations are no accident.
  for (const auto& counts : {low, high}) {
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    EXPECT_GT(*least, 16u);
    EXPECT_LT(*most, 128u);
  }
}

// With a public constant on one side of a multiplication, an input could make the product zero
// whatever the other word is. The seed is in both sides.
TEST(Hash, NoWordMakesTheOthersIrrelevant) {
  for (const uint64_t killer : {uint64_t{0}, detail::hash_secret_0, detail::hash_secret_1}) {
    const uint64_t seed = 0x1234567812345678;
    const uint64_t first[] = {1, killer};
    const uint64_t second[] = {2, killer};
    EXPECT_NE(hash_words(first, seed), hash_words(second, seed));
  }
}

TEST(Hash, RunningHashEqualsTheWholeInPairs) {
  const uint64_t words[] = {1, 2, 3, 4};
  EXPECT_EQ(hash_words(words, 5), hash_finish(hash_add(hash_add(5, 1, 2), 3, 4), 4));
}

TEST(Hash, BytesAtAnyAddressHashAlike) {
  std::vector<uint8_t> bytes(64);
  for (size_t i = 0; i < 8; ++i) {
    for (size_t j = 0; j < 40; ++j) {
      bytes[i + j] = static_cast<uint8_t>(j);
    }
    EXPECT_EQ(hash_bytes(std::span(bytes).subspan(i, 40), 3), hash_bytes(std::span(bytes).subspan(i, 40), 3));
  }
  const std::vector<uint8_t> aligned(bytes.begin() + 7, bytes.begin() + 47);
  EXPECT_EQ(hash_bytes(aligned, 3), hash_bytes(std::span(bytes).subspan(7, 40), 3));
}

TEST(Hash, ProcessSeedIsDrawnOnce) { EXPECT_EQ(random_hash_seed(), random_hash_seed()); }

}  // namespace
}  // namespace weft
