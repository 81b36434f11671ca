#include "ofproto/translate/mac_table.h"

#include <thread>

#include <gtest/gtest.h>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

constexpr TimePoint start{std::chrono::hours(1)};
constexpr OfPort p1{1};
constexpr OfPort p2{2};

MacTable::Key key(uint64_t mac, uint16_t vlan = 0) { return {vlan, MacAddress::from_uint64(mac)}; }

TEST(MacTable, SaysWhatChangedWhenSomethingIsNewOrMoves) {
  MacTable table(7, {});
  EXPECT_EQ(table.learn(key(1), p1, start), dependency::mac(7, 0, MacAddress::from_uint64(1)));
  EXPECT_EQ(table.learn(key(1), p1, start), std::nullopt);
  EXPECT_EQ(table.learn(key(1), p2, start), dependency::mac(7, 0, MacAddress::from_uint64(1)));
  EXPECT_EQ(table.lookup(key(1)), p2);
  EXPECT_EQ(table.lookup(key(1, 5)), std::nullopt);
}

TEST(MacTable, ExpiresWhatWasNotUsed) {
  MacTable table(1, {.aging = std::chrono::seconds(10)});
  table.learn(key(1), p1, start);
  table.learn(key(2), p1, start);
  table.refresh(key(2), p1, start + std::chrono::seconds(5));

  EXPECT_EQ(table.next_due(), start + std::chrono::seconds(10));
  EXPECT_EQ(table.expire(start + std::chrono::seconds(9)).size(), 0U);
  EXPECT_EQ(table.expire(start + std::chrono::seconds(10)).size(), 1U);
  EXPECT_EQ(table.lookup(key(1)), std::nullopt);
  EXPECT_EQ(table.next_due(), start + std::chrono::seconds(15));
}

// A cached decision of the old port must not keep the entry of the new one alive.
TEST(MacTable, RefreshByAnotherPortCountsForNothing) {
  MacTable table(1, {.aging = std::chrono::seconds(10)});
  table.learn(key(1), p1, start);
  table.refresh(key(1), p2, start + std::chrono::seconds(8));
  EXPECT_EQ(table.expire(start + std::chrono::seconds(10)).size(), 1U);
}

TEST(MacTable, OnePortLeavesRoomForOthers) {
  MacTable table(1, {.limit = 100});
  for (uint64_t mac = 1; mac <= 200; ++mac) {
    table.learn(key(mac), p1, start);
  }
  EXPECT_EQ(table.size(), 75U);
  EXPECT_EQ(table.refused_count(), 125U);
  EXPECT_TRUE(table.learn(key(1000), p2, start));
  EXPECT_EQ(table.flush(p1).size(), 75U);
  EXPECT_EQ(table.entries().size(), 1U);
}

// A reader sees an entry on one of the ports it was ever learned on, or none; never something else.
TEST(MacTable, ReadersSeeWholeEntriesWhileWritersMoveThem) {
  const rcu::ThreadScope here;
  MacTable table(1, {});
  std::atomic<bool> is_over{false};
  std::thread reader([&] {
    const rcu::ThreadScope there;
    while (!is_over) {
      for (uint64_t mac = 1; mac <= 50; ++mac) {
        const auto port = table.lookup(key(mac));
        EXPECT_TRUE(!port || *port == p1 || *port == p2);
      }
      rcu::quiescent();
    }
  });
  std::thread other_writer([&] {
    for (int i = 0; i < 2000; ++i) {
      table.learn(key(static_cast<uint64_t>(1 + i % 50)), p1, start);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    table.learn(key(static_cast<uint64_t>(1 + i % 50)), p2, start);
    if (i % 100 == 0) {
      table.flush(p1);
    }
  }
  {
    const rcu::OfflineScope waiting;
    other_writer.join();
    is_over = true;
    reader.join();
  }
  EXPECT_EQ(table.size(), table.entries().size());
}

}  // namespace
}  // namespace weft::ofproto
