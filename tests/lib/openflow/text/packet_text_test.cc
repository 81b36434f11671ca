// Packet-outs as text.
#include <gtest/gtest.h>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/packet_text.h"

namespace weft::openflow {
namespace {

constexpr const char* frame_text = "0000000000010000000000020800";

std::string error_of(const std::string& text) {
  const auto message = parse_packet_out(text);
  return message ? "" : render(text, message.error());
}

TEST(PacketOutText, HasAPortFieldsAFrameAndActions) {
  const auto message = parse_packet_out(std::string("in_port=LOCAL, tun_id=5,reg1=7,packet=") + frame_text +
                                        ",actions=output:2,output:3");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->in_port, of_port::local);
  EXPECT_EQ(format_match(message->metadata), "reg1=0x7,tun_id=0x5");
  EXPECT_EQ(message->data.size(), 14u);
  EXPECT_EQ(format_actions(message->actions), "output:2,output:3");
  EXPECT_EQ(format_packet_out(*message).substr(0, 66),
            "in_port=LOCAL,reg1=0x7,tun_id=0x5 actions=output:2,output:3 data_l");
}

TEST(PacketOutText, ComesFromTheControllerAndGoesNowhereUnlessItIsSaid) {
  const auto message = parse_packet_out(std::string("packet=") + frame_text);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->in_port, of_port::controller);
  EXPECT_EQ(message->actions, ActionList());
}

TEST(PacketOutText, WhatIsWrongIsMarked) {
  EXPECT_EQ(error_of("in_port=1,actions=drop"),
            "a packet-out needs packet=...\n  in_port=1,actions=drop\n  ^~~~~~~~~~~~~~~~~~~~~~\n");
  EXPECT_EQ(error_of("in_port=nosuch,packet=00"),
            "no such port: \"nosuch\"\n  in_port=nosuch,packet=00\n          ^~~~~~\n");
  EXPECT_EQ(error_of("packet=0011"),
            "a frame of 2 bytes is too short: an Ethernet header has 14\n  packet=0011\n         ^~~~\n");
  EXPECT_EQ(error_of("packet=001x"), "a packet is written in hexadecimal\n  packet=001x\n            ^\n");
  EXPECT_EQ(error_of("tcp,packet=00"),
            "tcp is a part of the packet itself, which packet= says whole\n  tcp,packet=00\n  ^~~\n");
  EXPECT_EQ(error_of("tp_dst=3,packet=00"),
            "tp_dst is a part of the packet itself, which packet= says whole\n  tp_dst=3,packet=00\n  ^~~~~~~~\n");
  EXPECT_EQ(error_of(std::string("in_prt=3,packet=") + frame_text).substr(0, 76),
            "unknown field or keyword \"in_prt\", did you mean \"in_port\"?\n  in_prt=3,packet");
  EXPECT_EQ(error_of(std::string("packet=") + frame_text + ",actions=outpt:1").substr(0, 56),
            "unknown action or port \"outpt\", did you mean \"output\"?\n ");
}

}  // namespace
}  // namespace weft::openflow
