// Messages other than flow-mod: what is refused and how, what comes back as it was, and replies in parts.
#include "lib/openflow/codec.h"

#include <gtest/gtest.h>

#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using namespace testing;

template <class M>
void expect_round_trip(const M& body) {
  const Envelope envelope{Version::v1_3, 5, false, body};
  const auto again = decode(Version::v1_3, encode(envelope));
  ASSERT_TRUE(again.has_value()) << message_name(Message(body)) << ": " << to_string(again.error());
  EXPECT_EQ(*again, envelope) << message_name(Message(body));
}

TEST(Codec, HeaderIsChecked) {
  EXPECT_EQ(refusal(hex("0414 0009 00000001")), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal(hex("0414 0008 0000")), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal(hex("0114 0008 00000001")), "OFPBRC_BAD_VERSION");
  EXPECT_EQ(refusal(hex("04c8 0008 00000001")), "OFPBRC_BAD_TYPE");
  EXPECT_EQ(refusal(message(20, zeros(1))), "OFPBRC_BAD_LEN");  // barrier with a body
  EXPECT_EQ(refusal(message(26, {})), "");
  EXPECT_EQ(refusal(message(30, zeros(16))), "OFPBRC_BAD_TYPE");  // role-status: 1.4
}

TEST(Codec, MultipartHeaderIsChecked) {
  EXPECT_EQ(refusal(message(18, zeros(4))), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal(message(18, be16(99) + zeros(6))), "OFPBRC_BAD_MULTIPART");
  EXPECT_EQ(refusal(message(18, be16(0xffff) + zeros(14))), "");  // the switch refuses it
  EXPECT_EQ(refusal(message(18, be16(0) + zeros(7))), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal(message(18, be16(4) + zeros(6))), "OFPBRC_BAD_LEN");
}

TEST(Codec, WhatOnlyASwitchSendsIsKnownByItsType) {
  const auto types = [](Version version) {
    std::vector<int> types;
    for (int type = 0; type < 256; ++type) {
      const Bytes message{static_cast<uint8_t>(version), static_cast<uint8_t>(type), 0, 8, 0, 0, 0, 1};
      if (is_from_switch(version, message)) {
        types.push_back(type);
      }
    }
    return types;
  };
  EXPECT_EQ(types(Version::v1_0), (std::vector{6, 8, 10, 11, 12, 17, 19, 21}));
  EXPECT_EQ(types(Version::v1_3), (std::vector{6, 8, 10, 11, 12, 19, 21, 23, 25, 27, 30, 31, 32, 35}));

  const Bytes packet_in2 = message(4, be32(nicira_vendor_id) + be32(30));
  const Bytes resume = message(4, be32(nicira_vendor_id) + be32(28));
  EXPECT_TRUE(is_from_switch(Version::v1_3, packet_in2));
  EXPECT_FALSE(is_from_switch(Version::v1_3, resume));
}

TEST(Codec, PacketOut) {
  const auto packet_out = [](uint32_t in_port, unsigned actions_size, const Bytes& rest) {
    return message(13, be32(0xffffffff) + be32(in_port) + be16(actions_size) + zeros(6) + rest);
  };
  const Bytes to_table = action(0, be32(0xfffffff9) + zeros(8));
  EXPECT_EQ(refusal(packet_out(0xfffffffd, 16, to_table + zeros(60))), "");
  EXPECT_EQ(refusal(packet_out(0, 0, {})), "OFPBRC_BAD_PORT");
  EXPECT_EQ(refusal(packet_out(0xfffffffb, 0, {})), "OFPBRC_BAD_PORT");
  EXPECT_EQ(refusal(packet_out(0x10000, 0, {})), "OFPBRC_BAD_PORT");
  EXPECT_EQ(refusal(packet_out(1, 24, to_table)), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal(packet_out(1, 8, to_table)), "OFPBAC_BAD_LEN");
}

TEST(Codec, GroupMod) {
  const auto group_mod = [](unsigned command, uint8_t type, uint32_t id, const Bytes& buckets) {
    return message(15, be16(command) + Bytes{type, 0} + be32(id) + buckets);
  };
  const auto bucket = [](unsigned weight, uint32_t watch_port) {
    return be16(16) + be16(weight) + be32(watch_port) + be32(0xffffffff) + zeros(4);
  };
  const Bytes plain = bucket(0, 0xffffffff);
  EXPECT_EQ(refusal(group_mod(0, 0, 1, plain)), "");
  EXPECT_EQ(refusal(group_mod(2, 0, 0xfffffffc, {})), "");
  EXPECT_EQ(refusal(group_mod(0, 0, 1, be16(8) + zeros(14))), "OFPGMFC_BAD_BUCKET");
  EXPECT_EQ(refusal(group_mod(0, 0, 1, be16(32) + zeros(14))), "OFPBRC_BAD_LEN");
}

TEST(Codec, ConfigRoleAndMeter) {
  EXPECT_EQ(refusal(message(9, hex("0004 0080"))), "OFPSCFC_BAD_FLAGS");
  EXPECT_EQ(refusal(message(9, hex("0000 0080"))), "");
  EXPECT_EQ(refusal(message(24, be32(9) + zeros(12))), "OFPRRFC_BAD_ROLE");
  EXPECT_EQ(refusal(message(29, hex("0009 0001 00000001"))), "OFPMMFC_BAD_COMMAND");
  EXPECT_EQ(refusal(message(29, hex("0000 0003 00000001"))), "OFPMMFC_BAD_FLAGS");
  EXPECT_EQ(refusal(message(29, hex("0000 0001 00000000"))), "OFPMMFC_INVALID_METER");
  EXPECT_EQ(refusal(message(29, hex("0000 0001 00000001 0009 0010") + zeros(12))), "OFPMMFC_BAD_BAND");
  EXPECT_EQ(refusal(message(29, hex("0000 0001 00000001 0001 0008") + zeros(12))), "OFPBRC_BAD_LEN");
}

TEST(Codec, HelloTellsTheVersionsInAnyVersion) {
  const auto hello = decode(Version::v1_3, hex("0600 0010 00000001 0001 0008 00000072"));
  ASSERT_TRUE(hello.has_value());
  const Hello& body = std::get<Hello>(hello->message);
  EXPECT_EQ(body.wire_version, 6);
  EXPECT_EQ(body.versions, VersionSet{0x72});
  // Unknown elements are passed over.
  const auto other = decode(Version::v1_3, hex("0600 0018 00000001 0009 0006 aabb0000 0001 0008 00000010"));
  EXPECT_EQ(std::get<Hello>(other->message).versions, VersionSet{0x10});
}

TEST(Codec, MessagesComeBackAsTheyWere) {
  expect_round_trip(Error{ErrorCode::ofpbmc_dup_field, hex("0102")});
  expect_round_trip(Error{OpenFlowError(error_type_experimenter, 7, nicira_vendor_id), hex("0102")});
  expect_round_trip(EchoRequest{hex("0102")});
  expect_round_trip(Experimenter{0x00001234, 20, hex("01")});
  expect_round_trip(FeaturesReply{1, 0, 254, 0, capability::flow_stats, 0, {}});
  expect_round_trip(GetConfigReply{{FragmentHandling::drop, false, 128}});
  expect_round_trip(SetConfig{{FragmentHandling::nx_match, false, 128}});
  expect_round_trip(BarrierReply{});
  expect_round_trip(RoleReply{Role::primary, 5});
  expect_round_trip(PortStatus{PortStatusReason::modified, {OfPort{1}, {}, "p1", 1, 4, 0, 0, 0, 0, 10, 20}});
  expect_round_trip(PortMod{of_port::local, {}, 1, 1, 0});
  expect_round_trip(TableMod{5, 3});
  expect_round_trip(MeterMod{MeterModCommand::add, meter_flag::kbps, 5, {{MeterBandType::dscp_remark, 7, 8, 1}}});
  expect_round_trip(DescReply{"weft", "h", "s", "n", "br0"});
  expect_round_trip(AggregateStatsReply{1, 2, 3});
  expect_round_trip(GroupFeaturesReply{15, 7, {1, 2, 3, 4}, {5, 6, 7, 8}});
  expect_round_trip(MeterFeaturesReply{1, 2, 3, 4, 5});
  expect_round_trip(MeterStatsReply{{{1, 2, 3, 4, {5, 6}, {{7, 8}}}}});
  expect_round_trip(QueueStatsReply{{{OfPort{1}, 2, 3, 4, 5, {6, 7}}}});
  expect_round_trip(GroupStatsReply{{{1, 2, 3, 4, {5, 6}, {{7, 8}, {9, 10}}}}});
}

FlowRemoved some_flow_removed() {
  FlowRemoved removed;
  removed.match.set(FieldId::in_port, 5);
  removed.reason = FlowRemovedReason::removed;
  removed.packet_count = 9;
  return removed;
}

TEST(Codec, MessagesWithMatchesComeBackAsTheyWere) {
  expect_round_trip(some_flow_removed());
  PacketIn packet_in;
  packet_in.match.set(FieldId::in_port, number(of_port::local));
  packet_in.match.set(FieldId::tun_id, 5001);
  packet_in.data = zeros(60);
  packet_in.total_len = 60;
  expect_round_trip(packet_in);
  FlowStatsRequest request;
  request.filter.out_port = OfPort{3};
  request.filter.match.set(FieldId::metadata, 7);
  expect_round_trip(request);
}

// 1.3 knows three reasons; the others are kinds of "action".
TEST(Codec, LaterPacketInReasonsBecomeAction) {
  PacketIn message;
  message.reason = PacketInReason::group;
  const auto decoded = decode(Version::v1_3, encode(Version::v1_3, 1, message));
  EXPECT_EQ(std::get<PacketIn>(decoded->message).reason, PacketInReason::action);
}

TEST(Codec, SetVlanVidPushesATagOnlyWhereNoneIsKnown) {
  FlowMod mod;
  mod.instructions.apply = ActionList{SetVlanVidAction{5}};
  const auto actions_of = [](const FlowMod& one) {
    return std::get<FlowMod>(decode(Version::v1_3, encode(Version::v1_3, 1, one))->message).instructions.apply->size();
  };
  EXPECT_EQ(actions_of(mod), 2U);
  mod.match.set(FieldId::dl_vlan, 7);
  EXPECT_EQ(actions_of(mod), 1U);
}

TEST(Codec, NoTagIsOneThingHoweverItIsSaid) {
  FlowMod by_tci;
  by_tci.match.set(FieldId::vlan_tci, 0);
  FlowMod by_vid;
  by_vid.match.set(FieldId::vlan_vid, 0);
  const auto there_and_back = [](const FlowMod& mod) {
    return std::get<FlowMod>(decode(Version::v1_3, encode(Version::v1_3, 1, mod))->message).match;
  };
  EXPECT_EQ(there_and_back(by_tci), there_and_back(by_vid));
  EXPECT_EQ(refusal(flow_mod(match(hex("00000802 0000")), {})), "");
}

TEST(Codec, APriorityThatOxmCannotSayIsLeftToNxm) {
  FlowMod mod;
  mod.match.set_masked(FieldId::vlan_tci, 0x2000, 0x2000);
  expect_round_trip(mod);
}

TEST(Codec, ErrorRepliesCarryTheBeginningOfTheMessage) {
  const Bytes refused = message(14, zeros(2000), 77);
  const auto reply = decode(Version::v1_3, error_reply(Version::v1_3, ErrorCode::ofpbrc_bad_len, refused, 64));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->xid, 77U);
  EXPECT_EQ(std::get<Error>(reply->message).data.size(), 64U);
}

std::vector<Bytes> parts_of(const FlowStatsReply& reply) {
  std::vector<Bytes> parts;
  MultipartEncoder encoder(Version::v1_3, 9, MultipartType::flow,
                           [&](Bytes part) { parts.push_back(std::move(part)); });
  for (const FlowStats& stats : reply.entries) {
    encoder.add(stats);
  }
  encoder.finish();
  return parts;
}

TEST(Multipart, LongListsGoInPartsThatFit) {
  FlowStatsReply reply;
  for (uint16_t i = 0; i < 2000; ++i) {
    FlowStats stats;
    stats.priority = i;
    reply.entries.push_back(stats);
  }
  const auto parts = parts_of(reply);
  ASSERT_GT(parts.size(), 1U);
  uint16_t next = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_LE(parts[i].size(), max_message_size);
    const auto part = decode(Version::v1_3, parts[i]);
    ASSERT_TRUE(part.has_value());
    EXPECT_EQ(part->more, i + 1 < parts.size());
    EXPECT_EQ(part->xid, 9U);
    for (const FlowStats& stats : std::get<FlowStatsReply>(part->message).entries) {
      EXPECT_EQ(stats.priority, next++);
    }
  }
  EXPECT_EQ(next, 2000);
}

TEST(Multipart, AnEmptyListIsOneMessage) {
  const auto parts = parts_of(FlowStatsReply{});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].size(), 16U);
}

TableFeatures all_abilities(uint8_t table_id) {
  TableFeatures table;
  table.table_id = table_id;
  table.name = "table" + std::to_string(table_id);
  for (const Field& f : all_fields()) {
    if (f.oxm || f.oxm_experimenter || f.nxm) {
      const auto i = static_cast<size_t>(f.id);
      table.match.set(i);
      table.wildcards.set(i);
      table.maskable.set(i, f.is_maskable());
      table.hit.apply_set_field.set(i, f.is_writable);
    }
  }
  for (size_t next = table_id + 1U; next < 254; ++next) {
    table.hit.next_tables.set(next);
  }
  table.hit.instructions = 0x7e;
  table.hit.apply_actions = 0x1;
  table.miss = table.hit;
  return table;
}

TEST(TableFeatures, AllTablesComeBackFromTheCachedParts) {
  std::vector<TableFeatures> tables;
  for (unsigned i = 0; i < 254; ++i) {
    tables.push_back(all_abilities(static_cast<uint8_t>(i)));
  }
  tables[3].miss.apply_actions = 0;
  const TableFeaturesEncoder encoder(Version::v1_3, tables);
  std::vector<TableFeatures> decoded;
  for (size_t i = 0; i < encoder.part_count(); ++i) {
    const auto message = decode(Version::v1_3, encoder.part(i, 77));
    ASSERT_TRUE(message.has_value()) << to_string(message.error());
    EXPECT_EQ(message->xid, 77U);
    const auto& entries = std::get<TableFeaturesReply>(message->message).entries;
    decoded.insert(decoded.end(), entries.begin(), entries.end());
  }
  EXPECT_EQ(decoded, tables);
}

}  // namespace
}  // namespace weft::openflow
