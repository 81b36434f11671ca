#include "ofproto/translate/mac_table.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimePoint start{std::chrono::hours(1)};
const MacLocation p1{OfPort{1}, {}};
const MacLocation p2{OfPort{2}, {}};
const Domain segment = Domain::of_segment(5001);

MacTable::Key key(uint64_t mac, uint16_t vlan = 0) { return {Domain::of_vlan(vlan), MacAddress::from_uint64(mac)}; }
MacTable::Key key_in(Domain domain, uint64_t mac) { return {domain, MacAddress::from_uint64(mac)}; }
// The ids of what changed.
std::vector<DependencyId> learn(MacTable& table, const MacTable::Key& key, const MacLocation& location, TimePoint now) {
  std::vector<DependencyId> changed;
  table.learn(key, location, now, changed);
  return changed;
}
bool learns(MacTable& table, const MacTable::Key& key, const MacLocation& location, TimePoint now) {
  return !learn(table, key, location, now).empty();
}
MacLocation behind(uint32_t remote) { return {OfPort{9}, Ipv4Address::from_host(remote)}; }

TEST(MacTable, SaysWhatChangedWhenSomethingIsNewOrMoves) {
  MacTable table(7, {});
  EXPECT_THAT(learn(table, key(1), p1, start), ElementsAre(dependency::mac(7, Domain(), MacAddress::from_uint64(1))));
  EXPECT_THAT(learn(table, key(1), p1, start), IsEmpty());
  EXPECT_THAT(learn(table, key(1), p2, start), ElementsAre(dependency::mac(7, Domain(), MacAddress::from_uint64(1))));
  EXPECT_EQ(table.lookup(key(1)), p2);
  EXPECT_EQ(table.lookup(key(1, 5)), std::nullopt);
}

TEST(MacTable, ExpiresWhatWasNotUsed) {
  MacTable table(1, {.aging = std::chrono::seconds(10)});
  learn(table, key(1), p1, start);
  learn(table, key(2), p1, start);
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
  learn(table, key(1), p1, start);
  table.refresh(key(1), p2, start + std::chrono::seconds(8));
  EXPECT_EQ(table.expire(start + std::chrono::seconds(10)).size(), 1U);
}

TEST(MacTable, OnePortLeavesRoomForOthers) {
  MacTable table(1, {.limit = 100});
  for (uint64_t mac = 1; mac <= 200; ++mac) {
    learn(table, key(mac), p1, start);
  }
  EXPECT_EQ(table.size(), 75U);
  EXPECT_EQ(table.refused_count(), 125U);
  EXPECT_TRUE(learns(table, key(1000), p2, start));
  EXPECT_EQ(table.flush(p1.port).size(), 75U);
  EXPECT_EQ(table.entries().size(), 1U);
}

TEST(MacTable, DomainsAreApart) {
  MacTable table(1, {});
  learn(table, key_in(Domain::of_vlan(5001 & 0xfff), 1), p1, start);
  learn(table, key_in(segment, 1), behind(7), start);

  EXPECT_EQ(table.lookup(key_in(segment, 1)), behind(7));
  EXPECT_EQ(table.lookup(key_in(Domain::of_segment(1), 1)), std::nullopt);
  EXPECT_EQ(table.count_of(segment), 1U);
  EXPECT_EQ(table.flush(segment).size(), 1U);
  EXPECT_EQ(table.lookup(key_in(Domain::of_vlan(5001 & 0xfff), 1)), p1);
}

TEST(MacTable, WhatOneRemoteTaughtIsFlushedAlone) {
  MacTable table(1, {});
  for (uint64_t mac = 1; mac <= 10; ++mac) {
    learn(table, key_in(segment, mac), behind(mac % 2 == 0 ? 7 : 8), start);
  }
  learn(table, key_in(segment, 2), behind(8), start);

  EXPECT_EQ(table.flush(IpAddress(Ipv4Address::from_host(7))).size(), 4U);
  EXPECT_EQ(table.places(), (std::vector<std::pair<MacLocation, size_t>>{{behind(8), 6}}));
}

// All remotes share a port: what bounds them is the segment.
TEST(MacTable, OneSegmentLeavesRoomForOthers) {
  MacTable table(1, {.limit = 100});
  for (uint32_t mac = 1; mac <= 200; ++mac) {
    learn(table, key_in(segment, mac), behind(mac), start);
  }
  EXPECT_EQ(table.size(), 75U);
  EXPECT_TRUE(learns(table, key_in(Domain::of_segment(1), 1), behind(1), start));
}

// A table that is full must not keep a guest that has moved where it was.
TEST(MacTable, AddressesMoveInAFullTable) {
  MacTable table(1, {.limit = 2});
  learn(table, key_in(segment, 1), behind(1), start);
  learn(table, key_in(Domain::of_segment(2), 1), behind(1), start);
  ASSERT_FALSE(learns(table, key_in(Domain::of_segment(3), 1), behind(1), start));

  EXPECT_TRUE(learns(table, key_in(segment, 1), behind(2), start));
  EXPECT_TRUE(learns(table, key_in(segment, 1), p1, start));
  EXPECT_EQ(table.lookup(key_in(segment, 1)), p1);
}

TEST(MacTable, FixedEntriesNeitherAgeNorMove) {
  MacTable table(1, {.aging = std::chrono::seconds(10)});
  learn(table, key_in(segment, 1), p1, start);
  EXPECT_FALSE(table.fix(key_in(segment, 1), behind(7), start).empty());

  EXPECT_FALSE(learns(table, key_in(segment, 1), p2, start));
  EXPECT_TRUE(table.expire(start + std::chrono::hours(1)).empty());
  EXPECT_TRUE(table.flush().empty());
  EXPECT_EQ(table.next_due(), std::nullopt);
  EXPECT_EQ(table.lookup(key_in(segment, 1)), behind(7));
  EXPECT_FALSE(table.remove(key_in(segment, 1)).empty());
  EXPECT_TRUE(table.remove(key_in(segment, 1)).empty());
}

// Growing copies entries: none is lost, and each keeps its age. A sweep of many goes in parts.
TEST(MacTable, ManyAreKeptFoundAndAged) {
  constexpr uint64_t count = 100'000;
  MacTable table(1, {.aging = std::chrono::seconds(10), .limit = 2 * count});
  for (uint64_t mac = 1; mac <= count; ++mac) {
    learn(table, key_in(segment, mac), behind(static_cast<uint32_t>(mac % 100)),
          start + std::chrono::seconds(mac % 2 == 0 ? 0 : 5));
  }
  EXPECT_EQ(table.size(), count);
  for (uint64_t mac = 1; mac <= count; ++mac) {
    ASSERT_EQ(table.lookup(key_in(segment, mac)), behind(static_cast<uint32_t>(mac % 100))) << mac;
  }
  size_t expired = 0;
  size_t parts = 0;
  do {
    expired += table.expire(start + std::chrono::seconds(10)).size();
    ++parts;
  } while (table.is_sweeping());
  EXPECT_EQ(expired, count / 2);
  EXPECT_GT(parts, 3U);
  EXPECT_EQ(table.next_due(), start + std::chrono::seconds(15));
  EXPECT_EQ(table.size(), count / 2);
}

// A reader sees an entry on one of the ports it was ever learned on, or none; never something else.
TEST(MacTable, ReadersSeeWholeEntriesWhileWritersMoveThem) {
  const rcu::ThreadScope here;
  MacTable table(1, {.limit = 100'000});
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
      learn(table, key(static_cast<uint64_t>(1 + i % 50)), p1, start);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    learn(table, key(static_cast<uint64_t>(1 + i % 50)), p2, start);
    learn(table, key(static_cast<uint64_t>(1000 + i)), p2, start);  // so that shards grow
    if (i % 100 == 0) {
      table.flush(p1.port);
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
