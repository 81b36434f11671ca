// Commands as weft-appctl sends them, to a switch whose bridge br0 has the ports p1 and p2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/log.h"
#include "tests/support/test_switch.h"
#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct CommandsTest : testing::Test {
  // The answer's text, or "refused: " and the reason.
  std::string run(const Words& words) {
    std::optional<std::string> text;
    run_command(context, words, [&](const Result<std::string, std::string>& answer) {
      EXPECT_FALSE(text) << "answered twice";
      text = answer ? *answer : "refused: " + answer.error();
    });
    sw.settle();
    EXPECT_TRUE(text) << "not answered";
    return text.value_or("");
  }

  TestSwitch sw{"p1", "p2"};
  int exits = 0;
  CommandContext context{sw.the_switch(), "0.1", std::nullopt, [this] { ++exits; }};
};

TEST_F(CommandsTest, TheTableIsInOrderAndWhole) {
  const auto table = command_table();
  EXPECT_TRUE(std::ranges::is_sorted(table, {}, &CommandSpec::name));
  for (const auto& spec : table) {
    EXPECT_NE(spec.run, nullptr) << spec.name;
    EXPECT_FALSE(spec.help.empty()) << spec.name;
    EXPECT_THAT(run({"list-commands"}), HasSubstr("  " + std::string(spec.name) + " "));
  }
}

TEST_F(CommandsTest, UnknownOnesNameTheLikelyOne) {
  EXPECT_EQ(run({"fdb/shwo", "br0"}),
            "refused: \"fdb/shwo\" is not a valid command, did you mean \"fdb/show\"? (list-commands prints them)");
  EXPECT_THAT(run({"x"}), StartsWith("refused: \"x\" is not a valid command (list"));
  EXPECT_THAT(run({}), StartsWith("refused: a command is missing"));
}

TEST_F(CommandsTest, WordsAreCounted) {
  EXPECT_EQ(run({"fdb/show"}), "refused: usage: fdb/show BRIDGE");
  EXPECT_EQ(run({"ofproto/trace", "br0"}), "refused: usage: ofproto/trace BRIDGE FLOW [PACKET] [--why]");
  EXPECT_THAT(run({"version", "now"}), StartsWith("refused: usage: version"));
}

TEST_F(CommandsTest, NeighboursAreAddedShownAndForgotten) {
  sw.set_segments({{.name = "red", .vni = 5001, .suppress_arp = true}});
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "10.0.0.2", "02:00:00:00:00:02"}), "");
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "fd00::1", "02:00:00:00:00:01", "router"}), "");
  EXPECT_EQ(run({"neighbour/show", "br0", "red"}),
            "segment          address                    MAC                   Age  place\n"
            "red              10.0.0.2                   02:00:00:00:00:02  static  nowhere\n"
            "red              fd00::1                    02:00:00:00:00:01  static  nowhere, router\n");
  EXPECT_THAT(run({"segment/show", "br0", "red"}),
              HasSubstr("neighbours:  2 (0 disputed, 0 refused for want of room), 0 requests answered\n"));
  EXPECT_EQ(run({"neighbour/del", "br0", "red", "fd00::1"}), "");
  EXPECT_THAT(run({"neighbour/show", "br0"}), Not(HasSubstr("router")));

  EXPECT_EQ(run({"neighbour/del", "br0", "red", "fd00::1"}), "refused: segment red knows no neighbour fd00::1");
  EXPECT_EQ(run({"neighbour/show", "br0", "rad"}), "refused: bridge br0 has no segment rad, did you mean \"red\"?");
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "10.0.0.300", "02:00:00:00:00:02"}),
            "refused: \"10.0.0.300\" is not the IP address of a host");
  for (const char* address : {"ff02::1", "127.0.0.1", "::1", "0.0.0.0"}) {
    EXPECT_EQ(run({"neighbour/add", "br0", "red", address, "02:00:00:00:00:02"}),
              fmt::format("refused: \"{}\" is not the IP address of a host", address));
  }
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "10.0.0.3", "ff:ff:ff:ff:ff:ff"}),
            "refused: \"ff:ff:ff:ff:ff:ff\" is not the address of a host");
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "10.0.0.3", "02:00:00:00:00:03", "router"}),
            "refused: \"router\" is said of IPv6 addresses: ARP knows no routers");
  EXPECT_EQ(run({"neighbour/add", "br0", "red", "fd00::3", "02:00:00:00:00:03", "gateway"}),
            "refused: \"gateway\": \"router\" or nothing is expected");
  EXPECT_THAT(run({"neighbour/show", "br0"}), Not(HasSubstr("00:03")));
}

TEST_F(CommandsTest, ABridgeThatIsNotThereIsNamed) {
  for (const Words& words : {Words{"fdb/show", "br1"}, Words{"fdb/flush", "br1"}, Words{"fdb/stats-show", "br1"},
                             Words{"neighbour/show", "br1"}, Words{"bridge/dump-flows", "br1"},
                             Words{"dpctl/dump-flows", "br1"}, Words{"ofproto/trace", "br1", "in_port=1"}}) {
    EXPECT_EQ(run(words), "refused: no bridge named br1, did you mean br0?") << words.front();
  }
}

TEST_F(CommandsTest, VersionAndExit) {
  EXPECT_EQ(run({"version"}), "weft-vswitchd (weft) 0.1\n");
  EXPECT_EQ(run({"exit"}), "");
  EXPECT_EQ(exits, 1);
}

TEST_F(CommandsTest, FlowsPortsAndDrops) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(run({"ofproto/list"}), "br0\n");
  EXPECT_THAT(run({"bridge/dump-flows", "br0"}), HasSubstr("actions=output:"));
  EXPECT_THAT(run({"dpctl/dump-flows"}), HasSubstr("in_port"));
  EXPECT_EQ(run({"dpif/dump-flows", "-m", "br0"}), run({"dpctl/dump-flows", "br0"}));
  EXPECT_THAT(run({"dpctl/show"}), HasSubstr("p1 1/"));
  EXPECT_THAT(run({"worker/show"}), HasSubstr("packets received: 1\n"));
  // Worker, domain, masks, megaflows, misses, translations, dropped, rounded, not kept.
  EXPECT_THAT(run({"dpif/budgets"}), ContainsRegex("\n +0  p1 +1 +1 +1 +1 +0 +0 +0\n"));
  EXPECT_THAT(run({"ofproto/trace", "br0", "in_port=p1"}), HasSubstr("output:"));
  EXPECT_THAT(run({"ofproto/trace", "br0", "in_prot=p1"}), StartsWith("refused: "));
  EXPECT_EQ(run({"drop/show"}), "received 1 + originated 0 = sent 1 + dropped 0 + absorbed 0\n");
  EXPECT_THAT(run({"drop/show", "all"}), HasSubstr(std::string(to_string(DropReason::port_gone))));
  EXPECT_EQ(run({"drop/show", "some"}), "refused: \"some\": only \"all\" may follow");
  EXPECT_EQ(run({"revalidator/wait"}), "");
}

TEST_F(CommandsTest, WhereTimeGoesIsShownAsTextAndJson) {
  sw.add_flow("in_port=p1,actions=output:p2");
  for (int i = 0; i < 3; ++i) {
    sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2"));
  }
  sw.receive("p2", frame().ipv4("10.0.0.1", "10.0.0.2"));
  const std::string text = run({"dpif/perf"});
  EXPECT_THAT(text, StartsWith("worker 0:\n  packets received: 4\n"));
  EXPECT_THAT(text, HasSubstr("  misses: 2 (50.00 %)\n"));
  EXPECT_THAT(
      text, HasSubstr("  batches: 4, of 1.0 packets on average\n           1 packets: 4\n  timed: one batch in 127:"));
  EXPECT_THAT(text, HasSubstr("  dropped: 1 table_miss\n"));

  const auto json = nlohmann::json::parse(run({"dpif/perf", "--format=json"}));
  ASSERT_EQ(json["workers"].size(), 1U);
  const auto& worker = json["workers"][0];
  EXPECT_EQ(worker["packets"], 4);
  EXPECT_EQ(worker["misses"], 2);
  EXPECT_EQ(worker["batches"]["1"], 4);
  EXPECT_EQ(worker["dropped"], nlohmann::json({{"table_miss", 1}}));
  EXPECT_EQ(worker["timed"]["batches"].get<int>() + worker["timed"]["interrupted_batches"].get<int>(), 1);
  EXPECT_TRUE(worker["stages"].contains("megaflow_table"));

  EXPECT_THAT(run({"dpif/perf", "--format", "json"}), StartsWith("{\n  \"workers\""));
  EXPECT_EQ(run({"dpif/perf", "--format=xml"}), "refused: \"xml\" is no format; it is text or json");
  EXPECT_EQ(run({"dpif/perf", "br0"}), "refused: \"br0\": only --format=text or --format=json may follow");
}

TEST_F(CommandsTest, LearnedAddressesAreShownAndForgotten) {
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2"));
  const std::string header_only = "port  VLAN  MAC                Age\n";
  EXPECT_NE(run({"fdb/show", "br0"}), header_only);
  EXPECT_EQ(run({"fdb/flush"}), "table successfully flushed\n");
  EXPECT_EQ(run({"fdb/show", "br0"}).find("02:"), std::string::npos);
}

TEST_F(CommandsTest, WhatLimitsOfAddressesCameTo) {
  sw.add_flow("actions=NORMAL");
  sw.bridge().set_vlan("p1", {.mac_limit = ofproto::MacLimit{1, ofproto::MacLimitPolicy::drop}});
  sw.add_port("s1", {.segment = "red"});
  sw.set_segments({{.name = "red", .vni = 5001, .mac_limit = ofproto::MacLimit{1, ofproto::MacLimitPolicy::evict}}});
  for (const char* source : {"02:00:00:00:00:01", "02:00:00:00:00:02"}) {
    for (const char* port : {"p1", "s1"}) {
      sw.receive(port, frame().eth(source, "ff:ff:ff:ff:ff:ff").ipv4("10.0.0.1", "10.0.0.2"));
    }
  }
  EXPECT_EQ(run({"fdb/stats-show", "br0"}),
            "Statistics for bridge \"br0\":\n"
            "  Current/maximum MAC entries in the table: 2/8192\n"
            "  Refused, there was no room: 1\n"
            "  port p1: limit 1 (drop), 1 now, 1 refused\n"
            "  segment red: limit 1 (evict), 1 now, 0 refused, 1 evicted\n");
  EXPECT_THAT(run({"segment/show", "br0", "red"}), HasSubstr("mac limit:   1 (evict), 1 now, 0 refused, 1 evicted\n"));
}

TEST_F(CommandsTest, QueuesOfAPort) {
  sw.set_qos("p2", ofproto::QosConfig{.limit = datapath::RateLimit{2000, 800},
                                      .queues = {{7, {datapath::RateLimit{1000, 800}, datapath::RateLimit{500, 1}}}}});
  sw.add_flow("actions=set_queue:7,output:p2");
  sw.receive("p1", udp_of_size(100));
  sw.receive("p1", udp_of_size(100));
  EXPECT_EQ(run({"qos/show", "p2"}),
            "QoS: p2\nmax-rate: 2000\nburst: 800\n"
            "\nDefault:\n  tx_packets: 0\n  tx_bytes: 0\n  tx_errors: 0\n"
            "\nQueue 7:\n  max-rate: 1000\n  burst: 800\n  min-rate: 500\n  tx_packets: 1\n  tx_bytes: 100\n  "
            "tx_errors: 1\n");
  EXPECT_EQ(run({"qos/show", "p1"}), "refused: QoS not configured on p1");
  EXPECT_EQ(run({"qos/show", "p9"}), "refused: no interface named p9");
}

TEST_F(CommandsTest, LogLevels) {
  log::get("commands_test");
  EXPECT_EQ(run({"vlog/set", "commands_test:file:dbg"}), "");
  EXPECT_THAT(run({"vlog/list"}), testing::ContainsRegex("commands_test +[a-z]+ +dbg\n"));
  EXPECT_THAT(run({"vlog/set", "commands_test:loud"}), StartsWith("refused: "));
  EXPECT_THAT(run({"vlog/reopen"}), StartsWith("refused: the switch logs to no file"));
}

}  // namespace
}  // namespace weft::control
