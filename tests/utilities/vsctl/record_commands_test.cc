#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

TEST(RecordCommands, SetsAndGetsColumnsAndKeys) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set Interface p1 external_ids:x='\"a\\\"b\"' external_ids:y='a b' external_ids:z=1.5"), "");
  EXPECT_EQ(sw.vsctl("get Interface p1 external_ids"), "{x=\"a\\\"b\", y=\"a b\", z=\"1.5\"}\n");
  EXPECT_EQ(sw.vsctl("get interface p1 external-ids:x external-ids:y"), "\"a\\\"b\"\n\"a b\"\n");
  EXPECT_EQ(sw.vsctl("get interface p1 _uuid").size(), 37u);
}

TEST(RecordCommands, AKeyMayBeInQuotes) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set bridge br0 other_config:\"a:b\"=c -- get bridge br0 other_config:\"a:b\""), "c\n");
}

TEST(RecordCommands, AMissingKey) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("get interface p1 options:key"),
            "error: no key key in Interface record \"p1\" column options\n"
            "  get interface p1 options:key\n                   ^~~~~~~~~~~\n");
  EXPECT_EQ(sw.vsctl("--if-exists get interface p1 options:key"), "\n");
}

TEST(RecordCommands, RefusalsPointAtTheWord) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set bridge br0 fail_mde=secure"),
            "error: unknown column of table Bridge \"fail_mde\", did you mean \"fail_mode\"?\n"
            "  set bridge br0 fail_mde=secure\n                 ^~~~~~~~\n");
  EXPECT_EQ(
      sw.vsctl("set brigde br0 fail_mode=secure").find("error: unknown table \"brigde\", did you mean \"Bridge\"?"),
      0u);
  EXPECT_EQ(sw.vsctl("set interface p2 type=tap").find("error: no record \"p2\" in table Interface"), 0u);
  EXPECT_EQ(sw.vsctl("set interface p1 type"),
            "error: type: missing value (COLUMN[:KEY]=VALUE)\n"
            "  set interface p1 type\n                   ^~~~\n");
  EXPECT_EQ(sw.vsctl("set interface p1 ofport=5").find("error: cannot modify read-only column ofport"), 0u);
  EXPECT_EQ(sw.vsctl("set interface p1 name=p5").find("error: cannot modify immutable column name"), 0u);
  EXPECT_EQ(sw.vsctl("set interface p1 type:a=b").find("error: column type is not a map, it has no keys"), 0u);
  EXPECT_EQ(sw.vsctl("set interface p1 options:\"a=b").find("error: missing closing quote"), 0u);
  EXPECT_EQ(sw.vsctl("set interface p1 options:a=\"b").find("error: missing closing quote"), 0u);
}

TEST(RecordCommands, IfExistsIsSilent) {
  FakeSwitch sw;
  EXPECT_EQ(sw.vsctl("--if-exists set interface p1 type=tap -- --if-exists get interface p1 type -- "
                     "--if-exists clear port p1 tag -- --if-exists add port p1 trunks 5 -- "
                     "--if-exists remove port p1 trunks 5 -- --if-exists destroy port p1"),
            "");
  EXPECT_EQ(sw.operation_count, 0u);
}

TEST(RecordCommands, AddsToSetsAndMaps) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("add port p1 trunks 3 1,2 -- get port p1 trunks"), "[1, 2, 3]\n");
  EXPECT_EQ(sw.vsctl("add bridge br0 other_config a=1 -- add bridge br0 other_config a=2 b=3 -- "
                     "get bridge br0 other_config"),
            "{a=\"1\", b=\"3\"}\n");
  EXPECT_EQ(sw.vsctl("add port p1 tag 5 -- add port p1 tag 6").find("error: 2 values given, at most 1 allowed"), 0u);
}

TEST(RecordCommands, RemovesFromSetsAndMaps) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("set port p1 trunks=1,2,3 other_config:a=1 other_config:b=2");
  EXPECT_EQ(sw.vsctl("remove port p1 trunks 2 9 -- get port p1 trunks"), "[1, 3]\n");
  EXPECT_EQ(sw.vsctl("remove port p1 other_config a=3 -- get port p1 other_config"), "{a=\"1\", b=\"2\"}\n");
  EXPECT_EQ(sw.vsctl("remove port p1 other_config a=1 -- get port p1 other_config"), "{b=\"2\"}\n");
  EXPECT_EQ(sw.vsctl("remove port p1 other_config b -- get port p1 other_config"), "{}\n");
  EXPECT_EQ(sw.vsctl("remove interface p1 name p1").find("error: 0 value(s) given, at least 1 needed"), 0u);
}

TEST(RecordCommands, ClearsColumns) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set port p1 trunks=1 tag=2 -- clear port p1 trunks tag -- get port p1 trunks tag"), "[]\n[]\n");
  EXPECT_EQ(sw.vsctl("clear interface p1 type").find("error: column type cannot be empty"), 0u);
  EXPECT_EQ(sw.vsctl("clear interface p1 ofport").find("error: cannot modify read-only column"), 0u);
}

TEST(RecordCommands, ACreatedRowHasANameForTheRun) {
  for (const auto* line : {"-- --id=@c create Controller target='\"tcp:192.0.2.1\"' -- set bridge br0 controller=@c",
                           "set bridge br0 controller=@c -- --id=@c create Controller target=tcp:192.0.2.1",
                           "set bridge br0 controller=[@c] -- -- --id=@c create Controller target=tcp:192.0.2.1"}) {
    FakeSwitch sw = with_bridge();
    EXPECT_EQ(sw.vsctl(line).size(), 37u) << line;
    EXPECT_EQ(sw.vsctl("get-controller br0"), "tcp:192.0.2.1\n") << line;
  }
}

TEST(RecordCommands, GetNamesARowForTheRun) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("set-controller br0 tcp:192.0.2.1");
  EXPECT_EQ(sw.vsctl("add-br br1 -- --id=@c get controller br0 -- set bridge br1 controller=@c"), "");
  EXPECT_EQ(sw.vsctl("get-controller br1"), "tcp:192.0.2.1\n");
}

TEST(RecordCommands, ANameNeedsOneRow) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set bridge br0 controller=@c"),
            "error: row id \"@c\" is referenced but never created (e.g. with \"-- --id=@c create ...\")");
  EXPECT_NE(sw.vsctl("--id=@c create Controller target=tcp:1 -- --id=@c create Controller target=tcp:2")
                .find("error: row id \"@c\" may only be specified on one --id option"),
            std::string::npos);
  EXPECT_EQ(sw.vsctl("--id=c create Controller target=tcp:1"), "error: --id=c: a name begins with '@'");
}

TEST(RecordCommands, CreateTakesSettings) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("create Open_vSwitch").find("error: there is exactly one Open_vSwitch record"), 0u);
  EXPECT_EQ(sw.vsctl("create Controller target").find("error: missing value"), 0u);
  EXPECT_EQ(sw.vsctl("create Controller is_connected=true").find("error: cannot modify read-only column"), 0u);
  EXPECT_EQ(sw.vsctl("--id=@c create Controller target=tcp:1 other_config:a=b other_config:c=d -- "
                     "set bridge br0 controller=@c")
                .size(),
            37u);
  EXPECT_EQ(sw.vsctl("get controller br0 other_config"), "{a=b, c=d}\n");
}

// The switch drops what nothing refers to.
TEST(RecordCommands, CreateWarnsOfARowThatHasNoEffect) {
  const auto warnings = [](std::string_view line) {
    const FakeSwitch sw = with_bridge();
    vsctl::Run run(sw.database);
    EXPECT_TRUE(run_commands(*parse_command_line(FakeSwitch::words(line)), run)) << line;
    return useless_records(run);
  };
  const auto useless = warnings("create bridge name=zz");
  ASSERT_EQ(useless.size(), 1u);
  EXPECT_EQ(useless[0].find("the new Bridge record "), 0u) << useless[0];
  EXPECT_EQ(warnings("--id=@c create Controller target=tcp:192.0.2.1").size(), 1u);
  EXPECT_EQ(warnings("create QoS -- create Queue").size(), 0u) << "they stay until they are destroyed";
  EXPECT_EQ(warnings("--id=@c create Controller target=tcp:192.0.2.1 -- set bridge br0 controller=@c").size(), 0u);
  EXPECT_EQ(warnings("--id=@c create Controller target=tcp:192.0.2.1 -- --all destroy Controller").size(), 0u);
}

// As people know it from ovs-vsctl(8).
TEST(RecordCommands, MakesQueuesOfAPort) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set port p1 qos=@q -- --id=@q create qos type=linux-htb other_config:max-rate=20000000 "
                     "queues:1=@q1 queues=1=@q1,2=@q2 -- --id=@q1 create queue other_config:max-rate=10000000 -- "
                     "--id=@q2 create queue")
                .size(),
            3 * 37u);
  EXPECT_EQ(sw.vsctl("get qos p1 type other_config:max-rate"), "linux-htb\n\"20000000\"\n");
  const std::string queue = sw.vsctl("get qos p1 queues:1");
  ASSERT_EQ(queue.size(), 37u) << queue;
  EXPECT_EQ(sw.vsctl("get queue " + queue.substr(0, 36) + " other_config"), "{max-rate=\"10000000\"}\n");
  EXPECT_EQ(sw.vsctl("remove qos p1 queues 2 -- add qos p1 queues 5=" + queue.substr(0, 36)), "");
  EXPECT_EQ(sw.vsctl("get qos p1 queues"), "{1=" + queue.substr(0, 36) + ", 5=" + queue.substr(0, 36) + "}\n");
  EXPECT_EQ(sw.vsctl("--bare -- --columns=type find qos queues:5=" + queue.substr(0, 36)), "linux-htb\n");
  EXPECT_EQ(sw.vsctl("destroy qos p1").find("error: Port.qos refers to row"), 0u);
  EXPECT_EQ(sw.vsctl("clear port p1 qos"), "");
  EXPECT_EQ(sw.vsctl("--all destroy qos -- --all destroy queue -- list qos -- list queue"), "");
  EXPECT_TRUE(sw.database.rows("Queue").empty());
}

TEST(RecordCommands, ANumberedKeyIsANumber) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("create qos queues:one=@q -- --id=@q create queue"),
            "error: \"one\" is not a valid integer\n  create qos queues:one=@q\n                    ^~~\n");
  EXPECT_NE(sw.vsctl("create qos type=linux-hfsc").find("not one of the allowed values (, egress-policer, linux-htb)"),
            std::string::npos);
}

TEST(RecordCommands, DestroysRecords) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("set-controller br0 tcp:192.0.2.1 tcp:192.0.2.2");
  EXPECT_EQ(sw.vsctl("--all destroy Controller -- clear bridge br0 controller"), "");
  EXPECT_EQ(sw.vsctl("destroy Controller"), "error: either --all or records are needed");
  EXPECT_EQ(sw.vsctl("destroy Open_vSwitch .").find("error: the Open_vSwitch record cannot be destroyed"), 0u);
  EXPECT_EQ(sw.vsctl("destroy Port p1").find("error: Bridge.ports refers to row"), 0u);
  EXPECT_EQ(sw.vsctl("remove bridge br0 ports p1 -- destroy Port p1 p1"), "");
}

// A script's empty variable took a port out of its VLAN, and `bridges=` every bridge out of the switch.
TEST(RecordCommands, AnEmptyValueIsNotTakenForAnEmptySet) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("set port p1 tag=5");
  for (const auto* line : {"set port p1 tag=", "set open . bridges=", "set interface p1 options:a=", "find port tag=",
                           "create port name=", "add-port br0 p2 tag="}) {
    EXPECT_EQ(sw.vsctl(line).find("error: missing value"), 0u) << line;
  }
  EXPECT_EQ(sw.vsctl("set interface p1 options:=a").find("error: missing key after ':'"), 0u);
  EXPECT_EQ(sw.vsctl("list-ports br0 -- get port p1 tag"), "p1\n5\n");
  EXPECT_EQ(sw.vsctl("set port p1 tag=[] -- set interface p1 options:a=\"\" -- get port p1 tag"), "[]\n");
}

// Members that a set gains one by one would else travel again with each.
TEST(RecordCommands, AColumnThatChangesAgainAndAgainTravelsOnce) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("set port p1 trunks=1 -- add port p1 trunks 2 -- add port p1 trunks 3 4 -- set port p1 tag=5"),
            "");
  EXPECT_EQ(sw.operation_count, 2u);
  EXPECT_EQ(sw.vsctl("get port p1 trunks tag"), "[1, 2, 3, 4]\n5\n");
  EXPECT_EQ(sw.vsctl("set port p1 tag=6 -- del-port p1 -- add-port br0 p1 tag=7 -- get port p1 tag"), "7\n");
  EXPECT_EQ(sw.vsctl("get port p1 tag"), "7\n");
}

TEST(RecordCommands, FindsByUuidBeginning) {
  FakeSwitch sw = with_bridge();
  const std::string uuid = sw.row("Port", "p1")->uuid.text;
  EXPECT_EQ(sw.vsctl("get Port " + uuid + " name -- get Port " + uuid.substr(0, 20) + " name"), "p1\np1\n");
  EXPECT_NE(sw.vsctl("get Port " + uuid.substr(0, 3) + " name").find("error"), std::string::npos);
  EXPECT_EQ(sw.vsctl("set Open_vSwitch . external_ids:system-id=x -- get open . external_ids"), "{system-id=x}\n");
}

TEST(RecordCommands, FindTakesConditions) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-port br0 p2 tag=7 type=tap external_ids:a=1 -- set interface p2 external_ids:a=1");
  const auto found = [&](const std::string& conditions) {
    return sw.vsctl("--bare -- --columns=name find interface " + conditions);
  };
  EXPECT_EQ(found("type=tap"), "p2\n");
  EXPECT_EQ(found("type!=tap name!=br0"), "p1\n");
  EXPECT_EQ(found("external_ids:a=1"), "p2\n");
  EXPECT_EQ(found("external_ids:a!=2"), "p2\n") << "a record without the key never matches";
  EXPECT_EQ(found("name>=p2"), "p2\n");
  EXPECT_EQ(found("name=nobody"), "");
  EXPECT_EQ(found("name").find("error: a condition is COLUMN[:KEY]=VALUE"), 0u);
}

TEST(RecordCommands, WaitUntilAsksForAnotherRun) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("wait-until interface p1 type=\"\" -- list-br"), "br0\n");
  EXPECT_FALSE(sw.must_wait);
  sw.vsctl("wait-until interface p9 -- list-ports nobody");
  EXPECT_TRUE(sw.must_wait) << "what follows is not run yet";
  sw.vsctl("wait-until interface p1 'ofport>0'");
  EXPECT_TRUE(sw.must_wait);
  EXPECT_NE(sw.vsctl("wait-until interface p1 nothing=5").find("error: unknown column"), std::string::npos);
}

}  // namespace
}  // namespace weft::vsctl
