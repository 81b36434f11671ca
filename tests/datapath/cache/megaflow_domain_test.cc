// Stories of domains: what one tenant makes is bounded and is nobody else's.
#include "datapath/cache/megaflow_domain.h"

#include <gtest/gtest.h>

#include <vector>

#include "datapath/cache/domain_table.h"
#include "datapath/cache/mask_rounding.h"
#include "datapath/cache/megaflow_table.h"
#include "lib/base/rcu.h"
#include "tests/datapath/cache/cache_support.h"
#include "tests/reference/random_flow.h"

namespace weft::datapath {
namespace {

FlowKey tunnel_packet(uint64_t in_port, uint64_t tun_id, uint64_t ip_src = 0) {
  return key_of({{FieldId::in_port, in_port},
                 {FieldId::tun_id, tun_id},
                 {FieldId::tun_dst, 0xc0000201},
                 {FieldId::ipv4_src, ip_src}});
}

FlowMask prefixes(unsigned src, unsigned dst, unsigned port) {
  Flow mask;
  set(mask, FieldId::ipv4_src, FieldValue::ones(src) << (32 - src));
  set(mask, FieldId::ipv4_dst, FieldValue::ones(dst) << (32 - dst));
  set(mask, FieldId::tcp_dst, FieldValue::ones(port) << (16 - port));
  return FlowMask(mask);
}

class DomainTest : public testing::Test {
 protected:
  explicit DomainTest(const DomainLimits& limits = {}, size_t limit = 1000)
      : table_({.worker = 0, .limit = limit, .hash_seed = 9, .domains = limits}) {}
  ~DomainTest() override {
    rcu::OfflineScope offline;
    rcu::barrier();
  }

  Megaflow* insert(const FlowKey& key, const FlowMask& mask) {
    return table_.insert(key, decision_under(mask), TimePoint());
  }
  size_t masks_of(const FlowKey& key) { return table_.domain_of(key).mask_count(); }

  rcu::ThreadScope rcu_;
  MegaflowTable table_;
};

TEST_F(DomainTest, MasksOfOneTunnelIdAreNotAnothers) {
  for (unsigned length = 1; length <= 32; ++length) {
    insert(tunnel_packet(1, 5001, length), prefixes(length, 0, 0));
  }
  insert(tunnel_packet(1, 5002, 1), prefixes(8, 0, 0));
  insert(tunnel_packet(2, 5001, 1), prefixes(8, 0, 0));
  EXPECT_EQ(masks_of(tunnel_packet(1, 5001)), 32u);
  EXPECT_EQ(masks_of(tunnel_packet(1, 5002)), 1u);
  EXPECT_EQ(masks_of(tunnel_packet(2, 5001)), 1u);
  EXPECT_EQ(table_.mask_count(), 34u);
}

TEST_F(DomainTest, AMegaflowIsForItsPortAndTunnelIdAlone) {
  Megaflow* megaflow = insert(tunnel_packet(1, 5001, 7), mask_of({FieldId::ipv4_src}));
  EXPECT_EQ(FlowKey(megaflow->mask), mask_of({FieldId::in_port, FieldId::tun_id, FieldId::ipv4_src}));
  EXPECT_EQ(table_.lookup(tunnel_packet(1, 5001, 7)), megaflow);
  EXPECT_EQ(table_.lookup(tunnel_packet(1, 5002, 7)), nullptr);
  EXPECT_EQ(table_.lookup(tunnel_packet(2, 5001, 7)), nullptr);
}

TEST_F(DomainTest, WithoutATunnelTheTunnelIdIsNotLookedAt) {
  const FlowKey plain = key_of({{FieldId::in_port, 1}, {FieldId::ipv4_src, 7}});
  EXPECT_EQ(FlowKey(insert(plain, mask_of({FieldId::ipv4_src}))->mask), mask_of({FieldId::in_port, FieldId::ipv4_src}));
}

TEST_F(DomainTest, ABatchOfManyDomainsFindsEachItsOwn) {
  std::vector<FlowKey> keys;
  std::vector<Megaflow*> expected;
  for (uint64_t i = 0; i < 64; ++i) {
    keys.push_back(tunnel_packet(1 + i % 3, 5000 + i % 5, i % 2));
  }
  for (size_t i = 0; i < 20; ++i) {
    if (table_.lookup(keys[i]) == nullptr) {
      insert(keys[i], mask_of({FieldId::ipv4_src}));
    }
  }
  for (const FlowKey& key : keys) {
    expected.push_back(table_.lookup(key));
  }
  std::vector<Megaflow*> found(keys.size());
  table_.lookup(keys, found);
  EXPECT_EQ(found, expected);
}

TEST_F(DomainTest, NarrowerMasksAreTakenBeforeNewOnesAreMade) {
  table_.set_limits({.max_masks = 8});
  const FlowKey key = tunnel_packet(1, 1, 0x0a000001);
  insert(key, prefixes(32, 32, 16));
  for (unsigned length = 1; length <= 5; ++length) {
    insert(key, prefixes(length, 0, 0));
  }
  EXPECT_EQ(masks_of(key), 6u);
  // Three quarters are taken: a prefix of 6 bits becomes one of 8, of which then all others make use.
  EXPECT_EQ(get(insert(key, prefixes(6, 0, 0))->mask, FieldId::ipv4_src).lo, 0xff000000u);
  EXPECT_EQ(get(insert(key, prefixes(7, 0, 0))->mask, FieldId::ipv4_src).lo, 0xff000000u);
  EXPECT_EQ(masks_of(key), 7u);
  // Bytes have no place any more, but a mask is there that is narrower.
  EXPECT_EQ(insert(key, prefixes(0, 9, 0))->mask, insert(key, prefixes(32, 32, 16))->mask);
  EXPECT_EQ(masks_of(key), 7u);
  // Nothing there has the bits of this one.
  Flow other(prefixes(9, 0, 0));
  add_to_mask(other, field(FieldId::eth_dst));
  EXPECT_EQ(FlowKey(insert(key, FlowMask(other))->mask), exact_mask());
  EXPECT_EQ(masks_of(key), 8u);
  EXPECT_EQ(table_.domain_of(key).rounded, 4u);
}

class LargeDomainTest : public DomainTest {
 protected:
  LargeDomainTest() : DomainTest({}, 20000) {}
};

// A tuple space explosion: prefixes of every length in three fields.
TEST_F(LargeDomainTest, ThousandsOfMasksStayWithinTheBound) {
  const FlowKey attacked = tunnel_packet(1, 1);
  reference::RandomFlow random(7);
  for (unsigned src = 0; src <= 32; ++src) {
    for (unsigned dst = 0; dst <= 32; dst += 2) {
      for (unsigned port = 0; port <= 16; ++port) {
        const FlowMask wanted = prefixes(src, dst, port);
        Megaflow* megaflow = insert(tunnel_packet(1, 1, random.below(UINT32_MAX)), wanted);
        ASSERT_NE(megaflow, nullptr);
        ASSERT_TRUE(is_narrower_or_equal(megaflow->mask, wanted));
        ASSERT_LE(masks_of(attacked), 64u);
        if (!random.one_in(16)) {
          table_.remove(*megaflow);
        }
      }
    }
  }
  EXPECT_LE(masks_of(attacked), 64u);
  EXPECT_GT(masks_of(attacked), 16u);
}

TEST_F(DomainTest, ABoundOfOneMaskIsTheExactOne) {
  table_.set_limits({.max_masks = 1});
  const FlowKey key = tunnel_packet(1, 1, 5);
  Megaflow* megaflow = insert(key, prefixes(8, 0, 0));
  EXPECT_EQ(FlowKey(megaflow->mask), exact_mask());
  EXPECT_EQ(table_.lookup(key), megaflow);
  EXPECT_EQ(table_.lookup(tunnel_packet(1, 1, 6)), nullptr);
}

TEST_F(DomainTest, AMaskGoesWithItsLastMegaflow) {
  const FlowKey key = tunnel_packet(1, 1, 5);
  Megaflow* a = insert(key, prefixes(8, 0, 0));
  Megaflow* b = insert(key, prefixes(9, 0, 0));
  table_.remove(*a);
  EXPECT_EQ(masks_of(key), 1u);
  table_.remove(*b);
  EXPECT_EQ(masks_of(key), 0u);
  EXPECT_EQ(table_.mask_count(), 0u);
}

TEST_F(DomainTest, ADomainLeavesRoomForOthers) {
  const auto fill = [&](uint64_t in_port) {
    for (uint64_t i = 0; i < 2000; ++i) {
      if (insert(tunnel_packet(in_port, 1, i), mask_of({FieldId::ipv4_src})) == nullptr) {
        return i;
      }
    }
    return uint64_t{2000};
  };
  EXPECT_EQ(fill(1), 750u);
  EXPECT_EQ(fill(2), 188u);
  EXPECT_NE(insert(tunnel_packet(3, 1), mask_of({FieldId::ipv4_src})), nullptr);
  EXPECT_EQ(table_.domain_of(tunnel_packet(1, 1)).refused, 1u);
}

TEST_F(DomainTest, ASmallerBoundOfMegaflowsHolds) {
  table_.set_limits({.max_megaflows = 3});
  for (uint64_t i = 0; i < 10; ++i) {
    insert(tunnel_packet(1, 1, i), mask_of({FieldId::ipv4_src}));
  }
  EXPECT_EQ(table_.domain_of(tunnel_packet(1, 1)).megaflow_count(), 3u);
  EXPECT_NE(insert(tunnel_packet(1, 2), mask_of({FieldId::ipv4_src})), nullptr);
}

class DomainTableTest : public testing::Test {
 protected:
  using Kind = DomainStatus::Kind;
  Kind kind_of(uint64_t in_port, uint64_t tun_id) { return domains_.of(tunnel_packet(in_port, tun_id)).key().kind; }

  DomainTable domains_{8, 77};
};

TEST_F(DomainTableTest, APortHasHalfOfAllAtMostAndItsOtherTunnelIdsShareOne) {
  for (uint64_t tun_id = 1; tun_id <= 4; ++tun_id) {
    EXPECT_EQ(kind_of(1, tun_id), Kind::tunnel_id);
  }
  EXPECT_EQ(kind_of(1, 5), Kind::rest_of_port);
  EXPECT_EQ(&domains_.of(tunnel_packet(1, 5)), &domains_.of(tunnel_packet(1, 6)));
  EXPECT_EQ(&domains_.of(tunnel_packet(1, 5)), &domains_.find(tunnel_packet(1, 7)));
  EXPECT_EQ(kind_of(2, 5), Kind::tunnel_id) << "another port";
  EXPECT_EQ(kind_of(1, 3), Kind::tunnel_id) << "those that are kept apart still are";
}

TEST_F(DomainTableTest, BeyondTheBoundAllThatIsNewSharesOne) {
  for (uint64_t port = 1; port <= 1000; ++port) {
    kind_of(port, 1);
    ASSERT_LE(domains_.size(), 8u);
  }
  EXPECT_EQ(kind_of(2000, 1), Kind::rest);
  EXPECT_EQ(&domains_.find(tunnel_packet(2000, 1)), &domains_.of(tunnel_packet(3000, 1)));
  size_t visited = 0;
  domains_.for_each([&](MegaflowDomain&) { ++visited; });
  EXPECT_EQ(visited, 9u);
}

// Of a guest that is gone, say: whoever comes often enough gets its place.
TEST_F(DomainTableTest, DomainsThatNobodyAsksForMakeRoom) {
  for (uint64_t port = 1; port <= 8; ++port) {
    kind_of(port, 1);
  }
  bool has_own = false;
  for (int i = 0; i < 2000 && !has_own; ++i) {
    EXPECT_EQ(kind_of(3, 1), Kind::tunnel_id) << "in use all the while";
    has_own = kind_of(100, 1) == Kind::tunnel_id;
  }
  EXPECT_TRUE(has_own);
  EXPECT_EQ(domains_.find(tunnel_packet(1, 1)).key().kind, Kind::rest);
}

// Whoever had the port's number next was shown the packets of the port before.
TEST_F(DomainTableTest, APortThatIsGoneTakesItsDomainsAlong) {
  for (uint64_t tun_id = 1; tun_id <= 5; ++tun_id) {
    domains_.of(tunnel_packet(1, tun_id)).misses = tun_id;
  }
  MegaflowDomain& other = domains_.of(tunnel_packet(2, 1));
  ASSERT_EQ(domains_.size(), 6u) << "five of port 1, the last one for the rest of it";
  domains_.forget_port(PortId{1});
  EXPECT_EQ(domains_.size(), 1u);
  EXPECT_EQ(&domains_.of(tunnel_packet(2, 1)), &other);
  for (uint64_t tun_id = 1; tun_id <= 4; ++tun_id) {
    EXPECT_EQ(kind_of(1, tun_id), Kind::tunnel_id) << "its places are free";
    EXPECT_EQ(domains_.of(tunnel_packet(1, tun_id)).misses, 0u);
  }
}

TEST_F(DomainTableTest, APlaceIsFoundAgainAfterOthersWent) {
  DomainTable many(4096, 1);
  std::vector<MegaflowDomain*> made;
  for (uint64_t port = 1; port <= 2000; ++port) {
    made.push_back(&many.of(tunnel_packet(port, port % 7)));
  }
  for (uint64_t port = 1; port <= 2000; ++port) {
    ASSERT_EQ(&many.of(tunnel_packet(port, port % 7)), made[port - 1]);
  }
}

}  // namespace
}  // namespace weft::datapath
