// Backbone headers: a frame goes in whole and comes out as it was.
#include <gmock/gmock.h>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;

constexpr uint32_t isid_5001 = 5001;

Frame pbb_udp_on(const Frame& link) {
  return link.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("long enough for a wire");
}
Frame pbb_gso_on(const Frame& link) { return link.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(5000).gso(1400); }

using PbbTest = ActionTest;

TEST_F(PbbTest, PushPutsAHeaderBeforeTheWholeFrame) {
  EXPECT_EQ(after(PushPbb{0x88e7, isid_5001}, pbb_udp_on(frame())), pbb_udp_on(frame().pbb(isid_5001)));
  EXPECT_EQ(after(PushPbb{0x88e7, 5U << 29 | 7}, pbb_udp_on(frame().vlan(10, 5))),
            pbb_udp_on(frame().pbb(7, "02:00:00:00:00:01", "02:00:00:00:00:02", 5).vlan(10, 5)));
}

TEST_F(PbbTest, PopLaysTheCustomersFrameBare) {
  const Frame backbone = frame().eth("0a:00:00:00:00:01", "0a:00:00:00:00:02").pbb(isid_5001);
  EXPECT_EQ(after(PopPbb{}, pbb_udp_on(backbone)), pbb_udp_on(frame()));
  EXPECT_EQ(after(PopPbb{}, pbb_udp_on(backbone.vlan(10))), pbb_udp_on(frame().vlan(10)));
}

// The specification asks for it to be popped first; where it is not, the tag is nobody's to lose.
TEST_F(PbbTest, PopLeavesTheBackbonesTag) {
  EXPECT_EQ(after(PopPbb{}, pbb_udp_on(frame().vlan(99, 0, 0x88a8).pbb(7).vlan(10))),
            pbb_udp_on(frame().vlan(99, 0, 0x88a8).vlan(10)));
}

TEST_F(PbbTest, BackboneAddressesAndTagAreSetBehindThePush) {
  run({PushPbb{0x88e7, 0}, set(FieldId::eth_src, 0x0a0000000001), set(FieldId::eth_dst, 0x0a0000000002),
       set(FieldId::pbb_isid, 0xabcdef), set(FieldId::pbb_uca, 1), PushVlan{0x88a8, 99},
       set(FieldId::pbb_isid, 0xabcde0), Output{PortId{1}}},
      pbb_udp_on(frame().vlan(10)));
  ASSERT_EQ(exits_.sent.size(), 1U);
  EXPECT_EQ(exits_.sent[0].frame, pbb_udp_on(frame()
                                                 .eth("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                                                 .vlan(99, 0, 0x88a8)
                                                 .pbb(0xabcde0, "02:00:00:00:00:01", "02:00:00:00:00:02", 0, true)
                                                 .vlan(10)));
}

TEST_F(PbbTest, MaskedServiceInstanceKeepsTheOtherBits) {
  EXPECT_EQ(after(SetField{FieldId::pbb_isid, {0, 0x00ff00}, {0, 0x00ff00}}, pbb_udp_on(frame().pbb(0x120034))),
            pbb_udp_on(frame().pbb(0x12ff34)));
}

TEST_F(PbbTest, OffloadsMoveWithTheHeaders) {
  EXPECT_EQ(after(PushPbb{0x88e7, 7}, pbb_gso_on(frame())), pbb_gso_on(frame().pbb(7)));
  EXPECT_EQ(offload_after(), pbb_gso_on(frame().pbb(7)).offload());
  EXPECT_EQ(after(PopPbb{}, pbb_gso_on(frame().pbb(7))), pbb_gso_on(frame()));
  EXPECT_EQ(offload_after(), pbb_gso_on(frame()).offload());
}

TEST_F(PbbTest, WhatCannotBeDoneIsDropped) {
  run({PopPbb{}, Output{PortId{1}}}, pbb_udp_on(frame()));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::not_this_protocol));
  run({PopPbb{}, Output{PortId{1}}}, pbb_udp_on(frame().pbb(7)).truncated(31));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::truncated_header));
  run({set(FieldId::pbb_isid, 1), Output{PortId{1}}}, pbb_udp_on(frame()));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::not_this_protocol));
}

}  // namespace
}  // namespace weft::datapath
