// The table under the classifier: items come and go, hashes collide, erased slots are used again.
#include "lib/classifier/rcu_hash_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "lib/base/hash.h"

namespace weft {
namespace {

struct Item {
  uint64_t key;
};

class RcuHashTableTest : public testing::Test {
 protected:
  // Few hashes, so that probes run over one another.
  static uint32_t hash(uint64_t key) { return static_cast<uint32_t>(key % 37); }
  Item* find(uint64_t key) {
    return table_.find(hash(key), [&](const Item& item) { return item.key == key; });
  }

  rcu::ThreadScope rcu_;
  RcuHashTable<Item> table_;
};

TEST_F(RcuHashTableTest, AnEmptyOneFindsNothing) { EXPECT_EQ(find(1), nullptr); }

TEST_F(RcuHashTableTest, FindsWhatWasInsertedUntilItIsErased) {
  std::mt19937_64 random(1);
  std::map<uint64_t, std::unique_ptr<Item>> items;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t key = random() % 200;
    if (const auto known = items.find(key); known == items.end()) {
      items[key] = std::make_unique<Item>(Item{key});
      table_.insert(hash(key), *items[key]);
    } else if (i % 3 == 0) {
      auto other = std::make_unique<Item>(Item{key});
      table_.replace(hash(key), *known->second, *other);
      known->second = std::move(other);
    } else {
      table_.erase(hash(key), *known->second);
      items.erase(known);
    }
    const uint64_t asked = random() % 200;
    const auto expected = items.find(asked);
    ASSERT_EQ(find(asked), expected == items.end() ? nullptr : expected->second.get());
    ASSERT_EQ(table_.count(), items.size());
  }
  size_t visited = 0;
  table_.for_each([&](const Item& item) {
    ++visited;
    EXPECT_TRUE(items.contains(item.key));
  });
  EXPECT_EQ(visited, items.size());
}

// Grown by many segments and emptied again: each item is found, and none twice.
TEST_F(RcuHashTableTest, GrowsBySegments) {
  constexpr uint32_t count = 50000;
  std::vector<Item> items(count);
  const auto spread = [](uint64_t key) { return static_cast<uint32_t>(hash_finish(key, 1)); };
  const auto find_spread = [&](uint64_t key) {
    return table_.find(spread(key), [&](const Item& item) { return item.key == key; });
  };
  for (uint32_t i = 0; i < count; ++i) {
    items[i].key = i;
    table_.insert(spread(i), items[i]);
    ASSERT_EQ(find_spread(i / 2), &items[i / 2]);
  }
  std::vector<int> seen(count);
  table_.for_each([&](const Item& item) { ++seen[item.key]; });
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), count);
  for (uint32_t i = 0; i < count; i += 2) {
    table_.erase(spread(i), items[i]);
  }
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_EQ(find_spread(i), i % 2 == 0 ? nullptr : &items[i]);
  }
  for (uint32_t i = 0; i < count; i += 2) {
    table_.insert(spread(i), items[i]);
  }
  EXPECT_EQ(table_.count(), count);
  EXPECT_EQ(find_spread(count - 2), &items[count - 2]);
}

// There is nothing to tell them apart by: they stay in one segment, however large.
TEST_F(RcuHashTableTest, ManyItemsOfOneHashAreKept) {
  std::vector<Item> items(2000);
  for (uint64_t i = 0; i < items.size(); ++i) {
    items[i].key = i;
    table_.insert(7, items[i]);
  }
  for (uint64_t i = 0; i < items.size(); ++i) {
    ASSERT_EQ(table_.find(7, [&](const Item& item) { return item.key == i; }), &items[i]);
  }
}

}  // namespace
}  // namespace weft
