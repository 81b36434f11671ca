// weft-ofctl against a switch played in another thread.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/frame.h"
#include "tests/utilities/ofctl/fake_switch.h"
#include "utilities/ofctl/command.h"

namespace weft::ofctl {
namespace {

using testing::FakeSwitch;

struct Ran {
  std::string out;
  std::string error;
  int status = 0;
};

class OfctlTest : public ::testing::Test {
 protected:
  OfctlTest() : folder_(std::filesystem::temp_directory_path() / ("ofctl_test." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    bridge_.emplace((folder_ / "br0.mgmt").string());
  }
  ~OfctlTest() override {
    bridge_.reset();
    std::filesystem::remove_all(folder_);
  }

  Ran ofctl(std::vector<std::string> words) {
    words.insert(words.begin(), {"--rundir=" + folder_.string(), "--no-names", "--timeout=20"});
    std::vector<const char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(word.c_str());
    }
    const auto options = parse_options(arguments);
    if (!options) {
      return {"", options.error(), 1};
    }
    ::testing::internal::CaptureStdout();
    const Outcome outcome = run(*options);
    Ran ran{::testing::internal::GetCapturedStdout(), "", 0};
    if (!outcome) {
      ran.error = outcome.error().message;
      ran.status = outcome.error().status;
    }
    return ran;
  }

  std::string file(const std::string& text) {
    const auto path = folder_ / "flows.txt";
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path folder_;
  std::optional<FakeSwitch> bridge_;
};

TEST_F(OfctlTest, AddsAFlowThatNamesPortsAndDumpsIt) {
  EXPECT_EQ(ofctl({"add-flow", "br0", "in_port=p1,actions=output:p2"}).status, 0);
  EXPECT_EQ(ofctl({"--no-stats", "dump-flows", "br0"}).out, " in_port=1 actions=output:2\n");
  EXPECT_EQ(ofctl({"--no-stats", "--names", "dump-flows", "br0"}).out, " in_port=p1 actions=output:p2\n");
}

TEST_F(OfctlTest, ARefusalNamesTheErrorAndTheText) {
  const Ran ran = ofctl({"add-flow", "br0", "priority=13,in_port=p1,actions=drop"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.error,
            "the switch refused: OFPFMFC_OVERLAP (OFPET_FLOW_MOD_FAILED)\n  priority=13,in_port=p1,actions=drop");
}

TEST_F(OfctlTest, AFileWithOneBadLineSendsNothing) {
  const Ran ran = ofctl({"add-flows", "br0", file("# comment\nip,actions=drop\n\ntpc,actions=drop\n")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.error.find("flows.txt:4: unknown field or keyword \"tpc\""), std::string::npos) << ran.error;
  EXPECT_EQ(ofctl({"barrier", "br0"}).status, 0);
  EXPECT_TRUE(bridge_->received().empty());
}

TEST_F(OfctlTest, ManyFlowsGoInOneGoAndErrorsKeepTheirLine) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "priority=" + std::to_string(i) + ",in_port=p1,actions=drop\n";
  }
  const Ran ran = ofctl({"add-flows", "br0", file(text)});
  EXPECT_EQ(ran.error,
            "the switch refused: OFPFMFC_OVERLAP (OFPET_FLOW_MOD_FAILED)\n  priority=13,in_port=p1,actions=drop");
  EXPECT_EQ(bridge_->received().size(), 2999U);
}

TEST_F(OfctlTest, ARefusedMeterIsShownAsItWasTyped) {
  EXPECT_EQ(ofctl({"add-meter", "br0", "meter=1,kbps,band=type=drop,rate=7"}).error,
            "the switch refused: OFPBRC_BAD_TYPE (OFPET_BAD_REQUEST)\n  meter=1,kbps,band=type=drop,rate=7");
}

TEST_F(OfctlTest, DumpsAreSortedWhenAskedTo) {
  ofctl({"add-flow", "br0", "priority=5,in_port=2,actions=drop"});
  ofctl({"add-flow", "br0", "priority=7,in_port=1,actions=drop"});
  EXPECT_EQ(ofctl({"--no-stats", "--sort", "dump-flows", "br0"}).out,
            " priority=5,in_port=2 actions=drop\n priority=7,in_port=1 actions=drop\n");
  EXPECT_EQ(ofctl({"--no-stats", "--sort=in_port", "dump-flows", "br0"}).out,
            " priority=7,in_port=1 actions=drop\n priority=5,in_port=2 actions=drop\n");
  EXPECT_EQ(ofctl({"--no-stats", "--rsort=in_port", "dump-flows", "br0"}).out,
            " priority=5,in_port=2 actions=drop\n priority=7,in_port=1 actions=drop\n");
}

TEST_F(OfctlTest, DiffAndReplaceCompareWithAFile) {
  ofctl({"add-flow", "br0", "in_port=1,actions=drop"});
  const std::string wanted = file("in_port=1,actions=output:2\nin_port=2,actions=drop\n");
  const Ran diff = ofctl({"diff-flows", "br0", wanted});
  EXPECT_EQ(diff.status, 2);
  EXPECT_EQ(diff.out, "-in_port=1 actions=drop\n+in_port=1 actions=output:2\n+in_port=2 actions=drop\n");
  EXPECT_EQ(ofctl({"replace-flows", "br0", wanted}).status, 0);
  EXPECT_EQ(bridge_->received().size(), 3U);
}

// "mod_nw_src" of the file was another action than the "set_field" that 1.3 shows for it.
TEST_F(OfctlTest, AFileIsComparedAsTheSwitchReadsIt) {
  const std::string wanted = file("ip,actions=mod_nw_src:10.0.0.1,mod_vlan_vid:5,output:2\n");
  ofctl({"add-flows", "br0", wanted});
  EXPECT_EQ(ofctl({"diff-flows", "br0", wanted}).out, "");
  ofctl({"replace-flows", "br0", wanted});
  EXPECT_EQ(bridge_->received().size(), 1U);
}

TEST_F(OfctlTest, JsonIsAnArrayOfObjects) {
  ofctl({"add-flow", "br0", "priority=7,in_port=1,actions=output:2"});
  const std::string out = ofctl({"--format=json", "dump-flows", "br0"}).out;
  EXPECT_NE(out.find("\"match\": \"in_port=1\""), std::string::npos) << out;
  EXPECT_NE(out.find("\"priority\": 7"), std::string::npos) << out;
  EXPECT_NE(ofctl({"--format=json", "ping", "br0"}).error.find("ping prints text only"), std::string::npos);
}

TEST_F(OfctlTest, MistypedCommandsOptionsAndBridgesAreExplained) {
  EXPECT_EQ(ofctl({"dump-flwos", "br0"}).error, "unknown command \"dump-flwos\", did you mean \"dump-flows\"?");
  EXPECT_EQ(ofctl({"--srot", "dump-flows", "br0"}).error, "unknown option --srot, did you mean --sort?");
  EXPECT_NE(ofctl({"show", "br1"}).error.find("br1 is not a bridge"), std::string::npos);
  EXPECT_NE(ofctl({"add-flow", "br0"}).error.find("usage: weft-ofctl [OPTION...] add-flow SWITCH FLOW|-"),
            std::string::npos);
}

TEST_F(OfctlTest, ModPortNamesThePortsAddress) {
  EXPECT_EQ(ofctl({"mod-port", "br0", "p1", "no-forward"}).status, 0);
  EXPECT_EQ(ofctl({"mod-port", "br0", "1", "up"}).status, 0);
  ASSERT_EQ(bridge_->port_mods().size(), 2U);
  const MacAddress mac{{2, 0, 0, 0, 0, 1}};
  EXPECT_EQ(bridge_->port_mods()[0], (openflow::PortMod{OfPort{1}, mac, 0x20, 0x20, 0}));
  EXPECT_EQ(bridge_->port_mods()[1], (openflow::PortMod{OfPort{1}, mac, 0, 1, 0}));
  EXPECT_NE(ofctl({"mod-port", "br0", "p1", "upp"})
                .error.find("\"upp\" is nothing that a port can be told, did you mean \"up\"?"),
            std::string::npos);
}

TEST_F(OfctlTest, ProbeAndPingAreAnswered) {
  EXPECT_EQ(ofctl({"probe", "br0"}).status, 0);
  EXPECT_EQ(ofctl({"ping", "br0", "100"}).status, 0);
}

TEST_F(OfctlTest, ATimeoutHasAStatusOfItsOwn) {
  const Ran ran = ofctl({"--timeout=1", "monitor", "br0"});
  EXPECT_EQ(ran.status, status_timed_out);
}

TEST_F(OfctlTest, TwoFilesAreComparedWithoutASwitch) {
  const std::string one = file("tcp,actions=drop\nudp,actions=output:1\n");
  const std::string other = (folder_ / "other.txt").string();
  std::ofstream(other) << "udp,actions=output:2\n";

  const Ran diff = ofctl({"diff-flows", one, other});

  EXPECT_EQ(diff.status, 2);
  EXPECT_EQ(diff.out, "-tcp actions=drop\n-udp actions=output:1\n+udp actions=output:2\n");
  EXPECT_EQ(ofctl({"diff-flows", one, one}).status, 0);
}

TEST_F(OfctlTest, ReadOnlyRefusesChangesAndNothingElse) {
  const Ran add = ofctl({"--read-only", "add-flow", "br0", "actions=drop"});
  EXPECT_NE(add.status, 0);
  EXPECT_NE(add.error.find("--read-only"), std::string::npos) << add.error;
  EXPECT_EQ(ofctl({"--read-only", "dump-flows", "br0"}).status, 0);
}

TEST_F(OfctlTest, AVersionThatNobodySpeaksIsNamed) {
  const Ran ran = ofctl({"-O", "OpenFlow13,OpenFlow9", "dump-flows", "br0"});
  EXPECT_NE(ran.error.find("OpenFlow9 is none of"), std::string::npos) << ran.error;
}

TEST_F(OfctlTest, AWatchThatIsWrongIsMarked) {
  const Ran ran = ofctl({"monitor", "br0", "watch:!inital,tcp"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.error.find("did you mean \"!initial\"?\n  !inital,tcp\n  ^~~~~~~"), std::string::npos) << ran.error;
  EXPECT_NE(ofctl({"monitor", "br0", "lots"}).error.find("\"lots\" is not a number of bytes"), std::string::npos);
}

TEST_F(OfctlTest, MessagesOfAFileArePrinted) {
  const auto bytes = openflow::encode(openflow::Version::v1_3, 7, openflow::Message(openflow::BarrierRequest{}));
  std::string twice(bytes.begin(), bytes.end());
  twice += twice;

  EXPECT_EQ(ofctl({"ofp-parse", file(twice)}).out,
            "OFPT_BARRIER_REQUEST (OF1.3) (xid=0x7):\nOFPT_BARRIER_REQUEST (OF1.3) (xid=0x7):\n");
  EXPECT_NE(ofctl({"ofp-parse", file(twice + "abc")}).error.find("3 bytes at the end"), std::string::npos);
}

// It was read as an empty file, and replace-flows deleted every flow; ofp-parse ended with an exception.
TEST_F(OfctlTest, ADirectoryIsNoFile) {
  ofctl({"add-flow", "br0", "priority=1,actions=drop"});
  const std::string what = folder_.string() + ": Is a directory";
  for (const char* command : {"replace-flows", "add-flows", "add-groups"}) {
    EXPECT_EQ(ofctl({command, "br0", folder_.string()}).error, what) << command;
  }
  EXPECT_EQ(ofctl({"diff-flows", "br0", folder_.string()}).error, what);
  EXPECT_EQ(ofctl({"ofp-parse", folder_.string()}).error, what);
  EXPECT_EQ(ofctl({"parse-flows", folder_.string()}).error, what);
  EXPECT_EQ(bridge_->received().size(), 1u);
}

// The header of a capture file, then each frame with a header of its own.
std::string capture_of(const std::vector<Bytes>& frames) {
  std::string text;
  const auto put = [&](uint32_t value) { text.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (const uint32_t value : {0xa1b2c3d4U, 2U | 4U << 16, 0U, 0U, 65535U, 1U}) {
    put(value);
  }
  for (const Bytes& one : frames) {
    for (const size_t value : {size_t{1'700'000'000}, size_t{250'000}, one.size(), one.size()}) {
      put(static_cast<uint32_t>(value));
    }
    text.append(one.begin(), one.end());
  }
  return text;
}

TEST_F(OfctlTest, MessagesOfACaptureArePrinted) {
  const auto echo = openflow::encode(openflow::Version::v1_3, 7, openflow::Message(openflow::EchoRequest{}));
  const std::string text(echo.begin(), echo.end());
  const Frame there = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 6653);
  const Frame back = frame().ipv4("10.0.0.2", "10.0.0.1").tcp(6653, 4000);
  const Frame other = frame().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 4000);
  const std::string path =
      file(capture_of({there.tcp_sequence(10).payload(text.substr(0, 3)), other.payload(text),
                       there.tcp_sequence(18).payload(text), back.payload("POST / HTTP"),
                       there.tcp_sequence(13).payload(text.substr(3)), there.tcp_sequence(26).payload("abc").bytes()}));

  const std::string message = "OFPT_ECHO_REQUEST (OF1.3) (xid=0x7): 0 bytes of payload\n";
  EXPECT_EQ(ofctl({"ofp-parse-pcap", path}).out,
            "10.0.0.2.6653 > 10.0.0.1.4000:\n(11 bytes are no OpenFlow)\n\n"
            "10.0.0.1.4000 > 10.0.0.2.6653:\n" +
                message + "\n10.0.0.1.4000 > 10.0.0.2.6653:\n" + message +
                "\n10.0.0.1.4000 > 10.0.0.2.6653:\n(3 bytes are no OpenFlow)\n");
  EXPECT_EQ(ofctl({"--timestamp", "ofp-parse-pcap", path, "80"}).out,
            "2023-11-14 22:13:20.250: 10.0.0.2.80 > 10.0.0.1.4000:\n" + message);
  EXPECT_EQ(ofctl({"ofp-parse-pcap", path, "65536"}).error, "\"65536\" is not a TCP port (1 to 65535)");
  EXPECT_NE(ofctl({"ofp-parse-pcap", file("no capture")}).error.find("cannot read"), std::string::npos);
}

TEST_F(OfctlTest, APacketIsComposedFromAFlow) {
  EXPECT_EQ(ofctl({"compose-packet", "dl_type=0x1234,dl_dst=ff:ff:ff:ff:ff:ff", "0102 03"}).out,
            "00000000  ff ff ff ff ff ff 00 00-00 00 00 00 12 34 01 02\n00000010  03\n");
  EXPECT_EQ(ofctl({"--bare", "compose-packet", "dl_type=0x1234", "01"}).out, "000000000000000000000000123401\n");
  EXPECT_EQ(ofctl({"compose-packet", "tcp,nw_src=10.0.0.0/8"}).error,
            "a frame has one ip_src: a value without a mask\n  tcp,nw_src=10.0.0.0/8\n             ^~~~~~~~~~\n");
  EXPECT_EQ(ofctl({"compose-packet", "tcp", "01g"}).status, 1);
  EXPECT_EQ(ofctl({"compose-packet", "udp", std::string(2 * 65'001, '0')}).error,
            "a payload of 65001 bytes is too long: at most 65000");
}

// The switch of these tests knows no bundles: what is wrong in the file is found before one is opened.
TEST_F(OfctlTest, ALineOfABundleThatIsWrongIsMarked) {
  const auto error = [&](const std::string& text) {
    const std::string message = ofctl({"-OOpenFlow13", "bundle", "br0", file(text)}).error;
    return message.substr(message.find(": ") + 2);
  };
  EXPECT_EQ(error("flow add actions=drop\nflwo add actions=drop\n"),
            "a line of a bundle begins with flow, group, port or packet-out, did you mean \"flow\"?\n"
            "  flwo add actions=drop\n  ^~~~\n");
  EXPECT_EQ(error("flow modify ip,actions=outptu:1"),
            "unknown action or port \"outptu\", did you mean \"output\"?\n"
            "  flow modify ip,actions=outptu:1\n                         ^~~~~~\n");
  EXPECT_EQ(error("group add_or_mod group_id=1,type=al"),
            "unknown group type \"al\" (all, select, indirect or ff), did you mean \"all\"?\n"
            "  group add_or_mod group_id=1,type=al\n                                   ^~\n");
  EXPECT_EQ(error("packet-out in_port=1,tcp,packet=00"),
            "tcp is a part of the packet itself, which packet= says whole\n"
            "  packet-out in_port=1,tcp,packet=00\n                       ^~~\n");
  EXPECT_EQ(error("packet-out tun_id=5,packet=0000000000000000000000000000"),
            "OpenFlow13 cannot say fields of a packet-out: choose a later version with -O");
  EXPECT_EQ(error("port 7"), "a port line is: port PORT ACTION\n  port 7\n      ^~\n");
  EXPECT_EQ(error("port 7 down"), "the switch has no port \"7\"");
  EXPECT_EQ(bridge_->received().size(), 0u);
}

// What ovs-ofctl prints for the same, behind its lines about protocols.
TEST(ParseFlow, PrintsTheMessageOfTheVersion) {
  struct Said {
    const char* version;
    const char* flow;
    const char* message;
  };
  const Said all[] = {
      {"10", "tcp,tp_dst=80,actions=dec_ttl,1",
       "OFPT_FLOW_MOD (xid=0x1): ADD tcp,tp_dst=80 actions=dec_ttl,output:1\n"},
      {"10", "reg0=3,dl_vlan=1,actions=pop_vlan",
       "NXT_FLOW_MOD (xid=0x1): ADD reg0=0x3,dl_vlan=1 actions=strip_vlan\n"},
      {"10", "table=3,actions=mod_nw_src:1.2.3.4", "OFPT_FLOW_MOD (xid=0x1): ADD table:3 actions=mod_nw_src:1.2.3.4\n"},
      {"13", "dl_vlan=1,actions=strip_vlan,2",
       "OFPT_FLOW_MOD (OF1.3) (xid=0x1): ADD dl_vlan=1 actions=pop_vlan,output:2\n"},
      {"13", "actions=mod_vlan_vid:3",
       "OFPT_FLOW_MOD (OF1.3) (xid=0x1): ADD actions=push_vlan:0x8100,set_field:4099->vlan_vid\n"},
      {"14", "importance=5,actions=drop", "OFPT_FLOW_MOD (OF1.4) (xid=0x1): ADD importance:5 actions=drop\n"},
      {"15", "actions=meter:1,dec_ttl", ""},
      {"15", "ip,actions=2,meter:1", "OFPT_FLOW_MOD (OF1.5) (xid=0x1): ADD ip actions=output:2,meter:1\n"},
      {"13", "ip,actions=2,meter:1", ""},
  };
  for (const auto& [version, flow, message] : all) {
    const std::string protocol = "-OOpenFlow" + std::string(version);
    const char* words[] = {protocol.c_str(), "parse-flow", flow};
    const auto options = parse_options(words);
    ::testing::internal::CaptureStdout();
    const Outcome outcome = run(*options);
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), message) << flow;
    EXPECT_EQ(outcome.has_value(), *message != '\0') << flow;
  }
}

TEST(Help, EveryCommandHasOne) {
  for (const Command& command : commands()) {
    EXPECT_FALSE(command.help.empty()) << command.name;
    EXPECT_EQ(command.need != Need::nothing, command.arguments.starts_with("SWITCH")) << command.name;
    EXPECT_EQ(find_command(command.name), &command);
  }
}

}  // namespace
}  // namespace weft::ofctl
