// Stories of the flow cache: who gets in, who stays, and that it never tells a lie.
#include "datapath/cache/flow_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "datapath/cache/megaflow_table.h"
#include "lib/base/hash.h"
#include "lib/base/rcu.h"
#include "tests/datapath/cache/cache_support.h"

namespace weft::datapath {
namespace {

FlowKey cached_packet(uint64_t in_port, uint64_t eth_dst = 0) {
  return key_of({{FieldId::in_port, in_port}, {FieldId::eth_dst, eth_dst}});
}

uint64_t flow_hash(uint64_t flow) { return hash_finish(hash_add(1234, flow), 1); }

class FlowCacheTest : public testing::Test {
 protected:
  ~FlowCacheTest() override {
    rcu::OfflineScope offline;
    rcu::barrier();
  }

  Megaflow& add_megaflow(uint64_t in_port) {
    return *table_.insert(cached_packet(in_port), decision_under(mask_of({FieldId::in_port})), TimePoint());
  }
  // What a worker does with a packet; true when the cache had it.
  bool receive(uint64_t in_port, uint64_t flow) {
    const FlowKey key = cached_packet(in_port, flow);
    Megaflow* found = cache_.lookup(key, flow_hash(flow));
    Megaflow* truth = table_.lookup(key);
    if (found != nullptr) {
      EXPECT_EQ(found, truth);
      return true;
    }
    if (truth != nullptr) {
      cache_.admit(flow_hash(flow), *truth);
    }
    return false;
  }
  // Hits among one packet of each of so many flows.
  size_t hits(uint64_t first_flow, uint64_t flow_count) {
    size_t count = 0;
    for (uint64_t flow = first_flow; flow < first_flow + flow_count; ++flow) {
      count += receive(1, flow) ? 1 : 0;
    }
    return count;
  }

  rcu::ThreadScope rcu_;
  MegaflowTable table_{{.worker = 0, .limit = 1000, .hash_seed = 9}};
  FlowCache cache_{{.initial_slots = 64, .max_slots = 4096}};
};

TEST_F(FlowCacheTest, AFlowIsAdmittedWithItsSecondPacket) {
  add_megaflow(1);
  EXPECT_FALSE(receive(1, 100));
  EXPECT_FALSE(receive(1, 100));
  EXPECT_TRUE(receive(1, 100));
}

TEST_F(FlowCacheTest, PacketsThatComeOnceEvictNobody) {
  add_megaflow(1);
  for (int i = 0; i < 3; ++i) {
    hits(0, 12);
  }
  EXPECT_EQ(hits(0, 12), 12u);
  hits(1000, 20000);
  EXPECT_EQ(hits(0, 12), 12u);
  EXPECT_EQ(cache_.slot_count(), 64u);
}

TEST_F(FlowCacheTest, ADeadMegaflowIsNeverReturned) {
  Megaflow& megaflow = add_megaflow(1);
  hits(5, 1);
  hits(5, 1);
  EXPECT_TRUE(receive(1, 5));
  table_.remove(megaflow);
  EXPECT_EQ(cache_.lookup(cached_packet(1, 5), flow_hash(5)), nullptr);

  // Nor when its memory has become another megaflow.
  {
    rcu::OfflineScope offline;
    rcu::barrier();
  }
  for (uint64_t port = 2; port < 200; ++port) {
    add_megaflow(port);
  }
  EXPECT_EQ(cache_.lookup(cached_packet(1, 5), flow_hash(5)), nullptr);
  EXPECT_EQ(cache_.lookup(cached_packet(2, 5), flow_hash(5)), nullptr);
}

TEST_F(FlowCacheTest, AGuessIsVerifiedUnderTheMask) {
  add_megaflow(1);
  add_megaflow(2);
  hits(5, 1);
  hits(5, 1);
  EXPECT_TRUE(receive(1, 5));
  // Same hash, another megaflow: a tunnel flow and its twin on another port, say.
  EXPECT_EQ(cache_.lookup(cached_packet(2, 5), flow_hash(5)), nullptr);
}

TEST_F(FlowCacheTest, AFlowThatMovesToAnotherMegaflowTakesItsSlotAlong) {
  Megaflow& before = add_megaflow(1);
  for (int i = 0; i < 3; ++i) {
    receive(1, 5);
  }
  table_.remove(before);
  Megaflow& after = add_megaflow(1);
  EXPECT_FALSE(receive(1, 5));
  EXPECT_EQ(cache_.lookup(cached_packet(1, 5), flow_hash(5)), &after);
}

TEST_F(FlowCacheTest, AFlowThatMustNotEvictStaysOutside) {
  Megaflow& megaflow = add_megaflow(1);
  FlowCache small{{.initial_slots = 4, .max_slots = 4}};
  for (uint64_t flow = 0; flow < 4; ++flow) {
    EXPECT_FALSE(small.admit(flow_hash(flow), megaflow, false)) << "its first packet";
    EXPECT_FALSE(small.admit(flow_hash(flow), megaflow, false)) << "a free place";
  }
  for (int packet = 0; packet < 3; ++packet) {
    EXPECT_FALSE(small.admit(flow_hash(9), megaflow, false));
  }
  EXPECT_EQ(small.lookup(cached_packet(1, 9), flow_hash(9)), nullptr);
  for (uint64_t flow = 0; flow < 4; ++flow) {
    EXPECT_EQ(small.lookup(cached_packet(1, flow), flow_hash(flow)), &megaflow);
  }
  EXPECT_TRUE(small.admit(flow_hash(9), megaflow, true));
  EXPECT_EQ(small.lookup(cached_packet(1, 9), flow_hash(9)), &megaflow);
}

TEST_F(FlowCacheTest, GrowsToTheNumberOfLiveFlowsAndNoFurther) {
  add_megaflow(1);
  for (int i = 0; i < 20; ++i) {
    hits(0, 1000);
  }
  EXPECT_GE(cache_.slot_count(), 1024u);
  EXPECT_GE(hits(0, 1000), 900u);
  const size_t slots = cache_.slot_count();
  for (int i = 0; i < 20; ++i) {
    hits(0, 1000);
  }
  EXPECT_EQ(cache_.slot_count(), slots);
}

TEST_F(FlowCacheTest, GrowthIsBounded) {
  add_megaflow(1);
  for (int i = 0; i < 10; ++i) {
    hits(0, 8000);
  }
  EXPECT_EQ(cache_.slot_count(), 4096u);
}

TEST_F(FlowCacheTest, FlowsSurviveGrowth) {
  add_megaflow(1);
  for (int i = 0; i < 3; ++i) {
    hits(0, 20);
  }
  size_t lost = 0;
  for (uint64_t flow = 1000; flow < 3000; flow += 20) {
    hits(flow, 20);
    hits(flow, 20);  // admitted
    lost += 20 - hits(0, 20);
  }
  EXPECT_GT(cache_.slot_count(), 64u);
  EXPECT_LT(lost, 100u) << "of 2000";
}

TEST_F(FlowCacheTest, ABatchGivesWhatSingleLookupsGive) {
  add_megaflow(1);
  add_megaflow(2);
  hits(0, 8);
  hits(0, 8);
  std::vector<FlowKey> keys;
  std::vector<uint64_t> hashes;
  std::vector<Megaflow*> expected;
  for (uint64_t flow = 0; flow < 16; ++flow) {
    keys.push_back(cached_packet(1 + flow % 2, flow));
    hashes.push_back(flow_hash(flow));
    expected.push_back(cache_.lookup(keys.back(), hashes.back()));
  }
  std::vector<Megaflow*> found(16, reinterpret_cast<Megaflow*>(1));
  const IndexSet missing = cache_.lookup(keys, hashes, found);
  EXPECT_EQ(found, expected);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(missing.has(i), expected[i] == nullptr);
  }
}

// What was begun is of no use when the table has grown, or the flow's megaflow has gone.
TEST_F(FlowCacheTest, AnExpectedBatchMeetsTheCacheAsItIsWhenLookedUp) {
  Megaflow& gone = add_megaflow(2);
  add_megaflow(1);
  for (int i = 0; i < 2; ++i) {
    hits(0, 8);
    cache_.admit(flow_hash(8), gone);
  }
  std::vector<FlowKey> keys;
  std::vector<uint64_t> hashes;
  for (uint64_t flow = 0; flow < 9; ++flow) {
    keys.push_back(cached_packet(flow == 8 ? 2 : 1, flow));
    hashes.push_back(flow_hash(flow));
  }
  const auto expect = [&] {
    for (size_t n = 1; n <= hashes.size(); ++n) {
      cache_.expect(std::span(hashes).first(n));
    }
  };
  std::vector<Megaflow*> found(9);
  expect();
  EXPECT_TRUE(cache_.lookup(keys, hashes, found).empty());
  EXPECT_EQ(found.back(), &gone);

  expect();
  table_.remove(gone);
  const size_t slots = cache_.slot_count();
  for (uint64_t flow = 1000; cache_.slot_count() == slots; ++flow) {
    cache_.admit(flow_hash(flow), *table_.lookup(keys.front()));
    cache_.admit(flow_hash(flow), *table_.lookup(keys.front()));
  }
  EXPECT_TRUE(cache_.lookup(keys, hashes, found).has(8));
  EXPECT_EQ(found.back(), nullptr);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(found[i] == nullptr || found[i] == table_.lookup(keys[i]));
  }
}

}  // namespace
}  // namespace weft::datapath
