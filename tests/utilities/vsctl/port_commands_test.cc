#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

TEST(PortCommands, APortHasAnInterfaceOfItsName) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("list-ports br0 -- list-ifaces br0 -- port-to-br p1 -- iface-to-br p1"), "p1\np1\nbr0\nbr0\n");
  EXPECT_EQ(sw.vsctl("get Interface p1 type"), "\"\"\n");
}

TEST(PortCommands, SettingsGoToTheColumnsOfPortOrInterface) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-port br0 p2 tag=10 type=vxlan options:remote_ip=flow"), "");
  EXPECT_EQ(sw.vsctl("get Port p2 tag -- get Interface p2 type options"), "10\nvxlan\n{remote_ip=flow}\n");
  EXPECT_EQ(sw.vsctl("add-port br0 p3 trunks=1,2,3 vlan_mode=native-untagged tag=4"), "");
  EXPECT_EQ(sw.vsctl("get Port p3 trunks vlan_mode tag"), "[1, 2, 3]\nnative-untagged\n4\n");
}

TEST(PortCommands, AWrongSettingIsPointedAt) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-port br0 p2 tag=5000"),
            "error: 5000 is not in the valid range 0 to 4095 (inclusive)\n"
            "  add-port br0 p2 tag=5000\n                      ^~~~\n");
  EXPECT_EQ(sw.vsctl("add-port br0 p2 vlan_mode=acess"),
            "error: \"acess\" is not one of the allowed values (access, trunk, native-tagged, native-untagged), "
            "did you mean \"access\"?\n"
            "  add-port br0 p2 vlan_mode=acess\n                            ^~~~~\n");
  EXPECT_EQ(sw.vsctl("add-port br0 p2 typ:e=5").find("error: column type is not a map"), 0u);
  EXPECT_EQ(sw.row("Port", "p2"), nullptr);
}

TEST(PortCommands, APortsAddressesAreSetAndCleared) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set-port-security p1 '02:00:00:00:00:01 10.0.0.1 fd00::1' 02:00:00:00:00:02"), "");
  EXPECT_EQ(sw.vsctl("get port p1 port_security"), "[\"02:00:00:00:00:01 10.0.0.1 fd00::1\", \"02:00:00:00:00:02\"]\n");
  EXPECT_NE(sw.vsctl("show").find("port_security: [\"02:00:00:00:00:01 10.0.0.1 fd00::1\""), std::string::npos);
  EXPECT_EQ(sw.vsctl("set-port-security p1 -- get port p1 port_security"), "[]\n");
}

TEST(PortCommands, AWrongAddressIsPointedAtAndChangesNothing) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("set-port-security p1 02:00:00:00:00:01");
  EXPECT_EQ(sw.vsctl("set-port-security p1 '02:00:00:00:00:02 10.0.0.300'"),
            "error: \"10.0.0.300\" is not an IP address\n"
            "  set-port-security p1 02:00:00:00:00:02 10.0.0.300\n"
            "                                         ^~~~~~~~~~\n");
  EXPECT_EQ(sw.vsctl("set-port-security p1 02:00:00:00:00:02 10.0.0.1"),
            "error: \"10.0.0.1\" stands alone: it goes into one word with its Ethernet address, in quotes\n"
            "  set-port-security p1 02:00:00:00:00:02 10.0.0.1\n"
            "                                         ^~~~~~~~\n");
  EXPECT_EQ(sw.vsctl("set port p1 'port_security=\"01:00:5e:00:00:01\"'"),
            "error: Port.port_security: \"01:00:5e:00:00:01\" is not the Ethernet address of a host");
  EXPECT_EQ(sw.vsctl("set-port-security p2").find("error: no port named p2"), 0u);
  sw.vsctl("add-port br0 x -- set interface x type=patch options:peer=y");
  EXPECT_EQ(sw.vsctl("set-port-security x 02:00:00:00:00:01").find("error: x is a patch port"), 0u);
  EXPECT_EQ(sw.vsctl("set-port-security x -- get port p1 port_security"), "[\"02:00:00:00:00:01\"]\n");
}

TEST(PortCommands, APortIsMadeOnce) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-br br1");
  EXPECT_EQ(sw.vsctl("add-port br1 p1"),
            "error: cannot create a port named p1 because a port of that name exists already on bridge br0\n"
            "  add-port br1 p1\n               ^~\n");
  EXPECT_EQ(sw.vsctl("--may-exist add-port br0 p1 tag=3 -- get port p1 tag"), "3\n");
  EXPECT_EQ(sw.vsctl("--may-exist add-port br1 p1"),
            "error: p1 is a port of bridge br0, not of br1\n  add-port br1 p1\n               ^~\n");
}

TEST(PortCommands, DeletesPorts) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("del-port br0 p1"), "");
  EXPECT_EQ(sw.row("Interface", "p1"), nullptr);
  EXPECT_EQ(sw.vsctl("del-port p1"), "error: no port named p1\n  del-port p1\n           ^~\n");
  EXPECT_EQ(sw.vsctl("--if-exists del-port p1 -- --if-exists del-port br0 p1"), "");
  EXPECT_EQ(sw.vsctl("del-port br0").find("error: cannot delete port br0 because it is the local port"), 0u);
}

TEST(PortCommands, DeletesOnlyFromTheBridgeThatIsNamed) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-br br1 -- del-port br1 p1"),
            "error: bridge br1 does not have a port p1 (bridge br0 has)\n  del-port br1 p1\n               ^~\n");
}

// Such a port has no bridge to ask for its name.
TEST(PortCommands, APortOnNoBridge) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("-- --id=@p create Port name=lost -- del-port lost"),
            "error: port lost is on no bridge\n  del-port lost\n           ^~~~\n");
  EXPECT_NE(sw.vsctl("create Port name=lost -- port-to-br lost").find("error: port lost is on no bridge"),
            std::string::npos);
  EXPECT_NE(
      sw.vsctl("create Port name=lost -- --may-exist add-port br0 lost").find("error: lost is a port of bridge ?"),
      std::string::npos);
}

TEST(PortCommands, APortWithoutAnInterfaceHasNoType) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("--id=@p create Port name=p2 -- add bridge br0 ports @p -- --may-exist add-port br0 p2 type=tap")
                .find("error: port p2 does not have exactly one interface"),
            0u);
}

TEST(PortCommands, APortHasExactlyOneInterface) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("clear port p1 interfaces").find("error: column interfaces cannot be empty"), 0u);
  EXPECT_EQ(sw.vsctl("--id=@i create Interface name=p2 -- add port p1 interfaces @i")
                .find("error: 2 values given, at most 1 allowed"),
            0u);
  EXPECT_EQ(sw.vsctl("--id=@p create Port name=p2 -- add bridge br0 ports @p"),
            "error: Port.interfaces: 0 value(s) given, at least 1 needed");
  const std::string interface = sw.row("Interface", "p1")->uuid.text;
  EXPECT_EQ(sw.vsctl("get port p1 interfaces"), '[' + interface + "]\n") << "in brackets, as ovs-vsctl prints it";
}

}  // namespace
}  // namespace weft::vsctl
