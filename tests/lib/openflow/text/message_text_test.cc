// Messages printed by us and by stock ovs-ofctl (message_corpus.txt: each message in hexadecimal, then the lines that
// its ofp-print gave).
#include "lib/openflow/text/message_text.h"

#include <gtest/gtest.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/packet_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"

namespace weft::openflow {
namespace {

using testing::from_hex;

struct PrintedMessage {
  std::string hex;
  std::string text;
};

// The 1.0 and Nicira messages have a file of their own.
std::vector<PrintedMessage> read_messages() {
  std::vector<PrintedMessage> messages;
  for (const char* name : {"message_corpus.txt", "message_corpus_10.txt"}) {
    std::ifstream file(std::string("tests/lib/openflow/text/") + name);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("message ")) {
        messages.push_back({line.substr(8), ""});
      } else {
        messages.back().text += line.substr(2) + "\n";
      }
    }
  }
  return messages;
}

// In the version of its header.
Result<Envelope, OpenFlowError> decode_recorded(const PrintedMessage& message) {
  const Bytes bytes = from_hex(message.hex);
  return decode(static_cast<Version>(bytes[0]), bytes);
}

TEST(MessageText, EveryRecordedMessagePrintsAsStockToolsPrintIt) {
  const auto messages = read_messages();
  EXPECT_GT(messages.size(), 100U);
  for (const PrintedMessage& message : messages) {
    const auto decoded = decode_recorded(message);
    ASSERT_TRUE(decoded.has_value()) << message.text << to_string(decoded.error());
    EXPECT_EQ(format_message(*decoded), message.text);
  }
}

TEST(MessageText, EveryRecordedMessageEncodesToItself) {
  for (const PrintedMessage& message : read_messages()) {
    const auto decoded = decode_recorded(message);
    ASSERT_TRUE(decoded.has_value()) << message.text << to_string(decoded.error());
    EXPECT_EQ(testing::to_hex(encode(*decoded)), message.hex) << message.text;
  }
}

TEST(MessageText, AnErrorShowsTheMessageThatWasRefused) {
  FlowMod mod;
  mod.priority = 7;
  const Bytes refused = encode(Version::v1_3, 3, mod);
  const auto error = decode(Version::v1_3, error_reply(Version::v1_3, ErrorCode::ofpfmfc_overlap, refused));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(format_message(*error),
            "OFPT_ERROR (OF1.3) (xid=0x3): OFPFMFC_OVERLAP\n"
            "OFPT_FLOW_MOD (OF1.3) (xid=0x3): ADD priority=7 actions=drop\n");
}

// They were a number.
TEST(MessageText, GroupFeaturesNameTheActionsOfTheirVersion) {
  GroupFeaturesReply features;
  features.types = 1;
  features.capabilities = 1;
  features.max_groups[0] = 16;
  features.actions[0] = 1 << 0 | 1 << 11;
  EXPECT_EQ(format_message(Envelope{Version::v1_3, 2, false, features}),
            "OFPST_GROUP_FEATURES reply (OF1.3) (xid=0x2):\n  types: all\n  capabilities: select_weight\n"
            "    all:\n      max_groups=0x10\n      actions: output copy_ttl_out\n");
  EXPECT_EQ(format_group_features(features, Version::v1_0),
            "  types: all\n  capabilities: select_weight\n"
            "    all:\n      max_groups=0x10\n      actions: output enqueue\n");
}

TEST(MessageText, APacketInSaysWhatThePacketIs) {
  PacketIn message;
  message.match.set(FieldId::in_port, 1);
  message.reason = PacketInReason::action;
  message.cookie = 5;
  message.data = from_hex(
      "ffffffffffff02000000000108060001080006040001020000000001"
      "0a0000010000000000000a000002");
  message.total_len = static_cast<uint16_t>(message.data.size());
  EXPECT_EQ(format_packet_in(message),
            "cookie=0x5 total_len=42 in_port=1 (via action) data_len=42 (unbuffered)\n"
            "arp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff,arp_spa=10.0.0.1,"
            "arp_tpa=10.0.0.2,arp_op=1,arp_sha=02:00:00:00:00:01,arp_tha=00:00:00:00:00:00\n");
}

}  // namespace
}  // namespace weft::openflow
