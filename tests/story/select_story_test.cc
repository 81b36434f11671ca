// Select groups: which flow takes which bucket, and which flows move when something changes.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "lib/openflow/port_message.h"
#include "lib/openflow/text/group_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr int flow_count = 10000;

// The flow's number is in its addresses and ports.
Frame flow(int n) {
  const auto src = Ipv4Address::from_host(0x0a000000U + static_cast<uint32_t>(n) / 100);
  return frame().ipv4(src, "10.1.0.1").udp(static_cast<uint16_t>(1000 + n % 100), 53);
}

// A switch with a group over ports p2, p3, p4 ... and the flows that took each of them.
class Spread {
 public:
  explicit Spread(const std::string& group) : sw_{"p1", "p2", "p3", "p4", "p5"} {
    sw_.add_group("group_id=1,type=select," + group);
    sw_.add_flow("in_port=p1,actions=group:1");
  }

  TestSwitch& sw() { return sw_; }
  // For each flow the port it left by, as a number; 0: none.
  std::vector<int> ports() {
    std::vector<int> taken;
    for (int n = 0; n < flow_count; ++n) {
      sw_.receive("p1", flow(n));
      taken.push_back(0);
      for (int port = 2; port <= 5; ++port) {
        if (!sw_.datapath().take_sent(sw_.bridge().port("p" + std::to_string(port))->port_id).empty()) {
          taken.back() = port;
        }
      }
    }
    return taken;
  }
  void set_down(uint16_t port, bool is_down) {
    constexpr uint32_t down = openflow::port_config::down;
    EXPECT_TRUE(sw_.bridge().set_port_config(OfPort{port}, is_down ? down : 0, down));
    sw_.settle();
  }

 private:
  TestSwitch sw_;
};

double share(const std::vector<int>& ports, int port) {
  return static_cast<double>(std::ranges::count(ports, port)) / flow_count;
}

const char* const four_buckets =
    "bucket=bucket_id:2,watch_port:p2,output:p2,bucket=bucket_id:3,watch_port:p3,output:p3,"
    "bucket=bucket_id:4,watch_port:p4,output:p4,bucket=bucket_id:5,watch_port:p5,output:p5";

TEST(SelectStory, FlowsSpreadByWeight) {
  Spread spread("bucket=weight:1,output:p2,bucket=weight:1,output:p3,bucket=weight:2,output:p4");
  const auto ports = spread.ports();
  EXPECT_NEAR(share(ports, 2), 0.25, 0.02);
  EXPECT_NEAR(share(ports, 3), 0.25, 0.02);
  EXPECT_NEAR(share(ports, 4), 0.50, 0.02);
  EXPECT_EQ(ports, spread.ports()) << "a flow stays where it is";
}

TEST(SelectStory, OnlyTheFlowsOfARemovedBucketMove) {
  Spread spread(four_buckets);
  const auto before = spread.ports();
  const auto mod =
      openflow::parse_group("group_id=1,command_bucket_id=3", openflow::GroupModCommand::remove_bucket).value();
  ASSERT_TRUE(spread.sw().bridge().apply(mod));
  spread.sw().settle();
  const auto after = spread.ports();
  EXPECT_EQ(std::ranges::count(after, 3), 0);
  for (int n = 0; n < flow_count; ++n) {
    EXPECT_TRUE(before[n] == after[n] || before[n] == 3) << "flow " << n;
  }
}

TEST(SelectStory, AChangedWeightMovesItsShareAndNoMore) {
  Spread spread("bucket=weight:10,output:p2,bucket=weight:10,output:p3,bucket=weight:20,output:p4");
  const auto before = spread.ports();
  spread.sw().mod_group(
      "group_id=1,type=select,bucket=weight:10,output:p2,bucket=weight:10,output:p3,bucket=weight:10,output:p4");
  const auto after = spread.ports();
  int moved = 0;
  for (int n = 0; n < flow_count; ++n) {
    if (before[n] != after[n]) {
      EXPECT_EQ(before[n], 4) << "flow " << n;
      ++moved;
    }
  }
  EXPECT_NEAR(static_cast<double>(moved) / flow_count, 1.0 / 2 - 1.0 / 3, 0.02);
}

// The port goes down: its flows move at once, though every one of them is cached, and no other does. When it comes
// back, so do they.
TEST(SelectStory, APortThatGoesDownMovesItsFlowsAtOnce) {
  Spread spread(four_buckets);
  const auto before = spread.ports();
  const uint64_t misses = spread.sw().misses();
  spread.set_down(4, true);
  const auto after = spread.ports();
  for (int n = 0; n < flow_count; ++n) {
    EXPECT_NE(after[n], 4);
    EXPECT_TRUE(before[n] == after[n] || before[n] == 4) << "flow " << n;
  }
  spread.set_down(4, false);
  EXPECT_EQ(before, spread.ports());
  EXPECT_EQ(spread.sw().misses(), misses) << "cached decisions were replaced";
}

TEST(SelectStory, WithoutALiveBucketThePacketIsDroppedForThatReason) {
  Spread spread("bucket=watch_port:p2,output:p2,bucket=watch_port:77,output:p3");
  spread.set_down(2, true);
  spread.sw().receive("p1", flow(0));
  EXPECT_EQ(spread.sw().drops(DropReason::no_live_bucket), 1U);
  spread.set_down(2, false);
  spread.sw().receive("p1", flow(0));
  EXPECT_THAT(spread.sw().sent("p2"), SizeIs(1));
}

// --- what is hashed is what the megaflow knows

TEST(SelectStory, OnlyTheNamedFieldsAreHashedAndLookedAt) {
  Spread spread("selection_method=hash,fields(ip_src=255.255.255.0),bucket=output:p2,bucket=output:p3");
  const auto ports = spread.ports();
  EXPECT_EQ(spread.sw().megaflow_count(), 1U) << "all flows are of one network: " << spread.sw().megaflows();
  EXPECT_THAT(spread.sw().megaflows(), HasSubstr("ip,in_port=p1,nw_src=10.0.0.0/24 actions="));
  EXPECT_TRUE(std::ranges::all_of(ports, [&](int port) { return port == ports[0]; }));
  // Another network; and one that has no such field.
  for (int network = 1; network < 30; ++network) {
    spread.sw().receive(
        "p1", frame().ipv4(Ipv4Address::from_host(0x0a000000U + static_cast<uint32_t>(network) * 256), "10.1.0.1"));
  }
  EXPECT_EQ(spread.sw().megaflow_count(), 30U);
  spread.sw().receive("p1", frame().arp_request("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(spread.sw().megaflows(), HasSubstr("arp,in_port=p1 actions="));
}

TEST(SelectStory, TheParameterShufflesTheFlows) {
  Spread one("selection_method=hash,selection_method_param=1,bucket=output:p2,bucket=output:p3");
  Spread other("selection_method=hash,selection_method_param=2,bucket=output:p2,bucket=output:p3");
  const auto a = one.ports();
  const auto b = other.ports();
  int equal = 0;
  for (int n = 0; n < flow_count; ++n) {
    equal += a[n] == b[n] ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(equal) / flow_count, 0.5, 0.03);
}

// Whatever the packet has: ARP by protocol addresses, others by Ethernet addresses.
TEST(SelectStory, PacketsWithoutIpSpreadToo) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=select,bucket=output:p2,bucket=output:p3");
  sw.add_flow("actions=group:1");
  for (uint32_t n = 0; n < 100; ++n) {
    sw.receive("p1", frame().arp_request(Ipv4Address::from_host(0x0a000000 + n), "10.0.0.2"));
  }
  EXPECT_GT(sw.sent("p2").size(), 20U);
  EXPECT_GT(sw.sent("p3").size(), 20U);
  for (uint64_t n = 0; n < 100; ++n) {
    sw.receive("p1", frame().eth(MacAddress::from_uint64(0x020000000000 + n), "02:00:00:00:00:ff").eth_type(0x88b5));
  }
  EXPECT_GT(sw.sent("p2").size(), 20U);
  EXPECT_GT(sw.sent("p3").size(), 20U);
}

// The later fragments have no ports: so the first does not go by them either.
TEST(SelectStory, FragmentsOfADatagramStayTogether) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=select,bucket=output:p2,bucket=output:p3");
  sw.add_flow("actions=group:1");
  for (uint16_t port = 1; port < 20; ++port) {
    const Frame ip = frame().ipv4("10.0.0.1", "10.0.0.2").protocol(17);
    sw.receive("p1", ip.fragment(0, true).udp(port, 53).payload("first"));
    sw.receive("p1", ip.fragment(800, false).payload("later"));
  }
  EXPECT_TRUE(sw.sent("p2").empty() || sw.sent("p3").empty());
}

// One bucket that could be chosen: there is nothing to look at.
TEST(SelectStory, AnOnlyBucketIsTakenBlindly) {
  Spread spread("bucket=output:p2,bucket=watch_port:77,output:p3");
  spread.ports();
  EXPECT_EQ(spread.sw().megaflows(), "in_port=p1 actions=output:p2\n");
}

TEST(SelectStory, BucketsAndGroupCountWhatTheyCarried) {
  Spread spread("bucket=output:p2,bucket=output:p3");
  const auto ports = spread.ports();
  spread.sw().collect();
  const auto stats = spread.sw().bridge().group_stats(1);
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->packet_count, static_cast<uint64_t>(flow_count));
  EXPECT_EQ(stats->buckets[0].packet_count, static_cast<uint64_t>(std::ranges::count(ports, 2)));
  EXPECT_EQ(stats->buckets[1].packet_count, static_cast<uint64_t>(std::ranges::count(ports, 3)));
  EXPECT_EQ(stats->ref_count, 1U);
}

TEST(SelectStory, ATraceTellsTheBucketAndWhy) {
  Spread spread("bucket=weight:3,output:p2,bucket=watch_port:p3,output:p3,bucket=weight:5,output:p4");
  spread.set_down(3, true);
  const std::string trace = spread.sw().trace("in_port=p1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1,tp_dst=2");
  EXPECT_THAT(trace, HasSubstr(" -> bucket 1 of 3 is not live: port p3 is down\n"));
  EXPECT_THAT(trace, HasSubstr(" of ip_src,ip_dst,nw_proto,udp_src,udp_dst, weight "));
  EXPECT_THAT(trace, HasSubstr(" of 8\n"));
}

}  // namespace
}  // namespace weft
