// Packets that wait for a change: in order, flow by flow, and not too many.
#include <gmock/gmock.h>

#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Frame udp(uint16_t src, std::string_view payload = "x") {
  return frame().ipv4("10.0.0.1", "10.0.0.2").udp(src, 53).payload(payload);
}

class HeldPacketsTest : public WorkerTest {
 protected:
  // Holds what comes from this UDP port for this change, until the change is known.
  void hold(uint16_t src, uint64_t change) {
    waits_[src] = change;
    sink_.decide = [this](const FlowKey& key) {
      const auto found = waits_.find(static_cast<uint16_t>(get(key, FieldId::udp_src).lo));
      Decision made = decision({to(p2_->id())}, {FieldId::udp_src});
      if (found != waits_.end()) {
        made.held_for = found->second;
      }
      return made;
    };
  }
  void release(uint64_t up_to) {
    std::erase_if(waits_, [&](const auto& entry) { return entry.second <= up_to; });
    worker_.send([up_to](Worker& worker) { worker.release_held(up_to); });
    run();
  }

  std::map<uint16_t, uint64_t> waits_;
};

TEST_F(HeldPacketsTest, APacketWaitsForItsChangeAndNoMegaflowIsMade) {
  hold(1000, 1);
  inject(*p1_, udp(1000));
  run();
  EXPECT_THAT(sent(*p2_), IsEmpty());
  EXPECT_THAT(megaflows(), IsEmpty());
  release(1);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(1000)));
  EXPECT_THAT(megaflows(), SizeIs(1));
  EXPECT_TRUE(is_balanced());
}

TEST_F(HeldPacketsTest, LaterPacketsOfTheFlowStayBehindThoughTheyCouldGo) {
  hold(1000, 1);
  inject(*p1_, udp(1000, "first"));
  run();
  waits_.clear();  // the change is in force; nobody has said so yet
  inject(*p1_, udp(1000, "second"));
  inject(*p1_, udp(2000, "other"));
  run();
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(2000, "other")));
  release(1);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(1000, "first"), udp(1000, "second")));
}

TEST_F(HeldPacketsTest, AnEarlierChangeDoesNotReleaseThem) {
  hold(1000, 1);
  hold(2000, 2);
  inject(*p1_, udp(1000));
  inject(*p1_, udp(2000, "a"));
  inject(*p1_, udp(2000, "b"));
  run();
  release(1);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(1000)));
  release(2);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(2000, "a"), udp(2000, "b")));
}

TEST_F(HeldPacketsTest, APacketBehindAnotherMayHaveToWaitForAChangeOfItsOwn) {
  hold(1000, 1);
  inject(*p1_, udp(1000, "a"));
  inject(*p1_, udp(1000, "b"));
  run();
  unsigned translated = 0;
  sink_.decide = [&](const FlowKey&) {
    Decision made = decision({to(p2_->id())}, {FieldId::udp_src});
    made.is_cacheable = false;
    made.held_for = ++translated == 2 ? 5 : 0;  // the second of them
    return made;
  };
  release(1);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(1000, "a")));
  release(4);
  EXPECT_THAT(sent(*p2_), IsEmpty());
  release(5);
  EXPECT_THAT(sent(*p2_), ElementsAre(udp(1000, "b")));
}

TEST_F(HeldPacketsTest, WhatAPortHoldsIsBounded) {
  hold(1000, 1);
  for (size_t i = 0; i < HeldPackets::per_port + 10; ++i) {
    inject(*p1_, udp(1000));
  }
  inject(*p3_, udp(1000));
  run();
  EXPECT_EQ(drops(DropReason::learn_queue_full), 10U);
  release(1);
  EXPECT_THAT(sent(*p2_), SizeIs(HeldPackets::per_port + 1)) << "another port's packet is held as well";
  EXPECT_TRUE(is_balanced());
}

}  // namespace
}  // namespace weft::datapath
