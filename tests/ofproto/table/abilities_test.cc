// What cannot be done is refused when it is asked for. It used to be taken, and the packets dropped.
#include "ofproto/table/abilities.h"

#include "lib/openflow/nicira_error.h"
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the actions, by their names

using AbilitiesTest = TableTest;

TEST_F(AbilitiesTest, APacketIsCutOffForOnePortAtATime) {
  Instructions instructions;
  for (const OfPort port : {of_port::controller, of_port::normal, of_port::flood, of_port::all, of_port::table}) {
    instructions.apply = ActionList{OutputTruncAction{.port = port, .max_size = 64}};
    EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpbac_bad_out_port));
  }
  for (const OfPort port : {OfPort{1}, of_port::local, of_port::in_port}) {
    instructions.apply = ActionList{OutputTruncAction{.port = port, .max_size = 64}};
    EXPECT_TRUE(prepare(add(Match(), instructions)));
  }
}

// Stored; what becomes of packets is DropReason::connection_tracking. What stands inside is looked at.
TEST_F(AbilitiesTest, ConnectionTrackingIsTaken) {
  Instructions instructions;
  CtAction ct;
  ct.nested = NestedActions{{NatAction{}, SetFieldAction{}}};
  instructions.apply = ActionList{ct, CtClearAction{}};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
  ct.nested = NestedActions{{ConjunctionAction{}}};
  instructions.apply = ActionList{ct};
  EXPECT_FALSE(prepare(add(Match(), instructions)));
}

// NXBAC_BAD_CONJUNCTION, as Open vSwitch says it.
TEST_F(AbilitiesTest, AConjunctionStandsAloneAndHasItsClauses) {
  const OpenFlowError bad(error_type_experimenter, 15, nicira_vendor_id);
  const auto with = [](ActionList actions) {
    Instructions instructions;
    instructions.apply = std::move(actions);
    return instructions;
  };
  const ConjunctionAction first{7, 0, 2};
  EXPECT_TRUE(prepare(add(port(1), with({first, NoteAction{}, ConjunctionAction{8, 63, 64}}))));
  EXPECT_EQ(refusal(add(Match(), with({first, OutputAction{}}))), bad);
  EXPECT_EQ(refusal(add(Match(), with({SetFieldAction{}, first}))), bad);
  EXPECT_EQ(refusal(add(Match(), with({ConjunctionAction{7, 2, 2}}))), bad);
  EXPECT_EQ(refusal(add(Match(), with({ConjunctionAction{7, 0, 1}}))), bad);
  EXPECT_EQ(refusal(add(Match(), with({ConjunctionAction{7, 0, 65}}))), bad);
  Instructions both = with({first});
  both.goto_table = 3;
  EXPECT_EQ(refusal(add(Match(), both)), bad);
}

// It was taken, and did nothing.
TEST_F(AbilitiesTest, AnOptionThatNoFieldIsMappedToIsNotDeleted) {
  const DeleteFieldAction deletes{FieldId::tun_metadata0};
  Instructions instructions;
  instructions.apply = ActionList{deletes};
  EXPECT_EQ(refusal(add(Match(), instructions)), nicira_error(NiciraError::tlv_field_unmapped));
  instructions.apply = ActionList{CloneAction{NestedActions{{deletes}}}};
  EXPECT_EQ(refusal(add(Match(), instructions)), nicira_error(NiciraError::tlv_field_unmapped));
}

TEST_F(AbilitiesTest, AControllerActionPausesAndNamesAMeterThatIsThere) {
  Instructions instructions;
  ControllerAction pausing;
  pausing.pause = true;
  instructions.apply = ActionList{pausing};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
  pausing.meter_id = 1;
  instructions.apply = ActionList{pausing};
  EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpmmfc_invalid_meter));
  instructions.apply = ActionList{ControllerAction{}};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
}

// Every packet is untracked, in zone 0, and has not been recirculated.
TEST_F(AbilitiesTest, FieldsThatAreZeroForEveryPacketMayBeMatched) {
  for (const FieldId id : {FieldId::ct_state, FieldId::ct_zone, FieldId::recirc_id, FieldId::dp_hash}) {
    EXPECT_TRUE(prepare(add(match_of({{id, 0}})))) << field(id).name;
  }
}

TEST_F(AbilitiesTest, GroupsTellTheActionsOfTheirBuckets) {
  for (const uint32_t actions : tables_.groups().features().actions) {
    EXPECT_EQ(actions, executed_actions);
  }
}

}  // namespace
}  // namespace weft::ofproto
