// What is printed, compared with ovs-vsctl's output for the same records.
#include <gtest/gtest.h>

#include "tests/utilities/vsctl/vsctl_support.h"

namespace weft::vsctl {
namespace {

FakeSwitch with_options() {
  FakeSwitch sw = with_bridge();
  sw.vsctl(
      "set port p1 tag=5 trunks=1,2,3 -- set interface p1 'options={a=b,c=\"d e\"}' 'external_ids:x=\"a\\\"b\"' "
      "external_ids:y='a b' external_ids:z=1.5");
  return sw;
}

TEST(Output, List) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--columns=name,options,external_ids list interface p1"),
            "name                : p1\n"
            "options             : {a=b, c=\"d e\"}\n"
            "external_ids        : {x=\"a\\\"b\", y=\"a b\", z=\"1.5\"}\n");
  EXPECT_EQ(sw.vsctl("--columns=fail_mode,_uuid list bridge br0"),
            "fail_mode           : []\n_uuid               : " + sw.row("Bridge", "br0")->uuid.text + "\n");
}

TEST(Output, Table) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--format=table --columns=name,options list interface p1"),
            "name options\n"
            "---- --------------\n"
            "p1   {a=b, c=\"d e\"}\n");
}

// What has a comma or a quote in it stands in quotes, as ovs-vsctl writes it.
TEST(Output, Csv) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--format=csv --columns=name,options,type,ofport list interface p1"),
            "name,options,type,ofport\n"
            "p1,\"{a=b, c=\"\"d e\"\"}\",\"\"\"\"\"\",[]\n");
  EXPECT_EQ(sw.vsctl("--format=csv --no-headings --data=bare --columns=name,external_ids list interface p1"),
            "p1,\"x=a\"\"b y=a b z=1.5\"\n");
  EXPECT_EQ(sw.vsctl("--format=csv --columns=target list controller"), "target\n") << "headings of nothing";
}

TEST(Output, Bare) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--bare -- --columns=name,tag,trunks find port name=p1"), "p1\n5\n1 2 3\n");
  EXPECT_EQ(sw.vsctl("--bare -- --columns=name,external_ids find interface name=p1"), "p1\nx=a\"b y=a b z=1.5\n");
  EXPECT_EQ(sw.vsctl("--format=list --data=bare --columns=name,type,ofport list interface p1"),
            "name                : p1\ntype                : \nofport              : \n");
}

TEST(Output, JsonData) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--format=list --data=json --no-headings --columns=name,options,type,ofport list interface p1"),
            "\"p1\"\n[\"map\",[[\"a\",\"b\"],[\"c\",\"d e\"]]]\n\"\"\n[\"set\",[]]\n");
}

TEST(Output, JsonFormat) {
  FakeSwitch sw = with_options();
  EXPECT_EQ(sw.vsctl("--format=json --columns=name,tag list port p1"),
            "{\"data\":[[\"p1\",5]],\"headings\":[\"name\",\"tag\"]}\n");
}

TEST(Output, RecordsAreParted) {
  FakeSwitch sw = with_bridge();
  const auto out = sw.vsctl("--bare -- --columns=name list interface");
  EXPECT_TRUE(out == "br0\n\np1\n" || out == "p1\n\nbr0\n") << out;
}

TEST(Output, OneLineACommand) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-port br0 p2");
  EXPECT_EQ(sw.vsctl("--oneline -- list-ports br0 -- list-br -- --if-exists del-port p9"), "p1\\np2\nbr0\n\n");
}

TEST(Output, AWrongColumnIsNamed) {
  FakeSwitch sw = with_bridge();
  EXPECT_EQ(sw.vsctl("--columns=nam,typ list port"), "error: --columns: unknown column of table Port \"typ\"");
}

TEST(Output, Show) {
  FakeSwitch sw = with_bridge();
  sw.vsctl(
      "set-controller br0 tcp:1.2.3.4 -- set port p1 tag=5 -- set interface p1 options:a=b -- "
      "set-fail-mode br0 secure");
  EXPECT_EQ(sw.vsctl("show"), sw.database.root().uuid.text +
                                  "\n"
                                  "    Bridge br0\n"
                                  "        Controller \"tcp:1.2.3.4\"\n"
                                  "        fail_mode: secure\n"
                                  "        Port br0\n"
                                  "            Interface br0\n"
                                  "                type: internal\n"
                                  "        Port p1\n"
                                  "            tag: 5\n"
                                  "            Interface p1\n"
                                  "                options: {a=b}\n");
}

TEST(Output, ShowTellsWhatASegmentAndItsPortsAreHeldTo) {
  FakeSwitch sw = with_bridge();
  sw.vsctl("add-segment red --vni 5001 --mac-limit=4 --mac-limit-policy=drop --any-vtep --suppress-arp");
  sw.vsctl("set port p1 segment=red mac_limit=2");
  const std::string shown = sw.vsctl("show");
  for (const char* line :
       {"            any_vtep: true\n            mac_limit: 4\n            mac_limit_policy: drop\n",
        "            suppress_arp: true\n", "            segment: red\n            mac_limit: 2\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
}

// What a transaction has broken, whatever command it was.
TEST(NewProblems, NameInterfacesThatAreNewOrWereFine) {
  FakeSwitch sw = with_bridge();
  const auto report = [](Database& database, std::string_view name, int64_t of_port, const std::string& error) {
    const Uuid uuid = database.find_by_name("Interface", name)->uuid;
    database.report("Interface", uuid, "ofport", Datum::of(of_port));
    database.report("Interface", uuid, "error", Datum::of(error));
  };
  report(sw.database, "br0", 65534, "");
  report(sw.database, "p1", 1, "");
  const Database fine = sw.database;
  EXPECT_TRUE(new_problems(fine, fine).empty());
  report(sw.database, "p1", -1, "unknown type \"vxlann\"");
  const Database broken = sw.database;
  EXPECT_EQ(new_problems(fine, broken),
            std::vector<std::string>{"Error detected while setting up 'p1': unknown type \"vxlann\""});
  EXPECT_TRUE(new_problems(broken, broken).empty()) << "it was broken before";
  EXPECT_TRUE(new_problems(broken, fine).empty());
  report(sw.database, "p1", -1, "unknown type \"vxlannn\"");
  EXPECT_EQ(new_problems(broken, sw.database),
            std::vector<std::string>{"Error detected while setting up 'p1': unknown type \"vxlannn\""})
      << "broken in another way";
  report(sw.database, "p1", -1, "unknown type \"vxlann\"");
  sw.vsctl("add-port br0 p2");
  report(sw.database, "p2", -1, "no such device");
  EXPECT_EQ(new_problems(broken, sw.database),
            std::vector<std::string>{"Error detected while setting up 'p2': no such device"});
  report(sw.database, "p2", 2, "p2: bridge br0 has no segment red: what the port receives is dropped");
  EXPECT_EQ(new_problems(broken, sw.database),
            std::vector<std::string>{"p2: bridge br0 has no segment red: what the port receives is dropped"})
      << "it is there, and does not do all that is wanted of it";
  EXPECT_TRUE(new_problems(sw.database, sw.database).empty());
}

// What a working port costs is said once, when it comes.
TEST(NewWarnings, NameInterfacesThatHaveSomethingNewToSay) {
  FakeSwitch sw = with_bridge();
  const Database before = sw.database;
  const Uuid uuid = sw.database.find_by_name("Interface", "p1")->uuid;
  Datum status;
  status.put(std::string("warning"), std::string("slow"));
  sw.database.report("Interface", uuid, "status", std::move(status));
  EXPECT_EQ(new_warnings(before, sw.database), std::vector<std::string>{"Note on 'p1': slow"});
  EXPECT_TRUE(new_warnings(sw.database, sw.database).empty());
  EXPECT_THAT(sw.vsctl("show"), testing::HasSubstr("warning: slow"));
}

}  // namespace
}  // namespace weft::vsctl
