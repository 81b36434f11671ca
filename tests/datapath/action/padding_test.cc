// A frame that a pop has shortened is no shorter than a wire allows when it leaves.
#include <gmock/gmock.h>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

const Output padded_out{PortId{1}};

Frame small_on(const Frame& link) { return link.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x"); }

using PaddingTest = ActionTest;

TEST_F(PaddingTest, PoppedFramesArePadded) {
  EXPECT_EQ(after(PopVlan{}, small_on(frame().vlan(10))), small_on(frame()).padded(60));
  EXPECT_EQ(after(PopMpls{0x0800}, small_on(frame().mpls(10))), small_on(frame()).padded(60));
  EXPECT_EQ(after(PopPbb{}, small_on(frame().pbb(10))), small_on(frame()).padded(60));
  EXPECT_EQ(after(PopVlan{}, small_on(frame().vlan(10)).padded(64)), small_on(frame()).padded(60));
}

// A short frame that came so goes so: a tap's peer sends them.
TEST_F(PaddingTest, OtherFramesKeepTheirLength) {
  EXPECT_EQ(after(set(FieldId::eth_dst, 5), small_on(frame())),
            small_on(frame().eth("02:00:00:00:00:01", "00:00:00:00:00:05")));
}

TEST_F(PaddingTest, WhatAPushMakesLongAgainIsNotPadded) {
  run({PopVlan{}, PushVlan{0x8100, 11}, padded_out}, small_on(frame().vlan(10)).padded(60));
  EXPECT_EQ(exits_.sent.at(0).frame, small_on(frame().vlan(11)).padded(60));
}

TEST_F(PaddingTest, EveryCopyIsPaddedOnItsOwn) {
  const auto clone = std::make_shared<Clone>();
  clone->actions = {PushVlan{0x8100, 11}, Output{PortId{2}}};
  run({PopVlan{}, padded_out, std::shared_ptr<const Clone>(clone), Output{PortId{3}}}, small_on(frame().vlan(10)));
  EXPECT_EQ(exits_.sent.at(0).frame, small_on(frame()).padded(60));
  EXPECT_EQ(exits_.sent.at(1).frame, small_on(frame().vlan(11)).padded(60));
  EXPECT_EQ(exits_.sent.at(2).frame, small_on(frame()).padded(60));
}

// The sum to finish runs to the end of the frame.
TEST_F(PaddingTest, FramesWithAPromiseAreNot) {
  const auto partial = [](const Frame& link) { return small_on(link).partial_checksum(); };
  EXPECT_EQ(after(PopVlan{}, partial(frame().vlan(10))), partial(frame()));
  EXPECT_EQ(offload_after(), partial(frame()).offload());
}

}  // namespace
}  // namespace weft::datapath
