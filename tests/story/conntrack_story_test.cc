// Connection tracking is stored and shown, and not executed: a packet that meets it goes nowhere, and is counted as that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Frame conntrack_packet = small_udp();

TEST(ConntrackStory, APacketThatMeetsCtIsDroppedUnderItsOwnReason) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ip,actions=output:p2,ct(commit,zone=5,table=1)");
  sw.add_flow("table=1,actions=output:p2");

  sw.receive("p1", conntrack_packet);
  sw.receive("p1", conntrack_packet);

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::connection_tracking), 2U);
}

TEST(ConntrackStory, OtherPacketsGoOn) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=20,udp,tp_dst=80,actions=ct(commit,nat(src=10.0.0.9)),output:p2");
  sw.add_flow("priority=10,actions=ct_clear,output:p2");

  sw.receive("p1", conntrack_packet);

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.drops(DropReason::connection_tracking), 0U);
}

TEST(ConntrackStory, CtIsShownAsItWasWritten) {
  TestSwitch sw{"p1"};
  sw.add_flow("ip,actions=ct(commit,table=3,zone=NXM_NX_REG0[0..15],nat(src=10.0.0.1),exec(set_field:0x5->ct_mark))");

  EXPECT_THAT(sw.dump_flows(), HasSubstr("actions=ct(commit,table=3,zone=NXM_NX_REG0[0..15],nat(src=10.0.0.1),"
                                         "exec(set_field:0x5->ct_mark))"));
}

}  // namespace
}  // namespace weft
