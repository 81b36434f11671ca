// Packets that are looked up again: by which key, in which order, how often.
#include <gmock/gmock.h>

#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

Frame datagram_with(std::string_view payload) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload(payload);
}

uint32_t id_of(const FlowKey& key) { return static_cast<uint32_t>(get(key, FieldId::recirc_id).lo); }

class RecirculationTest : public WorkerTest {
 protected:
  // Decides by the id that the packet carries.
  void decide(std::function<ActionList(uint32_t)> actions) {
    sink_.decide = [actions = std::move(actions)](const FlowKey& key) {
      return decision(actions(id_of(key)), {FieldId::recirc_id, FieldId::udp_dst});
    };
  }
  static Action again(uint32_t id) { return Recirculate{id, nullptr}; }
};

TEST_F(RecirculationTest, AnotherMegaflowCoversTheSecondPass) {
  decide([&](uint32_t id) {
    return id == 0 ? ActionList{SetField{FieldId::udp_dst, {0, 99}, {0, 0xffff}}, again(5)} : ActionList{to(p2_->id())};
  });
  for (int i = 0; i < 3; ++i) {
    inject(*p1_, datagram_with("x"));
    run();
  }
  EXPECT_THAT(sent(*p2_), SizeIs(3));
  ASSERT_THAT(megaflows(), SizeIs(2));
  for (const Megaflow* megaflow : megaflows()) {
    EXPECT_EQ(get(megaflow->key, FieldId::udp_dst).lo, id_of(megaflow->key) == 0 ? 53U : 99U);
    EXPECT_EQ(megaflow->installed.load()->packet_count, 3U);
  }
  EXPECT_EQ(worker_.status().misses, 2U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(RecirculationTest, PacketsOfAFlowStayInOrder) {
  decide([&](uint32_t id) { return id == 0 ? ActionList{again(5)} : ActionList{to(p2_->id())}; });
  std::vector<Frame> frames;
  for (int i = 0; i < 100; ++i) {
    frames.push_back(datagram_with(std::to_string(i)));
    inject(*p1_, frames.back());
  }
  run();
  EXPECT_THAT(sent(*p2_), ElementsAreArray(frames));
}

TEST_F(RecirculationTest, APacketThatNeverEndsIsDroppedAndCounted) {
  decide([&](uint32_t id) { return ActionList{again(id + 1)}; });
  inject(*p1_, datagram_with("x"));
  run();
  EXPECT_EQ(drops(DropReason::recirculation_limit), 1U);
  EXPECT_TRUE(is_balanced());
}

// Each pass makes many of one: the copies are bounded too.
TEST_F(RecirculationTest, CopiesThatMultiplyAreBounded) {
  decide([&](uint32_t id) { return ActionList(10, again(id + 1)); });
  inject(*p1_, datagram_with("x"));
  run();
  EXPECT_GT(drops(DropReason::recirculation_limit), 0U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(RecirculationTest, AChosenSlotIsInTheKey) {
  std::vector<uint64_t> seen;
  sink_.decide = [&](const FlowKey& key) {
    if (id_of(key) == 0) {
      const auto slots = std::make_shared<const HashSlots>(HashSlots{{77}});
      return decision({Hash{0, slots}, again(5)}, {FieldId::recirc_id});
    }
    seen.push_back(get(key, FieldId::dp_hash).lo);
    return decision({to(p2_->id())}, {FieldId::recirc_id, FieldId::dp_hash});
  };
  inject(*p1_, datagram_with("x"));
  run();
  EXPECT_EQ(seen, std::vector<uint64_t>{77});
  EXPECT_THAT(sent(*p2_), SizeIs(1));
}

}  // namespace
}  // namespace weft::datapath
