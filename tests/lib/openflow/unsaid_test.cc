#include "lib/openflow/unsaid.h"

#include <gtest/gtest.h>

namespace weft::openflow {
namespace {

TEST(Unsaid, AnActionThatAVersionLacksIsNamed) {
  FlowMod mod;
  mod.instructions.apply = ActionList{OutputAction{.port = OfPort{1}}, PushVlanAction{0x88a8}};
  const auto unsaid = find_unsaid(mod, Version::v1_0);
  ASSERT_TRUE(unsaid.has_value());
  EXPECT_EQ(unsaid->action, &mod.instructions.apply->at(1));
  EXPECT_FALSE(find_unsaid(mod, Version::v1_3).has_value());
}

TEST(Unsaid, SoIsAnActionInsideAnother) {
  const auto clone = CloneAction{Boxed<NestedActions>(NestedActions{{MeterAction{1}}})};
  const ActionList actions{OutputAction{.port = OfPort{1}}, clone};
  EXPECT_EQ(*find_unsaid(actions, Version::v1_3), Action(MeterAction{1}));
  EXPECT_EQ(find_unsaid(actions, Version::v1_5), nullptr);
}

TEST(Unsaid, WhatIsNoActionHasNoPlaceIn10) {
  FlowMod mod;
  const auto word = [&] { return find_unsaid(mod, Version::v1_0).value_or(Unsaid{}).word; };
  EXPECT_EQ(word(), "");
  mod.flags = flow_flag::no_packet_counts;
  EXPECT_EQ(word(), "no_packet_counts");
  mod.flags |= flow_flag::reset_counts;
  EXPECT_EQ(word(), "reset_counts");
  mod.instructions.write = ActionList{};
  EXPECT_EQ(word(), "write_actions");
  mod.instructions.meter = 1;
  EXPECT_EQ(word(), "meter");
}

TEST(Unsaid, AnImportanceHasNoPlaceBefore14) {
  FlowMod mod;
  mod.importance = 3;
  EXPECT_EQ(find_unsaid(mod, Version::v1_3).value_or(Unsaid{}).word, "importance");
  EXPECT_FALSE(find_unsaid(mod, Version::v1_4).has_value());
}

}  // namespace
}  // namespace weft::openflow
