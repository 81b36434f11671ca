// What 1.4 and 1.5 say otherwise than 1.3, and what the three have beyond one another: every struct goes out and comes
// back in each version that has it. (Bytes recorded from stock tools: text/message_corpus.txt.)
#include <gtest/gtest.h>

#include "lib/openflow/codec.h"
#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using testing::be16;
using testing::be32;
using testing::hex;
using testing::zeros;
using testing::operator+;

constexpr Version all_three[] = {Version::v1_3, Version::v1_4, Version::v1_5};
constexpr Version later[] = {Version::v1_4, Version::v1_5};
constexpr Version only_15[] = {Version::v1_5};

template <class T>
void expect_round_trip(std::span<const Version> versions, const T& body, Form form = Form::standard) {
  for (const Version version : versions) {
    const Envelope envelope{version, 5, false, body, form};
    const auto again = decode(version, encode(envelope));
    ASSERT_TRUE(again.has_value()) << message_name(Message(body)) << ": " << to_string(again.error());
    EXPECT_EQ(*again, envelope) << message_name(Message(body)) << " " << to_string(version);
  }
}

// The name of the refusal of these bytes behind a header of `version` and `type`; "" when they decode.
std::string refusal_of(Version version, uint8_t type, const Bytes& body) {
  Bytes bytes = testing::message(type, body);
  bytes[0] = static_cast<uint8_t>(version);
  const auto decoded = decode(version, bytes);
  return decoded ? "" : decoded.error().name();
}

CarriedMessage carried(Version version, const Message& message) {
  return {std::make_shared<const Envelope>(Envelope{version, 5, false, message, Form::standard})};
}

FlowMod some_flow() {
  FlowMod mod;
  mod.cookie = 7;
  mod.match.set(FieldId::eth_type, 0x0800);
  mod.instructions.apply = ActionList{OutputAction{OfPort{2}}};
  return mod;
}

TEST(Codec15, WhatASwitchTellsOfItselfComesBack) {
  expect_round_trip(all_three, GetAsyncRequest{});
  expect_round_trip(later, RoleStatus{Role::secondary, RoleStatusReason::config, 9});
  expect_round_trip({&all_three[0], 1}, RoleStatus{Role::secondary, RoleStatusReason::config, 9}, Form::onf);
  expect_round_trip(
      later, TableStatus{TableStatusReason::vacancy_up, {3, table_config::vacancy_events, {}, Vacancy{10, 20, 30}}});
  const ControllerStatus controller{
      2, Role::primary, ControllerStatusReason::role, ChannelStatus::down, {"tcp:10.0.0.1:6653", "tls:[::1]:1"}};
  expect_round_trip(only_15, controller);
  expect_round_trip(only_15, ControllerStatusReply{{controller, ControllerStatus{}}});
  expect_round_trip(only_15, ControllerStatusRequest{});
  expect_round_trip(only_15, RoleRequest{Role::primary, 5, 77});
  expect_round_trip(only_15, RoleReply{Role::primary, 5, 77});
}

TEST(Codec15, AsynchronousConfigurationComesBackAsFarAsTheVersionKnowsIt) {
  AsyncConfig known;
  SetAsync change;
  for (size_t kind = 0; kind < 3; ++kind) {
    known.primary[kind] = change.primary[kind].emplace(7);
    known.secondary[kind] = change.secondary[kind].emplace(1);
  }
  expect_round_trip(all_three, GetAsyncReply{known});
  expect_round_trip(all_three, change);
  known.primary[4] = 0x18;
  expect_round_trip(later, GetAsyncReply{known});
  known.secondary[7] = 0x7f;
  expect_round_trip(only_15, GetAsyncReply{known});
  SetAsync one;
  one.secondary[static_cast<size_t>(AsyncKind::request_forward)] = 3;
  expect_round_trip(later, one);
}

// It told and kept the reasons of later versions.
TEST(Codec15, In13OnlyItsOwnReasonsAreAskedFor) {
  AsyncConfig config;
  config.primary = {0x3b, 0x07, 0x3f};
  config.secondary = {0x3f, 0x07, 0x3f};
  const auto shown = decode(Version::v1_3, encode(Version::v1_3, 7, GetAsyncReply{config}));
  ASSERT_TRUE(shown);
  config.primary = {0x03, 0x07, 0x0f};
  config.secondary = {0x07, 0x07, 0x0f};
  EXPECT_EQ(std::get<GetAsyncReply>(shown->message).config, config);
  constexpr uint8_t set_async = 28;
  Bytes all;
  for (int i = 0; i < 6; ++i) {
    all = all + be32(0xffffffff);
  }
  EXPECT_EQ(refusal_of(Version::v1_3, set_async, all), "");
}

TEST(Codec15, AnUnknownReasonOrKindIsRefused) {
  constexpr uint8_t set_async = 28;
  EXPECT_EQ(refusal_of(Version::v1_4, set_async, be16(1) + be16(8) + be32(0x40)), "OFPACFC_INVALID");
  EXPECT_EQ(refusal_of(Version::v1_4, set_async, be16(12) + be16(8) + be32(1)), "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(12) + be16(8) + be32(1)), "");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(0xfffe) + be16(8) + be32(1)), "OFPBPC_BAD_EXPERIMENTER");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(1) + be16(8) + be32(1) + be16(1) + be16(8) + be32(1)),
            "OFPBPC_DUP_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(1) + be16(16) + be32(1)), "OFPBPC_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(1) + be16(3) + be32(1)), "OFPBPC_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_5, set_async, be16(1)), "OFPBPC_BAD_LEN");
}

TEST(Codec15, ABundleComesBack) {
  for (const auto type : {BundleControlType::open_request, BundleControlType::discard_reply}) {
    expect_round_trip(later, BundleControl{7, type, 3, {}});
    expect_round_trip({&all_three[0], 1}, BundleControl{7, type, 3, {}}, Form::onf);
  }
  expect_round_trip(only_15, BundleControl{7, BundleControlType::commit_request, 4, BundleTime{100, 5}});
  for (const Version version : all_three) {
    const Form form = version == Version::v1_3 ? Form::onf : Form::standard;
    expect_round_trip({&version, 1}, BundleAdd{7, 3, carried(version, some_flow())}, form);
    expect_round_trip({&version, 1}, BundleAdd{7, 3, carried(version, PortMod{})}, form);
    expect_round_trip({&version, 1}, RequestForward{carried(version, MeterMod{MeterModCommand::remove, 0, 5, {}})},
                      form);
  }
  expect_round_trip(only_15, BundleFeaturesRequest{3});
  expect_round_trip(only_15, BundleFeaturesReply{bundle_flag::atomic});
}

TEST(Codec15, TheBytesOfACarriedMessageAreFound) {
  for (const Version version : all_three) {
    const Message flow = some_flow();
    const Bytes alone = encode(version, 5, flow);
    const auto found = [&](const Message& around) {
      const Bytes bytes = encode(version, 5, around);
      const auto inside = carried_bytes(bytes);
      return Bytes(inside.begin(), inside.end());
    };
    EXPECT_EQ(found(BundleAdd{1, 0, carried(version, flow)}), alone);
    const Message group = GroupMod{GroupModCommand::remove, GroupType::all, 5, bucket_position::all, {}, {}};
    EXPECT_EQ(found(RequestForward{carried(version, group)}), encode(version, 5, group));
    EXPECT_EQ(found(flow), Bytes());
  }
}

TEST(Codec15, ABundleRefusesWhatItCannotHold) {
  constexpr uint8_t bundle_add = 34;
  const Bytes head = be32(7) + zeros(2) + be16(3);
  const auto inside = [](uint8_t type, uint32_t xid, const Bytes& body) {
    Bytes bytes = testing::message(type, body, xid);
    bytes[0] = 5;
    return bytes;
  };
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + inside(20, 7, {})), "OFPBFC_MSG_UNSUP");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + inside(34, 7, head + inside(20, 7, {}))), "OFPBFC_MSG_UNSUP");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + be32(0x050e0009) + be32(7)), "OFPBFC_MSG_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + be32(0x050e0007) + be32(7)), "OFPBFC_MSG_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head), "OFPBFC_MSG_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + testing::message(17, zeros(8), 7)), "OFPBRC_BAD_VERSION");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + inside(17, 8, zeros(8))), "OFPBFC_MSG_BAD_XID");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + inside(17, 7, zeros(8))), "");
  EXPECT_EQ(refusal_of(Version::v1_4, bundle_add, head + inside(17, 7, zeros(8)) + hex("0001 0008 00000000")),
            "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, 33, be32(7) + be16(8) + be16(0)), "OFPBFC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, 33, be32(7) + be32(0) + be16(1) + be16(24) + zeros(20)), "OFPBPC_BAD_TYPE");
}

TEST(Codec15, PortsAndQueuesComeBack) {
  PortDesc optical{OfPort{1}, {}, "p1", 1, 4, 0x40, 0, 0, 0, 10, 20, OpticalPort{1, 2, 3, 4, 5, 6, 7, 8, 9}};
  expect_round_trip(later, PortDescReply{{optical, PortDesc{OfPort{2}, {}, "p2"}}});
  expect_round_trip(later, PortStatus{PortStatusReason::removed, optical});
  expect_round_trip(all_three, PortMod{of_port::local, {}, 1, 1, 0x40});
  expect_round_trip(later, PortMod{of_port::local, {}, 1, 1, 0, OpticalPortConfig{1, 2, 3, 4, 5}});
  PortStats stats{OfPort{1}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, {13, 14}};
  expect_round_trip(all_three, PortStatsReply{{stats, stats}});
  stats.optical = OpticalPortStats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  expect_round_trip(later, PortStatsReply{{stats}});
  expect_round_trip(only_15, PortDescRequest{OfPort{3}});
  expect_round_trip(all_three, QueueStatsReply{{QueueStats{OfPort{1}, 2, 3, 4, 5, {6, 7}}, QueueStats{}}});
  expect_round_trip(later, QueueDescRequest{OfPort{1}, 2});
  expect_round_trip({&all_three[0], 1}, QueueDescRequest{OfPort{1}, all_queues});
  expect_round_trip({&all_three[0], 1}, QueueDescReply{OfPort{1}, {{OfPort{1}, 0, 100, {}}, {OfPort{1}, 1, {}, 500}}});
  expect_round_trip(later, QueueDescReply{of_port::any, {{OfPort{1}, 0, 100, {}}, {OfPort{1}, 1, {}, 500}}});
}

TEST(Codec15, APropertyThatAPortDoesNotHaveIsRefused) {
  constexpr uint8_t port_mod = 16;
  const Bytes head = be32(1) + zeros(4) + zeros(8) + zeros(8);
  EXPECT_EQ(refusal_of(Version::v1_4, port_mod, head), "");
  EXPECT_EQ(refusal_of(Version::v1_4, port_mod, head + be16(2) + be16(8) + zeros(4)), "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, port_mod, head + be16(0) + be16(12) + zeros(12)), "OFPBPC_BAD_LEN");
  EXPECT_EQ(refusal_of(Version::v1_4, port_mod, head + be16(0xffff) + be16(12) + zeros(12)), "OFPBPC_BAD_EXPERIMENTER");
}

TEST(Codec15, TablesComeBack) {
  expect_round_trip(later, TableMod{5, table_config::eviction, eviction_flag::importance, Vacancy{10, 20, 0}});
  expect_round_trip(later, TableDescReply{{TableDesc{1, 0, {}, {}}, TableDesc{2, 12, 7, Vacancy{1, 2, 3}}}});
  expect_round_trip(later, TableDescRequest{});
  TableFeatures features;
  features.table_id = 4;
  features.capabilities = table_config::eviction;
  features.max_entries = 5;
  features.hit.apply_set_field.set(static_cast<size_t>(FieldId::ip_ecn));
  features.synchronised_from.set(9);
  expect_round_trip(later, TableFeaturesReply{{features}});
  features.command = TableFeaturesCommand::disable;
  features.features = table_feature::egress_table;
  features.miss.apply_copy_field.set(static_cast<size_t>(FieldId::ip_ecn));
  expect_round_trip(only_15, TableFeaturesRequest{{features}});
}

TEST(Codec15, AVacancyTheWrongWayRoundIsRefused) {
  constexpr uint8_t table_mod = 17;
  const Bytes head = hex("05 000000 00000008");
  EXPECT_EQ(refusal_of(Version::v1_4, table_mod, head + hex("0003 0008 14 50 00 00")), "");
  EXPECT_EQ(refusal_of(Version::v1_4, table_mod, head + hex("0003 0008 50 14 00 00")), "OFPBPC_BAD_VALUE");
  EXPECT_EQ(refusal_of(Version::v1_4, table_mod, head + hex("0003 0008 14 65 00 00")), "OFPBPC_BAD_VALUE");
  EXPECT_EQ(refusal_of(Version::v1_4, table_mod, head + hex("0001 0008 14 50 00 00")), "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_3, table_mod, head + hex("0003 0008 14 50 00 00")), "OFPBRC_BAD_LEN");
}

TEST(Codec15, FlowsComeBack) {
  FlowMod mod = some_flow();
  mod.importance = 9;
  expect_round_trip(later, mod);
  FlowStats stats;
  stats.importance = 3;
  stats.packet_count = 5;
  stats.byte_count = 6;
  stats.duration = {7, 8};
  stats.match = mod.match;
  stats.instructions = mod.instructions;
  expect_round_trip(later, FlowStatsReply{{stats, stats}});
  stats.idle_age = Duration{1, 2};
  expect_round_trip(only_15, FlowStatsReply{{stats}});
  FlowRemoved removed;
  removed.reason = FlowRemovedReason::eviction;
  removed.packet_count = 4;
  removed.duration = {1, 2};
  expect_round_trip(later, removed);
  FlowCounters counters;
  counters.priority = 5;
  counters.reason = FlowCountersReason::stat_trigger;
  counters.idle_age = Duration{1, 2};
  expect_round_trip(only_15, FlowCountersReply{{counters, FlowCounters{}}});
  expect_round_trip(only_15, FlowCountersRequest{});
  expect_round_trip(all_three, AggregateStatsReply{1, 2, 3});
}

TEST(Codec15, AReasonThatAnEarlierVersionLacksIsTheNearestThatItHas) {
  FlowRemoved evicted;
  evicted.reason = FlowRemovedReason::eviction;
  const auto removed = decode(Version::v1_3, encode(Version::v1_3, 1, evicted));
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(std::get<FlowRemoved>(removed->message).reason, FlowRemovedReason::removed);
  PacketIn packet;
  packet.reason = PacketInReason::group;
  packet.match.set(FieldId::in_port, 1);
  EXPECT_EQ(std::get<PacketIn>(decode(Version::v1_3, encode(Version::v1_3, 1, packet))->message).reason,
            PacketInReason::action);
  expect_round_trip(later, packet);
}

TEST(Codec15, APacketOutStartsWithPipelineFieldsAndNothingElse) {
  PacketOut message;
  message.in_port = OfPort{3};
  message.metadata.set(FieldId::metadata, 5);
  message.metadata.set(FieldId::reg0, 7);
  message.metadata.set(FieldId::tun_id, 9);
  message.data = {1, 2, 3};
  expect_round_trip(only_15, message);
  message.metadata = {};
  expect_round_trip(all_three, message);

  constexpr uint8_t packet_out = 13;
  const Bytes head = be32(0xffffffff) + be16(0) + be16(0);
  EXPECT_EQ(refusal_of(Version::v1_5, packet_out, head + testing::match({})), "OFPBRC_BAD_PORT");
  EXPECT_EQ(refusal_of(Version::v1_5, packet_out, head + testing::match(hex("80000004 00000001"))), "");
  EXPECT_EQ(refusal_of(Version::v1_5, packet_out, head + testing::match(hex("80000004 00000001 80000a02 0800"))),
            "OFPBRC_PIPELINE_FIELDS_ONLY");
}

TEST(Codec15, GroupsComeBack) {
  Bucket bucket;
  bucket.bucket_id = 4;
  bucket.weight = 5;
  bucket.actions = {OutputAction{OfPort{2}}};
  Bucket watched = bucket;
  watched.bucket_id = 0;
  watched.watch_port = OfPort{1};
  watched.watch_group = 6;
  GroupMod mod{GroupModCommand::insert_bucket, GroupType::select, 1, bucket_position::last, {bucket, watched}, {}};
  expect_round_trip(only_15, mod);
  expect_round_trip(only_15, GroupDescReply{{GroupDesc{GroupType::select, 1, {bucket, watched}, {"dp_hash", 5, {}}}}});
  expect_round_trip(only_15, GroupDescRequest{3});
}

TEST(Codec15, BucketsAndGroupPropertiesAreChecked) {
  constexpr uint8_t group_mod = 15;
  const auto with = [](const Bytes& buckets, const Bytes& properties, unsigned command = 0,
                       uint32_t place = bucket_position::all) {
    return be16(command) + hex("01 00 00000001") + be16(static_cast<unsigned>(buckets.size())) + zeros(2) +
           be32(place) + buckets + properties;
  };
  const Bytes bucket = hex("0008 0000 00000001");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, {})), "");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, {}, 3, bucket_position::last)), "");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, {}, 4)), "OFPGMFC_BAD_COMMAND");
  EXPECT_EQ(refusal_of(Version::v1_4, group_mod, hex("0003 01 00 00000001")), "OFPGMFC_BAD_COMMAND");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket + bucket, {})), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(hex("0008 0000 ffffff01"), {})), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(hex("0007 0000 00000001"), {})), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(hex("0008 0008 00000001"), {})), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(hex("0010 0000 00000001 0003 0008 00000001"), {})),
            "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, hex("ffff 000c 00000001 00000001 00000000"))),
            "OFPBPC_BAD_EXPERIMENTER");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, hex("ffff 000c 0000154d 00000002 00000000"))),
            "OFPBPC_BAD_EXP_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_5, group_mod, with(bucket, hex("0001 0008 00000000"))), "OFPBPC_BAD_TYPE");
}

// It was not looked at where it means nothing.
TEST(Codec15, APlaceIsNamedWhereSingleBucketsAreChanged) {
  using namespace bucket_position;  // NOLINT(google-build-using-namespace)
  constexpr unsigned add = 0, modify = 1, remove = 2, insert_bucket = 3, remove_bucket = 5;
  const auto refusal = [](unsigned command, uint32_t place, const Bytes& buckets = {}) {
    return refusal_of(Version::v1_5, 15,
                      be16(command) + hex("00 00 00000001") + be16(static_cast<unsigned>(buckets.size())) + zeros(2) +
                          be32(place) + buckets);
  };
  for (const unsigned command : {add, modify, remove}) {
    EXPECT_EQ(refusal(command, all), "");
    for (const uint32_t place : {uint32_t{0}, uint32_t{5}, first, last, max + 1}) {
      EXPECT_EQ(refusal(command, place), "OFPGMFC_BAD_BUCKET") << command << ' ' << place;
    }
  }
  for (const uint32_t place : {uint32_t{5}, first, last}) {
    EXPECT_EQ(refusal(insert_bucket, place), "");
    EXPECT_EQ(refusal(remove_bucket, place), "");
  }
  EXPECT_EQ(refusal(insert_bucket, all), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal(insert_bucket, max + 1), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal(remove_bucket, all), "");
  EXPECT_EQ(refusal(remove_bucket, max + 1), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal(remove_bucket, 5, hex("0008 0000 00000001")), "OFPGMFC_BAD_BUCKET");
}

TEST(Codec15, FlowMonitorsComeBack) {
  FlowMonitor monitor;
  monitor.id = 3;
  monitor.flags = monitor_flag::initial | monitor_flag::add | monitor_flag::no_abbrev;
  monitor.table_id = 5;
  monitor.out_port = OfPort{2};
  monitor.match = some_flow().match;
  expect_round_trip({&all_three[0], 1}, FlowMonitorRequest{{monitor, monitor}}, Form::onf);
  monitor.out_group = 7;
  monitor.flags |= monitor_flag::only_own;
  monitor.command = FlowMonitorCommand::modify;
  expect_round_trip(later, FlowMonitorRequest{{monitor, monitor}});
  FlowMonitor cancelled;
  cancelled.command = FlowMonitorCommand::remove;
  cancelled.id = 3;
  expect_round_trip({&all_three[0], 1}, FlowMonitorRequest{{cancelled}}, Form::onf);
  expect_round_trip(later, FlowMonitorRequest{{cancelled}});

  FlowUpdate update;
  update.event = FlowUpdateEvent::removed;
  update.reason = FlowRemovedReason::hard_timeout;
  update.priority = 9;
  update.match = some_flow().match;
  update.instructions = some_flow().instructions;
  FlowUpdate short_one;
  short_one.event = FlowUpdateEvent::abbreviated;
  short_one.xid = 77;
  expect_round_trip({&all_three[0], 1}, FlowMonitorReply{{update, short_one}}, Form::onf);
  FlowUpdate paused;
  paused.event = FlowUpdateEvent::paused;
  expect_round_trip({&all_three[0], 1}, FlowMonitorReply{{paused}}, Form::onf);
  update.event = FlowUpdateEvent::initial;
  expect_round_trip(later, FlowMonitorReply{{update, short_one, paused}});
}

TEST(Codec15, AMonitorWithUnknownFlagsOrCommandIsRefused) {
  const auto request = [](unsigned flags, uint8_t command) {
    return hex("0010 0000 00000000 00000001 ffffffff ffffffff") + be16(flags) + Bytes{0xff, command} +
           testing::match({});
  };
  EXPECT_EQ(refusal_of(Version::v1_4, 18, request(0x7f, 0)), "");
  EXPECT_EQ(refusal_of(Version::v1_4, 18, request(0x80, 0)), "OFPMOFC_BAD_FLAGS");
  EXPECT_EQ(refusal_of(Version::v1_4, 18, request(1, 3)), "OFPMOFC_BAD_COMMAND");
  EXPECT_EQ(refusal_of(Version::v1_3, 18, request(1, 0)), "OFPBRC_BAD_MULTIPART");
}

// A reply with the last eight bytes of 1.5's structure is refused by stock tools, which is why they may be missing.
TEST(Codec15, MeterFeaturesAreReadWithAndWithoutTheirLastWords) {
  MeterFeaturesReply reply{1, 2, 3, 4, 5};
  expect_round_trip(all_three, reply);
  EXPECT_EQ(encode(Version::v1_5, 1, reply).size(), 32U);
  reply.features = meter_feature::action_set;
  expect_round_trip(only_15, reply);
}

TEST(Codec15, AMessageThatAVersionLacksIsNeitherReadNorWritten) {
  EXPECT_FALSE(try_encode(Version::v1_3, 1, TableDescRequest{}).has_value());
  EXPECT_FALSE(try_encode(Version::v1_4, 1, FlowCountersRequest{}).has_value());
  EXPECT_TRUE(try_encode(Version::v1_5, 1, FlowCountersRequest{}).has_value());
  EXPECT_EQ(refusal_of(Version::v1_3, 33, be32(7) + be32(0)), "OFPBRC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, 22, be32(7) + be32(0)), "OFPBRC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, 35, zeros(16)), "OFPBRC_BAD_TYPE");
  EXPECT_EQ(refusal_of(Version::v1_4, 18, hex("0011 0000 00000000")), "OFPBRC_BAD_MULTIPART");
}

// 1.3 has other numbers for what 1.4 brought: the ONF's, and those of its table features.
TEST(Codec15, ErrorsHaveTheNumbersOfTheirVersion) {
  const auto written = [](Version version, ErrorCode code) {
    const Bytes bytes = error_reply(version, OpenFlowError(code), {});
    return Bytes(bytes.begin() + 8, bytes.end());
  };
  EXPECT_EQ(written(Version::v1_4, ErrorCode::ofpbfc_bad_id), hex("0011 0002"));
  EXPECT_EQ(written(Version::v1_3, ErrorCode::ofpbfc_bad_id), hex("ffff 08fe 4f4e4600"));
  EXPECT_EQ(written(Version::v1_5, ErrorCode::ofpmofc_bad_flags), hex("0010 0005"));
  EXPECT_EQ(written(Version::v1_5, ErrorCode::ofpbic_dup_inst), hex("0003 0009"));
  EXPECT_EQ(written(Version::v1_3, ErrorCode::ofpbic_dup_inst), hex("ffff 0a28 4f4e4600"));
  EXPECT_EQ(written(Version::v1_3, ErrorCode::ofpbpc_bad_value), hex("000d 0004"));
  // A peer that says it with 1.4's number is understood: what was read once is written and read as the same.
  const auto early = decode(Version::v1_3, hex("0401 000c 00000005 000e 0002"));
  ASSERT_TRUE(early.has_value());
  EXPECT_EQ(std::get<Error>(early->message).error, OpenFlowError(ErrorCode::ofptffc_bad_argument));
  for (const Version version : all_three) {
    expect_round_trip({&version, 1}, Error{ErrorCode::ofpbfc_msg_failed, {1, 2}});
    expect_round_trip({&version, 1}, Error{ErrorCode::ofpbic_dup_inst, {}});
    expect_round_trip({&version, 1}, Error{OpenFlowError(0xffff, 5, 0x2320), {}});
  }
}

TEST(Codec15, AMultipartOfAnExperimenterComesBack) {
  expect_round_trip(all_three, ExperimenterMultipartRequest{0x1234, 5, {1, 2}});
  expect_round_trip(all_three, ExperimenterMultipartReply{0x1234, 5, {}});
}

}  // namespace
}  // namespace weft::openflow
