// Stories of one worker's megaflow table.
#include "datapath/cache/megaflow_table.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "lib/base/rcu.h"
#include "tests/datapath/cache/cache_support.h"

namespace weft::datapath {
namespace {

const FlowMask by_port = mask_of({FieldId::in_port});
const FlowMask by_port_and_mac = mask_of({FieldId::in_port, FieldId::eth_dst});

FlowKey packet(uint64_t in_port, uint64_t eth_dst = 0) {
  return key_of({{FieldId::in_port, in_port}, {FieldId::eth_dst, eth_dst}});
}

class MegaflowTableTest : public testing::Test {
 protected:
  ~MegaflowTableTest() override { settle(); }

  Megaflow* insert(const FlowKey& key, const FlowMask& mask) {
    return table_.insert(key, decision_under(mask), TimePoint(Duration(5)));
  }
  static void settle() {
    rcu::OfflineScope offline;
    rcu::barrier();
  }
  std::set<const Megaflow*> all() const {
    std::set<const Megaflow*> found;
    table_.for_each([&](Megaflow& megaflow) { found.insert(&megaflow); });
    return found;
  }

  rcu::ThreadScope rcu_;
  MegaflowTable table_{{.worker = 3, .limit = 100, .hash_seed = 9}};
};

TEST_F(MegaflowTableTest, CoversWhatAgreesUnderTheMaskAndNothingElse) {
  Megaflow* megaflow = insert(packet(1, 7), by_port);
  ASSERT_NE(megaflow, nullptr);
  EXPECT_EQ(table_.lookup(packet(1, 7)), megaflow);
  EXPECT_EQ(table_.lookup(packet(1, 8)), megaflow);
  EXPECT_EQ(table_.lookup(packet(2, 7)), nullptr);
}

TEST_F(MegaflowTableTest, AZeroThatMattersIsAValueLikeAnyOther) {
  Megaflow* megaflow = insert(packet(1, 0), by_port_and_mac);
  EXPECT_EQ(table_.lookup(packet(1, 0)), megaflow);
  EXPECT_EQ(table_.lookup(packet(1, 4)), nullptr);
}

TEST_F(MegaflowTableTest, KeepsTheMaskedKeyAndWhoItIs) {
  Megaflow* megaflow = insert(packet(1, 7), by_port);
  EXPECT_EQ(FlowKey(megaflow->key), packet(1));
  EXPECT_EQ(FlowKey(megaflow->mask), by_port);
  EXPECT_EQ(megaflow->worker, 3u);
  EXPECT_EQ(megaflow->created, TimePoint(Duration(5)));
  Megaflow* other = insert(packet(2), by_port);
  EXPECT_NE(megaflow->id, other->id);
  EXPECT_EQ(megaflow->id >> 48, 3u);
}

TEST_F(MegaflowTableTest, ABatchFindsWhatIsNotFoundYet) {
  Megaflow* port1 = insert(packet(1), by_port);
  Megaflow* mac7 = insert(packet(2, 7), by_port_and_mac);
  Megaflow known;
  const std::array keys = {packet(1, 5), packet(2, 7), packet(2, 8), packet(1, 1)};
  std::array<Megaflow*, 4> found = {nullptr, nullptr, nullptr, &known};
  table_.lookup(keys, found);
  EXPECT_EQ(found, (std::array<Megaflow*, 4>{port1, mac7, nullptr, &known}));
}

TEST_F(MegaflowTableTest, ARemovedOneIsNotFoundButStaysReadableUntilTheGracePeriodIsOver) {
  Megaflow* megaflow = insert(packet(1), by_port);
  table_.remove(*megaflow);
  EXPECT_EQ(table_.lookup(packet(1)), nullptr);
  EXPECT_TRUE(megaflow->is_dead.load());
  EXPECT_NE(megaflow->installed.load(), nullptr);
  EXPECT_EQ(FlowKey(megaflow->key), packet(1));
  EXPECT_TRUE(all().empty());
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(table_.mask_count(), 0u);
  table_.remove(*megaflow);  // already dead: nothing happens
}

TEST_F(MegaflowTableTest, AReplacementTakesOverAndGivesBackTheOldDecision) {
  Megaflow* megaflow = insert(packet(1), by_port);
  Installed* before = megaflow->installed.load();
  before->packet_count.store(7);
  auto replacement = decision_under(by_port);
  Installed* after = replacement.get();
  std::unique_ptr<Installed> given_back(MegaflowTable::replace(*megaflow, std::move(replacement)));
  EXPECT_EQ(given_back.get(), before);
  EXPECT_EQ(given_back->packet_count.load(), 7u);
  EXPECT_EQ(table_.lookup(packet(1))->installed.load(), after);
}

TEST_F(MegaflowTableTest, TakesUpToItsLimitAndGoesOnWhenRoomHasSettled) {
  std::vector<Megaflow*> megaflows;
  for (uint64_t i = 0; i < 100; ++i) {
    megaflows.push_back(insert(packet(i + 1), by_port));
    ASSERT_NE(megaflows.back(), nullptr);
  }
  EXPECT_TRUE(table_.is_full());
  auto installed = decision_under(by_port);
  EXPECT_EQ(table_.insert(packet(1000), std::move(installed), TimePoint()), nullptr);
  EXPECT_NE(installed, nullptr);

  table_.remove(*megaflows[5]);
  EXPECT_TRUE(table_.is_full()) << "it waits for its grace period";
  settle();
  EXPECT_FALSE(table_.is_full());
  EXPECT_NE(insert(packet(1000), by_port), nullptr);
  EXPECT_EQ(table_.size(), 100u);
}

TEST_F(MegaflowTableTest, TheMaskThatIsHitComesForward) {
  insert(packet(1, 1), by_port_and_mac);
  insert(packet(2), by_port);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_NE(table_.lookup(packet(2)), nullptr);
  }
  // Nothing to see from outside but that everything is still found.
  EXPECT_NE(table_.lookup(packet(1, 1)), nullptr);
  EXPECT_EQ(table_.mask_count(), 2u);
}

TEST_F(MegaflowTableTest, IteratesOverWhatIsAlive) {
  Megaflow* a = insert(packet(1), by_port);
  Megaflow* b = insert(packet(2, 1), by_port_and_mac);
  Megaflow* c = insert(packet(3), by_port);
  table_.remove(*b);
  EXPECT_EQ(all(), (std::set<const Megaflow*>{a, c}));
}

}  // namespace
}  // namespace weft::datapath
