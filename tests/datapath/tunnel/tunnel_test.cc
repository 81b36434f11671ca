#include "datapath/tunnel/tunnel.h"

#include <gtest/gtest.h>

#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

class EncapsulationStory : public ::testing::Test {
 protected:
  EncapsulationStory() : packet_(make_packet(pool_, frame().ipv4("10.0.0.1", "10.0.0.2").tos(0xb8).ttl(7).udp(1, 2))) {
    packet_->tunnel.begin();
    packet_->tunnel.id = 42;
    packet_->tunnel.set_destination(ip("192.0.2.9"));
    packet_->tunnel.set_source(ip("192.0.2.8"));
  }

  PacketPool pool_;
  PacketPtr packet_;
  TunnelSpec spec_;
};

TEST_F(EncapsulationStory, WhatThePortLeavesOpenTheFlowDecides) {
  const auto to = encapsulation_of(spec_, *packet_);
  ASSERT_TRUE(to.has_value());
  EXPECT_EQ(to->remote, ip("192.0.2.9"));
  EXPECT_EQ(to->key, 42U);
  EXPECT_EQ(to->local, std::nullopt) << "any local address: the route decides";
  spec_.local_is_any = false;
  EXPECT_EQ(encapsulation_of(spec_, *packet_)->local, ip("192.0.2.8"));
}

TEST_F(EncapsulationStory, WhatThePortFixesNoFlowChanges) {
  spec_.remote = ip("198.51.100.1");
  spec_.local = ip("198.51.100.2");
  spec_.out_key = 7;
  const auto to = encapsulation_of(spec_, *packet_);
  ASSERT_TRUE(to.has_value());
  EXPECT_EQ(to->remote, ip("198.51.100.1"));
  EXPECT_EQ(to->local, ip("198.51.100.2"));
  EXPECT_EQ(to->key, 7U);
}

TEST_F(EncapsulationStory, NobodyNamesARemote) {
  packet_->tunnel.present = false;
  EXPECT_EQ(encapsulation_of(spec_, *packet_).error(), DropReason::tunnel_no_destination);
}

TEST_F(EncapsulationStory, TypeOfServiceAndTimeToLiveAreInheritedWhenAskedFor) {
  EXPECT_EQ(encapsulation_of(spec_, *packet_)->tos, 0);
  EXPECT_EQ(encapsulation_of(spec_, *packet_)->ttl, 64);
  spec_.tos_inherit = spec_.ttl_inherit = true;
  EXPECT_EQ(encapsulation_of(spec_, *packet_)->tos, 0xb8);
  EXPECT_EQ(encapsulation_of(spec_, *packet_)->ttl, 7);
}

TEST_F(EncapsulationStory, FramesThatAreNotIpInheritNothing) {
  spec_.tos_inherit = spec_.ttl_inherit = true;
  const PacketPtr arp = make_packet(pool_, frame().arp_request("10.0.0.1", "10.0.0.2"));
  spec_.remote = ip("198.51.100.1");
  EXPECT_EQ(encapsulation_of(spec_, *arp)->tos, 0);
  EXPECT_EQ(encapsulation_of(spec_, *arp)->ttl, 64);
}

TEST_F(EncapsulationStory, EcnGoesAlongWhateverTheTypeOfService) {
  spec_.tos = 0x40;
  for (const uint8_t ecn : {0, 1, 2, 3}) {
    for (const bool v6 : {false, true}) {
      const auto inner = v6 ? frame().ipv6("fd00::1", "fd00::2").tos(ecn).udp(1, 2)
                            : frame().ipv4("10.0.0.1", "10.0.0.2").tos(ecn).udp(1, 2);
      PacketPtr packet = make_packet(pool_, inner);
      packet->tunnel = packet_->tunnel;
      EXPECT_EQ(encapsulation_of(spec_, *packet)->tos, 0x40 | ecn);
    }
  }
}

// RFC 6040, figure 4; rows are the inner codepoint, columns the outer one.
TEST(EcnStory, DecapsulationFollowsTheTable) {
  constexpr int dropped = -1;
  constexpr uint8_t not_ect = 0, ect_1 = 1, ect_0 = 2, ce = 3;
  struct Row {
    uint8_t inner;
    int result[4];  // by outer: Not-ECT, ECT(1), ECT(0), CE
  };
  const Row rows[] = {{not_ect, {not_ect, not_ect, not_ect, dropped}},
                      {ect_0, {ect_0, ect_1, ect_0, ce}},
                      {ect_1, {ect_1, ect_1, ect_1, ce}},
                      {ce, {ce, ce, ce, ce}}};
  for (const Row& row : rows) {
    for (uint8_t outer = 0; outer < 4; ++outer) {
      for (const bool v6 : {false, true}) {
        const auto with = [&](int ecn) {
          const auto tos = static_cast<uint8_t>(0xb8 | ecn);
          return v6 ? frame().vlan(5).ipv6("fd00::1", "fd00::2").tos(tos).udp(1, 2)
                    : frame().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tos(tos).udp(1, 2);
        };
        Bytes inner = with(row.inner).bytes();
        const Verdict verdict = decapsulate_ecn(inner, outer);
        if (row.result[outer] == dropped) {
          EXPECT_EQ(verdict, DropReason::tunnel_congestion);
        } else {
          EXPECT_EQ(verdict, keep);
          EXPECT_EQ(Frame(inner), with(row.result[outer])) << "inner " << int{row.inner} << " outer " << int{outer};
        }
      }
    }
  }
}

TEST(EcnStory, FramesThatAreNotIpPassUnmarked) {
  Bytes arp = frame().arp_request("10.0.0.1", "10.0.0.2").bytes();
  const Bytes before = arp;
  EXPECT_EQ(decapsulate_ecn(arp, 3), keep);
  EXPECT_EQ(arp, before);
  Bytes shreds(7);
  EXPECT_EQ(decapsulate_ecn(shreds, 3), keep);
}

TEST(TunnelMetadata, TellsTheOuterHeader) {
  const OuterHeader outer{ip("2001:db8::1"), ip("2001:db8::2"), 0x12, 63};
  const TunnelMetadata metadata = metadata_of(outer, 5001);
  EXPECT_TRUE(metadata.present);
  EXPECT_EQ(metadata.id, 5001U);
  EXPECT_EQ(metadata.source(), ip("2001:db8::1"));
  EXPECT_EQ(metadata.destination(), ip("2001:db8::2"));
  EXPECT_EQ(metadata.tos, 0x12);
  EXPECT_EQ(metadata.ttl, 63);
}

}  // namespace
}  // namespace weft::datapath
