// Who leads, and who is told.
#include "ofproto/controller/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

struct Controller : Candidate {
  Controller(Election& in, std::string uri) : Candidate(std::move(uri)), election(in) { election.join(*this); }
  ~Controller() override { election.leave(*this); }

  Result<RoleReply, OpenFlowError> ask(Role role, uint64_t generation, uint16_t short_id = 0) {
    return election.request(*this, {role, generation, short_id}, true);
  }
  void demoted(const RoleStatus& status) override { demotions.push_back(status); }
  void hear(const openflow::ControllerStatus& status) override { heard.push_back(status); }

  Election& election;
  std::vector<RoleStatus> demotions;
  std::vector<openflow::ControllerStatus> heard;
};

struct ElectionTest : testing::Test {
  Election election;
  Controller a{election, "tcp:192.0.2.1:6653"};
  Controller b{election, "tcp:192.0.2.2:6653"};
};

TEST_F(ElectionTest, EverybodyBeginsEqual) {
  EXPECT_EQ(*a.ask(Role::no_change, 0), (RoleReply{Role::equal, ~uint64_t{0}, 0}));
}

TEST_F(ElectionTest, ANewPrimaryDemotesTheOldOne) {
  EXPECT_EQ(a.ask(Role::primary, 7)->role, Role::primary);
  EXPECT_THAT(a.demotions, IsEmpty());
  EXPECT_EQ(*b.ask(Role::primary, 8), (RoleReply{Role::primary, 8, 0}));
  EXPECT_EQ(a.role(), Role::secondary);
  EXPECT_THAT(a.demotions, ElementsAre(RoleStatus{Role::secondary, RoleStatusReason::primary_request, 8}));
  EXPECT_THAT(b.demotions, IsEmpty());
}

TEST_F(ElectionTest, AskingAgainChangesNothing) {
  EXPECT_TRUE(a.ask(Role::primary, 7));
  const auto heard = b.heard.size();
  EXPECT_EQ(a.ask(Role::primary, 7)->role, Role::primary);
  EXPECT_EQ(b.heard.size(), heard);
}

TEST_F(ElectionTest, AnEarlierGenerationIsStale) {
  EXPECT_TRUE(a.ask(Role::primary, 7));
  EXPECT_EQ(b.ask(Role::primary, 6).error(), OpenFlowError(ErrorCode::ofprrfc_stale));
  EXPECT_EQ(b.ask(Role::secondary, 6).error(), OpenFlowError(ErrorCode::ofprrfc_stale));
  EXPECT_EQ(a.role(), Role::primary);
  EXPECT_EQ(b.ask(Role::equal, 6)->role, Role::equal) << "no election";
  EXPECT_EQ(b.ask(Role::no_change, 6)->generation_id, 7u);
  EXPECT_TRUE(b.ask(Role::primary, 7)) << "the same generation";
}

// 2^64 - 1 is followed by 0.
TEST_F(ElectionTest, GenerationsWrapAround) {
  EXPECT_TRUE(a.ask(Role::primary, ~uint64_t{0}));
  EXPECT_EQ(b.ask(Role::primary, 0)->generation_id, 0u);
  EXPECT_EQ(a.ask(Role::primary, ~uint64_t{0}).error(), OpenFlowError(ErrorCode::ofprrfc_stale));
}

TEST_F(ElectionTest, NicirasRequestHasNoGeneration) {
  EXPECT_TRUE(a.ask(Role::primary, 7));
  EXPECT_EQ(election.request(b, {Role::primary, 0, 0}, false)->role, Role::primary);
  EXPECT_EQ(a.role(), Role::secondary);
  EXPECT_EQ(a.ask(Role::no_change, 0)->generation_id, 7u);
}

TEST_F(ElectionTest, APrimaryThatGoesLeavesNoneBehind) {
  {
    Controller c(election, "unix");
    EXPECT_TRUE(c.ask(Role::primary, 7));
  }
  EXPECT_TRUE(a.ask(Role::primary, 8));
  EXPECT_THAT(b.demotions, IsEmpty());
  EXPECT_EQ(election.statuses().size(), 2u);
}

TEST_F(ElectionTest, ShortIdsAreUnique) {
  EXPECT_EQ(a.ask(Role::no_change, 0, 5)->short_id, 5u);
  EXPECT_EQ(b.ask(Role::primary, 1, 5).error(), OpenFlowError(ErrorCode::ofprrfc_id_in_use));
  EXPECT_EQ(b.role(), Role::equal) << "a refused request changes nothing";
  EXPECT_EQ(b.ask(Role::primary, 0, 6)->short_id, 6u) << "nor the generation";
  EXPECT_EQ(a.ask(Role::no_change, 0)->short_id, 5u) << "kept until another is named";
}

TEST_F(ElectionTest, ControllersHearOfEachOther) {
  a.heard.clear();
  EXPECT_TRUE(b.ask(Role::primary, 1));
  EXPECT_THAT(a.heard, ElementsAre(openflow::ControllerStatus{
                           0, Role::primary, ControllerStatusReason::role, ChannelStatus::up, {"tcp:192.0.2.2:6653"}}));
  a.heard.clear();
  { Controller c(election, "unix"); }
  ASSERT_EQ(a.heard.size(), 2u);
  EXPECT_EQ(a.heard[0].channel_status, ChannelStatus::up);
  EXPECT_EQ(a.heard[1].channel_status, ChannelStatus::down);
}

}  // namespace
}  // namespace weft::ofproto
