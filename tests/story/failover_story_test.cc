// Fast failover: the first bucket that is live; what makes one live; groups that watch groups.
#include <gmock/gmock.h>

#include "lib/openflow/port_message.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Frame failover_packet = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53);

void set_down(TestSwitch& sw, uint16_t port, bool is_down = true) {
  constexpr uint32_t down = openflow::port_config::down;
  EXPECT_TRUE(sw.bridge().set_port_config(OfPort{port}, is_down ? down : 0, down));
  sw.settle();
}

TEST(FailoverStory, TheFirstLiveBucketIsTaken) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=ff,bucket=watch_port:p2,output:p2,bucket=watch_port:p3,output:p3");
  sw.add_flow("in_port=p1,actions=group:1");
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n") << "a choice without a look at the packet";

  set_down(sw, 2);
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_EQ(sw.misses(), 1U) << "the cached decision was replaced when the port went down";

  set_down(sw, 3);
  sw.receive("p1", failover_packet);
  EXPECT_EQ(sw.drops(DropReason::no_live_bucket), 1U);

  set_down(sw, 2, false);
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(FailoverStory, ARemovedPortIsNotLive) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=ff,bucket=watch_port:p2,output:p2,bucket=watch_port:p3,output:p3");
  sw.add_flow("in_port=p1,actions=group:1");
  sw.receive("p1", failover_packet);
  sw.sent("p2");
  sw.remove_port("p2");
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

TEST(FailoverStory, AGroupIsLiveWhileABucketOfItIs) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_group("group_id=2,type=select,bucket=watch_port:p2,output:p2,bucket=watch_port:p3,output:p3");
  sw.add_group("group_id=1,type=ff,bucket=watch_group:2,group:2,bucket=watch_port:p4,output:p4");
  sw.add_flow("in_port=p1,actions=group:1");
  set_down(sw, 2);
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  set_down(sw, 3);
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p4"), SizeIs(1));
  // The watched group changes: one of its buckets is always live.
  sw.mod_group("group_id=2,type=select,bucket=output:p2");
  set_down(sw, 2, false);
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// Two groups that watch each other and nothing else: neither is live, and finding out ends.
TEST(FailoverStory, GroupsThatWatchEachOtherAreNotLive) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=ff,bucket=watch_port:p2,output:p2");
  sw.add_group("group_id=2,type=ff,bucket=watch_group:1,output:p2");
  sw.mod_group("group_id=1,type=ff,bucket=watch_group:2,output:p2");
  sw.add_flow("in_port=p1,actions=group:1");
  sw.receive("p1", failover_packet);
  EXPECT_EQ(sw.drops(DropReason::no_live_bucket), 1U);
  // One way out of the circle makes both live.
  sw.mod_group("group_id=2,type=ff,bucket=watch_group:1,output:p3,bucket=watch_port:p3,output:p3");
  sw.receive("p1", failover_packet);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(FailoverStory, ATraceTellsWhyABucketIsNotLive) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=2,type=ff,bucket=watch_port:77,output:p2");
  sw.add_group(
      "group_id=1,type=ff,bucket=watch_port:p2,output:p2,bucket=watch_group:2,output:p2,bucket=watch_port:p3,output:"
      "p3");
  sw.add_flow("actions=group:1");
  set_down(sw, 2);
  const std::string trace = sw.trace("in_port=p1");
  EXPECT_THAT(trace, HasSubstr(" -> bucket 0 of 3 is not live: port p2 is down\n"));
  EXPECT_THAT(trace, HasSubstr(" -> bucket 1 of 3 is not live: group 2 has no live bucket\n"));
  EXPECT_THAT(trace, HasSubstr(" -> bucket 2 of 3: the first that is live\n"));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

}  // namespace
}  // namespace weft
