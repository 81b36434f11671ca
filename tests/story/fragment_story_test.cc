// IP fragments as the modes of set-frags have them (ovs-ofctl(8)).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using openflow::FragmentHandling;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class FragmentStory : public ::testing::Test {
 protected:
  static Frame v4() { return frame().ipv4("10.0.0.1", "10.0.0.2"); }
  static Frame v6() { return frame().ipv6("fd00::1", "fd00::2"); }
  static Frame whole() { return v4().udp(4000, 53); }
  static Frame first() { return v4().fragment(0, true).udp(4000, 53); }
  static Frame later() { return v4().protocol(17).fragment(800, false).payload("the end"); }

  FragmentStory() {
    sw_.add_flow("priority=5,udp,tp_dst=53,actions=output:p2");
    sw_.add_flow("priority=4,udp,tp_src=0,tp_dst=0,actions=output:p3");
    sw_.add_flow("priority=4,icmp,icmp_type=8,actions=output:p2");
    sw_.add_flow("priority=3,icmp,icmp_type=0,icmp_code=0,actions=output:p3");
    sw_.add_flow("priority=3,icmp6,icmp_type=128,actions=output:p2");
    sw_.add_flow("priority=2,icmp6,icmp_type=0,actions=output:p3");
  }
  // Twice: what the first one leaves in the cache must say the same.
  std::string way_of(const Frame& frame) {
    const std::string first = send(frame);
    EXPECT_EQ(send(frame), first) << frame;
    return first;
  }
  std::string send(const Frame& frame) {
    sw_.receive("p1", frame);
    const size_t to_p2 = sw_.sent("p2").size();
    const size_t to_p3 = sw_.sent("p3").size();
    return to_p2 + to_p3 == 0 ? "nowhere" : to_p2 == 1 ? "p2" : "p3";
  }
  TestSwitch sw_{"p1", "p2", "p3"};
};

// The first one was matched by its ports, as in nx-match.
TEST_F(FragmentStory, NormallyNoFragmentHasPorts) {
  EXPECT_EQ(way_of(whole()), "p2");
  EXPECT_EQ(way_of(first()), "p3");
  EXPECT_EQ(way_of(later()), "p3");
  EXPECT_EQ(way_of(v4().icmp(8, 0)), "p2");
  EXPECT_EQ(way_of(v4().fragment(0, true).icmp(8, 0)), "p3");
  EXPECT_EQ(way_of(v6().fragment(0, true).icmpv6(128, 0)), "p3");
}

TEST_F(FragmentStory, TheFirstKeepsItsPortsInNxMatch) {
  sw_.bridge().set_fragments(FragmentHandling::nx_match);
  EXPECT_EQ(way_of(whole()), "p2");
  EXPECT_EQ(way_of(first()), "p2");
  EXPECT_EQ(way_of(later()), "p3");
  EXPECT_EQ(way_of(v4().fragment(0, true).icmp(8, 0)), "p2");
}

TEST_F(FragmentStory, DroppedTheyAreNotLookedUp) {
  sw_.bridge().set_fragments(FragmentHandling::drop);
  EXPECT_EQ(way_of(whole()), "p2");
  EXPECT_EQ(way_of(first()), "nowhere");
  EXPECT_EQ(way_of(later()), "nowhere");
  EXPECT_EQ(sw_.drops(DropReason::fragment), 4U);
}

TEST_F(FragmentStory, ANewModeHoldsForFlowsThatAreThere) {
  EXPECT_EQ(way_of(first()), "p3");
  sw_.bridge().set_fragments(FragmentHandling::nx_match);
  sw_.settle();
  EXPECT_EQ(way_of(first()), "p2");
  sw_.bridge().set_fragments(FragmentHandling::drop);
  sw_.settle();
  EXPECT_EQ(way_of(first()), "nowhere");
}

TEST_F(FragmentStory, ARuleForPortsThatComesLaterFindsThem) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("priority=1,actions=output:p2");
  sw.receive("p1", first());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  sw.add_flow("priority=2,udp,tp_dst=53,actions=output:p3");
  sw.settle();
  sw.receive("p1", first());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  sw.add_flow("priority=3,udp,tp_dst=0,actions=output:p3");
  sw.settle();
  sw.receive("p1", first());
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

// Whether a packet is a fragment concerns no flow but those that are told apart by ports.
TEST_F(FragmentStory, TheMaskOfAFlowWithoutPortsSaysNothingOfFragments) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ip,actions=output:p2");
  sw.receive("p1", whole());
  EXPECT_THAT(sw.megaflows(), Not(HasSubstr("frag")));
  sw.add_flow("priority=40000,udp,tp_dst=53,actions=output:p2");
  sw.settle();
  sw.receive("p1", whole());
  EXPECT_THAT(sw.megaflows(), HasSubstr("nw_frag=no"));
}

TEST_F(FragmentStory, AnActionSeesThePortsThatAreThere) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("udp,actions=set_field:99->udp_src,resubmit(,1)");
  sw.add_flow("table=1,udp,tp_src=0,actions=output:p2");
  sw.receive("p1", first());
  EXPECT_THAT(sw.sent("p2"), ::testing::ElementsAre(v4().fragment(0, true).udp(99, 53)));
}

}  // namespace
}  // namespace weft
