#include "ofproto/translate/neighbour_table.h"

#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

constexpr TimePoint first{std::chrono::hours(1)};
constexpr OfPort port_1{1};
constexpr OfPort port_2{2};
const Domain red = Domain::of_segment(5001);
const Domain blue = Domain::of_segment(5002);

IpAddress v4(uint32_t n) { return Ipv4Address::from_host(0x0a000000 + n); }
IpAddress v6(uint8_t n) { return Ipv6Address{{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n}}; }
MacAddress guest(uint64_t n) { return MacAddress::from_uint64(0x020000000000 | n); }
Neighbour at(uint64_t n, bool is_router = false) { return {guest(n), is_router}; }

TEST(NeighbourTable, SaysWhatChangedWhenSomethingIsNewOrMoves) {
  NeighbourTable table(7, 100);
  EXPECT_EQ(table.learn({red, v4(1)}, at(1), port_1, first), dependency::neighbour(7, red, v4(1)));
  EXPECT_EQ(table.learn({red, v4(1)}, at(1), port_1, first), std::nullopt);
  EXPECT_EQ(table.learn({red, v4(1)}, at(1), port_2, first), std::nullopt) << "told by another port, of the same guest";
  EXPECT_EQ(table.learn({red, v4(1)}, at(2), port_1, first), dependency::neighbour(7, red, v4(1)));
  EXPECT_EQ(table.learn({red, v6(1)}, at(1), port_1, first), dependency::neighbour(7, red, v6(1)));
  EXPECT_EQ(table.learn({red, v6(1)}, at(1, true), port_1, first), dependency::neighbour(7, red, v6(1)));
  EXPECT_EQ(table.lookup({red, v4(1)})->neighbour, at(2));
  EXPECT_TRUE(table.lookup({red, v6(1)})->neighbour.is_router);
  EXPECT_FALSE(table.lookup({blue, v4(1)}));
  EXPECT_NE(dependency::neighbour(7, red, v4(1)), dependency::neighbour(7, blue, v4(1)));
  EXPECT_NE(dependency::neighbour(7, red, v4(1)), dependency::neighbour(7, red, v4(2)));
  EXPECT_NE(dependency::neighbour(7, red, v6(1)), dependency::neighbour(7, red, v6(2)));
}

TEST(NeighbourTable, APortAndASegmentLeaveRoomForOthers) {
  NeighbourTable table(1, 80);
  for (uint32_t n = 0; n < 20; ++n) {
    table.learn({red, v4(n)}, at(1), port_1, first);
  }
  EXPECT_EQ(table.counts_of(red).entries, 10U) << "an eighth for a port";
  EXPECT_EQ(table.counts_of(red).refused, 10U);
  for (uint32_t n = 100; n < 200; ++n) {
    table.learn({red, v4(n)}, at(2), of_port::none, first);
  }
  EXPECT_EQ(table.counts_of(red).entries, 40U) << "half for a segment";
  EXPECT_TRUE(table.learn({blue, v4(1)}, at(2), port_2, first));
  EXPECT_FALSE(table.learn({blue, v4(2)}, at(1), port_1, first));
  // Its guest moves away, and the port may claim one more.
  table.learn({red, v4(0)}, at(1), port_2, first);
  EXPECT_TRUE(table.learn({blue, v4(2)}, at(1), port_1, first));
  EXPECT_TRUE(table.remove({red, v4(1)}));
  EXPECT_TRUE(table.learn({red, v4(1)}, at(1), port_1, first));
}

TEST(NeighbourTable, WhatIsFixedIsBoundedByTheTableAlone) {
  NeighbourTable table(1, 16);
  for (uint32_t n = 0; n < 16; ++n) {
    EXPECT_TRUE(table.fix({red, v4(n)}, at(n + 1), first));
  }
  EXPECT_FALSE(table.fix({red, v4(16)}, at(1), first));
  EXPECT_TRUE(table.fix({red, v4(0)}, at(9), first)) << "in place of one";
  EXPECT_EQ(table.learn({red, v4(0)}, at(5), port_1, first), std::nullopt);
  EXPECT_EQ(table.lookup({red, v4(0)})->neighbour, at(9));
  MacTable macs(1, {});
  while (!table.sweep(macs).empty() || table.is_sweeping()) {
  }
  EXPECT_EQ(table.size(), 16U);
  EXPECT_TRUE(table.flush_learned(red).empty());
  EXPECT_EQ(table.flush(red).size(), 16U);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_FALSE(table.remove({red, v4(0)}));
}

TEST(NeighbourTable, ThatMovesTooOftenIsDisputedForAWhile) {
  NeighbourTable table(1, 100);
  const NeighbourTable::Key key{red, v4(1)};
  for (unsigned move = 0; move < NeighbourTable::max_moves; ++move) {
    EXPECT_TRUE(table.learn(key, at(move % 2 + 1), port_1, first));
    EXPECT_FALSE(table.lookup(key)->is_disputed);
  }
  EXPECT_TRUE(table.learn(key, at(9), port_1, first));
  EXPECT_TRUE(table.lookup(key)->is_disputed);
  EXPECT_EQ(table.counts_of(red).disputed, 1U);
  const TimePoint over = first + NeighbourTable::quiet_time;
  EXPECT_FALSE(table.learn(key, at(9), port_1, over - std::chrono::seconds(1)));
  EXPECT_TRUE(table.learn(key, at(9), port_1, over)) << "it is answered for again";
  EXPECT_TRUE(table.lookup(key)->may_be_answered());
  EXPECT_EQ(table.counts_of(red).disputed, 0U);
  // Moves that are far apart are nobody's quarrel.
  for (int move = 1; move < 20; ++move) {
    EXPECT_TRUE(
        table.learn(key, at(1 + static_cast<uint64_t>(move) % 2), port_1, over + move * std::chrono::seconds(60)));
    EXPECT_FALSE(table.lookup(key)->is_disputed);
  }
}

TEST(NeighbourTable, AClaimThatTookItFromAnotherMustSettle) {
  NeighbourTable table(1, 100);
  const NeighbourTable::Key key{red, v6(1)};
  table.learn(key, at(1), port_1, first);
  EXPECT_TRUE(table.lookup(key)->may_be_answered()) << "nobody had it before";
  table.learn(key, at(1, true), port_1, first);
  EXPECT_TRUE(table.lookup(key)->may_be_answered()) << "the same one says more";
  EXPECT_TRUE(table.learn(key, at(2), port_2, first));
  EXPECT_FALSE(table.lookup(key)->may_be_answered());
  const TimePoint later = first + NeighbourTable::settle_time;
  EXPECT_FALSE(table.learn(key, at(2), port_2, later - std::chrono::seconds(1)));
  EXPECT_FALSE(table.lookup(key)->may_be_answered());
  EXPECT_TRUE(table.learn(key, at(2), port_2, later));
  EXPECT_TRUE(table.lookup(key)->may_be_answered());
  EXPECT_FALSE(table.learn(key, at(2), port_2, later));
}

TEST(NeighbourTable, WhatAnAddressLeavesBehindIsSwept) {
  const rcu::ThreadScope here;
  NeighbourTable table(1, 100'000);
  MacTable macs(1, {.limit = 100'000});
  for (uint32_t n = 0; n < 1000; ++n) {
    table.learn({red, v4(n)}, at(n % 10 + 1), port_1, first);
  }
  std::vector<DependencyId> changed;
  for (uint64_t n = 1; n <= 5; ++n) {
    macs.learn({red, guest(n)}, {port_1, {}}, first, changed);
  }
  size_t removed = 0;
  do {
    removed += table.sweep(macs).size();
  } while (table.is_sweeping());
  EXPECT_EQ(removed, 500U);
  EXPECT_EQ(table.size(), 500U);
  EXPECT_EQ(table.entries().size(), 500U);
  for (const NeighbourTable::Entry& entry : table.entries()) {
    EXPECT_TRUE(macs.lookup({red, entry.neighbour.mac}));
  }
}

TEST(NeighbourTable, AnswersAreCountedBySegment) {
  NeighbourTable table(1, 100);
  table.fix({red, IpAddress::parse("10.0.0.1").value()}, {MacAddress::from_uint64(0x020000000001)}, {});
  table.count_answers(red, 3);
  table.count_answers(red, 2);
  EXPECT_EQ(table.counts_of(red).answers, 5U);
  EXPECT_EQ(table.counts_of(blue).answers, 0U);
  // What comes late for a segment that went is not the next one's.
  table.flush(red);
  table.count_answers(red, 7);
  EXPECT_EQ(table.counts_of(red).answers, 0U);
}

// Counts, order and contents beside a map.
TEST(NeighbourTable, KeepsWhatAMapKeeps) {
  const rcu::ThreadScope here;
  NeighbourTable table(1, 1'000'000);
  struct Claim {
    Neighbour neighbour;
    bool is_settled = true;
  };
  std::map<NeighbourTable::Key, Claim> twin;
  std::mt19937 random(20250611);
  for (int step = 0; step < 20'000; ++step) {
    const Domain domain = random() % 3 == 0 ? blue : red;
    const IpAddress address = random() % 2 == 0 ? v4(random() % 500) : v6(static_cast<uint8_t>(random()));
    const NeighbourTable::Key key{domain, address};
    const Neighbour neighbour = at(random() % 3 + 1, address.is_v6() && random() % 4 == 0);
    // Far enough apart that nothing is disputed.
    const TimePoint now = first + step * NeighbourTable::quiet_time;
    switch (random() % 8) {
      case 0:
        EXPECT_EQ(table.remove(key).has_value(), twin.erase(key) == 1);
        break;
      case 1:
        if (random() % 100 == 0) {
          const size_t gone = std::erase_if(twin, [&](const auto& entry) { return entry.first.domain == domain; });
          EXPECT_EQ(table.flush_learned(domain).size(), gone);
        }
        break;
      default: {
        const auto [known, is_new] = twin.emplace(key, Claim{neighbour});
        Claim& claim = known->second;
        const bool is_news = is_new || claim.neighbour != neighbour || !claim.is_settled;
        claim = {neighbour, claim.neighbour.mac == neighbour.mac};
        EXPECT_EQ(table.learn(key, neighbour, random() % 2 == 0 ? port_1 : of_port::none, now).has_value(), is_news);
      }
    }
    if (step % 500 == 0) {
      const auto entries = table.entries();
      ASSERT_EQ(entries.size(), twin.size());
      EXPECT_EQ(table.size(), twin.size());
      EXPECT_EQ(table.counts_of(red).entries + table.counts_of(blue).entries, twin.size());
      auto expected = twin.begin();
      for (const NeighbourTable::Entry& entry : entries) {
        EXPECT_EQ(entry.key, expected->first);
        EXPECT_EQ(entry.neighbour, expected->second.neighbour);
        EXPECT_EQ(entry.may_be_answered(), (expected++)->second.is_settled);
      }
    }
  }
}

TEST(NeighbourTable, ReadersSeeWholeEntriesWhileWritersMoveThem) {
  const rcu::ThreadScope here;
  NeighbourTable table(1, 100'000);
  std::atomic<bool> is_over{false};
  // An address and its router flag belong together.
  std::thread reader([&] {
    const rcu::ThreadScope there;
    while (!is_over) {
      for (uint8_t n = 1; n <= 50; ++n) {
        const auto entry = table.lookup({red, v6(n)});
        EXPECT_TRUE(!entry || entry->neighbour.is_router == (entry->neighbour.mac == guest(1)));
      }
      rcu::quiescent();
    }
  });
  std::thread other_writer([&] {
    for (int i = 0; i < 2000; ++i) {
      table.learn({red, v6(static_cast<uint8_t>(1 + i % 50))}, at(1, true), port_1,
                  first + i * NeighbourTable::quiet_time);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    table.learn({red, v6(static_cast<uint8_t>(1 + i % 50))}, at(2), port_2, first + i * NeighbourTable::quiet_time);
    if (i % 100 == 0) {
      table.flush(red);
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
