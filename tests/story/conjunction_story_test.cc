// Conjunctive matches in a switch: who decides, who counts, and that cached decisions follow every change of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/text/flow_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using namespace openflow;
using ::testing::HasSubstr;

// Clause 1 is the source, clause 2 the destination port; what falls through goes to p3.
class ConjunctionStory : public testing::Test {
 protected:
  ConjunctionStory() {
    add("priority=100,ip,nw_src=10.0.0.1", {ConjunctionAction{7, 0, 2}});
    add("priority=100,ip,nw_src=10.0.0.2", {ConjunctionAction{7, 0, 2}});
    add("priority=100,udp,tp_dst=53", {ConjunctionAction{7, 1, 2}});
    add("priority=100,udp,tp_dst=80", {ConjunctionAction{7, 1, 2}});
    sw.add_flow("priority=0,actions=output:p3");
  }
  void add(std::string_view text, ActionList actions) {
    auto flow = parse_flow(std::string(text) + ",actions=drop", FlowModCommand::add);
    ASSERT_TRUE(flow) << flow.error().message;
    flow->instructions.apply = std::move(actions);
    const auto added = sw.bridge().apply(*flow);
    ASSERT_TRUE(added) << added.error().detail;
    sw.settle();
  }
  // Which port such a packet leaves by.
  std::string port_of(const char* src, uint16_t dst_port) {
    sw.receive("p1", frame().ipv4(src, "10.9.9.9").udp(4000, dst_port));
    std::string ports;
    for (const char* port : {"p2", "p3", "p4"}) {
      ports += sw.sent(port).empty() ? "" : port;
    }
    return ports;
  }

  TestSwitch sw{"p1", "p2", "p3", "p4"};
};

TEST_F(ConjunctionStory, TheFlowThatAsksForTheIdDecidesAndCounts) {
  sw.add_flow("priority=100,conj_id=7,actions=output:p2");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
  EXPECT_EQ(port_of("10.0.0.2", 80), "p2");
  EXPECT_EQ(port_of("10.0.0.3", 80), "p3");
  EXPECT_EQ(port_of("10.0.0.2", 81), "p3");
  EXPECT_EQ(sw.packets("conj_id=7"), 2U);
  EXPECT_EQ(sw.packets("udp"), 0U) << "clauses count nothing";
  EXPECT_THAT(sw.megaflows(), testing::Not(HasSubstr("conj_id")));
}

TEST_F(ConjunctionStory, ACachedDecisionEndsWithAClause) {
  sw.add_flow("priority=100,conj_id=7,actions=output:p2");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
  sw.del_flows("ip,nw_src=10.0.0.1");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p3");
  add("priority=100,ip,nw_src=10.0.0.1", {ConjunctionAction{7, 0, 2}});
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
}

TEST_F(ConjunctionStory, ACachedDecisionFollowsTheFlowThatAsks) {
  EXPECT_EQ(port_of("10.0.0.1", 53), "p3") << "met, and nobody asks";
  sw.add_flow("priority=100,conj_id=7,actions=output:p2");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
  sw.mod_flows("conj_id=7,actions=output:p4");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p4");
}

// The clauses' priority counts, not that of the flow that asks.
TEST_F(ConjunctionStory, ALowFlowThatAsksForAHigherConjunctionGoesBeforeALowerConjunction) {
  add("priority=50,ip,nw_src=10.0.0.1", {ConjunctionAction{8, 0, 2}});
  add("priority=50,udp,tp_dst=53", {ConjunctionAction{8, 1, 2}});
  sw.add_flow("priority=50,conj_id=8,actions=output:p2");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
  sw.add_flow("priority=40,conj_id=7,actions=output:p4");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p4");
}

// Whatever priority the flow has that asks: an ordinary one goes before when it is not below the clauses.
TEST_F(ConjunctionStory, AnOrdinaryFlowBetweenTheClausesAndTheOneThatAsksGoesBefore) {
  sw.add_flow("priority=200,conj_id=7,actions=output:p2");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p2");
  sw.add_flow("priority=150,udp,actions=output:p4");
  EXPECT_EQ(port_of("10.0.0.1", 53), "p4");
}

TEST_F(ConjunctionStory, ATraceSaysThatItIsMet) {
  sw.add_flow("priority=100,conj_id=7,actions=output:p2");
  const std::string text = sw.trace("in_port=1,udp,nw_src=10.0.0.1,tp_dst=53");
  EXPECT_THAT(text, HasSubstr("all clauses of conjunction 7 are met"));
  EXPECT_THAT(text, HasSubstr("conj_id=7, priority 100"));
}

}  // namespace
}  // namespace weft
