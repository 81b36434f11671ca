// OpenFlow 1.0: what it refuses and how, which form a flow takes, errors in its numbers, replies in parts. The bytes of
// each message are compared with stock tools' in text/message_corpus_10.txt.
#include <gtest/gtest.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/text/flow_text.h"
#include "tests/lib/openflow/message_bytes.h"
#include "tests/lib/openflow/text/flow_corpus.h"
#include "tests/lib/openflow/text/matrix_corpus.h"

namespace weft::openflow {
namespace {

using namespace testing;

constexpr Version v10 = Version::v1_0;
constexpr uint8_t flow_mod_type = 14;
constexpr uint8_t vendor_type = 4;
constexpr uint32_t all_wild = 0x3820ff;

Bytes message_10(uint8_t type, const Bytes& body) {
  Bytes bytes = message(type, body);
  bytes[0] = 1;
  return bytes;
}

Bytes ofp_match(uint32_t wildcards, const Bytes& rest = zeros(36)) { return be32(wildcards) + rest; }

Bytes flow_mod_10(const Bytes& match, uint16_t command, uint16_t flags, const Bytes& actions = {},
                  uint16_t idle_timeout = 0) {
  return message_10(flow_mod_type, match + zeros(8) + be16(command) + be16(idle_timeout) + zeros(2) + be16(0x8000) +
                                       be32(0xffffffff) + be16(0xffff) + be16(flags) + actions);
}

std::string refusal_10(const Bytes& bytes) {
  const auto decoded = decode(v10, bytes);
  return decoded ? "" : decoded.error().name();
}

FlowMod flow(const std::string& text, FlowModCommand command = FlowModCommand::add) {
  auto parsed = parse_flow(text, command);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? std::move(*parsed) : FlowMod{};
}

uint8_t type_of(const Message& message, Form form = Form::standard) { return encode(v10, 7, message, false, form)[1]; }

TEST(Codec10, FlowModIsRefusedPrecisely) {
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 0, 0)), "");
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 5, 0)), "OFPFMFC_BAD_COMMAND");
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 0, 4)), "OFPFMFC_TABLE_FULL");  // emergency
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 0, 4, {}, 10)), "OFPFMFC_BAD_TIMEOUT");
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 0, 8)), "OFPFMFC_BAD_FLAGS");
  EXPECT_EQ(refusal_10(flow_mod_10(ofp_match(all_wild), 0, 0, hex("0000"))), "OFPBAC_BAD_LEN");
  EXPECT_EQ(refusal_10(message_10(flow_mod_type, zeros(63))), "OFPBRC_BAD_LEN");
}

// OFPP_NONE was taken for all ports, LOCAL for one that may have queues.
TEST(Codec10, QueuesAreAskedOfAPhysicalPort) {
  constexpr uint8_t queue_get_config_request = 20;
  const auto refusal = [](uint16_t port) {
    return refusal_10(message_10(queue_get_config_request, be16(port) + zeros(2)));
  };
  EXPECT_EQ(refusal(1), "");
  EXPECT_EQ(refusal(0xfeff), "");
  for (const uint16_t port : {0, 0xff00, 0xfffe, 0xffff}) {
    EXPECT_EQ(refusal(port), "OFPQOFC_BAD_PORT") << port;
  }
}

TEST(Codec10, MatchValuesThatCannotBeAreRefused) {
  const auto with = [](uint32_t wild, size_t at, uint8_t value) {
    Bytes rest = zeros(36);
    rest[at] = value;
    return refusal_10(flow_mod_10(ofp_match(wild, rest), 0, 0));
  };
  EXPECT_EQ(with(all_wild & ~2U, 14, 0x10), "OFPBMC_BAD_VALUE");       // dl_vlan 4096
  EXPECT_EQ(with(all_wild & ~(1U << 20), 16, 8), "OFPBMC_BAD_VALUE");  // dl_vlan_pcp 8
}

// 1.0.1 section 3.4: they are not looked at.
TEST(Codec10, FieldsThatNoPacketOfTheMatchHasArePassedOver) {
  const auto decoded = decode(v10, flow_mod_10(ofp_match(0x10), 0, 0));  // all but dl_type
  ASSERT_TRUE(decoded.has_value());
  const Match& match = std::get<FlowMod>(decoded->message).match;
  EXPECT_TRUE(match.is_wild(field(FieldId::ip_proto)));
  EXPECT_TRUE(match.is_wild(field(FieldId::ipv4_src)));
  EXPECT_TRUE(match.is_wild(field(FieldId::tcp_dst)));
  EXPECT_FALSE(match.is_wild(field(FieldId::in_port)));
}

TEST(Codec10, PrefixesLongerThanAnAddressAreNone) {
  const auto decoded =
      decode(v10, flow_mod_10(ofp_match((all_wild & ~0x10U) | 0x3f << 8, zeros(18) + hex("0800") + zeros(16)), 0, 0));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(std::get<FlowMod>(decoded->message).match.is_wild(field(FieldId::ipv4_src)));
}

TEST(Codec10, AFlowTakesTheFormThatCanSayIt) {
  for (const char* text :
       {"actions=drop", "tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=output:1", "arp,arp_op=1,actions=drop",
        "dl_vlan=5,dl_vlan_pcp=1,actions=drop", "dl_vlan=0xffff,actions=drop", "icmp,icmp_type=8,actions=drop",
        "ipv6,actions=drop", "cookie=5,in_port=1,actions=drop"}) {
    EXPECT_EQ(type_of(flow(text)), flow_mod_type) << text;
    EXPECT_EQ(type_of(flow(text), Form::nicira), vendor_type) << text;
  }
  for (const char* text : {"reg0=1,actions=drop", "tcp6,actions=drop", "ip,nw_src=1.0.0.1/255.0.0.255,actions=drop",
                           "arp,arp_op=300,actions=drop", "tcp,tp_dst=0x10/0xf0,actions=drop",
                           "vlan_tci=0x1000/0x1000,actions=drop", "ip,nw_ecn=1,actions=drop"}) {
    EXPECT_EQ(type_of(flow(text)), vendor_type) << text;
  }
  EXPECT_EQ(type_of(flow("cookie=5/-1", FlowModCommand::remove)), vendor_type);
}

TEST(Codec10, EveryFormComesBackAsItWas) {
  for (const char* text : {"table=3,priority=7,idle_timeout=5,hard_timeout=6,cookie=9,send_flow_rem,tcp,nw_src=10.0.0."
                           "0/8,tp_dst=80,actions=output:1",
                           "reg0=1,tun_id=5,actions=load:3->NXM_NX_REG1[],resubmit(,2)", "actions=drop"}) {
    const FlowMod mod = flow(text);
    for (const Form form : {Form::standard, Form::nicira}) {
      const auto again = decode(v10, encode(v10, 7, mod, false, form));
      ASSERT_TRUE(again.has_value()) << text << to_string(again.error());
      EXPECT_EQ(std::get<FlowMod>(again->message), mod) << text;
    }
  }
}

// All before the actions, the length in the header left out: the actions are compared by matrix_corpus_test.
std::string before_actions(const std::string& wire) {
  constexpr size_t length_at = 4;
  constexpr size_t own_size = 144;  // in digits, as all here
  constexpr size_t nicira_fixed_size = 96;
  constexpr size_t match_size_at = 80;
  const bool is_own = wire.substr(2, 2) == "0e";
  const size_t match_size = is_own ? 0 : std::stoul(wire.substr(match_size_at, 4), nullptr, 16);
  const size_t size = is_own ? own_size : nicira_fixed_size + (match_size + 7) / 8 * 16;
  return wire.substr(0, length_at) + wire.substr(length_at + 4, size - length_at - 4);
}

TEST(Codec10, MatchesAreWrittenAsStockToolsWriteThem) {
  size_t count = 0;
  for (const testing::MatrixEntry& entry : testing::read_matrix()) {
    const auto answer = entry.answers.find(v10);
    if (answer == entry.answers.end() || answer->second.wire.empty()) {
      continue;
    }
    const auto decoded = decode(v10, testing::from_hex(answer->second.wire));
    // Not read: the matrix explains it. Empty: the text names a field that no packet of the match has. ct_state has eight
    // bits here and no mask when all are named, and a tunnel option four bytes.
    if (!decoded || std::get<FlowMod>(decoded->message).match == Match{} || entry.text.starts_with("ct_state") ||
        entry.text.starts_with("tun_metadata")) {
      continue;
    }
    ++count;
    const std::string ours = testing::to_hex(encode(*decoded));
    EXPECT_EQ(before_actions(ours), before_actions(answer->second.wire)) << entry.text;
  }
  EXPECT_GT(count, 1000U);
}

TEST(Codec10, CookiesToSelectByTravelInTheMatch) {
  const FlowMod mod = flow("cookie=5/0xff,ip", FlowModCommand::remove);
  const auto again = decode(v10, encode(v10, 7, mod));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(std::get<FlowMod>(again->message).cookie_mask, 0xffU);
  EXPECT_EQ(std::get<FlowMod>(again->message).cookie, 5U);
  // One that is added has a cookie and matches none.
  Bytes adds = encode(v10, 7, mod);
  adds[25] = 0;
  EXPECT_EQ(decode(v10, adds).error(), nicira_error(NiciraError::nxm_invalid));
}

TEST(Codec10, AModifyGivesItsCookieUnlessItIsAllOnes) {
  Bytes bytes = flow_mod_10(ofp_match(all_wild), 1, 0);
  bytes[8 + 40 + 7] = 9;
  EXPECT_EQ(std::get<FlowMod>(decode(v10, bytes)->message).new_cookie, 9U);
  std::fill_n(bytes.begin() + 48, 8, 0xff);
  EXPECT_EQ(std::get<FlowMod>(decode(v10, bytes)->message).new_cookie, std::nullopt);
}

TEST(Codec10, ErrorsHaveItsNumbers) {
  const auto body = [](const OpenFlowError& error) {
    const Bytes bytes = encode(v10, 7, Error{error, {}});
    return Bytes(bytes.begin() + 8, bytes.end());
  };
  EXPECT_EQ(body(ErrorCode::ofpfmfc_overlap), hex("0003 0001"));
  EXPECT_EQ(body(ErrorCode::ofpfmfc_bad_timeout), hex("0003 0003"));
  EXPECT_EQ(body(ErrorCode::ofpbrc_is_secondary), hex("0001 0005"));
  EXPECT_EQ(body(ErrorCode::ofppmfc_bad_hw_addr), hex("0004 0001"));
  EXPECT_EQ(body(ErrorCode::ofpqofc_bad_queue), hex("0005 0001"));
  EXPECT_EQ(body(ErrorCode::ofpbmc_bad_prereq), hex("b0c2 0000 00002320 0001 0104"));
  EXPECT_EQ(body(nicira_error(NiciraError::tlv_table_full)), hex("b0c2 0000 00002320 0001 0212"));
  // What it has no number for at all.
  EXPECT_EQ(body(ErrorCode::ofpbic_bad_table_id), hex("b0c2 0000 00002320 0001 0209"));
}

TEST(Codec10, ErrorsThatNobodyKnowsComeBackAsTheyWere) {
  for (const char* text : {"0009 0001 aabb", "0003 0009", "b0c2 0000 00001234 0001 0001",
                           "b0c2 0000 00002320 0001 0001", "b0c2 0000 0000", "ffff 0001 00002320", "0123 0001"}) {
    const Bytes bytes = message_10(1, hex(text));
    const auto decoded = decode(v10, bytes);
    ASSERT_TRUE(decoded.has_value()) << text;
    const auto again = decode(v10, encode(*decoded));
    ASSERT_TRUE(again.has_value()) << text;
    EXPECT_EQ(*again, *decoded) << text;
  }
}

TEST(Codec10, AnErrorIsReadInTheVersionOfItsHeader) {
  const auto decoded = decode(Version::v1_3, message_10(1, hex("0003 0001")));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(std::get<Error>(decoded->message).error.is(ErrorCode::ofpfmfc_overlap));
}

TEST(Codec10, StatisticsOfOtherVendorsAreRefused) {
  const auto stats = [](const Bytes& body) { return refusal_10(message_10(16, be16(0xffff) + zeros(2) + body)); };
  EXPECT_EQ(stats(be32(0x1234) + zeros(8)), "OFPBRC_BAD_EXPERIMENTER");
  EXPECT_EQ(stats(be32(0x2320) + be32(99) + zeros(4)), "OFPBRC_BAD_EXP_TYPE");
  EXPECT_EQ(stats(be32(0x2320) + be32(0)), "OFPBRC_BAD_LEN");
  EXPECT_EQ(refusal_10(message_10(16, be16(6) + zeros(2))), "OFPBRC_BAD_MULTIPART");  // groups
}

TEST(Codec10, MonitorsAreChecked) {
  const auto monitor = [](uint16_t flags, uint8_t zero) {
    return refusal_10(message_10(16, be16(0xffff) + zeros(2) + be32(0x2320) + be32(2) + zeros(4) + be32(1) +
                                         be16(flags) + be16(0xffff) + be16(0) + Bytes{0xff, zero, 0, 0, 0, 0}));
  };
  EXPECT_EQ(monitor(1, 0), "");
  EXPECT_EQ(monitor(0x10, 0), "OFPMOFC_BAD_FLAGS");
  EXPECT_EQ(monitor(0x41, 0), "OFPMOFC_BAD_FLAGS");
  EXPECT_NE(monitor(1, 1), "");
}

TEST(Codec10, WhatItCannotSayIsNotEncoded) {
  EXPECT_FALSE(try_encode(v10, 7, MeterFeaturesRequest{}).has_value());
  EXPECT_FALSE(try_encode(v10, 7, MeterMod{}).has_value());
  EXPECT_FALSE(try_encode(v10, 7, TableMod{}).has_value());
  EXPECT_FALSE(try_encode(v10, 7, RoleRequest{}).has_value());  // no change
  EXPECT_TRUE(try_encode(v10, 7, RoleRequest{.role = Role::primary}).has_value());
}

TEST(Codec10, RepliesComeInParts) {
  for (const Form form : {Form::standard, Form::nicira}) {
    std::vector<Bytes> parts;
    MultipartEncoder encoder(
        v10, 7, MultipartType::flow, [&](Bytes part) { parts.push_back(std::move(part)); }, form);
    FlowStats stats;
    stats.idle_age = Duration{3, 0};
    for (unsigned i = 0; i < 3000; ++i) {
      stats.priority = static_cast<uint16_t>(i);
      encoder.add(stats);
    }
    encoder.finish();
    EXPECT_GT(parts.size(), 1U);
    size_t count = 0;
    for (const Bytes& part : parts) {
      const auto decoded = decode(v10, part);
      ASSERT_TRUE(decoded.has_value());
      EXPECT_EQ(decoded->form, form);
      EXPECT_EQ(decoded->more, &part != &parts.back());
      const auto& entries = std::get<FlowStatsReply>(decoded->message).entries;
      EXPECT_EQ(entries.front().idle_age.has_value(), form == Form::nicira);
      count += entries.size();
    }
    EXPECT_EQ(count, 3000U);
  }
}

TEST(Codec10, LaterRulesAreShownAsNearAsCanBe) {
  FlowStats stats;
  stats.instructions.goto_table = 5;
  stats.instructions.write_metadata = MetadataWrite{7, 0xff};
  const auto again = decode(v10, encode(v10, 7, FlowStatsReply{{stats}}));
  ASSERT_TRUE(again.has_value());
  const auto& shown = std::get<FlowStatsReply>(again->message).entries.front().instructions;
  EXPECT_EQ(shown.apply, (ActionList{WriteMetadataAction{7, 0xff}, ResubmitAction{of_port::in_port, 5}}));
}

}  // namespace
}  // namespace weft::openflow
