// What cannot be done is refused when it is asked for. It used to be taken, and the packets dropped.
#include "ofproto/table/abilities.h"

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the actions, by their names

using AbilitiesTest = TableTest;

TEST_F(AbilitiesTest, ActionsThatAreNotExecutedAreRefused) {
  for (const Action& action :
       {Action(CopyTtlInAction{}), Action(CopyTtlOutAction{}), Action(PushPbbAction{}), Action(PopPbbAction{}),
        Action(StackPushAction{}), Action(StackPopAction{}), Action(CheckPacketLargerAction{}),
        Action(DeleteFieldAction{}), Action(OutputRegAction{}), Action(OutputTruncAction{}), Action(MultipathAction{}),
        Action(BundleAction{}), Action(LearnAction{}), Action(FinTimeoutAction{}), Action(ConjunctionAction{}),
        Action(SampleAction{}), Action(CloneAction{})}) {
    const ActionList list = {OutputAction{.port = OfPort{1}}, action};
    Instructions instructions;
    instructions.apply = list;
    EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpbac_bad_type));
    std::swap(instructions.apply, instructions.write);
    EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpbac_bad_type));
    Bucket bucket;
    bucket.actions = list;
    EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {bucket})).is(ErrorCode::ofpbac_bad_type));
  }
}

// Stored; what becomes of packets is DropReason::connection_tracking. What stands inside is looked at.
TEST_F(AbilitiesTest, ConnectionTrackingIsTaken) {
  Instructions instructions;
  CtAction ct;
  ct.nested = NestedActions{{NatAction{}, SetFieldAction{}}};
  instructions.apply = ActionList{ct, CtClearAction{}};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
  ct.nested = NestedActions{{SampleAction{}}};
  instructions.apply = ActionList{ct};
  EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpbac_bad_type));
}

TEST_F(AbilitiesTest, AControllerActionPausesButDoesNotMeter) {
  Instructions instructions;
  ControllerAction pausing;
  pausing.pause = true;
  instructions.apply = ActionList{pausing};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
  pausing.meter_id = 1;
  instructions.apply = ActionList{pausing};
  EXPECT_TRUE(refusal(add(Match(), instructions)).is(ErrorCode::ofpbpc_bad_type));
  instructions.apply = ActionList{ControllerAction{}};
  EXPECT_TRUE(prepare(add(Match(), instructions)));
}

TEST_F(AbilitiesTest, MatchesOnFieldsThatNobodyFillsAreRefused) {
  for (const FieldId id : {FieldId::in_phy_port, FieldId::actset_output, FieldId::conj_id}) {
    EXPECT_TRUE(refusal(add(match_of({{id, 1}}))).is(ErrorCode::ofpbmc_bad_field)) << field(id).name;
  }
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
