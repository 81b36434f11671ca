// What each request leads to, without sockets: a session that keeps what it is told to send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/message/message_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(MessageTest, FeaturesNameTheDatapath) {
  const auto reply = reply_to<FeaturesReply>(FeaturesRequest{});
  EXPECT_EQ(reply.datapath_id, 0x1234u);
  EXPECT_EQ(reply.buffer_count, 0u);
  EXPECT_EQ(reply.table_count, 254);
}

// The bits were there and nobody claimed them.
TEST_F(MessageTest, FeaturesClaimWhatTheVersionHasAWordFor) {
  constexpr uint32_t of_14 = capability::bundles | capability::flow_monitoring;
  for (const auto& [version, expected] :
       {std::pair(Version::v1_0, 0U), {Version::v1_3, 0U}, {Version::v1_4, of_14}, {Version::v1_5, of_14}}) {
    session->speaks = version;
    session->finished = 0;
    const auto claimed = reply_to<FeaturesReply>(FeaturesRequest{}).capabilities;
    EXPECT_EQ(claimed & of_14, expected) << to_string(version);
    EXPECT_NE(claimed & capability::queue_stats, 0U);
  }
}

// They were an unknown multipart type.
TEST_F(MessageTest, BundlesAreAtomicAndOrderedAndNeverScheduled) {
  session->speaks = Version::v1_5;
  EXPECT_EQ(reply_to<BundleFeaturesReply>(BundleFeaturesRequest{}).capabilities,
            bundle_flag::atomic | bundle_flag::ordered);
  session->finished = 0;
  reply_to<BundleFeaturesReply>(BundleFeaturesRequest{bundle_feature_flag::timestamp});
  session->finished = 0;
  EXPECT_EQ(refusal_of(BundleFeaturesRequest{bundle_feature_flag::time_set_sched}),
            OpenFlowError(ErrorCode::ofpbrc_multipart_bad_sched));
}

TEST_F(MessageTest, ConfigIsKeptPerSession) {
  EXPECT_EQ(reply_to<GetConfigReply>(GetConfigRequest{}).config.miss_send_len, 128);
  SetConfig change;
  change.config.miss_send_len = 0xffff;
  request(change);
  request(GetConfigRequest{});
  const auto answers = session->answers();
  ASSERT_EQ(answers.size(), 1u) << "set-config is not answered";
  EXPECT_EQ(std::get<GetConfigReply>(answers[0].message).config.miss_send_len, 0xffff);
}

TEST_F(MessageTest, FragmentsAreTheBridgesAndNoSecondarysToSet) {
  SetConfig change;
  change.config.fragments = FragmentHandling::drop;
  request(change);
  EXPECT_EQ(bridge.fragments(), FragmentHandling::drop);
  session->finished = 0;
  bridge.set_fragments(FragmentHandling::nx_match);
  EXPECT_EQ(reply_to<GetConfigReply>(GetConfigRequest{}).config.fragments, FragmentHandling::nx_match);
  session->the_role = Role::secondary;
  request(change);
  EXPECT_EQ(bridge.fragments(), FragmentHandling::nx_match);
}

TEST_F(MessageTest, FragmentsAreNotReassembled) {
  SetConfig change;
  change.config.fragments = FragmentHandling::reassemble;
  EXPECT_EQ(refusal_of(change), OpenFlowError(ErrorCode::ofpscfc_bad_flags));
}

TEST_F(MessageTest, ChangesAreNotAnsweredUnlessRefused) {
  request(flow_with_cookie(5));
  EXPECT_TRUE(session->answers().empty());
  EXPECT_EQ(session->finished, 1);
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 5"));
}

TEST_F(MessageTest, ARefusalCarriesTheRequest) {
  bridge.refusal = OpenFlowError(ErrorCode::ofpfmfc_table_full);
  const Message flow = flow_with_cookie(5);
  const auto error = reply_to<Error>(flow);
  EXPECT_EQ(error.error, OpenFlowError(ErrorCode::ofpfmfc_table_full));
  EXPECT_EQ(error.data, encode(Version::v1_3, 7, flow));
}

TEST_F(MessageTest, ABarrierIsAnsweredByTheBridge) {
  request(BarrierRequest{});
  EXPECT_TRUE(session->answers().empty());
  EXPECT_EQ(session->finished, 0);
  bridge.answer_barrier();
  EXPECT_EQ(session->answers().size(), 1u);
  EXPECT_EQ(session->finished, 1);
}

TEST_F(MessageTest, StatisticsWaitUntilCountersAreIn) {
  bridge.collects_at_once = false;
  for (const Message& message :
       {Message(FlowStatsRequest{}), Message(AggregateStatsRequest{}), Message(TableStatsRequest{}),
        Message(PortStatsRequest{.port = OfPort{1}}), Message(GroupStatsRequest{})}) {
    request(message);
    EXPECT_TRUE(session->answers().empty()) << message_name(message);
    bridge.answer_collect();
    EXPECT_EQ(session->answers().size(), 1u) << message_name(message);
  }
  EXPECT_EQ(session->finished, 5);
}

TEST_F(MessageTest, ADumpLeavesInPartsAsThePeerTakesThem) {
  for (uint64_t cookie = 0; cookie < 2000; ++cookie) {
    FlowStats flow;
    flow.cookie = cookie;
    bridge.flows.push_back(flow);
  }
  request(FlowStatsRequest{});
  EXPECT_EQ(session->finished, 0);
  EXPECT_EQ(session->tasks.size(), 1u) << "one slice at a time";
  std::vector<uint64_t> cookies;
  const auto answers = session->answers();
  EXPECT_GT(answers.size(), 1u);
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.more, &answer != &answers.back());
    for (const auto& flow : std::get<FlowStatsReply>(answer.message).entries) {
      cookies.push_back(flow.cookie);
    }
  }
  ASSERT_EQ(cookies.size(), 2000u);
  EXPECT_TRUE(std::ranges::is_sorted(cookies));
  EXPECT_EQ(session->finished, 1);
}

TEST_F(MessageTest, TheCountersOfFlowsAreListedWithoutWhatTheyDo) {
  session->speaks = Version::v1_5;
  FlowStats flow;
  flow.table_id = 3;
  flow.priority = 9;
  flow.packet_count = 5;
  flow.byte_count = 300;
  flow.instructions.apply = ActionList{OutputAction{OfPort{1}}};
  bridge.flows.push_back(flow);
  const auto counters = reply_to<FlowCountersReply>(FlowCountersRequest{}).entries;
  ASSERT_EQ(counters.size(), 1u);
  EXPECT_EQ(counters[0].table_id, 3);
  EXPECT_EQ(counters[0].priority, 9);
  EXPECT_EQ(counters[0].packet_count, 5u);
  EXPECT_EQ(counters[0].byte_count, 300u);
}

// 200,000 flows were added up in one handler.
TEST_F(MessageTest, AnAggregateIsAddedUpInSlices) {
  bridge.flows.resize(250);
  request(AggregateStatsRequest{});
  EXPECT_TRUE(session->sent.empty());
  EXPECT_EQ(session->tasks.size(), 1u);
  const auto answers = session->answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<AggregateStatsReply>(answers[0].message).flow_count, 250u);
  EXPECT_EQ(session->finished, 1);
}

// To look for its flows among 200,000 was one handler.
TEST_F(MessageTest, ARemovalIsFinishedWhenItsFlowsAreRemoved) {
  FlowMod removal = flow_with_cookie(3);
  removal.command = FlowModCommand::remove;
  bridge.is_changing = true;
  request(removal);
  EXPECT_TRUE(bridge.asked.empty());
  EXPECT_EQ(session->finished, 0) << "what comes behind waits";
  bridge.take_turn();
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 3"));
  EXPECT_EQ(session->finished, 1);
  EXPECT_TRUE(session->answers().empty());

  session->finished = 0;
  bridge.is_changing = false;
  bridge.refusal = ErrorCode::ofpbac_bad_out_group;
  EXPECT_EQ(refusal_of(removal), OpenFlowError(ErrorCode::ofpbac_bad_out_group));
}

TEST_F(MessageTest, AChangeWaitsForTheBundleBeforeIt) {
  bridge.is_changing = true;
  request(flow_with_cookie(4));
  EXPECT_TRUE(bridge.asked.empty());
  EXPECT_EQ(session->finished, 0);
  bridge.refusal = ErrorCode::ofpfmfc_table_full;
  bridge.take_turn();
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 4"));
  EXPECT_EQ(session->finished, 1);
  const auto answers = session->answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<Error>(answers[0].message).error, OpenFlowError(ErrorCode::ofpfmfc_table_full));
}

GroupDesc group(uint32_t number, size_t bucket_count) {
  GroupDesc desc;
  desc.group_id = number;
  desc.buckets.resize(bucket_count);
  return desc;
}

// They were built whole, 12 MB for each request.
TEST_F(MessageTest, GroupsLeaveInPartsAsThePeerTakesThem) {
  for (uint32_t number = 1; number <= 400; ++number) {
    bridge.groups[number] = group(number, 1000);
  }
  for (const Message& message : {Message(GroupDescRequest{}), Message(GroupStatsRequest{})}) {
    session->finished = 0;
    request(message);
    EXPECT_EQ(session->finished, 0);
    EXPECT_EQ(session->tasks.size(), 1u);
    EXPECT_LE(session->sent.size(), 1u) << "one message a slice";
    const auto answers = session->answers();
    EXPECT_GE(answers.size(), 100u);
    for (const auto& answer : answers) {
      EXPECT_EQ(answer.more, &answer != &answers.back());
    }
    EXPECT_EQ(session->finished, 1);
  }
}

TEST_F(MessageTest, AGroupThatGoesWhileTheyAreListedIsLeftOut) {
  for (uint32_t number = 1; number <= 10; ++number) {
    bridge.groups[number] = group(number, 4000);
  }
  request(GroupDescRequest{});
  bridge.groups.erase(10);
  std::vector<uint32_t> numbers;
  for (const auto& answer : session->answers()) {
    for (const auto& group : std::get<GroupDescReply>(answer.message).entries) {
      numbers.push_back(group.group_id);
    }
  }
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

// Before 1.4 there is nothing that a table-mod could set.
TEST_F(MessageTest, ATableModOf13IsCheckedAndChangesNothing) {
  request(TableMod{.table_id = 3, .config = 3});
  EXPECT_TRUE(session->answers().empty());
  EXPECT_TRUE(bridge.asked.empty());
  session->finished = 0;
  EXPECT_EQ(refusal_of(TableMod{.table_id = 3, .config = 4}), OpenFlowError(ErrorCode::ofptmfc_bad_config));
  session->finished = 0;
  EXPECT_EQ(refusal_of(TableMod{.table_id = 254}), OpenFlowError(ErrorCode::ofptmfc_bad_table));
}

TEST_F(MessageTest, ListsWhatIsThere) {
  EXPECT_EQ(reply_to<PortDescReply>(PortDescRequest{}).entries.at(0).name, "p1");
  session->finished = 0;
  EXPECT_EQ(reply_to<DescReply>(DescRequest{}).manufacturer, "weft");
  session->finished = 0;
  EXPECT_TRUE(reply_to<GroupDescReply>(GroupDescRequest{}).entries.empty());
  session->finished = 0;
  EXPECT_EQ(reply_to<PortStatsReply>(PortStatsRequest{.port = of_port::any}).entries.at(0).port, OfPort{1});
  session->finished = 0;
  reply_to<GroupFeaturesReply>(GroupFeaturesRequest{});
}

TEST_F(MessageTest, RolesAreTheSessionsToDecide) {
  const auto reply = reply_to<RoleReply>(RoleRequest{.role = Role::primary, .generation_id = 9});
  EXPECT_EQ(reply, (RoleReply{.role = Role::primary, .generation_id = 9}));
  session->finished = 0;
  EXPECT_EQ(refusal_of(RoleRequest{.role = Role::primary, .generation_id = 1}),
            OpenFlowError(ErrorCode::ofprrfc_stale));
}

TEST_F(MessageTest, OthersHearOfGroupsThatHaveChanged) {
  GroupMod group;
  group.group_id = 7;
  request(group);
  EXPECT_THAT(session->forwarded, ElementsAre("OFPT_GROUP_MOD"));
  bridge.refusal = OpenFlowError(ErrorCode::ofpgmfc_group_exists);
  request(group);
  request(flow_with_cookie(1));
  EXPECT_EQ(session->forwarded.size(), 1u) << "only of what has been carried out";
}

// What was not done at once was not told.
TEST_F(MessageTest, OthersHearOfGroupsThatChangeLaterToo) {
  GroupMod removal;
  removal.command = GroupModCommand::remove;
  request(removal);
  EXPECT_EQ(session->forwarded.size(), 1u);
  bridge.is_changing = true;
  request(removal);
  request(GroupMod{.group_id = 7});
  EXPECT_EQ(session->forwarded.size(), 1u) << "not before it is done";
  bridge.take_turn();
  bridge.take_turn();
  EXPECT_EQ(session->forwarded.size(), 3u);
  bridge.refusal = OpenFlowError(ErrorCode::ofpgmfc_chained_group);
  bridge.is_changing = false;
  request(removal);
  EXPECT_EQ(session->forwarded.size(), 3u);
}

TEST_F(MessageTest, OthersHearOfTheGroupsOfABundleWhenItIsCommitted) {
  session->speaks = Version::v1_4;
  const auto add = [&](uint32_t bundle, const Message& message) {
    const auto envelope = std::make_shared<const Envelope>(Envelope{.version = Version::v1_4, .message = message});
    request(BundleAdd{.bundle_id = bundle, .message = {envelope}});
  };
  for (const uint32_t bundle : {1U, 2U}) {
    add(bundle, GroupMod{.group_id = 7});
    add(bundle, flow_with_cookie(5));
    add(bundle, GroupMod{.group_id = 8});
  }
  EXPECT_THAT(session->forwarded, IsEmpty());
  request(BundleControl{.bundle_id = 1, .type = BundleControlType::commit_request});
  EXPECT_THAT(session->forwarded, ElementsAre("OFPT_GROUP_MOD", "OFPT_GROUP_MOD"));
  bridge.refusal = OpenFlowError(ErrorCode::ofpgmfc_group_exists);
  request(BundleControl{.bundle_id = 2, .type = BundleControlType::commit_request});
  EXPECT_EQ(session->forwarded.size(), 2u);
}

TEST_F(MessageTest, ASecondaryLooksAndDoesNotTouch) {
  session->the_role = Role::secondary;
  for (const Message& change : {Message(flow_with_cookie(1)), Message(GroupMod{}), Message(PacketOut{})}) {
    session->finished = 0;
    EXPECT_EQ(refusal_of(change), OpenFlowError(ErrorCode::ofpbrc_is_secondary)) << message_name(change);
  }
  TableFeaturesRequest change;
  change.entries.emplace_back();
  EXPECT_TRUE(changes_switch(change));
  EXPECT_FALSE(changes_switch(TableFeaturesRequest{}));
  EXPECT_TRUE(changes_switch(BundleControl{}));
  EXPECT_TRUE(changes_switch(MeterMod{}));
  EXPECT_FALSE(changes_switch(SetConfig{}));
  EXPECT_THAT(bridge.asked, IsEmpty());
}

TEST_F(MessageTest, AsynchronousConfigurationIsChangedInPart) {
  session->async.primary.fill(1);
  session->async.secondary.fill(2);
  SetAsync change;
  change.primary[0] = 4;
  change.primary[2] = 5;
  change.secondary[1] = 6;
  handle(session, {.xid = 7, .message = change}, Bytes(8));
  EXPECT_EQ(session->changes, 1);
  EXPECT_EQ(session->finished, 1);
  EXPECT_EQ(session->async.primary, (std::array<uint32_t, async_kind_count>{4, 1, 5, 1, 1, 1, 1, 1}));
  EXPECT_EQ(session->async.secondary, (std::array<uint32_t, async_kind_count>{2, 6, 2, 2, 2, 2, 2, 2}));
}

TEST_F(MessageTest, PortStatisticsOfNoPort) {
  EXPECT_EQ(refusal_of(PortStatsRequest{.port = OfPort{9}}), OpenFlowError(ErrorCode::ofpbrc_bad_port));
}

TEST_F(MessageTest, AListOfNoQueuesIsEmpty) {
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    session->speaks = version;
    session->finished = 0;
    EXPECT_TRUE(reply_to<QueueStatsReply>(QueueStatsRequest{}).entries.empty());
    session->finished = 0;
    EXPECT_TRUE(reply_to<QueueDescReply>(QueueDescRequest{.port = OfPort{1}}).entries.empty());
  }
}

TEST_F(MessageTest, QueuesAreToldInEachVersion) {
  bridge.queues = {0, 3};
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    session->speaks = version;
    session->finished = 0;
    const auto stats = reply_to<QueueStatsReply>(QueueStatsRequest{.port = OfPort{1}}).entries;
    ASSERT_EQ(stats.size(), 2U) << to_string(version);
    EXPECT_EQ(stats[1].queue_id, 3U);
    EXPECT_EQ(stats[1].tx_packets, 5U);
    EXPECT_EQ(stats[1].duration.seconds, version == Version::v1_0 ? unknown_duration.seconds : 7U);
    session->finished = 0;
    EXPECT_EQ(reply_to<QueueStatsReply>(QueueStatsRequest{.queue_id = 3}).entries.size(), 1U) << "of any port";
    session->finished = 0;
    const auto desc = reply_to<QueueDescReply>(QueueDescRequest{.port = OfPort{1}}).entries;
    ASSERT_EQ(desc.size(), 2U);
    EXPECT_EQ(desc[0].queue_id, 0U);
    EXPECT_EQ(desc[1].queue_id, 3U);
    EXPECT_EQ(desc[1].min_rate, uint16_t{5});
    EXPECT_EQ(desc[1].max_rate, uint16_t{10});
  }
}

// One message of the earlier versions would have been longer than a message can be.
TEST_F(MessageTest, AMessageOfQueuesIsNotTooLong) {
  for (uint32_t id = 0; id < 5000; ++id) {
    bridge.queues.push_back(id);
  }
  for (const Version version : {Version::v1_0, Version::v1_3}) {
    session->speaks = version;
    session->finished = 0;
    EXPECT_EQ(reply_to<QueueDescReply>(QueueDescRequest{.port = OfPort{1}}).entries.size(), 1364U);
  }
}

TEST_F(MessageTest, QueuesThatAreNotThere) {
  bridge.queues = {0, 5};
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    session->speaks = version;
    session->finished = 0;
    EXPECT_EQ(refusal_of(QueueDescRequest{.port = OfPort{9}}), OpenFlowError(ErrorCode::ofpqofc_bad_port));
    session->finished = 0;
    EXPECT_EQ(refusal_of(QueueStatsRequest{.port = OfPort{9}}), OpenFlowError(ErrorCode::ofpqofc_bad_port));
    session->finished = 0;
    EXPECT_EQ(refusal_of(QueueStatsRequest{.port = OfPort{1}, .queue_id = 3}),
              OpenFlowError(ErrorCode::ofpqofc_bad_queue));
    session->finished = 0;
    EXPECT_EQ(refusal_of(QueueStatsRequest{.queue_id = 3}), OpenFlowError(ErrorCode::ofpqofc_bad_queue));
  }
}

TEST_F(MessageTest, OnePortIsDescribedWhereTheVersionCanAsk) {
  session->speaks = Version::v1_5;
  EXPECT_EQ(reply_to<PortDescReply>(PortDescRequest{.port = OfPort{1}}).entries.at(0).name, "p1");
  session->finished = 0;
  EXPECT_EQ(refusal_of(PortDescRequest{.port = OfPort{9}}), OpenFlowError(ErrorCode::ofpbrc_bad_port));
}

TEST_F(MessageTest, AnOpticalPropertyIsNoOrdinaryPorts) {
  session->speaks = Version::v1_4;
  PortMod mod{.port = OfPort{1}, .hw_addr = FakeBridge::port_mac};
  mod.optical = OpticalPortConfig{};
  EXPECT_EQ(refusal_of(mod), OpenFlowError(ErrorCode::ofpbpc_bad_type));
  EXPECT_TRUE(bridge.asked.empty());
}

// All of it used to be a bad type.
TEST_F(MessageTest, WhatIsNotServedIsRefusedAsTheSpecificationSays) {
  const std::pair<Message, ErrorCode> unserved[] = {
      {Experimenter{}, ErrorCode::ofpbrc_bad_experimenter},
      {BarrierReply{}, ErrorCode::ofpbrc_bad_type},
  };
  for (const auto& [message, code] : unserved) {
    session->finished = 0;
    EXPECT_EQ(refusal_of(message), OpenFlowError(code)) << message_name(message);
  }
}

// What 'ovs-ofctl mod-port SWITCH PORT no-stp' sends.
TEST_F(MessageTest, APortModOf10MaySpeakOfASpanningTree) {
  session->speaks = Version::v1_0;
  request(PortMod{.port = OfPort{1}, .hw_addr = FakeBridge::port_mac, .config = 0x2, .mask = 0xa});
  EXPECT_THAT(session->answers(), IsEmpty());
  session->finished = 0;
  session->speaks = Version::v1_3;
  EXPECT_EQ(refusal_of(PortMod{.port = OfPort{1}, .hw_addr = FakeBridge::port_mac, .config = 0x2, .mask = 0xa}),
            OpenFlowError(ErrorCode::ofppmfc_bad_config));
}

// It used to be a bad type.
TEST_F(MessageTest, AMultipartOfAnExperimenterIsRefusedByWhatIsKnown) {
  const auto error = [&](uint32_t experimenter) {
    session->finished = 0;
    return refusal_of(ExperimenterMultipartRequest{experimenter, 3, {}});
  };
  EXPECT_EQ(error(nicira_vendor_id), OpenFlowError(ErrorCode::ofpbrc_bad_exp_type));
  EXPECT_EQ(error(0x123456), OpenFlowError(ErrorCode::ofpbrc_bad_experimenter));
}

TEST_F(MessageTest, APortModNamesThePortByNumberAndAddress) {
  PortMod mod{.port = OfPort{1}, .hw_addr = FakeBridge::port_mac, .config = port_config::down, .mask = 0x21};
  request(mod);
  EXPECT_TRUE(session->answers().empty());
  EXPECT_THAT(bridge.asked, ElementsAre("port_mod 1 1/33"));

  session->finished = 0;
  mod.advertise = 1;
  EXPECT_EQ(refusal_of(mod), OpenFlowError(ErrorCode::ofppmfc_bad_advertise));
  session->finished = 0;
  mod.hw_addr = MacAddress();
  EXPECT_EQ(refusal_of(mod), OpenFlowError(ErrorCode::ofppmfc_bad_hw_addr));
  session->finished = 0;
  mod.port = OfPort{9};
  EXPECT_EQ(refusal_of(mod), OpenFlowError(ErrorCode::ofppmfc_bad_port));
  EXPECT_EQ(bridge.asked.size(), 1u);
}

TEST_F(MessageTest, AnswersAndErrorsNeedNoAnswer) {
  request(Error{});
  request(EchoReply{});
  EXPECT_TRUE(session->answers().empty());
  EXPECT_EQ(session->finished, 2);
}

// The callback used to reach through a session that had ended to a bridge that was gone.
TEST_F(MessageTest, WhatComesAfterTheEndGoesNowhere) {
  bridge.collects_at_once = false;
  request(AggregateStatsRequest{});
  request(FlowStatsRequest{});
  request(BarrierRequest{});
  session->is_alive = false;
  bridge.answer_collect();
  bridge.answer_collect();
  bridge.answer_barrier();
  EXPECT_TRUE(session->sent.empty());
  EXPECT_EQ(session->finished, 0);
}

// --- meters

TEST_F(MessageTest, MeterModIsTheBridgesToRefuse) {
  request(MeterMod{.meter = 3, .bands = {{.rate = 1}}});
  EXPECT_THAT(bridge.asked, ElementsAre("meter_mod 3"));
  bridge.refusal = OpenFlowError(ErrorCode::ofpmmfc_meter_exists);
  session->finished = 0;
  EXPECT_EQ(refusal_of(MeterMod{.meter = 3, .bands = {{.rate = 1}}}), OpenFlowError(ErrorCode::ofpmmfc_meter_exists));
}

TEST_F(MessageTest, MetersAreListedOrNamed) {
  bridge.meters = {3, 5};
  EXPECT_EQ(reply_to<MeterStatsReply>(MeterStatsRequest{}).entries.size(), 2u);
  EXPECT_THAT(bridge.asked, ElementsAre("collect"));
  session->finished = 0;
  const auto config = reply_to<MeterConfigReply>(MeterConfigRequest{.meter = 5});
  ASSERT_EQ(config.entries.size(), 1u);
  EXPECT_EQ(config.entries[0].bands.at(0).rate, 5u);
  for (const Message& unknown : {Message(MeterStatsRequest{.meter = 4}), Message(MeterConfigRequest{.meter = 4})}) {
    session->finished = 0;
    EXPECT_EQ(refusal_of(unknown), OpenFlowError(ErrorCode::ofpmmfc_unknown_meter));
  }
}

TEST_F(MessageTest, MeterFeaturesAreTheBridges) {
  EXPECT_EQ(reply_to<MeterFeaturesReply>(MeterFeaturesRequest{}).max_meters, 5u);
}

}  // namespace
}  // namespace weft::ofproto
