// Whole command lines as programs that were written for ovs-vsctl send them.
#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

TEST(Transcript, MininetMakesASwitch) {
  FakeSwitch sw;
  const auto* line =
      "-- --id=@s1c0 create Controller target=\"tcp:127.0.0.1:6653\" max_backoff=1000 "
      "-- --id=@s1-listen create Controller target=\"ptcp:6654\" max_backoff=1000 "
      "-- --if-exists del-br s1 -- add-br s1 -- set bridge s1 controller=[@s1c0,@s1-listen] "
      "other_config:datapath-id=0000000000000001 fail_mode=secure other-config:disable-in-band=true "
      "-- add-port s1 s1-eth1 -- set Interface s1-eth1 ofport_request=1 "
      "-- add-port s1 s1-eth2 -- set Interface s1-eth2 ofport_request=2";
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(sw.vsctl(line).size(), 2 * 37u) << "the controllers' uuids";
    EXPECT_EQ(sw.vsctl("get-controller s1 -- list-ports s1 -- get-fail-mode s1"),
              "ptcp:6654\ntcp:127.0.0.1:6653\ns1-eth1\ns1-eth2\nsecure\n");
    EXPECT_EQ(sw.vsctl("get bridge s1 other_config"), "{datapath-id=\"0000000000000001\", disable-in-band=\"true\"}\n");
    EXPECT_EQ(sw.vsctl("get interface s1-eth2 ofport_request"), "2\n");
  }
}

TEST(Transcript, MininetLooksAndCleansUp) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("-- get Bridge br0 datapath_id"), "[]\n");
  EXPECT_EQ(sw.vsctl("-- --if-exists del-br br0 -- --if-exists del-br br1"), "");
  EXPECT_EQ(sw.vsctl("--timeout=1 list-br"), "");
}

TEST(Transcript, LibvirtAttachesATap) {
  FakeSwitch sw = with_bridge();
  const auto* line =
      "--timeout=5 -- --if-exists del-port vnet0 -- add-port br0 vnet0 tag=10 "
      "-- set Interface vnet0 external-ids:attached-mac=\"52:54:00:11:22:33\" "
      "-- set Interface vnet0 external-ids:iface-id=\"5d135266-77c3-4fef-bf35-2a697cc371ec\" "
      "-- set Interface vnet0 external-ids:vm-id=\"8f31b1cc-b0c3-4593-8881-2bcaaf514ecb\" "
      "-- set Interface vnet0 external-ids:iface-status=active";
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(sw.vsctl(line), "");
    EXPECT_EQ(sw.vsctl("--timeout=5 get Port vnet0 tag -- get Interface vnet0 external_ids:attached-mac"),
              "10\n\"52:54:00:11:22:33\"\n");
  }
  EXPECT_EQ(sw.vsctl("--timeout=5 --if-exists get Interface vnet0 external_ids:iface-status"), "active\n");
  EXPECT_EQ(sw.vsctl("--timeout=5 -- --if-exists del-port vnet0"), "");
  EXPECT_EQ(sw.vsctl("--timeout=5 --if-exists get Interface vnet0 name"), "");
}

TEST(Transcript, LibvirtAttachesATrunk) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("--timeout=5 -- --if-exists del-port vnet1 -- add-port br0 vnet1 vlan_mode=native-untagged tag=1 "
                     "trunk=1,42,43"),
            "");
  EXPECT_EQ(sw.vsctl("get Port vnet1 vlan_mode trunks"), "native-untagged\n[1, 42, 43]\n");
}

TEST(Transcript, LibvirtReadsStatistics) {
  FakeSwitch sw = with_bridge();
  Datum statistics;
  statistics.put(std::string("rx_bytes"), int64_t{42});
  sw.database.report("Interface", sw.row("Interface", "p1")->uuid, "statistics", statistics);
  EXPECT_EQ(sw.vsctl("--timeout=5 --if-exists --format=list --data=json --no-headings --columns=statistics list "
                     "Interface p1"),
            "[\"map\",[[\"rx_bytes\",42]]]\n");
}

}  // namespace
}  // namespace weft::vsctl
