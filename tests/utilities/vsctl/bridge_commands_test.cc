#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

TEST(BridgeCommands, ABridgeComesWithItsLocalPort) {
  FakeSwitch sw;
  EXPECT_EQ(sw.vsctl("add-br br0"), "");
  EXPECT_EQ(sw.vsctl("list-br"), "br0\n");
  EXPECT_EQ(sw.vsctl("list-ports br0"), "");
  EXPECT_EQ(sw.vsctl("get Interface br0 type"), "internal\n");
}

TEST(BridgeCommands, ABridgeIsMadeOnce) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add-br br0"), "error: a bridge named br0 exists already\n  add-br br0\n         ^~~\n");
  EXPECT_EQ(sw.vsctl("--may-exist add-br br0"), "");
  EXPECT_EQ(sw.operation_count, 0u);
  EXPECT_EQ(sw.vsctl("add-br p1"), "error: a port named p1 exists already\n  add-br p1\n         ^~\n");
}

TEST(BridgeCommands, ABridgesNameIsADevices) {
  FakeSwitch sw;
  for (const auto* name : {"a/b", "sixteen_letters_", "''", "..", "'a b'", "a:b"}) {
    EXPECT_NE(sw.vsctl(std::string("add-br ") + name).find("is no name for a bridge"), std::string::npos) << name;
    EXPECT_NE(sw.vsctl("--id=@b create bridge name=" + std::string(name) + " -- set open . bridges=@b").find("error"),
              std::string::npos)
        << name;
  }
  EXPECT_EQ(sw.vsctl("--id=@b create bridge name=.. -- set open . bridges=@b").find("error: Bridge.name: \"..\" is no"),
            0u);
}

// They were accepted, and nothing came of them.
TEST(BridgeCommands, SettingsThatCannotWorkAreRefused) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set bridge br0 stp_enable=true"), "error: Bridge.stp_enable: true is not supported");
  EXPECT_EQ(sw.vsctl("set bridge br0 rstp_enable=true"), "error: Bridge.rstp_enable: true is not supported");
  EXPECT_EQ(sw.vsctl("set bridge br0 stp_enable=false"), "");
  EXPECT_NE(sw.vsctl("set bridge br0 protocols=OpenFlow31").find("did you mean \"OpenFlow"), std::string::npos);
  EXPECT_EQ(sw.vsctl("set bridge br0 protocols=OpenFlow10,OpenFlow13"), "");
  EXPECT_EQ(sw.vsctl("set bridge br0 other-config:datapath-id=zz"),
            "error: Bridge.other_config: datapath-id=\"zz\": 1 to 16 hexadecimal digits are needed, not all 0");
  EXPECT_EQ(sw.vsctl("set bridge br0 other-config:hwaddr=junk"),
            "error: Bridge.other_config: hwaddr=\"junk\": the Ethernet address of a device is needed");
  EXPECT_EQ(sw.vsctl("set bridge br0 other-config:hwaddr=02:00:00:00:00:01 other-config:datapath-id=0xab "
                     "other-config:what-else=kept"),
            "");
}

TEST(BridgeCommands, ABridgeGoesWithItsPorts) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set-controller br0 tcp:192.0.2.1 -- del-br br0"), "");
  for (const auto* table : {"Bridge", "Port", "Interface", "Controller"}) {
    EXPECT_TRUE(sw.database.rows(table).empty()) << table;
  }
  EXPECT_EQ(sw.vsctl("del-br br0"), "error: no bridge named br0\n  del-br br0\n         ^~~\n");
  EXPECT_EQ(sw.vsctl("--if-exists del-br br0"), "");
}

TEST(BridgeCommands, ExistenceIsAnExitStatus) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("br-exists br0"), "");
  EXPECT_EQ(sw.exit_status, 0);
  EXPECT_EQ(sw.vsctl("br-exists br1"), "");
  EXPECT_EQ(sw.exit_status, 2);
  EXPECT_EQ(sw.vsctl("br-to-vlan br0 -- br-to-parent br0"), "0\nbr0\n");
}

TEST(BridgeCommands, AWrongNameIsPointedAt) {
  FakeSwitch sw;
  sw.vsctl("add-br bridge0");
  EXPECT_EQ(sw.vsctl("list-ports bridg0"),
            "error: no bridge named bridg0, did you mean \"bridge0\"?\n  list-ports bridg0\n             ^~~~~~\n");
}

TEST(BridgeCommands, ExternalIds) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("br-set-external-id br0 owner me -- br-set-external-id br0 a b"), "");
  EXPECT_EQ(sw.vsctl("br-get-external-id br0"), "a=b\nowner=me\n");
  EXPECT_EQ(sw.vsctl("br-get-external-id br0 owner -- br-set-external-id br0 owner"), "me\n");
  EXPECT_EQ(sw.vsctl("br-get-external-id br0"), "a=b\n");
}

TEST(BridgeCommands, Controllers) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set-controller br0 tcp:192.0.2.2:6653 unix:/run/c.sock"), "");
  EXPECT_EQ(sw.vsctl("get-controller br0"), "tcp:192.0.2.2:6653\nunix:/run/c.sock\n");
  EXPECT_EQ(sw.vsctl("set-controller br0 tcp:192.0.2.1"), "");
  EXPECT_EQ(sw.vsctl("get-controller br0"), "tcp:192.0.2.1\n");
  EXPECT_EQ(sw.database.rows("Controller").size(), 1u);
  EXPECT_EQ(sw.vsctl("set controller br0 max_backoff=2000 -- get controller br0 max_backoff"), "2000\n");
  EXPECT_EQ(sw.vsctl("del-controller br0 -- get-controller br0"), "");
  EXPECT_EQ(sw.vsctl("set-controller br0 tcp:192.0.2.1:66530"),
            "error: a port is 1 to 65535, after ':'\n"
            "  set-controller br0 tcp:192.0.2.1:66530\n                                  ^~~~~~\n");
  const std::string refusal = sw.vsctl("set-controller br0 tpc:192.0.2.1");
  EXPECT_EQ(refusal.find("error: a controller is tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:FILE, or ptcp:"), 0u);
  EXPECT_NE(refusal.find("\n  set-controller br0 tpc:192.0.2.1\n                     ^~~\n"), std::string::npos)
      << refusal;
}

TEST(BridgeCommands, ControllersOfEveryKind) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(
      sw.vsctl("set-controller br0 tcp:192.0.2.2 ssl:192.0.2.3 unix:/run/c ptcp: pssl:6654:127.0.0.1 punix:/run/d"),
      "");
  EXPECT_EQ(sw.vsctl("get-controller br0"),
            "pssl:6654:127.0.0.1\nptcp:\npunix:/run/d\nssl:192.0.2.3\ntcp:192.0.2.2\nunix:/run/c\n");
  EXPECT_EQ(sw.vsctl("set-controller br0 ptcp:6653:any"),
            "error: an address to listen on is needed\n"
            "  set-controller br0 ptcp:6653:any\n                               ^~~\n");
}

TEST(BridgeCommands, FilesOfTls) {
  FakeSwitch sw;
  EXPECT_EQ(sw.vsctl("get-ssl"), "");
  EXPECT_EQ(sw.vsctl("del-ssl"), "");
  EXPECT_EQ(sw.vsctl("set-ssl /k.pem /c.pem /ca.pem"), "");
  const std::string expected = "Private key: /k.pem\nCertificate: /c.pem\nCA Certificate: /ca.pem\nBootstrap: ";
  EXPECT_EQ(sw.vsctl("get-ssl"), expected + "false\n");
  EXPECT_EQ(sw.vsctl("--bootstrap set-ssl /k.pem /c.pem /ca.pem -- get-ssl"), expected + "true\n");
  EXPECT_EQ(sw.database.rows("SSL").size(), 1u);
  EXPECT_EQ(sw.vsctl("get ssl . private_key"), "\"/k.pem\"\n");
  EXPECT_EQ(sw.vsctl("del-ssl -- get-ssl"), "");
  EXPECT_TRUE(sw.database.rows("SSL").empty());
}

TEST(BridgeCommands, FailMode) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("get-fail-mode br0"), "");
  EXPECT_EQ(sw.vsctl("set-fail-mode br0 secure -- get-fail-mode br0"), "secure\n");
  EXPECT_EQ(sw.vsctl("del-fail-mode br0 -- get-fail-mode br0"), "");
  EXPECT_EQ(sw.vsctl("set-fail-mode br0 secur"),
            "error: a fail mode is \"standalone\" or \"secure\", did you mean \"secure\"?\n"
            "  set-fail-mode br0 secur\n                    ^~~~~\n");
}

TEST(BridgeCommands, CommandsSeeWhatThoseBeforeThemDid) {
  FakeSwitch sw;
  EXPECT_EQ(sw.vsctl("add-br br0 -- list-br -- del-br br0 -- list-br -- add-br br1 -- list-br"), "br0\nbr1\n");
  EXPECT_EQ(sw.vsctl("list-br"), "br1\n");
}

// A row that an earlier command of the run destroyed was looked up without asking whether it is there.
TEST(BridgeCommands, DestroyedRowsAreLeftOut) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("destroy Port p1 -- list-ports br0 -- del-br br0"), "");
  sw = with_bridge();
  sw.vsctl("set-controller br0 tcp:192.0.2.1");
  EXPECT_NE(
      sw.vsctl("destroy Interface p1 -- destroy controller br0 -- get-controller br0 -- show").find(" refers to row "),
      std::string::npos)
      << "looked at, and refused by the database";
}

}  // namespace
}  // namespace weft::vsctl
