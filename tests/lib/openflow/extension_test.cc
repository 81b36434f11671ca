// Messages of experimenters: their bytes, in which versions they are known, and what is refused.
#include <gtest/gtest.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/wire.h"
#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using namespace testing;

Bytes nicira_message(Version version, uint32_t number, const Bytes& body) {
  Bytes bytes = message(4, be32(nicira_vendor_id) + be32(number) + body);
  bytes[0] = static_cast<uint8_t>(version);
  return bytes;
}

// The bytes are what the message is written as, and read as.
void expect_is(const Message& body, Version version, const Bytes& bytes) {
  EXPECT_EQ(encode(version, 7, body), bytes) << message_name(body);
  const auto decoded = decode(version, bytes);
  ASSERT_TRUE(decoded.has_value()) << message_name(body) << ": " << to_string(decoded.error());
  EXPECT_EQ(decoded->message, body) << message_name(body);
}

OpenFlowError refusal_of(const Bytes& bytes) {
  const auto decoded = decode(Version::v1_3, bytes);
  return decoded ? OpenFlowError{} : decoded.error();
}

TEST(Extension, WhatAConnectionChooses) {
  expect_is(SetPacketInFormat{Form::nicira2}, Version::v1_3, nicira_message(Version::v1_3, 16, hex("00000002")));
  expect_is(SetControllerId{0x1234}, Version::v1_3, nicira_message(Version::v1_3, 20, hex("000000000000 1234")));
  expect_is(CtFlushZone{9}, Version::v1_3, nicira_message(Version::v1_3, 29, hex("000000000000 0009")));
}

// They were refused.
TEST(Extension, ReasonsThatAreNotKnownArePassedOver) {
  Bytes masks;
  for (int i = 0; i < 6; ++i) {
    masks = masks + hex("ffffffff");
  }
  const auto decoded = decode(Version::v1_0, nicira_message(Version::v1_0, 19, masks));
  ASSERT_TRUE(decoded);
  const auto& primary = std::get<SetAsync>(decoded->message).primary;
  EXPECT_EQ(primary[0], 0x3fU);
  EXPECT_EQ(primary[1], 0x07U);
}

TEST(Extension, TlvTable) {
  const Bytes map = hex("ffff 80 04 0003 0000");
  expect_is(TlvTableMod{TlvTableCommand::add, {{0xffff, 0x80, 4, 3}}}, Version::v1_3,
            nicira_message(Version::v1_3, 24, hex("0000 000000000000") + map));
  expect_is(TlvTableMod{TlvTableCommand::clear, {}}, Version::v1_3,
            nicira_message(Version::v1_3, 24, hex("0002 000000000000")));
  expect_is(TlvTableRequest{}, Version::v1_3, nicira_message(Version::v1_3, 25, {}));
  expect_is(TlvTableReply{256, 64, {{0xffff, 0x80, 4, 3}}}, Version::v1_3,
            nicira_message(Version::v1_3, 26, hex("00000100 0040") + zeros(10) + map));
}

TEST(Extension, RefusedWithTheErrorsOfTheExtension) {
  const auto tlv_mod = [](const char* body) { return refusal_of(nicira_message(Version::v1_3, 24, hex(body))); };
  EXPECT_EQ(tlv_mod("0003 000000000000"), nicira_error(NiciraError::tlv_bad_command));
  EXPECT_EQ(tlv_mod("0000 000000000000 ffff 80 05 0003 0000"), nicira_error(NiciraError::tlv_bad_length));
  EXPECT_EQ(tlv_mod("0000 000000000000 ffff 80 00 0003 0000"), nicira_error(NiciraError::tlv_bad_length));
  EXPECT_EQ(tlv_mod("0000 000000000000 ffff 80 04 0040 0000"), nicira_error(NiciraError::tlv_bad_index));
  EXPECT_EQ(tlv_mod("0000 000000000000 ffff 80 04"), OpenFlowError{ErrorCode::ofpbrc_bad_len});
  EXPECT_EQ(refusal_of(nicira_message(Version::v1_3, 29, hex("000000000001 0009"))),
            nicira_error(NiciraError::must_be_zero));
  EXPECT_EQ(refusal_of(nicira_message(Version::v1_3, 16, hex("00000003"))), OpenFlowError{ErrorCode::ofpbrc_eperm});
}

// tun_metadata0 with as many bytes as a peer likes; ovs-ofctl writes one for a small value.
TEST(Extension, TunnelOptionsAreReadInEveryLengthAndWrittenInOne) {
  const auto read = [](const Bytes& oxm) {
    const auto decoded = decode(Version::v1_3, flow_mod(match(oxm), {}));
    EXPECT_TRUE(decoded.has_value());
    return decoded ? std::get<FlowMod>(decoded->message).match : Match();
  };
  Match exact;
  exact.set(FieldId::tun_metadata0, 0x5a);
  EXPECT_EQ(read(hex("00015001 5a")), exact);
  EXPECT_EQ(read(hex("00015002 005a")), exact);
  EXPECT_EQ(read(hex("00015004 0000005a")), exact);
  EXPECT_EQ(read(hex("00015008 000000000000005a")), exact);
  EXPECT_EQ(read(hex("0001507c") + zeros(123) + hex("5a")), exact);
  Match masked;
  masked.set_masked(FieldId::tun_metadata0, 0x10, 0xf0);
  EXPECT_EQ(read(hex("00015102 10f0")), masked);
  EXPECT_EQ(read(hex("00015108 00000010000000f0")), masked);
  Match present;
  present.set_present(field(FieldId::tun_metadata0));
  EXPECT_EQ(read(hex("00015100")), present);
  EXPECT_EQ(read(hex("00015108 0000000000000000")), present);
  for (const Match& m : {exact, masked, present}) {
    Bytes bytes;
    WireWriter out(bytes);
    write_oxm_list(out, m, Version::v1_3);
    EXPECT_EQ(read(bytes), m);
  }
  const OpenFlowError bad_length{ErrorCode::ofpbmc_bad_len};
  for (const char* wrong : {"00015000", "00015103 0000ff", "00015005 0100000000"}) {
    EXPECT_EQ(refusal_of(flow_mod(match(hex(wrong)), {})), bad_length) << wrong;
  }
}

TEST(Extension, IsUnknownInVersionsThatDoNotHaveIt) {
  const auto decoded = decode(Version::v1_3, nicira_message(Version::v1_3, 12, hex("00000002")));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->message, Message(Experimenter{nicira_vendor_id, 12, hex("00000002")}));
}

// Open vSwitch's controllers give the first four bytes of the property back as zeros, whatever they were.
TEST(Extension, AContinuationStandsBehindPadding) {
  Resume resume;
  resume.packet_in.continuation = {1, 2, 3};
  const Bytes before = hex("00000004 00000000 00030005 00000000 00050005 00000000 00060004 00000000");
  expect_is(resume, Version::v1_3,
            nicira_message(Version::v1_3, 28, before + hex("0008000b 00000000 010203 0000000000")));
}

// As stock ovs-ofctl sends it, and its switch answers it.
TEST(Extension, GroupsOf1_0AreIn1_5sFormWith1_0sActions) {
  GroupMod mod;
  mod.group_id = 1;
  mod.type = GroupType::select;
  mod.command_bucket_id = bucket_position::all;
  mod.buckets = {Bucket{.bucket_id = 0, .weight = 2, .actions = {OutputAction{OfPort{1}}}}};
  const Bytes bucket = hex("0018 0008 00000000 0000 0008 0001 0000 0000 0008 0002 0000");
  expect_is(mod, Version::v1_0,
            nicira_message(Version::v1_0, 31, hex("0000 01 00 00000001 0018 0000 ffffffff") + bucket));

  const auto statistics = [](uint8_t type, uint32_t number, const Bytes& body) {
    Bytes bytes = message(type, hex("ffff 0000") + be32(nicira_vendor_id) + be32(number) + be32(0) + body);
    bytes[0] = 1;
    return bytes;
  };
  expect_is(GroupDescRequest{7}, Version::v1_0, statistics(16, 8, hex("00000007 00000000")));
  expect_is(GroupStatsRequest{7}, Version::v1_0, statistics(16, 7, hex("00000007 00000000")));
  expect_is(GroupFeaturesRequest{}, Version::v1_0, statistics(16, 9, {}));
  GroupDesc desc;
  desc.type = GroupType::select;
  desc.group_id = 1;
  desc.buckets = mod.buckets;
  expect_is(GroupDescReply{{desc}}, Version::v1_0,
            statistics(17, 8, hex("0028 01 00 00000001 0018 000000000000") + bucket));
}

}  // namespace
}  // namespace weft::openflow
