// Bundles: all of it at one instant or nothing, whatever else is asked meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ofproto::BundleFailure;
using openflow::FlowModCommand;
using ::testing::IsEmpty;
using ::testing::SizeIs;

openflow::FlowMod flow(std::string_view text, FlowModCommand command = FlowModCommand::add) {
  const auto parsed = openflow::parse_flow(text, command);
  EXPECT_TRUE(parsed) << render(text, parsed.error());
  return *parsed;
}

openflow::GroupMod group(std::string_view text) {
  const auto parsed = openflow::parse_group(text, openflow::GroupModCommand::add);
  EXPECT_TRUE(parsed) << render(text, parsed.error());
  return *parsed;
}

// Of a bundle on its way: whether and how it ended.
struct Outcome {
  bool is_done = false;
  std::optional<BundleFailure> failure;
};

std::shared_ptr<Outcome> commit(TestSwitch& sw, std::vector<openflow::Message> messages) {
  auto bundle = sw.bridge().make_bundle();
  uint32_t xid = 100;
  for (const openflow::Message& message : messages) {
    const auto added = bundle->add(message, xid++, std::vector<uint8_t>{1, 2, 3});
    EXPECT_TRUE(added) << to_string(added.error());
  }
  auto outcome = std::make_shared<Outcome>();
  sw.bridge().commit(std::move(bundle), [outcome](std::optional<BundleFailure> failure) {
    outcome->is_done = true;
    outcome->failure = std::move(failure);
  });
  return outcome;
}

// Enough that it does not end in the first slice: each flow is added, which takes little after the commit, and modified.
std::vector<openflow::Message> many_flows() {
  std::vector<openflow::Message> messages;
  messages.reserve(40000);
  for (int i = 0; i < 20000; ++i) {
    openflow::FlowMod message = flow("priority=10,ip,actions=drop");
    message.match.set(FieldId::ipv4_dst, 0x0b000000 + static_cast<uint64_t>(i));
    messages.emplace_back(message);
    message.command = FlowModCommand::modify_strict;
    messages.emplace_back(std::move(message));
  }
  return messages;
}

TEST(BundleStory, FlowsGroupsAndPortsChangeTogether) {
  TestSwitch sw{"p1", "p2"};
  openflow::PortMod port_mod;
  port_mod.port = OfPort{2};
  port_mod.hw_addr = sw.bridge().port(OfPort{2})->desc.hw_addr;
  port_mod.config = port_mod.mask = openflow::port_config::no_fwd;
  const auto outcome = commit(sw, {group("group_id=1,type=all,bucket=output:2"), flow("in_port=1,actions=group:1"),
                                   port_mod, flow("in_port=2,actions=drop")});
  sw.settle();
  ASSERT_TRUE(outcome->is_done);
  EXPECT_FALSE(outcome->failure);
  EXPECT_THAT(sw.flow_stats({}), SizeIs(2));
  EXPECT_TRUE(sw.bridge().has_group(1));
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), IsEmpty()) << "the port does not forward";
}

TEST(BundleStory, OneBadMessageChangesNothingAndIsNamed) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  openflow::PortMod no_port;
  no_port.port = OfPort{77};
  const auto outcome =
      commit(sw, {flow("in_port=2,actions=drop"), flow("", FlowModCommand::remove), no_port, flow("actions=drop")});
  sw.settle();
  ASSERT_TRUE(outcome->is_done);
  ASSERT_TRUE(outcome->failure);
  EXPECT_TRUE(outcome->failure->error.is(openflow::ErrorCode::ofppmfc_bad_port));
  EXPECT_EQ(outcome->failure->xid, 102u);
  EXPECT_EQ(outcome->failure->bytes, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// It was passed over, as if it had been sent.
TEST(BundleStory, APacketOutThatDoesNotFitItsPacketIsRefused) {
  TestSwitch sw{"p1", "p2"};
  const Bytes udp = small_udp().bytes();
  const auto out_with = [&](Bytes data, openflow::Action first) {
    return openflow::PacketOut{.in_port = of_port::controller,
                               .actions = {std::move(first), openflow::OutputAction{.port = OfPort{2}}},
                               .data = std::move(data)};
  };
  const openflow::Action fits = openflow::PushVlanAction{};
  const auto refused = [&](const openflow::PacketOut& packet_out) {
    const auto outcome =
        commit(sw, {flow("in_port=1,actions=drop"), out_with(udp, fits), packet_out, flow("in_port=2,actions=drop")});
    sw.settle();
    EXPECT_TRUE(outcome->failure);
    EXPECT_EQ(outcome->failure ? outcome->failure->xid : 0, 102U);
    EXPECT_THAT(sw.flow_stats({}), IsEmpty());
    EXPECT_THAT(sw.sent("p2"), IsEmpty()) << "nor the packet before it";
    return outcome->failure ? outcome->failure->error : openflow::OpenFlowError();
  };
  EXPECT_TRUE(refused(out_with(udp, openflow::PopVlanAction{})).is(openflow::ErrorCode::ofpbac_match_inconsistent));
  EXPECT_TRUE(refused(out_with(Bytes(5), fits)).is(openflow::ErrorCode::ofpbrc_bad_packet));
  EXPECT_FALSE(commit(sw, {out_with(udp, fits)})->failure);
  sw.settle();
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// What is done ahead while a bundle fills shows nowhere, and is gone with it.
TEST(BundleStory, ABundleThatIsNotCommittedLeavesNothing) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=1,in_port=p1,actions=output:p2");
  auto bundle = sw.bridge().make_bundle();
  for (const openflow::Message& message : many_flows()) {
    ASSERT_TRUE(bundle->add(message, 1, {}));
  }
  sw.receive("p1", frame().ipv4("10.0.0.1", "11.0.0.5").udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
  sw.add_flow("priority=20,in_port=p1,udp,nw_dst=11.0.0.7,actions=drop");  // others may change tables meanwhile

  bundle.reset();
  sw.settle();
  sw.receive("p1", frame().ipv4("10.0.0.1", "11.0.0.4").udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.megaflows(), testing::HasSubstr("nw_dst=11.0.0.4/31")) << "no prefix of the bundle's is left";
  EXPECT_FALSE(commit(sw, many_flows())->failure) << "the same may come again";
  sw.settle();
  EXPECT_THAT(sw.flow_stats({}), SizeIs(20002));
}

TEST(BundleStory, WhatCannotBeExecutedIsRefusedWhenItIsAdded) {
  TestSwitch sw{"p1"};
  auto bundle = sw.bridge().make_bundle();
  EXPECT_TRUE(bundle->add(openflow::BarrierRequest{}, 1, {}).error().is(openflow::ErrorCode::ofpbfc_msg_unsup));
  openflow::FlowMod bad = flow("actions=drop");
  bad.table_id = 254;
  EXPECT_TRUE(bundle->add(bad, 1, {}).error().is(openflow::ErrorCode::ofpfmfc_bad_table_id));
  EXPECT_EQ(bundle->message_count(), 0u);
}

TEST(BundleStory, OthersWaitForTheirTurnAndReadersDoNot) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  const auto first = commit(sw, many_flows());
  ASSERT_FALSE(first->is_done) << "it takes several slices";
  EXPECT_FALSE(sw.bridge().may_change());

  std::vector<size_t> seen;
  sw.bridge().in_turn([&] {
    seen.push_back(sw.bridge().flow_dump({})->is_done() ? 0 : sw.bridge().table_stats()[0].active_count);
    EXPECT_TRUE(sw.bridge().apply(flow("in_port=2,actions=drop")));
  });
  const auto second = commit(sw, {flow("in_port=2", FlowModCommand::remove)});
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_EQ(sw.bridge().table_stats()[0].active_count, 1u) << "half a bundle is not seen";

  sw.settle();
  EXPECT_THAT(seen, testing::ElementsAre(20001u)) << "behind the bundle that came before";
  EXPECT_TRUE(second->is_done);
  EXPECT_THAT(sw.flow_stats({}), SizeIs(20001));
  EXPECT_TRUE(sw.bridge().may_change());
}

TEST(BundleStory, ALargeBundleIsTakenBackInSlices) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  auto messages = many_flows();
  messages.emplace_back(flow("in_port=1,actions=group:5"));
  const auto outcome = commit(sw, std::move(messages));
  ASSERT_FALSE(outcome->is_done);
  sw.settle();
  ASSERT_TRUE(outcome->failure);
  EXPECT_TRUE(outcome->failure->error.is(openflow::ErrorCode::ofpbac_bad_out_group));
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
}

TEST(BundleStory, CachedDecisionsFollowALargeBundle) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=1,in_port=p1,actions=output:p2");
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  auto messages = many_flows();
  messages.emplace_back(flow("priority=20,in_port=1,actions=drop"));
  commit(sw, std::move(messages));
  sw.settle();
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
}

TEST(BundleStory, PacketOutsLeaveWhenTheFlowsAreThere) {
  TestSwitch sw{"p1", "p2"};
  openflow::PacketOut packet_out;
  packet_out.in_port = OfPort{1};
  packet_out.actions = {openflow::OutputAction{.port = of_port::table, .max_len = 0}};
  packet_out.data = small_udp().bytes();
  commit(sw, {packet_out, flow("in_port=1,actions=output:2")});
  sw.settle();
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(BundleStory, ManyFlowsAreAnnouncedWhenTheyGo) {
  TestSwitch sw{"p1"};
  auto messages = many_flows();
  for (openflow::Message& message : messages) {
    auto& flow_mod = std::get<openflow::FlowMod>(message);
    flow_mod.flags = openflow::flow_flag::send_flow_rem;
    ASSERT_TRUE(sw.bridge().apply(flow_mod));
  }
  sw.advance(1);
  commit(sw, {flow("ip", FlowModCommand::remove)});
  sw.settle();
  EXPECT_THAT(sw.heard().flows_removed, SizeIs(20000));
}

// Its tables are whole when it goes.
TEST(BundleStory, ABridgeMayGoInTheMiddle) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  auto bundle = sw.bridge("br1").make_bundle();
  for (const openflow::Message& message : many_flows()) {
    ASSERT_TRUE(bundle->add(message, 1, {}));
  }
  bool is_told = false;
  sw.bridge("br1").commit(std::move(bundle), [&](const std::optional<BundleFailure>&) { is_told = true; });
  ASSERT_FALSE(sw.bridge().may_change());
  ASSERT_TRUE(sw.the_switch().remove_bridge("br1"));
  sw.settle();
  EXPECT_FALSE(is_told);
  EXPECT_TRUE(sw.bridge().may_change());
  sw.add_flow("in_port=p1,actions=drop");
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
}

TEST(BundleStory, AFlushWaitsForABundle) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});
  sw.bridge().set_has_controllers(true);
  const auto outcome = commit(sw, many_flows());
  ASSERT_FALSE(outcome->is_done);
  sw.bridge().set_has_controllers(false);
  sw.settle();
  EXPECT_TRUE(outcome->is_done);
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1)) << "the default flow";
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

}  // namespace
}  // namespace weft
