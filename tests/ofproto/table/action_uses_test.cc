// What a list of actions names, at whatever depth it names it.
#include "ofproto/table/action_uses.h"

#include <gmock/gmock.h>

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the actions, by their names
using ::testing::ElementsAre;

Action clone_of(ActionList actions) { return CloneAction{NestedActions{std::move(actions)}}; }

TEST(ActionUses, EveryActionThatSendsToAPortIsAnOutput) {
  const OfPort port{7};
  for (const Action& action : {Action(OutputAction{.port = port}), Action(OutputTruncAction{.port = port}),
                               Action(EnqueueAction{.port = port}), clone_of({OutputAction{.port = port}}),
                               clone_of({clone_of({OutputAction{.port = port}})})}) {
    EXPECT_TRUE(outputs_to({action}, port)) << action.index();
    EXPECT_FALSE(outputs_to({action}, OfPort{8})) << action.index();
  }
}

TEST(ActionUses, AControllerActionIsAnOutputToTheController) {
  EXPECT_TRUE(outputs_to({clone_of({ControllerAction{}})}, of_port::controller));
}

TEST(ActionUses, GroupsAreFoundInNestedLists) {
  CtAction ct;
  ct.nested = NestedActions{{GroupAction{3}}};
  std::vector<uint32_t> groups;
  for_each_group({GroupAction{1}, clone_of({clone_of({GroupAction{2}})}), ct},
                 [&](uint32_t group_id) { groups.push_back(group_id); });
  EXPECT_THAT(groups, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace weft::ofproto
