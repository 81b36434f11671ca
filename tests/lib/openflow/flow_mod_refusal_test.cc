// What is wrong with a flow-mod, and the error that OpenFlow 1.3.5 names for it.
#include <gtest/gtest.h>

#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using namespace testing;

const Bytes any = match({});
const Bytes ip_type = hex("80000a02 0800");
const Bytes output_1 = action(0, be32(1) + zeros(8));

std::string refused_match(const Bytes& fields) { return refusal(flow_mod(match(fields), {})); }
std::string refused_action(const Bytes& bytes, const Bytes& fields = {}) {
  return refusal(flow_mod(match(fields), apply(bytes)));
}
std::string refused_instruction(const Bytes& bytes) { return refusal(flow_mod(any, bytes)); }

TEST(FlowModRefusal, AGoodOneIsAccepted) { EXPECT_EQ(refusal(flow_mod(any, apply(output_1))), ""); }

TEST(FlowModRefusal, TooShortOrCutAnywhere) {
  const Bytes whole = flow_mod(match(ip_type), apply(output_1));
  for (size_t size = 8; size < whole.size(); ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    store_be16(&cut[2], static_cast<uint16_t>(size));
    const bool ends_behind_match = size == whole.size() - (8 + output_1.size());
    EXPECT_EQ(refusal(cut).empty(), ends_behind_match) << size;
  }
  EXPECT_EQ(refusal(message(14, zeros(39))), "OFPBRC_BAD_LEN");
}

TEST(FlowModRefusal, CommandFlagsTableAndPort) {
  EXPECT_EQ(refusal(flow_mod(any, {}, {.command = 5})), "OFPFMFC_BAD_COMMAND");
  EXPECT_EQ(refusal(flow_mod(any, {}, {.flags = 0x20})), "OFPFMFC_BAD_FLAGS");
  EXPECT_EQ(refusal(flow_mod(any, {}, {.table = 255})), "OFPFMFC_BAD_TABLE_ID");
  EXPECT_EQ(refusal(flow_mod(any, {}, {.table = 255, .command = 3})), "");
  EXPECT_EQ(refusal(flow_mod(any, {}, {.command = 3, .out_port = 0x10000})), "OFPBRC_BAD_PORT");
}

TEST(FlowModRefusal, MatchHeader) {
  EXPECT_EQ(refusal(flow_mod(be16(0) + be16(4) + zeros(4), {})), "OFPBMC_BAD_TYPE");
  EXPECT_EQ(refusal(flow_mod(be16(1) + be16(3) + zeros(4), {})), "OFPBMC_BAD_LEN");
  EXPECT_EQ(refusal(flow_mod(be16(1) + be16(100) + zeros(4), {})), "OFPBMC_BAD_LEN");
}

TEST(FlowModRefusal, MatchFields) {
  EXPECT_EQ(refused_match(hex("80000a02")), "OFPBMC_BAD_LEN");                  // value missing
  EXPECT_EQ(refused_match(hex("80000a03 080000")), "OFPBMC_BAD_LEN");           // wrong size
  EXPECT_EQ(refused_match(hex("8000fe01 00")), "OFPBMC_BAD_FIELD");             // no such field
  EXPECT_EQ(refused_match(hex("1234 0201 00")), "OFPBMC_BAD_FIELD");            // no such class
  EXPECT_EQ(refused_match(hex("ffff5406 12345678 0002")), "OFPBMC_BAD_FIELD");  // no such experimenter
  EXPECT_EQ(refused_match(hex("80000b04 0800 ff00")), "OFPBMC_BAD_MASK");       // eth_type is exact
  EXPECT_EQ(refused_match(ip_type + hex("80001708 0a000001 ffffff00")), "OFPBMC_BAD_WILDCARDS");
  EXPECT_EQ(refused_match(ip_type + hex("80001001 40")), "OFPBMC_BAD_VALUE");  // dscp has six bits
  EXPECT_EQ(refused_match(hex("80000c02 2005")), "OFPBMC_BAD_VALUE");          // vlan_vid has thirteen
  EXPECT_EQ(refused_match(hex("80000c02 0005")), "OFPBMC_BAD_VALUE");          // id without "present"
  EXPECT_EQ(refused_match(hex("80000004 00010000")), "OFPBMC_BAD_VALUE");      // no port has this number
}

TEST(FlowModRefusal, MasksOfOnesAndZerosAndWiderThanTheField) {
  EXPECT_EQ(refused_match(hex("80000b04 0800 ffff 80001604 0a000001")), "");                   // as exact as without
  EXPECT_EQ(refused_match(hex("80000b04 0000 0000 80001604 0a000001")), "OFPBMC_BAD_PREREQ");  // as good as left out
  EXPECT_EQ(refused_match(hex("80000108 00000001 ffffffff")), "");                             // in_port
  EXPECT_EQ(refused_match(hex("80000108 00000001 0000ffff")), "OFPBMC_BAD_MASK");
  EXPECT_EQ(refused_match(hex("0001d308 00000021 ffffffff")), "");  // ct_state
  EXPECT_EQ(refused_match(hex("0001d308 00000121 ffffffff")), "OFPBMC_BAD_VALUE");
}

TEST(FlowModRefusal, DuplicateFieldsAlsoUnderAnotherName) {
  EXPECT_EQ(refused_match(ip_type + ip_type), "OFPBMC_DUP_FIELD");
  EXPECT_EQ(refused_match(hex("80000004 00000001 00000002 0001")), "OFPBMC_DUP_FIELD");  // OXM and NXM in_port
  EXPECT_EQ(refused_match(hex("00010004 00000001 80010008 0000000100000000")), "OFPBMC_DUP_FIELD");  // reg0, xreg0
}

TEST(FlowModRefusal, MissingPrerequisites) {
  EXPECT_EQ(refused_match(hex("80001604 0a000001")), "OFPBMC_BAD_PREREQ");        // ipv4_src without eth_type
  EXPECT_EQ(refused_match(ip_type + hex("80001a02 0050")), "OFPBMC_BAD_PREREQ");  // tcp_src without ip_proto
  EXPECT_EQ(refused_match(hex("80001401 06") + ip_type), "OFPBMC_BAD_PREREQ");    // in the wrong order
  EXPECT_EQ(refused_match(hex("80000e01 03")), "OFPBMC_BAD_PREREQ");              // vlan_pcp without a tag
  EXPECT_EQ(refused_match(hex("80000c02 1005 80000e01 03")), "");
  EXPECT_EQ(refused_match(ip_type + hex("80001401 06 80001a02 0050 00013401 03")), "OFPBMC_BAD_PREREQ");
}

TEST(FlowModRefusal, Instructions) {
  EXPECT_EQ(refused_instruction(instruction(99, zeros(4))), "OFPBIC_UNKNOWN_INST");
  EXPECT_EQ(refused_instruction(instruction(0xffff, be32(0x2320))), "OFPBIC_BAD_EXPERIMENTER");
  EXPECT_EQ(refused_instruction(be16(5) + be16(4)), "OFPBIC_BAD_LEN");
  EXPECT_EQ(refused_instruction(be16(5) + be16(16) + zeros(4)), "OFPBIC_BAD_LEN");
  EXPECT_EQ(refused_instruction(instruction(2, zeros(12))), "OFPBIC_BAD_LEN");
  EXPECT_EQ(refused_instruction(instruction(5, zeros(4)) + instruction(5, zeros(4))), "OFPBIC_DUP_INST");
  EXPECT_EQ(refused_instruction(instruction(1, hex("00000000"))), "OFPBIC_BAD_TABLE_ID");  // goto itself
  EXPECT_EQ(refused_instruction(instruction(1, hex("ff000000"))), "OFPBIC_BAD_TABLE_ID");
  EXPECT_EQ(refused_instruction(instruction(6, be32(0))), "OFPMMFC_INVALID_METER");
}

TEST(FlowModRefusal, ActionStructure) {
  EXPECT_EQ(refused_action(be16(0) + be16(4) + zeros(4)), "OFPBAC_BAD_LEN");
  EXPECT_EQ(refused_action(be16(0) + be16(24) + zeros(12)), "OFPBAC_BAD_LEN");
  EXPECT_EQ(refused_action(action(0, be32(1))), "OFPBAC_BAD_LEN");
  EXPECT_EQ(refused_action(action(99, zeros(4))), "OFPBAC_BAD_TYPE");
  EXPECT_EQ(refused_action(action(29, zeros(4))), "OFPBAC_BAD_TYPE");  // meter action: 1.5
  EXPECT_EQ(refused_action(action(0xffff, be32(0x1234) + zeros(8))), "OFPBAC_BAD_EXPERIMENTER");
  EXPECT_EQ(refused_action(nicira(9999, zeros(6))), "OFPBAC_BAD_EXP_TYPE");
}

TEST(FlowModRefusal, ActionArguments) {
  const auto output = [](uint32_t port) { return action(0, be32(port) + zeros(8)); };
  EXPECT_EQ(refused_action(output(0)), "OFPBAC_BAD_OUT_PORT");
  EXPECT_EQ(refused_action(output(0xff00)), "OFPBAC_BAD_OUT_PORT");
  EXPECT_EQ(refused_action(output(0x12345)), "OFPBAC_BAD_OUT_PORT");
  EXPECT_EQ(refused_action(output(0xffffffff)), "OFPBAC_BAD_OUT_PORT");
  EXPECT_EQ(refused_action(output(0xfffffff9)), "OFPBAC_BAD_OUT_PORT");  // TABLE: packet-out only
  EXPECT_EQ(refused_action(output(0xfffffffb)), "");                     // FLOOD
  EXPECT_EQ(refused_action(action(22, be32(0xffffff01))), "OFPBAC_BAD_OUT_GROUP");
  EXPECT_EQ(refused_action(action(21, be32(0xffffffff))), "OFPBAC_BAD_QUEUE");
  EXPECT_EQ(refused_action(action(17, hex("08000000"))), "OFPBAC_BAD_ARGUMENT");
  EXPECT_EQ(refused_action(action(19, hex("08000000"))), "OFPBAC_BAD_ARGUMENT");
  EXPECT_EQ(refused_action(action(26, hex("08000000"))), "OFPBAC_BAD_ARGUMENT");
}

TEST(FlowModRefusal, SetField) {
  const auto set_field = [](const std::string& oxm) {
    const Bytes field = hex(oxm);
    const size_t size = (4 + field.size() + 7) / 8 * 8;
    Bytes bytes = be16(25) + be16(static_cast<unsigned>(size)) + field;
    bytes.resize(size);
    return bytes;
  };
  EXPECT_EQ(refused_action(set_field("80004c08 0000000000000005")), "");
  EXPECT_EQ(refused_action(set_field("8000fe01 00")), "OFPBAC_BAD_SET_TYPE");
  EXPECT_EQ(refused_action(set_field("80000a02 0800")), "");                         // eth_type
  EXPECT_EQ(refused_action(set_field("80000004 00000001")), "OFPBAC_BAD_SET_TYPE");  // in_port
  EXPECT_EQ(refused_action(set_field("80004c04 00000005")), "OFPBAC_BAD_SET_LEN");
  EXPECT_EQ(refused_action(set_field("80004c10 00000000000000050000000000000005")), "OFPBAC_BAD_SET_LEN");
  EXPECT_EQ(refused_action(set_field("80000708 000000000001 0000")), "OFPBAC_BAD_SET_LEN");
  EXPECT_EQ(refused_action(set_field("8000070c 000000000001 00000000000f")), "OFPBAC_BAD_SET_ARGUMENT");  // masked
  EXPECT_EQ(refused_action(set_field("80000c02 0005"), hex("80000c02 1001")), "OFPBAC_BAD_SET_ARGUMENT");
  EXPECT_EQ(refused_action(set_field("80001001 40"), ip_type), "OFPBAC_BAD_SET_ARGUMENT");
}

TEST(FlowModRefusal, ActionsThatTheMatchDoesNotSupport) {
  const Bytes pop_vlan = action(18, zeros(4));
  const Bytes push_vlan = action(17, hex("81000000"));
  EXPECT_EQ(refused_action(pop_vlan), "OFPBAC_MATCH_INCONSISTENT");
  EXPECT_EQ(refused_action(pop_vlan, hex("80000c02 1005")), "");
  EXPECT_EQ(refused_action(push_vlan + pop_vlan), "");
  EXPECT_EQ(refused_action(push_vlan + pop_vlan + pop_vlan), "OFPBAC_MATCH_INCONSISTENT");
  EXPECT_EQ(refused_action(action(24, zeros(4))), "OFPBAC_MATCH_INCONSISTENT");  // dec_ttl without ip
  EXPECT_EQ(refused_action(action(24, zeros(4)), ip_type), "");
  EXPECT_EQ(refused_action(action(25, hex("80001604 0a000001") + zeros(4))), "OFPBAC_MATCH_INCONSISTENT");
}

TEST(FlowModRefusal, NiciraActions) {
  EXPECT_EQ(refused_action(nicira(14, hex("0001 05 000000"))), "");
  EXPECT_EQ(refused_action(nicira(14, hex("0001 05 000000") + zeros(8))), "OFPBAC_BAD_LEN");
  EXPECT_EQ(refused_action(nicira(7, hex("001f 00010004 0000000000000001"))), "");
  EXPECT_EQ(refused_action(nicira(7, hex("005f 00010004 0000000000000001"))), "OFPBAC_BAD_SET_LEN");  // beyond 32 bits
  EXPECT_EQ(refused_action(nicira(7, hex("ffff 00010004 0000000000000001"))), "OFPBAC_BAD_SET_LEN");
  EXPECT_EQ(refused_action(nicira(7, hex("0003 00010004 0000000000000010"))),
            "OFPBAC_BAD_ARGUMENT");  // five bits in four
  EXPECT_EQ(refused_action(nicira(7, hex("001f 00014604 0000000000000001"))), "OFPBAC_BAD_SET_ARGUMENT");  // dp_hash
  EXPECT_EQ(refused_action(nicira(7, hex("000f 0001fe02 0000000000000001"))), "OFPBAC_BAD_SET_TYPE");
  EXPECT_EQ(refused_action(nicira(6, hex("0020 0001 0000 00010004 00010204"))), "OFPBAC_BAD_SET_LEN");
  EXPECT_EQ(refused_action(nicira(37, zeros(6) + hex("0009 0004 00000000"))), "OFPBPC_BAD_TYPE");
  EXPECT_EQ(refused_action(nicira(37, zeros(6) + hex("0000 0003 00000000"))), "OFPBPC_BAD_LEN");
}

TEST(FlowModRefusal, ARuleThatNoReplyCouldShow) {
  Bytes actions;
  while (actions.size() < 65456) {  // fits a flow-mod, but not the longer head of a flow-stats entry
    actions = actions + output_1;
  }
  EXPECT_EQ(refused_action(actions), "OFPBAC_TOO_MANY");
}

// It was measured as it came; in the reply the port has four bytes and not two.
TEST(FlowModRefusal, ARuleThatGrowsBeyondAReply) {
  Bytes actions;
  while (actions.size() < 65408) {
    actions = actions + output_1;
  }
  const Bytes nxm = hex("00000002 0001 00000602 0800");
  const Bytes oxm = hex("80000004 00000001 80000a02 0800");
  ASSERT_EQ(match(nxm).size() + 8, match(oxm).size());
  EXPECT_EQ(refusal(flow_mod(match(nxm), apply(actions))), "OFPBAC_TOO_MANY");
  actions.resize(actions.size() - output_1.size());
  EXPECT_EQ(refusal(flow_mod(match(nxm), apply(actions))), "");
}

}  // namespace
}  // namespace weft::openflow
