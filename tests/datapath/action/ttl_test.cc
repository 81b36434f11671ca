// The time to live of labels: copied outwards and inwards, decremented.
#include <gmock/gmock.h>

#include "datapath/action/ttl.h"
#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;

Frame v4(const Frame& link, uint8_t ttl) {
  return link.ipv4("10.0.0.1", "10.0.0.2").ttl(ttl).udp(1, 2).payload("long enough for a wire");
}
Frame v6(const Frame& link, uint8_t ttl) { return link.ipv6("fd00::1", "fd00::2").ttl(ttl).udp(1, 2); }

using TtlTest = ActionTest;

TEST_F(TtlTest, CopiesOutwardsFromWhatIsNext) {
  EXPECT_EQ(after(CopyTtlOut{}, v4(frame().mpls(5, 0, 64), 17)), v4(frame().mpls(5, 0, 17), 17));
  EXPECT_EQ(after(CopyTtlOut{}, v6(frame().mpls(5, 0, 64), 17)), v6(frame().mpls(5, 0, 17), 17));
  EXPECT_EQ(after(CopyTtlOut{}, v4(frame().mpls(6, 0, 64).mpls(5, 0, 30), 17)),
            v4(frame().mpls(6, 0, 30).mpls(5, 0, 30), 17));
}

TEST_F(TtlTest, CopiesInwardsAndKeepsTheChecksumOfIpv4Right) {
  EXPECT_EQ(after(CopyTtlIn{}, v4(frame().mpls(5, 0, 64), 17)), v4(frame().mpls(5, 0, 64), 64));
  EXPECT_EQ(after(CopyTtlIn{}, v6(frame().vlan(3).mpls(5, 0, 64), 17)), v6(frame().vlan(3).mpls(5, 0, 64), 64));
  EXPECT_EQ(after(CopyTtlIn{}, v4(frame().mpls(6, 0, 64).mpls(5, 0, 30), 17)),
            v4(frame().mpls(6, 0, 64).mpls(5, 0, 64), 17));
}

// A checksum that was wrong does not become right.
TEST_F(TtlTest, WrongChecksumStaysWrong) {
  const Frame copied = after(CopyTtlIn{}, v4(frame().mpls(5, 0, 64), 17).bad_ip_checksum());
  const Frame right = v4(frame().mpls(5, 0, 64), 64);
  EXPECT_EQ(copied.size(), right.size());
  EXPECT_NE(copied.bytes(), right.bytes());
}

// Behind the bottom of a stack may be a pseudowire's Ethernet, or nothing.
TEST_F(TtlTest, WhatHasNoTimeToLiveStaysAsItIs) {
  for (const Frame& other : {frame().mpls(5, 0, 64).raw(Bytes(60)), frame().mpls(5, 0, 64).raw({0x45, 0, 0}),
                             frame().mpls(5, 0, 64).raw({0x60})}) {
    EXPECT_EQ(after(CopyTtlIn{}, other), other);
    EXPECT_EQ(after(CopyTtlOut{}, other), other);
  }
}

TEST_F(TtlTest, DecrementsALabel) {
  EXPECT_EQ(after(DecMplsTtl{}, v4(frame().mpls(5, 0, 2), 17)), v4(frame().mpls(5, 0, 1), 17));
  run({DecMplsTtl{}, Output{PortId{1}}}, v4(frame().mpls(5, 0, 1), 17));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::ttl_exceeded));
}

TEST_F(TtlTest, WithoutALabelThePacketIsDropped) {
  for (const Action& action : {Action(CopyTtlIn{}), Action(CopyTtlOut{}), Action(DecMplsTtl{})}) {
    run({action, Output{PortId{1}}}, v4(frame(), 17));
    EXPECT_THAT(exits_.drops, ElementsAre(DropReason::no_mpls));
  }
}

}  // namespace
}  // namespace weft::datapath
