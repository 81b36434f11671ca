// Pushing and popping tags and labels, and the time to live.
#include <gmock/gmock.h>

#include "datapath/action/mpls.h"
#include "datapath/action/ttl.h"
#include "datapath/action/vlan.h"
#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;

Frame udp_on(const Frame& link) { return link.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x"); }
Frame gso_on(const Frame& link) { return link.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(5000).gso(1400); }

using HeaderTest = ActionTest;

TEST_F(HeaderTest, PushesATag) {
  EXPECT_EQ(after(PushVlan{0x8100, 0x1000 | 10}, udp_on(frame())), udp_on(frame().vlan(10)));
  EXPECT_EQ(after(PushVlan{0x88a8, 0x6000 | 20}, udp_on(frame().vlan(10))),
            udp_on(frame().vlan(20, 3, 0x88a8).vlan(10)));
}

TEST_F(HeaderTest, PopsTheOutermostTag) {
  EXPECT_EQ(after(PopVlan{}, udp_on(frame().vlan(10))), udp_on(frame()).padded());
  EXPECT_EQ(after(PopVlan{}, udp_on(frame().vlan(20, 0, 0x88a8).vlan(10))), udp_on(frame().vlan(10)).padded());
}

// What a guest promised about its frame holds for the same bytes at their new place.
TEST_F(HeaderTest, OffloadsMoveWithTheHeaders) {
  EXPECT_EQ(after(PushVlan{0x8100, 10}, gso_on(frame())), gso_on(frame().vlan(10)));
  EXPECT_EQ(offload_after(), gso_on(frame().vlan(10)).offload());
  EXPECT_EQ(after(PopVlan{}, gso_on(frame().vlan(10))), gso_on(frame()));
  EXPECT_EQ(offload_after(), gso_on(frame()).offload());
  EXPECT_EQ(after(PushMpls{0x8847, 0x00064140}, gso_on(frame())), gso_on(frame().mpls(100, 0, 64)));
  EXPECT_EQ(offload_after().csum_start, gso_on(frame()).offload().csum_start + 4);
  EXPECT_EQ(after(PopMpls{0x0800}, gso_on(frame().mpls(100))), gso_on(frame()));
  EXPECT_EQ(offload_after(), gso_on(frame()).offload());
}

TEST_F(HeaderTest, LabelsGoBehindTheTags) {
  const uint32_t bottom = 100 << 12 | 0x100 | 64;
  const uint32_t upper = 200 << 12 | 64;
  EXPECT_EQ(after(PushMpls{0x8847, bottom}, udp_on(frame().vlan(10))), udp_on(frame().vlan(10).mpls(100)));
  EXPECT_EQ(after(PushMpls{0x8847, upper}, udp_on(frame().vlan(10).mpls(100))),
            udp_on(frame().vlan(10).mpls(200).mpls(100)));
  EXPECT_EQ(after(PopMpls{0x8847}, udp_on(frame().vlan(10).mpls(200).mpls(100))),
            udp_on(frame().vlan(10).mpls(100)).padded());
  EXPECT_EQ(after(PopMpls{0x0800}, udp_on(frame().vlan(10).mpls(100))), udp_on(frame().vlan(10)).padded());
}

// What was found again after the headers moved: the set-field writes behind the new tag.
TEST_F(HeaderTest, LaterActionsFindTheLayersAtTheirNewPlace) {
  run({set(FieldId::udp_dst, 9), PushVlan{0x8100, 10}, set(FieldId::udp_dst, 99), set(FieldId::vlan_vid, 0x100b),
       Output{PortId{1}}},
      udp_on(frame()));
  ASSERT_EQ(exits_.sent.size(), 1U);
  EXPECT_EQ(exits_.sent[0].frame, frame().vlan(11).ipv4("10.0.0.1", "10.0.0.2").udp(1, 99).payload("x"));
}

TEST_F(HeaderTest, WhatCannotBeDoneIsDropped) {
  const auto reason = [&](const Action& action, const Frame& frame) {
    after(action, frame);
    return exits_.drops.empty() ? Verdict{} : Verdict{exits_.drops[0]};
  };
  EXPECT_EQ(reason(PopVlan{}, udp_on(frame())), DropReason::not_tagged);
  EXPECT_EQ(reason(PopVlan{}, frame().vlan(10).truncated(16)), DropReason::truncated_header);
  EXPECT_EQ(reason(PopMpls{0x0800}, udp_on(frame())), DropReason::no_mpls);
  EXPECT_EQ(reason(PopMpls{0x0800}, frame().mpls(5).truncated(16)), DropReason::truncated_header);
  EXPECT_EQ(reason(PushMpls{0x8847, 0}, frame().length_type().llc_snap().payload("x")), DropReason::not_this_protocol);
  EXPECT_EQ(reason(DecTtl{}, frame().arp_request("10.0.0.1", "10.0.0.2")), DropReason::not_this_protocol);
}

TEST_F(HeaderTest, NoHeadroomIsCounted) {
  ActionList actions(200, PushVlan{0x8100, 1});
  actions.push_back(Output{PortId{1}});
  run(actions, udp_on(frame()));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::no_headroom));
}

TEST_F(HeaderTest, DecrementsTheTimeToLive) {
  const auto v4 = [](uint8_t ttl) { return frame().ipv4("10.0.0.1", "10.0.0.2").ttl(ttl).udp(1, 2); };
  const auto v6 = [](uint8_t ttl) { return frame().ipv6("fd00::1", "fd00::2").ttl(ttl).udp(1, 2); };
  EXPECT_EQ(after(DecTtl{}, v4(64)), v4(63));
  EXPECT_EQ(after(DecTtl{}, v6(2)), v6(1));
  for (const Frame& last : {v4(1), v4(0), v6(1)}) {
    run({DecTtl{}, Output{PortId{1}}}, last);
    EXPECT_THAT(exits_.drops, ElementsAre(DropReason::ttl_exceeded));
  }
}

}  // namespace
}  // namespace weft::datapath
