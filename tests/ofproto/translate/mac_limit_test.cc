// Limits of ports and domains in the table of addresses.
#include <algorithm>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/rcu.h"
#include "tests/reference/mac_table.h"

namespace weft::ofproto::mac_limits {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Ids = std::vector<DependencyId>;
using Learned = MacTable::Learned;

constexpr BridgeId bridge_id = 1;
constexpr TimePoint start{std::chrono::hours(1)};
constexpr Duration second = std::chrono::seconds(1);
const MacLocation p1{OfPort{1}, {}};
const MacLocation p2{OfPort{2}, {}};
const MacScope port1 = MacScope::of(OfPort{1});
const Domain segment = Domain::of_segment(5001);

MacTable::Key key(uint64_t mac, Domain domain = Domain::of_vlan(0)) { return {domain, MacAddress::from_uint64(mac)}; }
MacLocation behind(uint32_t remote) { return {OfPort{9}, Ipv4Address::from_host(remote)}; }
DependencyId id(const MacTable::Key& key) { return dependency::mac(bridge_id, key.domain, key.mac); }

Ids limit(MacTable& table, MacScope scope, size_t count, MacLimitPolicy policy) {
  const MacTable::LimitChange change{scope, MacLimit{count, policy}};
  return table.set_limits({&change, 1});
}

Learned learn(MacTable& table, const MacTable::Key& key, const MacLocation& location, TimePoint now = start) {
  Ids changed;
  return table.learn(key, location, now, changed);
}

TEST(MacLimit, BeyondItNothingIsLearnedOnThePort) {
  MacTable table(bridge_id, {});
  limit(table, port1, 2, MacLimitPolicy::flood);
  EXPECT_EQ(learn(table, key(1), p1), Learned::changed);
  EXPECT_EQ(table.obstacle(key(2), p1, false), nullptr);
  EXPECT_EQ(learn(table, key(2, segment), p1), Learned::changed);
  EXPECT_EQ(learn(table, key(3), p1), Learned::refused);
  EXPECT_EQ(table.obstacle(key(3), p1, false), table.bound(port1));
  EXPECT_EQ(table.bound(port1)->refused_count(), 1U);

  EXPECT_EQ(learn(table, key(1), p1), Learned::known);
  EXPECT_EQ(learn(table, key(3), p2), Learned::changed);
  // Nor does it come there from another port.
  EXPECT_EQ(learn(table, key(3), p1), Learned::refused);
  EXPECT_EQ(table.lookup(key(3)), p2);
}

TEST(MacLimit, OfADomainCountsWhatIsBehindTunnels) {
  MacTable table(bridge_id, {});
  limit(table, MacScope::of(segment), 2, MacLimitPolicy::drop);
  learn(table, key(1, segment), p1);
  learn(table, key(2, segment), behind(7));
  EXPECT_EQ(learn(table, key(3, segment), behind(7)), Learned::refused);
  EXPECT_EQ(learn(table, key(3), p1), Learned::changed);
  // What moves has its place.
  EXPECT_EQ(learn(table, key(1, segment), behind(8)), Learned::changed);
  EXPECT_EQ(table.bound(MacScope::of(segment))->count(), 2U);
}

TEST(MacLimit, FixedEntriesCountAndNeverGo) {
  MacTable table(bridge_id, {});
  limit(table, port1, 2, MacLimitPolicy::evict);
  table.fix(key(1), p1, start);
  learn(table, key(2), p1, start);
  EXPECT_EQ(learn(table, key(3), p1, start + second), Learned::changed);
  EXPECT_TRUE(table.lookup(key(1)));
  EXPECT_FALSE(table.lookup(key(2)));

  // One that was learned and is fixed then stays, too; that the limit is exceeded by it is the operator's will.
  table.fix(key(3), p1, start);
  table.fix(key(4), p1, start);
  EXPECT_EQ(learn(table, key(5), p1, start + second), Learned::refused);
  EXPECT_EQ(table.size(), 3U);
}

TEST(MacLimit, TheOneUnusedLongestMakesRoom) {
  MacTable table(bridge_id, {});
  limit(table, port1, 3, MacLimitPolicy::evict);
  learn(table, key(100), p2);  // older than all, elsewhere
  for (uint64_t mac = 1; mac <= 3; ++mac) {
    learn(table, key(mac), p1, start + second * static_cast<int>(mac));
  }
  table.refresh(key(1), p1, start + second * 10);

  Ids changed;
  EXPECT_EQ(table.learn(key(4), p1, start + second * 11, changed), Learned::changed);
  EXPECT_THAT(changed, ElementsAre(id(key(2)), id(key(4))));
  EXPECT_TRUE(table.lookup(key(1)));
  EXPECT_TRUE(table.lookup(key(100)));
  EXPECT_EQ(table.bound(port1)->evicted_count(), 1U);
}

// What is there when the limit comes can make room as what comes later can.
TEST(MacLimit, SetLaterItKnowsWhatIsThere) {
  MacTable table(bridge_id, {});
  for (uint64_t mac = 1; mac <= 5; ++mac) {
    learn(table, key(mac), p1, start + second * static_cast<int>(mac));
  }
  limit(table, port1, 3, MacLimitPolicy::evict);
  EXPECT_EQ(table.size(), 5U);  // until they age
  EXPECT_EQ(learn(table, key(6), p1, start + second * 6), Learned::changed);
  EXPECT_FALSE(table.lookup(key(1)));
  EXPECT_EQ(table.size(), 5U);
  limit(table, port1, 3, MacLimitPolicy::flood);
  EXPECT_EQ(learn(table, key(7), p1, start + second * 7), Learned::refused);
  limit(table, port1, 9, MacLimitPolicy::flood);
  EXPECT_EQ(learn(table, key(7), p1, start + second * 7), Learned::changed);
}

TEST(MacLimit, WhoRestsOnThereBeingNoRoomIsToldOfIt) {
  MacTable table(bridge_id, {.aging = std::chrono::seconds(10)});
  const DependencyId room = dependency::mac_room(bridge_id, port1);
  EXPECT_THAT(limit(table, port1, 2, MacLimitPolicy::drop), ElementsAre(room));
  EXPECT_THAT(limit(table, port1, 2, MacLimitPolicy::drop), ElementsAre());
  const auto fill = [&] {
    learn(table, key(1), p1);
    learn(table, key(2), p1);
  };
  fill();
  EXPECT_THAT(table.remove(key(1)), UnorderedElementsAre(id(key(1)), room));
  EXPECT_THAT(table.remove(key(2)), UnorderedElementsAre(id(key(2))));
  fill();
  EXPECT_THAT(table.flush(), UnorderedElementsAre(id(key(1)), id(key(2)), room));
  fill();
  EXPECT_THAT(table.expire(start + second * 20), UnorderedElementsAre(id(key(1)), id(key(2)), room));
  fill();
  Ids changed;
  table.learn(key(1), p2, start, changed);
  EXPECT_THAT(changed, UnorderedElementsAre(id(key(1)), room));
  EXPECT_THAT(limit(table, port1, 3, MacLimitPolicy::drop), ElementsAre(room));
}

// A port that makes room leaves the bounds of the table alone; one that is refused evicts nothing for nothing.
TEST(MacLimit, EvictionInAFullTable) {
  MacTable table(bridge_id, {.limit = 4});
  limit(table, port1, 2, MacLimitPolicy::evict);
  learn(table, key(1), p1);
  learn(table, key(2), p1, start + second);
  learn(table, key(3), p2);
  learn(table, key(4, segment), behind(7));
  EXPECT_EQ(learn(table, key(5), p1, start + second * 2), Learned::changed);
  EXPECT_FALSE(table.lookup(key(1)));
  EXPECT_EQ(learn(table, key(6), p2), Learned::refused);
  limit(table, MacScope::of(segment), 1, MacLimitPolicy::flood);
  EXPECT_EQ(learn(table, key(6, segment), p1), Learned::refused);
  EXPECT_EQ(table.size(), 4U);
}

// However many there are and whatever was used since, few are looked at.
TEST(MacLimit, ChoosingLooksAtAFew) {
  EvictionQueue queue;
  for (uint64_t mac = 1; mac <= 100'000; ++mac) {
    queue.push(key(mac), static_cast<EvictionQueue::Used>(mac));
  }
  for (EvictionQueue::Used now = 1'000'000; now < 1'001'000; ++now) {
    unsigned looks = 0;
    const auto chosen = queue.oldest([&](const MacKey&) {
      ++looks;
      return std::optional(now);
    });
    ASSERT_TRUE(chosen);
    queue.erase(*chosen);
    ASSERT_LE(looks, EvictionQueue::looks_per_eviction);
  }
}

// Threads that flood one port never get it beyond its limit, and cost another port nothing.
TEST(MacLimit, ThreadsThatFloodAPortShareItsLimit) {
  const rcu::ThreadScope here;
  MacTable table(bridge_id, {.limit = 100'000});
  constexpr size_t most = 50;
  limit(table, port1, most, MacLimitPolicy::evict);
  for (uint64_t mac = 1; mac <= 100; ++mac) {
    learn(table, key(mac), p2);
  }
  std::atomic<bool> is_beyond{false};
  const auto flood = [&](uint64_t first) {
    const rcu::ThreadScope there;
    for (uint64_t i = 0; i < 5000; ++i) {
      learn(table, key(first + i), p1, start + second * static_cast<int>(i));
      is_beyond = is_beyond || table.bound(port1)->count() > most;
      rcu::quiescent();
    }
  };
  std::thread one([&] { flood(1'000'000); });
  std::thread two([&] { flood(2'000'000); });
  {
    const rcu::OfflineScope waiting;
    one.join();
    two.join();
  }
  EXPECT_FALSE(is_beyond);
  EXPECT_EQ(table.bound(port1)->count(), most);
  EXPECT_EQ(table.size(), most + 100);
  EXPECT_EQ(table.entries().size(), most + 100);
}

// --- beside the dull twin

class RandomLimits {
 public:
  explicit RandomLimits(unsigned seed) : random_(seed) {}

  void step() {
    now_ += second;
    actual_.clear();
    wanted_.clear();
    switch (below(12)) {
      case 0:
        return set_limit();
      case 1:
        return fix();
      case 2:
        return remove();
      case 3:
        return below(6) == 0 ? flush() : expire();
      case 4:
      case 5:
        return refresh();
      default:
        return learn_one();
    }
  }
  void check() {
    std::ranges::sort(actual_);
    std::ranges::sort(wanted_);
    ASSERT_EQ(actual_, wanted_);
    ASSERT_EQ(table_.size(), twin_.entries().size());
    for (const auto& entry : twin_.entries()) {
      ASSERT_EQ(table_.lookup(entry.key), entry.location);
    }
    for (const MacScope scope : scopes_) {
      if (const MacBound* bound = table_.bound(scope)) {
        ASSERT_EQ(bound->count(), twin_.count(scope));
      }
    }
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  // Few enough that choosing who goes is exact.
  MacTable::Key any_key() { return key(1 + below(4), below(2) == 0 ? segment : Domain::of_vlan(0)); }
  MacLocation any_location(const MacTable::Key& key) {
    if (key.domain.is_segment() && below(2) == 0) {
      return behind(static_cast<uint32_t>(1 + below(2)));
    }
    return {OfPort{static_cast<uint16_t>(key.domain.is_segment() ? 1 + below(2) : 2 + below(2))}, {}};
  }

  void learn_one() {
    const MacTable::Key key = any_key();
    const MacLocation location = any_location(key);
    const auto known = table_.lookup(key);
    if (known != location) {
      const MacBound* obstacle = table_.obstacle(key, location, known.has_value());
      const auto twins = twin_.obstacle(key, location);
      ASSERT_EQ(obstacle == nullptr ? std::nullopt : std::optional(obstacle->scope()), twins);
    }
    const Learned wanted = twin_.learn(key, location, now_, wanted_);
    ASSERT_EQ(table_.learn(key, location, now_, actual_), wanted);
  }
  void fix() {
    const MacTable::Key key = any_key();
    const MacLocation location = any_location(key);
    if (below(3) == 0) {
      twin_.fix(key, location, now_, wanted_);
      actual_ = table_.fix(key, location, now_);
    }
  }
  void refresh() {
    const MacTable::Key key = any_key();
    const MacLocation location = any_location(key);
    twin_.refresh(key, location, now_);
    table_.refresh(key, location, now_);
  }
  void remove() {
    const MacTable::Key key = any_key();
    twin_.remove_if([&](const auto& entry) { return entry.key == key; }, wanted_);
    actual_ = table_.remove(key);
  }
  void flush() {
    const OfPort port{static_cast<uint16_t>(1 + below(3))};
    twin_.remove_if([&](const auto& entry) { return entry.location.port == port; }, wanted_);
    actual_ = table_.flush(port);
  }
  void expire() {
    twin_.remove_if([&](const auto& entry) { return !entry.is_fixed && entry.used + aging <= now_; }, wanted_);
    do {
      const Ids some = table_.expire(now_);
      actual_.insert(actual_.end(), some.begin(), some.end());
    } while (table_.is_sweeping());
  }
  void set_limit() {
    const MacScope scope = scopes_[below(scopes_.size())];
    std::optional<MacLimit> wanted;
    if (below(5) != 0) {
      wanted = MacLimit{1 + below(4), static_cast<MacLimitPolicy>(below(3))};
    }
    twin_.set_limit(scope, wanted, wanted_);
    const MacTable::LimitChange change{scope, wanted};
    actual_ = table_.set_limits({&change, 1});
  }

  static constexpr Duration aging = std::chrono::seconds(60);
  std::mt19937 random_;
  MacTable table_{bridge_id, {.aging = aging}};
  reference::MacTable twin_{bridge_id};
  const std::vector<MacScope> scopes_{MacScope::of(OfPort{1}), MacScope::of(OfPort{2}), MacScope::of(OfPort{3}),
                                      MacScope::of(segment), MacScope::of(Domain::of_vlan(0))};
  TimePoint now_ = start;
  Ids actual_;
  Ids wanted_;
};

TEST(MacLimit, RandomChangesFareAsTheTwinSays) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RandomLimits run(seed);
    for (int i = 0; i < 5000; ++i) {
      SCOPED_TRACE("step " + std::to_string(i) + " of seed " + std::to_string(seed));
      run.step();
      run.check();
      if (::testing::Test::HasFatalFailure()) {
        return;
      }
    }
  }
}

}  // namespace
}  // namespace weft::ofproto::mac_limits
