// Extension actions: the stack, choices by hash, output to a register, clones, timeouts after the end of a connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lib/openflow/port_message.h"
#include "lib/openflow/text/flow_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using namespace openflow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr SubField port_bits{FieldId::reg0, 0, 16};

Frame udp_from(uint16_t src = 4000) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(src, 53); }
Frame tcp_with(uint16_t flags, uint16_t src = 4000) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(src, 80, flags); }
constexpr uint16_t ack = 0x10;
constexpr uint16_t fin_ack = 0x11;

class ExtensionStory : public testing::Test {
 protected:
  // Actions as they are in the model, so that a story says nothing about text.
  void add(std::string_view text, ActionList actions) {
    auto flow = parse_flow(std::string(text) + ",actions=drop", FlowModCommand::add);
    ASSERT_TRUE(flow) << flow.error().message;
    flow->instructions.apply = std::move(actions);
    const auto added = sw.bridge().apply(*flow);
    ASSERT_TRUE(added) << added.error().detail;
  }
  void take_down(uint16_t port) {
    EXPECT_TRUE(sw.bridge().set_port_config(OfPort{port}, port_config::down, port_config::down));
    sw.settle();
  }
  std::set<std::string> ports_used(int packets) {
    for (int i = 0; i < packets; ++i) {
      sw.receive("p1", udp_from(static_cast<uint16_t>(1000 + i)));
    }
    std::set<std::string> used;
    for (const char* port : {"p2", "p3", "p4"}) {
      if (!sw.sent(port).empty()) {
        used.insert(port);
      }
    }
    return used;
  }

  TestSwitch sw{"p1", "p2", "p3", "p4"};
};

TEST_F(ExtensionStory, WhatIsPushedLastIsPoppedFirst) {
  add("udp", {StackPushAction{{FieldId::udp_src, 0, 16}}, StackPushAction{{FieldId::udp_dst, 0, 16}},
              StackPopAction{{FieldId::udp_src, 0, 16}}, StackPopAction{{FieldId::udp_dst, 0, 16}},
              OutputAction{.port = OfPort{2}}});
  sw.receive("p1", udp_from(4000));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(53, 4000)));
  EXPECT_THAT(sw.megaflows(), HasSubstr("tp_src=4000,tp_dst=53"));
}

TEST_F(ExtensionStory, AnEmptyStackLeavesTheFieldAlone) {
  add("udp", {StackPopAction{{FieldId::udp_src, 0, 16}}, OutputAction{.port = OfPort{2}}});
  sw.receive("p1", udp_from());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(udp_from()));
}

// The packet is looked at anew behind its label; what was pushed before is there.
TEST_F(ExtensionStory, TheStackOutlivesALookUpOfThePacketAgain) {
  const SubField value{FieldId::reg0, 0, 16};
  add("mpls", {SetFieldAction{FieldId::reg0, {0, 3}, {0, 0xffffffff}}, StackPushAction{value},
               SetFieldAction{FieldId::reg0, {0, 2}, {0, 0xffffffff}}, PopMplsAction{0x0800}, DecTtlAction{},
               StackPopAction{value}, OutputRegAction{value, 0xffff}});
  sw.receive("p1", frame().mpls(7).ipv4("10.0.0.1", "10.0.0.2").ttl(9).udp(1, 2).payload_size(18));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(8).udp(1, 2).payload_size(18)));
  EXPECT_TRUE(sw.sent("p2").empty());
}

// Pushing without an end stops with the packet dropped, not with the memory used up.
TEST_F(ExtensionStory, AStackThatGrowsWithoutEndDropsThePacket) {
  ActionList pushes(100, StackPushAction{{FieldId::in_port, 0, 16}});
  pushes.emplace_back(ResubmitAction{.table = 1});
  add("table=0", pushes);
  ActionList more(4096, StackPushAction{{FieldId::in_port, 0, 16}});
  more.emplace_back(OutputAction{.port = OfPort{2}});
  add("table=1", more);
  sw.receive("p1", udp_from());
  EXPECT_TRUE(sw.sent("p2").empty());
  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

TEST_F(ExtensionStory, ARegisterNamesThePort) {
  add("in_port=1", {SetFieldAction{FieldId::reg0, {0, 3}, {0, 0xffffffff}}, OutputRegAction{port_bits, 0xffff}});
  add("in_port=2", {OutputRegAction{{FieldId::eth_src, 0, 16}, 0xffff}});
  sw.receive("p1", udp_from());
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  sw.receive("p2", udp_from().eth("02:00:00:00:00:04", "02:00:00:00:00:02"));
  EXPECT_EQ(sw.sent("p4").size(), 1U);
  EXPECT_THAT(sw.megaflows(), HasSubstr("dl_src=00:00:00:00:00:04/00:00:00:00:ff:ff")) << "the bits that named it";
}

TEST_F(ExtensionStory, MultipathUsesEveryLinkAndLooksAtWhatItHashes) {
  for (const auto algorithm : {MultipathAlgorithm::modulo_n, MultipathAlgorithm::hash_threshold,
                               MultipathAlgorithm::hrw, MultipathAlgorithm::iter_hash}) {
    // Links 0 to 2 become ports 2 to 4.
    add("table=0",
        {MultipathAction{HashFields::symmetric_l3l4_udp, 7, algorithm, 2, 0, port_bits}, ResubmitAction{.table = 1}});
    for (uint16_t link = 0; link < 3; ++link) {
      add("table=1,reg0=" + std::to_string(link), {OutputAction{.port = OfPort{static_cast<uint16_t>(2 + link)}}});
    }
    EXPECT_EQ(ports_used(40).size(), 3U) << int(algorithm);
    EXPECT_THAT(sw.megaflows(), HasSubstr("tp_src=1000"));
    sw.del_flows();
  }
}

TEST_F(ExtensionStory, ABundleTakesTheFirstLiveMember) {
  add("table=0", {BundleAction{BundleAlgorithm::active_backup, {}, 0, std::nullopt, {OfPort{3}, OfPort{2}}}});
  sw.receive("p1", udp_from());
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  take_down(3);
  sw.receive("p1", udp_from());
  EXPECT_EQ(sw.sent("p2").size(), 1U);
}

TEST_F(ExtensionStory, OnlyTheFlowsOfALostMemberMove) {
  add("table=0",
      {BundleAction{
           BundleAlgorithm::hrw, HashFields::symmetric_l3l4_udp, 0, port_bits, {OfPort{2}, OfPort{3}, OfPort{4}}},
       OutputRegAction{port_bits, 0xffff}});
  EXPECT_EQ(ports_used(60).size(), 3U);
  const auto port_of = [&](uint16_t src) {
    sw.receive("p1", udp_from(src));
    for (const char* port : {"p2", "p3", "p4"}) {
      if (!sw.sent(port).empty()) {
        return std::string(port);
      }
    }
    return std::string();
  };
  std::map<uint16_t, std::string> before;
  for (uint16_t src = 1000; src < 1060; ++src) {
    before[src] = port_of(src);
  }
  take_down(3);
  for (const auto& [src, port] : before) {
    const std::string now = port_of(src);
    EXPECT_FALSE(now.empty());
    EXPECT_TRUE(now == port || port == "p3") << src << " moved from " << port << " to " << now;
  }
}

TEST_F(ExtensionStory, WhatACloneChangesStaysInTheClone) {
  add("udp", {StackPushAction{{FieldId::udp_src, 0, 16}},
              CloneAction{NestedActions{{SetFieldAction{FieldId::udp_dst, {0, 99}, {0, 0xffff}},
                                         SetFieldAction{FieldId::reg0, {0, 3}, {0, 0xffffffff}},
                                         StackPopAction{{FieldId::udp_src, 0, 16}}, OutputAction{.port = OfPort{2}},
                                         ExitAction{}}}},
              StackPopAction{{FieldId::udp_dst, 0, 16}}, ResubmitAction{.table = 1}});
  add("table=1,reg0=0", {OutputAction{.port = OfPort{3}}});
  sw.receive("p1", udp_from());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 99)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 4000)));
}

TEST_F(ExtensionStory, AFinShortensTheTimeoutsOfItsRule) {
  add("tcp,idle_timeout=100,send_flow_rem", {FinTimeoutAction{5, 30}, OutputAction{.port = OfPort{2}}});
  sw.receive("p1", tcp_with(ack));
  sw.advance(20);
  EXPECT_EQ(sw.flow_stats({}).at(0).idle_timeout, 100);
  sw.receive("p1", tcp_with(fin_ack));
  sw.advance(2);
  ASSERT_EQ(sw.flow_stats({}).size(), 1U);
  EXPECT_EQ(sw.flow_stats({}).at(0).idle_timeout, 5);
  EXPECT_EQ(sw.flow_stats({}).at(0).hard_timeout, 30);
  sw.advance(4);
  EXPECT_TRUE(sw.flow_stats({}).empty());
  EXPECT_EQ(sw.heard().flows_removed.size(), 1U);
}

TEST_F(ExtensionStory, OfTwoFlagsOnlyTheEndsAreLookedAt) {
  add("tcp", {FinTimeoutAction{5, 10}, OutputAction{.port = OfPort{2}}});
  sw.receive("p1", tcp_with(ack));
  sw.receive("p1", tcp_with(0x18));
  EXPECT_EQ(sw.megaflow_count(), 1U);
  EXPECT_EQ(sw.sent("p2").size(), 2U);
}

TEST_F(ExtensionStory, ResubmittingAnUntrackedPacketForItsConnectionDoesNothing) {
  add("table=0", {ResubmitAction{.table = 1, .with_ct = true}, OutputAction{.port = OfPort{2}}});
  add("table=1", {OutputAction{.port = OfPort{3}}});
  sw.receive("p1", udp_from());
  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_TRUE(sw.sent("p3").empty());
}

TEST_F(ExtensionStory, ATraceSaysWhatWasChosen) {
  add("table=0", {MultipathAction{HashFields::eth_src, 0, MultipathAlgorithm::modulo_n, 0, 0, port_bits},
                  BundleAction{BundleAlgorithm::active_backup, {}, 0, port_bits, {OfPort{77}, OfPort{2}}},
                  OutputRegAction{port_bits, 0xffff}, SampleAction{.probability = 1}});
  const std::string text = sw.trace("in_port=1");
  EXPECT_THAT(text, HasSubstr("link 0 of 1"));
  EXPECT_THAT(text, HasSubstr("member 2"));
  EXPECT_THAT(text, HasSubstr("output port is 2"));
  EXPECT_THAT(text, HasSubstr("no collector"));
}

}  // namespace
}  // namespace weft
