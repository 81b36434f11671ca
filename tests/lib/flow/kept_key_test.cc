#include "lib/flow/kept_key.h"

#include <gtest/gtest.h>

#include <utility>

#include "lib/flow/field.h"

namespace weft {
namespace {

// The first `count` words there are, each with a value of its own.
FlowKey key_of(unsigned count) {
  FlowKey key;
  key.clear();
  for (unsigned i = 0; i < count; ++i) {
    key.append(i, 0x0101010101010101 * (i + 1));
  }
  return key;
}

TEST(KeptKey, IsTheKeyWhateverItsSize) {
  for (unsigned count = 0; count <= key_word_count; ++count) {
    const FlowKey key = key_of(count);
    const KeptKey kept = key;
    EXPECT_EQ(FlowKey(kept), key) << count;
    EXPECT_EQ(kept.set(), key.set());
    EXPECT_EQ(kept.words().size(), count);
    for (unsigned i = 0; i < key_word_count; ++i) {
      ASSERT_EQ(kept.word(i), key.word(i)) << count << ", word " << i;
    }
  }
}

TEST(KeptKey, CopiesAndMovesKeepTheirWords) {
  for (const unsigned count : {0U, 3U, 8U, 9U, 40U}) {
    const FlowKey key = key_of(count);
    KeptKey first = key;
    KeptKey second = key_of(count == 3 ? 50 : 3);
    second = first;
    EXPECT_EQ(FlowKey(second), key);
    first = key_of(20);  // the copy is one of its own
    EXPECT_EQ(FlowKey(second), key);
    const KeptKey third = std::move(second);
    EXPECT_EQ(FlowKey(third), key);
    first = KeptKey(third);
    EXPECT_EQ(FlowKey(first), key);
  }
}

TEST(KeptKey, TakesLittleRoom) { EXPECT_LE(sizeof(KeptKey), 88U); }

}  // namespace
}  // namespace weft
