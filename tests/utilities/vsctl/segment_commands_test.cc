#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(SegmentCommands, ASegmentBringsATunnelPortWhereTheBridgeHasNone) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-segment red --vni 5001 --vtep 192.0.2.2,192.0.2.3 --description 'tenant red' --mtu=1400"),
            "");
  EXPECT_EQ(sw.vsctl("list-segments -- list-segments br0 -- list-ports br0"), "red\nred\np1\nvxlan0\n");
  EXPECT_EQ(sw.vsctl("get Interface vxlan0 type options"), "vxlan\n{key=flow, remote_ip=flow}\n");
  EXPECT_EQ(sw.vsctl("get Segment red vni encap mode vteps mtu description"),
            "5001\nvxlan\nreplicate\n[\"192.0.2.2\", \"192.0.2.3\"]\n1400\n\"tenant red\"\n");

  EXPECT_EQ(sw.vsctl("add-segment --vni=5002 blue --group=239.1.1.1 -- --encap geneve add-segment green --vni 5003"),
            "");
  EXPECT_EQ(sw.vsctl("get Segment blue mode group -- list-ports br0"),
            "multicast\n\"239.1.1.1\"\ngeneve0\np1\nvxlan0\n");
}

TEST(SegmentCommands, RequestsForKnownAddressesAreAnsweredWhereItIsAskedFor) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-segment red --vni 5001 --suppress-arp -- add-segment blue --vni 5002"), "");
  EXPECT_EQ(sw.vsctl("get Segment red suppress_arp -- get Segment blue suppress_arp"), "true\nfalse\n");
  EXPECT_THAT(sw.vsctl("show-segment red"), HasSubstr("suppressed:  ARP and ND requests for known addresses\n"));
  EXPECT_THAT(sw.vsctl("show-segment blue"), Not(HasSubstr("suppressed")));
  EXPECT_EQ(sw.vsctl("set Segment blue suppress_arp=true -- get Segment blue suppress_arp"), "true\n");
}

TEST(SegmentCommands, AFlowBasedPortThatIsThereServes) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-port br0 vxlan0 -- set interface vxlan0 type=vxlan options:remote_ip=192.0.2.9");
  sw.vsctl("add-port br0 vx -- set interface vx type=vxlan options:remote_ip=flow options:key=flow");
  EXPECT_EQ(sw.vsctl("add-segment red --vni 1 -- list-ports br0"), "p1\nvx\nvxlan0\n");
  // A name that is taken is passed over.
  EXPECT_EQ(sw.vsctl("del-port vx -- add-segment blue --vni 2 -- list-ports br0"), "p1\nvxlan0\nvxlan1\n");
}

TEST(SegmentCommands, WhatIsWrongIsSaid) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 5001");
  EXPECT_THAT(sw.vsctl("add-segment red --vni 5"), StartsWith("error: a segment named red exists already\n"));
  EXPECT_EQ(sw.vsctl("add-segment --may-exist red --vni 5"), "");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 5001"), "error: --vni=5001: segment red of bridge br0 has it already");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 7 -- add-segment green --vni 7"),
            "error: --vni=7: segment blue of bridge br0 has it already");
  EXPECT_THAT(sw.vsctl("add-segment blue"), StartsWith("error: --vni is missing"));
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 16777216"),
            "error: --vni=16777216: a number from 1 to 16777215 is needed");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 5 --encap vxlam"),
            "error: --encap=vxlam: one of vxlan, geneve, nvgre, stt is needed, did you mean \"vxlan\"?");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 5 --group 192.0.2.1"),
            "error: --group=192.0.2.1: not a multicast address (224.0.0.0/4 or ff00::/8)");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 5 --vtep 192.0.2.1,239.1.1.1"),
            "error: --vtep=192.0.2.1,239.1.1.1: \"239.1.1.1\" is not the address of a VTEP");
  EXPECT_THAT(sw.vsctl("add-segment blue --vni 5 --mode multicast"), HasSubstr("mode multicast needs a group"));
  EXPECT_THAT(sw.vsctl("add-segment blue --vni 5 --mode controller --vtep 192.0.2.2"),
              HasSubstr("vteps are of mode replicate"));
  EXPECT_THAT(sw.vsctl("add-segment blue --vni 5 --encap nvgre"), HasSubstr("NVGRE reserves ids below 4096"));
  EXPECT_THAT(sw.vsctl("set-port-segment p1 rad"), HasSubstr("no segment named rad, did you mean \"red\"?"));
  sw.vsctl("add-br br1");
  EXPECT_THAT(sw.vsctl("add-segment blue --vni 5"), HasSubstr("several bridges"));
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 5001 --bridge br1 --encap geneve"), "");
  EXPECT_THAT(sw.vsctl("set-port-segment p1 blue"), HasSubstr("port p1 is on bridge br0, segment blue on bridge br1"));
}

// Two tunnel ports that take the same packets: the second one could not work.
TEST(SegmentCommands, ASecondBridgeNeedsATunnelPortOfItsOwn) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-br br1 -- add-segment red --vni 1 --bridge br0");
  EXPECT_EQ(
      sw.vsctl("add-segment blue --vni 2 --bridge br1"),
      "error: bridge br1 needs a tunnel port of its own for encapsulation vxlan, and port vxlan0 of bridge br0 takes "
      "all such packets of this host (remote_ip=flow, key=flow): make the segment on br0, or first give br1 a port "
      "of that type with another options:dst_port or options:local_ip");
  EXPECT_EQ(sw.vsctl("list-segments -- list-ports br1"), "red\n");
  EXPECT_THAT(sw.vsctl("--bridge br1 add-segment a --vni 7000 -- add-segment b --vni 7001 --bridge br0"),
              HasSubstr("error: bridge br1 needs"));

  // Another encapsulation is no matter, nor is a port of another number or address, or with a fixed remote.
  EXPECT_EQ(sw.vsctl("add-segment green --vni 5000 --bridge br1 --encap nvgre"), "");
  EXPECT_THAT(sw.vsctl("add-segment gray --vni 5001 --bridge br0 --encap nvgre"),
              HasSubstr("with another options:local_ip"));
  sw.vsctl(
      "add-port br1 vx8472 -- set interface vx8472 type=vxlan options:remote_ip=flow options:key=flow "
      "options:dst_port=8472");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 2 --bridge br1 -- list-ports br1"), "nvgre0\nvx8472\n");
  sw.vsctl(
      "add-br br2 -- add-br br3 -- add-port br2 g -- set interface g type=geneve options:remote_ip=flow "
      "options:key=flow options:local_ip=192.0.2.1");
  EXPECT_EQ(sw.vsctl("add-segment teal --vni 3 --bridge br3 --encap geneve -- list-ports br3"), "geneve0\n");
}

// It would be a VLAN where either may stand.
TEST(SegmentCommands, AVlansNumberIsNoName) {
  FakeSwitch sw = with_bridge();
  for (const char* name : {"0", "5", "4095", "007"}) {
    EXPECT_THAT(sw.vsctl(std::string("add-segment ") + name + " --vni 5001"),
                StartsWith(std::string("error: \"") + name + "\" is no name for a segment: where a VLAN or a segment"))
        << name;
  }
  EXPECT_EQ(sw.vsctl("add-segment 4096 --vni 5001 -- add-segment 5a --vni 5002 -- list-segments"), "4096\n5a\n");
}

TEST(SegmentCommands, LimitsOfAddresses) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-segment red --vni 1 --mac-limit 100 --mac-limit-policy=drop --any-vtep"), "");
  EXPECT_EQ(sw.vsctl("get segment red mac_limit mac_limit_policy any_vtep"), "100\ndrop\ntrue\n");
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 2 --mac-limit 5 -- get segment blue mac_limit_policy any_vtep"),
            "[]\nfalse\n");
  EXPECT_EQ(sw.vsctl("set port p1 mac_limit=3 mac_limit_policy=evict -- get port p1 mac_limit"), "3\n");

  EXPECT_EQ(sw.vsctl("add-segment green --vni 3 --mac-limit 0"),
            "error: --mac-limit=0: a number from 1 to 1000000 is needed");
  EXPECT_EQ(sw.vsctl("add-segment green --vni 3 --mac-limit 1000001"),
            "error: --mac-limit=1000001: a number from 1 to 1000000 is needed");
  EXPECT_EQ(sw.vsctl("add-segment green --vni 3 --mac-limit 5 --mac-limit-policy evit"),
            "error: --mac-limit-policy=evit: one of flood, drop, evict is needed, did you mean \"evict\"?");
  EXPECT_EQ(sw.vsctl("add-segment green --vni 3 --mac-limit-policy drop"),
            "error: --mac-limit-policy=drop: of which limit? --mac-limit is missing");
  EXPECT_THAT(sw.vsctl("add-segment green --vni 3 --mode controller --any-vtep"),
              HasSubstr("segment green: any_vtep is of mode replicate, its mode is controller"));
  EXPECT_THAT(sw.vsctl("set port p1 mac_limit=0"), HasSubstr("error: "));
  EXPECT_THAT(sw.vsctl("set segment red mac_limit_policy=oldest"), HasSubstr("error: "));
  EXPECT_THAT(sw.vsctl("set segment red mode=multicast group=239.1.1.1"), HasSubstr("any_vtep is of mode replicate"));
}

// What goes past the commands is checked by the database.
TEST(SegmentCommands, RecordsAreCheckedTogether) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 1 -- add-segment blue --vni 2");
  EXPECT_THAT(sw.vsctl("set segment blue vni=1"), HasSubstr("of bridge br0 both have VNI 1"));
  EXPECT_THAT(sw.vsctl("set segment blue mode=multicast"), HasSubstr("mode multicast needs a group"));
  EXPECT_THAT(sw.vsctl("set segment blue group=10.0.0.1 mode=multicast"), HasSubstr("is no multicast address"));
  EXPECT_EQ(sw.vsctl("set segment blue group=239.1.1.1 mode=multicast"), "");
  EXPECT_EQ(sw.vsctl("set segment red vteps=192.0.2.2,192.0.2.3"), "");
  EXPECT_THAT(sw.vsctl("set segment red vteps=nonsense"), HasSubstr("is not the address of a VTEP"));
}

TEST(SegmentCommands, PortsComeAndGo) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 5001");
  EXPECT_EQ(sw.vsctl("set-port-segment p1 red -- get port p1 segment"), "red\n");
  EXPECT_THAT(sw.vsctl("show-segment red"), HasSubstr("ports:       p1\n"));
  EXPECT_THAT(sw.vsctl("del-segment red"), HasSubstr("segment red has port p1"));
  EXPECT_EQ(sw.vsctl("set-port-segment p1 -- get port p1 segment -- del-segment red -- list-segments"), "[]\n");
  EXPECT_EQ(sw.vsctl("del-segment --if-exists red"), "");
}

TEST(SegmentCommands, AGatewayMapsVlans) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 1 -- add-segment blue --vni 2");
  EXPECT_EQ(sw.vsctl("set port p1 segment_vlans=10=red,20=blue other_config:segment-gateway=standby"), "");
  EXPECT_EQ(sw.vsctl("get port p1 segment_vlans"), "{10=red, 20=blue}\n");
  EXPECT_THAT(sw.vsctl("del-segment red"), HasSubstr("segment red has port p1"));
  EXPECT_THAT(sw.vsctl("set port p1 segment_vlans=10=red,20=red"),
              HasSubstr("VLANs 10 and 20 cannot both be segment red"));
  EXPECT_THAT(sw.vsctl("set port p1 other_config:segment-gateway=on"), HasSubstr("active or standby is needed"));
}

TEST(SegmentCommands, WhatGuestsMayDoIsSet) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-segment red --vni 5001 --storm-limit 1000 --isolate-ports --mss-clamp"), "");
  EXPECT_EQ(sw.vsctl("get segment red storm_limit isolate_ports mss_clamp"), "1000\ntrue\ntrue\n");
  const std::string shown = sw.vsctl("show-segment red");
  EXPECT_THAT(shown, HasSubstr("storm limit: 1000 frames/s of each local port\n"));
  EXPECT_THAT(shown, HasSubstr("isolation:   ports of this host do not hear each other\n"));
  EXPECT_THAT(shown, HasSubstr("mss clamp:   to what fits through tunnels\n"));
  EXPECT_EQ(sw.vsctl("add-segment blue --vni 2 -- get segment blue storm_limit isolate_ports mss_clamp"),
            "[]\nfalse\nfalse\n");
  EXPECT_EQ(sw.vsctl("add-segment green --vni 3 --storm-limit 0"),
            "error: --storm-limit=0: a number from 1 to 10000000 is needed");
  EXPECT_THAT(sw.vsctl("set segment blue storm_limit=0"), HasSubstr("valid range 1 to 10000000"));
  EXPECT_EQ(sw.vsctl("set port p1 storm_limit=0 -- get port p1 storm_limit"), "0\n");
  EXPECT_THAT(sw.vsctl("add-segment green --vni 3 --encap stt --mss-clamp"), HasSubstr("mss_clamp is not for stt"));
}

TEST(SegmentCommands, ListOfVtepsIsEdited) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 5001 --vtep 192.0.2.2");
  EXPECT_EQ(sw.vsctl("add-segment-vtep red 192.0.2.3 2001:db8:0::1 -- del-segment-vtep red 192.0.2.2"), "");
  EXPECT_EQ(sw.vsctl("get segment red vteps"), "[\"192.0.2.3\", \"2001:db8::1\"]\n");
  EXPECT_THAT(sw.vsctl("del-segment-vtep red 192.0.2.4"), HasSubstr("segment red has no VTEP 192.0.2.4"));
}

TEST(SegmentCommands, ABridgeTakesItsSegmentsAlong) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 5001 -- del-br br0");
  EXPECT_EQ(sw.vsctl("list-segments"), "");
}

TEST(SegmentCommands, TenThousandInARun) {
  FakeSwitch sw = with_bridge();
  std::string line;
  for (int i = 1; i <= 10'000; ++i) {
    line += (i == 1 ? "add-segment s" : " -- add-segment s") + std::to_string(i) + " --vni " + std::to_string(i) +
            " --vtep 192.0.2.2";
  }
  EXPECT_EQ(sw.vsctl(line), "");
  EXPECT_EQ(sw.database.rows("Segment").size(), 10'000U);
}

}  // namespace
}  // namespace weft::vsctl
