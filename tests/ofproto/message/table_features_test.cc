// Table features: what is told, what may be set, and where egress begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ofproto/table/abilities.h"
#include "tests/ofproto/message/message_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;

TEST_F(MessageTest, TableFeaturesLeaveInParts) {
  request(TableFeaturesRequest{});
  EXPECT_EQ(session->sent.size(), 1u);
  EXPECT_EQ(session->finished, 0);
  const auto answers = session->answers();
  EXPECT_GT(answers.size(), 1u);
  EXPECT_FALSE(answers.back().more);
  EXPECT_EQ(session->finished, 1);
}

// set_nw_ttl, set_mpls_ttl and dec_mpls_ttl were missing.
TEST_F(MessageTest, TableFeaturesAreWhatTheTablesDo) {
  request(TableFeaturesRequest{});
  const auto answers = session->answers();
  const TableFeatures table = std::get<TableFeaturesReply>(answers.at(0).message).entries.at(0);
  EXPECT_EQ(table.hit.apply_actions, executed_actions);
  for (const unsigned type : {0U, 11U, 12U, 15U, 16U, 22U, 23U, 24U, 25U, 26U, 27U}) {
    EXPECT_NE(table.hit.write_actions >> type & 1, 0U) << type;
  }
  EXPECT_TRUE(table.match.test(static_cast<size_t>(FieldId::ct_state)));
  EXPECT_TRUE(table.match.test(static_cast<size_t>(FieldId::tun_metadata0)));
}

TEST_F(MessageTest, TableFeaturesMayNameATableAndLimitIt) {
  TableFeatures wanted;
  wanted.table_id = 3;
  wanted.name = "acl";
  wanted.max_entries = 500;
  request(TableFeaturesRequest{{wanted}});
  EXPECT_THAT(bridge.asked, ElementsAre("table_features 1"));
  const auto answers = session->answers();
  const auto& tables = std::get<TableFeaturesReply>(answers.at(0).message).entries;
  EXPECT_EQ(tables.at(3).name, "acl");
  EXPECT_EQ(tables.at(3).max_entries, 500u);
  EXPECT_EQ(tables.at(4).name, "table4");
  EXPECT_EQ(tables.at(4).max_entries, 1'000'000u);
}

TEST_F(MessageTest, TableFeaturesThatCannotBeAreRefused) {
  const auto refused = [&](const std::vector<TableFeatures>& wanted) {
    session->finished = 0;
    return refusal_of(TableFeaturesRequest{wanted});
  };
  TableFeatures wanted;
  wanted.table_id = 254;
  EXPECT_EQ(refused({wanted}), OpenFlowError(ErrorCode::ofptffc_bad_table));
  wanted.table_id = 3;
  EXPECT_EQ(refused({wanted, wanted}), OpenFlowError(ErrorCode::ofptffc_bad_table)) << "named twice";
  wanted.hit.next_tables.set(2);
  EXPECT_EQ(refused({wanted}), OpenFlowError(ErrorCode::ofptffc_bad_argument)) << "back to an earlier table";
  bridge.refusal = ErrorCode::ofptffc_bad_max_ent;
  wanted.hit = {};
  EXPECT_EQ(refused({wanted}), OpenFlowError(ErrorCode::ofptffc_bad_argument)) << "1.3 has no other code";
}

class EgressFeaturesTest : public MessageTest {
 protected:
  EgressFeaturesTest() { session->speaks = Version::v1_5; }

  static TableFeatures table(uint8_t id, uint32_t features) {
    TableFeatures wanted;
    wanted.table_id = id;
    wanted.features = features;
    wanted.max_entries = 100;
    return wanted;
  }
  std::vector<TableFeatures> tables_after(const TableFeaturesRequest& message) {
    session->sent.clear();
    session->finished = 0;
    request(message);
    std::vector<TableFeatures> all;
    for (const Envelope& answer : session->answers()) {
      const auto& part = std::get<TableFeaturesReply>(answer.message).entries;
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
  OpenFlowError refused(const std::vector<TableFeatures>& wanted) {
    session->finished = 0;
    return refusal_of(TableFeaturesRequest{wanted});
  }

  static constexpr uint32_t either = table_feature::ingress_table | table_feature::egress_table;
  static constexpr uint32_t output_and_group = 1U << 0 | 1U << 22;
};

TEST_F(EgressFeaturesTest, WithoutAFirstEgressTableEachButTheFirstMayBeOne) {
  const auto tables = tables_after({});
  EXPECT_EQ(tables.at(0).features, table_feature::ingress_table);
  EXPECT_EQ(tables.at(1).features, either);
  EXPECT_EQ(tables.at(253).features, either);
  EXPECT_EQ(tables.at(7).capabilities, table_config::eviction | table_config::vacancy_events);
}

TEST_F(EgressFeaturesTest, TheFirstEgressTableIsSetAndToldWithWhatFollowsFromIt) {
  const auto tables = tables_after({{table(10, either | table_feature::first_egress)}});

  EXPECT_EQ(bridge.first_egress, 10);
  EXPECT_EQ(tables.at(10).features, either | table_feature::first_egress);
  EXPECT_EQ(tables.at(11).features, either);
  EXPECT_TRUE(tables.at(3).hit.next_tables.test(9));
  EXPECT_FALSE(tables.at(3).hit.next_tables.test(10));
  EXPECT_TRUE(tables.at(10).hit.next_tables.test(253));
  EXPECT_EQ(tables.at(9).hit.write_actions & output_and_group, output_and_group);
  EXPECT_EQ(tables.at(10).hit.write_actions & output_and_group, 0U);
  EXPECT_EQ(tables.at(10).hit.apply_actions & output_and_group, output_and_group);
}

TEST_F(EgressFeaturesTest, WhatTheSwitchSaidOfATableMayBeSentBackWithTheMark) {
  TableFeatures table = tables_after({}).at(20);
  table.features |= table_feature::first_egress;
  table = tables_after({{table}}).at(20);
  EXPECT_EQ(bridge.first_egress, 20);
  tables_after({{table}});
  EXPECT_EQ(bridge.first_egress, 20);
}

TEST_F(EgressFeaturesTest, TheMarkMovesAndGoesAsItsTableIsNamed) {
  bridge.first_egress = 10;
  tables_after({{table(3, 0)}});
  EXPECT_EQ(bridge.first_egress, 10) << "another table was named";
  tables_after({{table(12, table_feature::first_egress)}});
  EXPECT_EQ(bridge.first_egress, 12);
  tables_after({{table(12, either)}});
  EXPECT_EQ(bridge.first_egress, std::nullopt);
}

// They have no such mark, and rename tables all the same.
TEST_F(EgressFeaturesTest, EarlierVersionsLeaveTheMarkWhereItIs) {
  bridge.first_egress = 10;
  session->speaks = Version::v1_4;
  const auto tables = tables_after({{table(10, 0)}});
  EXPECT_EQ(bridge.first_egress, 10);
  EXPECT_EQ(tables.at(10).hit.write_actions & output_and_group, 0U);
}

TEST_F(EgressFeaturesTest, MarksThatCannotBeAreRefused) {
  const OpenFlowError bad_features(ErrorCode::ofptffc_bad_features);
  constexpr uint32_t first = table_feature::first_egress;
  EXPECT_EQ(refused({table(0, first)}), bad_features) << "packets start there";
  EXPECT_EQ(refused({table(0, table_feature::egress_table)}), bad_features);
  EXPECT_EQ(refused({table(10, table_feature::ingress_table | first)}), bad_features) << "not for egress";
  EXPECT_EQ(refused({table(10, first), table(11, first)}), bad_features) << "two of them";
  EXPECT_EQ(refused({table(10, 1 << 2)}), bad_features) << "unknown";
  bridge.refusal = ErrorCode::ofptffc_bad_features;
  EXPECT_EQ(refused({table(10, first)}), bad_features) << "the bridge says no";
  EXPECT_EQ(bridge.first_egress, std::nullopt);
}

TEST_F(EgressFeaturesTest, ARequestThatSetsWaitsForItsTurn) {
  bridge.is_changing = true;
  request(TableFeaturesRequest{{table(10, table_feature::first_egress)}});
  EXPECT_EQ(bridge.first_egress, std::nullopt);
  EXPECT_EQ(session->finished, 0);
  bridge.take_turn();
  session->answers();
  EXPECT_EQ(bridge.first_egress, 10);
  EXPECT_EQ(session->finished, 1);
}

}  // namespace
}  // namespace weft::ofproto
