// Packets that are looked up again: what a popped label covered is matched, and the datapath chooses buckets.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/openflow/port_message.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Frame inner = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload("as long as a wire wants it");

Frame labelled(std::initializer_list<uint32_t> labels) {
  Frame outer = frame();
  for (const uint32_t label : labels) {
    outer = outer.mpls(label);
  }
  return outer.ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload("as long as a wire wants it");
}

// --- labels

TEST(RecirculationStory, WhatThePoppedLabelCoveredIsMatched) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("mpls,actions=pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,udp,nw_dst=10.0.0.2,tp_dst=53,actions=mod_nw_dst:10.0.0.9,output:p2");
  sw.add_flow("table=1,priority=1,actions=output:p3");
  for (int i = 0; i < 3; ++i) {
    sw.receive("p1", labelled({7}));
  }
  const Frame wanted = frame().ipv4("10.0.0.1", "10.0.0.9").udp(1000, 53).payload("as long as a wire wants it");
  EXPECT_THAT(sw.sent("p2"), ElementsAre(wanted, wanted, wanted));
  EXPECT_EQ(sw.misses(), 2U);
  EXPECT_EQ(sw.packets("table=0"), 3U);
  EXPECT_EQ(sw.packets("table=1,udp"), 3U);
  EXPECT_THAT(sw.megaflows(), HasSubstr("mpls,in_port=p1 actions=pop_mpls(eth_type=0x0800),recirc(0x1)\n"));
  EXPECT_THAT(sw.megaflows(), HasSubstr("recirc_id=0x1"));
}

TEST(RecirculationStory, ALabelThatIsOnlyTakenOffCostsNothing) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,actions=pop_mpls:0x0800,mod_dl_dst:02:00:00:00:00:09,output:p2");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(inner.eth("02:00:00:00:00:01", "02:00:00:00:00:09")));
  EXPECT_EQ(sw.megaflow_count(), 1U);
}

// More labels than a key holds.
TEST(RecirculationStory, DeepStacksAreReadAgainAndAgain) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,mpls_bos=0,actions=pop_mpls:0x8847,resubmit(,0)");
  sw.add_flow("mpls,mpls_bos=1,actions=pop_mpls:0x0800,resubmit(,0)");
  sw.add_flow("ip,nw_dst=10.0.0.2,actions=dec_ttl,output:p2");
  sw.receive("p1", labelled({1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(inner.ttl(63)));
  EXPECT_EQ(sw.packets("mpls"), 6U);
}

TEST(RecirculationStory, AShallowPopIsNotLookedUpAgain) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,mpls_label=1,actions=pop_mpls:0x8847,goto_table:1");
  sw.add_flow("table=1,mpls,mpls_label=2,actions=output:p2");
  sw.receive("p1", labelled({1, 2}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(labelled({2})));
  EXPECT_EQ(sw.megaflow_count(), 1U);
}

// The fourth label may be cut short: only who reads again knows.
TEST(RecirculationStory, AStackWhoseBottomIsOutOfSightIsReadAgain) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,mpls_label=1,actions=pop_mpls:0x8847,goto_table:1");
  sw.add_flow("table=1,mpls,mpls_label=2,actions=output:p2");
  sw.receive("p1", labelled({1, 2, 3, 4}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(labelled({2, 3, 4})));
  EXPECT_EQ(sw.megaflow_count(), 2U);
}

// A push forgets the third label of those that were in sight.
TEST(RecirculationStory, WhatAPushHidIsReadAgain) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "mpls,mpls_label=1,actions=push_mpls:0x8847,pop_mpls:0x8847,pop_mpls:0x8847,pop_mpls:0x8847,goto_table:1");
  sw.add_flow("table=1,mpls,mpls_label=3,actions=output:p2");
  sw.receive("p1", labelled({1, 2, 3}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(labelled({3})));
}

TEST(RecirculationStory, RegistersMetadataAndActionSetComeBack) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "mpls,actions=load:5->NXM_NX_REG3[],pop_mpls:0x0800,"
      "write_actions(output:p2),write_metadata:0x77,goto_table:1");
  sw.add_flow("table=1,ip,reg3=5,metadata=0x77,actions=mod_nw_tos:4");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(inner.tos(4)));
}

// The rest of every list on the way down is done, the innermost first.
TEST(RecirculationStory, WhatIsLeftOfEachListIsDone) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_flow("actions=resubmit(,1),mod_dl_src:02:00:00:00:00:08,output:p4");
  sw.add_flow("table=1,mpls,actions=pop_mpls:0x0800,resubmit(,2),output:p3");
  sw.add_flow("table=2,ip,actions=mod_nw_dst:10.0.0.9,output:p2");
  sw.receive("p1", labelled({7}));
  const Frame changed = frame().ipv4("10.0.0.1", "10.0.0.9").udp(1000, 53).payload("as long as a wire wants it");
  EXPECT_THAT(sw.sent("p2"), ElementsAre(changed));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(changed));
  EXPECT_THAT(sw.sent("p4"), ElementsAre(changed.eth("02:00:00:00:00:08", "02:00:00:00:00:02")));
}

TEST(RecirculationStory, OneBucketWaitsAndTheOthersDoNot) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_group("group_id=1,type=all,bucket=actions=pop_mpls:0x0800,resubmit(,1),bucket=actions=output:p3");
  sw.add_flow("mpls,actions=group:1,output:p4");
  sw.add_flow("table=1,udp,actions=output:p2");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(inner));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(labelled({7})));
  EXPECT_THAT(sw.sent("p4"), ElementsAre(labelled({7})));
}

TEST(RecirculationStory, TheFarSideOfAPatchPortSeesWhatIsThere) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1");
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("mpls,actions=pop_mpls:0x0800,output:to1");
  sw.add_flow("in_port=to0,udp,tp_dst=53,actions=output:q1", "br1");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("q1"), ElementsAre(inner));
  EXPECT_EQ(sw.packets("udp", "br1"), 1U);
}

TEST(RecirculationStory, APacketOutComesBackToo) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=1,udp,actions=output:p2");
  sw.packet_out("p1", "pop_mpls:0x0800,resubmit(,1)", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(inner));
}

// --- changes

TEST(RecirculationStory, AChangeOnEitherSideIsInForceAtOnce) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("mpls,actions=load:1->NXM_NX_REG0[],pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,ip,reg0=1,actions=output:p2");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));

  sw.mod_flows("table=1,ip,reg0=1,actions=output:p3");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_EQ(sw.misses(), 2U);

  sw.mod_flows("mpls,actions=load:2->NXM_NX_REG0[],pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,ip,reg0=2,actions=output:p2");
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

TEST(RecirculationStory, WhatNobodyUsesExpires) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,actions=pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,ip,actions=output:p2");
  sw.receive("p1", labelled({7}));
  EXPECT_EQ(sw.megaflow_count(), 2U);
  sw.advance(12);
  EXPECT_EQ(sw.megaflow_count(), 0U);
  sw.receive("p1", labelled({7}));
  EXPECT_THAT(sw.sent("p2"), SizeIs(2));
}

TEST(RecirculationStory, ALoopEndsCounted) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,actions=pop_mpls:0x0800,resubmit(,0)");
  sw.add_flow("ip,actions=push_mpls:0x8847,resubmit(,0)");
  sw.receive("p1", labelled({7}));
  EXPECT_EQ(sw.drops(DropReason::recirculation_limit) + sw.drops(DropReason::recursion_limit), 1U);
}

// --- buckets that the datapath chooses

std::string group_of(const std::vector<int>& ports) {
  std::string text = "group_id=1,type=select,selection_method=dp_hash";
  for (const int port : ports) {
    text += ",bucket=bucket_id:" + std::to_string(port) + ",watch_port:p" + std::to_string(port) + ",output:p" +
            std::to_string(port);
  }
  return text;
}

std::vector<int> spread(TestSwitch& sw) {
  std::vector<int> taken;
  for (uint16_t n = 0; n < 1000; ++n) {
    sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(static_cast<uint16_t>(1000 + n), 53));
    taken.push_back(0);
    for (int port = 2; port <= 5; ++port) {
      if (!sw.sent("p" + std::to_string(port)).empty()) {
        taken.back() = port;
      }
    }
  }
  return taken;
}

TEST(DpHashStory, AMegaflowServesABucketHoweverManyFlows) {
  TestSwitch sw{"p1", "p2", "p3", "p4", "p5"};
  sw.add_group(group_of({2, 3, 4, 5}));
  sw.add_flow("in_port=p1,actions=group:1");
  const auto taken = spread(sw);
  EXPECT_EQ(sw.megaflow_count(), 5U) << sw.megaflows();
  for (int port = 2; port <= 5; ++port) {
    EXPECT_NEAR(static_cast<double>(std::ranges::count(taken, port)), 250, 60);
  }
  EXPECT_EQ(taken, spread(sw)) << "a flow stays where it is";
  sw.collect();
  const auto stats = sw.bridge().group_stats(1);
  EXPECT_EQ(stats->packet_count, 2000U);
  EXPECT_EQ(stats->buckets[0].packet_count, 2U * static_cast<unsigned>(std::ranges::count(taken, 2)));
}

TEST(DpHashStory, OnlyTheFlowsOfABucketThatGoesMove) {
  TestSwitch sw{"p1", "p2", "p3", "p4", "p5"};
  sw.add_group(group_of({2, 3, 4, 5}));
  sw.add_flow("in_port=p1,actions=group:1");
  const auto before = spread(sw);
  sw.mod_group(group_of({2, 4, 5}));
  const auto after = spread(sw);
  constexpr uint32_t down = openflow::port_config::down;
  EXPECT_TRUE(sw.bridge().set_port_config(OfPort{4}, down, down));
  sw.settle();
  const auto last = spread(sw);
  for (size_t n = 0; n < before.size(); ++n) {
    EXPECT_NE(after[n], 3);
    EXPECT_TRUE(before[n] == after[n] || before[n] == 3) << "flow " << n;
    EXPECT_NE(last[n], 4);
    EXPECT_TRUE(after[n] == last[n] || after[n] == 4) << "flow " << n;
  }
}

TEST(DpHashStory, ATraceTellsTheBucketThatAPacketTakes) {
  TestSwitch sw{"p1", "p2", "p3", "p4", "p5"};
  sw.add_group(group_of({2, 3, 4, 5}));
  sw.add_flow("in_port=p1,actions=group:1");
  const auto taken = spread(sw);
  for (uint16_t n = 0; n < 20; ++n) {
    const std::string trace =
        sw.trace("in_port=p1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=53,tp_src=" + std::to_string(1000 + n));
    EXPECT_THAT(trace, HasSubstr("hash(slots=1024,param=0x0),recirc("));
    EXPECT_THAT(trace, HasSubstr("chosen by the datapath"));
    EXPECT_THAT(trace, HasSubstr("Datapath actions: output:p" + std::to_string(taken[n]) + "\n"));
  }
}

TEST(RecirculationStory, ATraceFollowsThePacket) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("mpls,actions=pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,eth_type=0x0800,actions=output:p2");
  const std::string trace = sw.trace("in_port=p1,mpls,mpls_label=7,mpls_bos=1");
  EXPECT_THAT(trace, HasSubstr("-> the packet is looked up again: pass 2\n"));
  EXPECT_THAT(trace, HasSubstr("\npass 2:\n"));
  EXPECT_THAT(trace, HasSubstr("Datapath actions: output:p2\n"));
}

}  // namespace
}  // namespace weft
