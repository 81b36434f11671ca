// What a session of OpenFlow 1.0 is answered, and how its flow-mods are meant.
#include "ofproto/message/version_10.h"

#include <gtest/gtest.h>

#include "lib/openflow/nicira_error.h"
#include "tests/ofproto/message/fake_session.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names

struct Version10Test : testing::Test {
  Version10Test() { session->speaks = Version::v1_0; }

  std::vector<Envelope> answers_to(const Message& message, Form form = Form::standard) {
    handle(session, {.version = Version::v1_0, .xid = 7, .message = message, .form = form},
           encode(Version::v1_0, 7, message, false, form));
    return session->answers();
  }
  FlowMod meant(FlowModCommand command, uint8_t table_id) {
    FlowMod said;
    said.command = command;
    said.table_id = table_id;
    const auto result = as_meant(*session, said);
    EXPECT_TRUE(result.has_value());
    return result.value_or(FlowMod{});
  }

  std::shared_ptr<FakeSession> session = std::make_shared<FakeSession>();
};

TEST_F(Version10Test, FeaturesListThePorts) {
  const auto answers = answers_to(FeaturesRequest{});
  ASSERT_EQ(answers.size(), 1U);
  const auto& features = std::get<FeaturesReply>(answers[0].message);
  ASSERT_EQ(features.ports.size(), 1U);
  EXPECT_EQ(features.ports[0].name, "p1");
  EXPECT_EQ(features.actions, 0xfffU);
  EXPECT_NE(features.capabilities & capability::arp_match_ip, 0U);
}

TEST_F(Version10Test, WithoutTheExtensionAFlowModNamesNoTable) {
  EXPECT_EQ(meant(FlowModCommand::add, 0).table_id, 0);
  EXPECT_EQ(meant(FlowModCommand::modify, 0).table_id, all_tables);
  EXPECT_EQ(meant(FlowModCommand::remove_strict, 0).table_id, all_tables);
  FlowMod said;
  said.table_id = 3;
  EXPECT_EQ(as_meant(*session, said).error(), OpenFlowError(ErrorCode::ofpfmfc_bad_command));
}

TEST_F(Version10Test, WithItEveryFlowModDoes) {
  EXPECT_TRUE(answers_to(FlowModTableId{true}).empty());
  EXPECT_EQ(meant(FlowModCommand::add, 3).table_id, 3);
  EXPECT_EQ(meant(FlowModCommand::remove, 0).table_id, 0);
  EXPECT_EQ(meant(FlowModCommand::remove, all_tables).table_id, all_tables);
  answers_to(FlowModTableId{false});
  EXPECT_EQ(meant(FlowModCommand::remove, 0).table_id, all_tables);
}

TEST_F(Version10Test, AnAddCountsFromZero) {
  EXPECT_EQ(meant(FlowModCommand::add, 0).flags, flow_flag::reset_counts);
  EXPECT_EQ(meant(FlowModCommand::modify, 0).flags, 0);
  session->speaks = Version::v1_3;
  EXPECT_EQ(meant(FlowModCommand::add, 0).flags, 0);
}

TEST_F(Version10Test, RepliesHaveTheFormOfTheirRequest) {
  session->the_bridge.flows.resize(1);
  for (const Form form : {Form::standard, Form::nicira}) {
    const auto answers = answers_to(FlowStatsRequest{}, form);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].form, form);
    const auto sums = answers_to(AggregateStatsRequest{}, form);
    ASSERT_EQ(sums.size(), 1U);
    EXPECT_EQ(sums[0].form, form);
  }
}

TEST_F(Version10Test, TheFlowFormatIsTheSessions) {
  EXPECT_TRUE(answers_to(SetFlowFormat{Form::nicira}).empty());
  EXPECT_EQ(session->flow_format, Form::nicira);
}

TEST_F(Version10Test, OptionsOfTunnelsAreMapped) {
  const std::vector<TlvMap> maps{{0xffff, 0x80, 4, 3}};
  EXPECT_TRUE(answers_to(TlvTableMod{TlvTableCommand::add, maps}).empty());
  const auto answers = answers_to(TlvTableRequest{});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(std::get<TlvTableReply>(answers[0].message).maps, maps);
  session->the_bridge.refusal = nicira_error(NiciraError::tlv_table_full);
  const auto refused = answers_to(TlvTableMod{TlvTableCommand::add, maps});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(std::get<Error>(refused[0].message).error, nicira_error(NiciraError::tlv_table_full));
}

TEST_F(Version10Test, WhatIsRefusedHasNumbersOf10) {
  session->the_bridge.refusal = OpenFlowError(ErrorCode::ofpfmfc_overlap);
  const auto answers = answers_to(FlowMod{});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(std::get<Error>(answers[0].message).error.is(ErrorCode::ofpfmfc_overlap));
  EXPECT_EQ(session->finished, 1);
}

}  // namespace
}  // namespace weft::ofproto
