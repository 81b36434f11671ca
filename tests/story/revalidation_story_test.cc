// What a change of one rule makes anew: the decisions that it touches, and no others.
#include <map>

#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

constexpr int reval_flow_count = 2000;

Frame to_port(int n) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(static_cast<uint16_t>(n), 53); }

// Each flow has a decision of its own.
class RevalidationStory : public testing::Test {
 protected:
  RevalidationStory() {
    sw.add_flow("priority=50000,tcp,tp_dst=9999,actions=drop");  // so that they know that they are no fragments
    sw.add_flow("in_port=p1,tcp,actions=multipath(symmetric_l4,1,modulo_n,1,0,NXM_NX_REG0[0..0]),output:p2");
    for (int n = 1; n <= reval_flow_count; ++n) {
      sw.receive("p1", to_port(n));
    }
    sw.sent("p2");
    note();
  }

  // Remembers each megaflow's decision.
  void note() {
    decisions.clear();
    sw.datapath().for_each_megaflow([&](datapath::Megaflow& megaflow) {
      if (!megaflow.is_dead) {
        decisions[megaflow.id] = megaflow.installed.load();
      }
    });
  }
  // How many of those are no longer there, or were decided again.
  size_t changed() {
    const auto before = std::exchange(decisions, {});
    note();
    size_t count = 0;
    for (const auto& [id, decision] : before) {
      const auto found = decisions.find(id);
      count += found == decisions.end() || found->second != decision ? 1 : 0;
    }
    return count;
  }

  TestSwitch sw{"p1", "p2", "p3"};
  std::map<uint64_t, const datapath::Installed*> decisions;
};

TEST_F(RevalidationStory, ARuleTouchesTheDecisionsThatItsPacketsHad) {
  ASSERT_EQ(decisions.size(), size_t{reval_flow_count});
  sw.add_flow("priority=40000,tcp,tp_src=77,actions=output:p3");
  EXPECT_EQ(changed(), 1U);
  sw.receive("p1", to_port(77));
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  sw.del_flows("tcp,tp_src=77");
  EXPECT_EQ(changed(), 1U);
  sw.add_flow("priority=40000,tcp,tp_src=64/0xfff0,actions=output:p3");
  EXPECT_EQ(changed(), 16U);
}

TEST_F(RevalidationStory, ARuleThatNoneOfThemCouldMeetTouchesNone) {
  sw.add_flow("priority=40000,tcp,tp_src=7000,actions=drop");
  sw.add_flow("priority=1,tcp,actions=drop");  // what they found goes before
  sw.add_flow("table=9,actions=drop");
  sw.add_flow("priority=40000,in_port=p2,actions=drop");
  EXPECT_EQ(changed(), 0U);
}

TEST_F(RevalidationStory, TheRuleThatAllFoundTouchesAll) {
  sw.mod_flows("in_port=p1,tcp,actions=output:p3");
  EXPECT_EQ(changed(), size_t{reval_flow_count});
  sw.receive("p1", to_port(5));
  EXPECT_EQ(sw.sent("p3").size(), 1U);
}

}  // namespace
}  // namespace weft
