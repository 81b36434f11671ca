// Packet-outs whose actions do not fit their packet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Frame over_ipv4 = frame().ipv4("10.0.0.1", "10.0.0.2");

openflow::PacketOut out_of(const Frame& frame, openflow::ActionList actions) {
  openflow::PacketOut message;
  message.in_port = of_port::controller;
  message.actions = std::move(actions);
  message.actions.push_back(openflow::OutputAction{.port = OfPort{1}});
  message.data = frame.bytes();
  return message;
}

// It was sent with the field passed over.
TEST(PacketOutStory, ActionThatDoesNotFitThePacketIsRefused) {
  TestSwitch sw{"p1"};
  const auto set = [](FieldId id, uint64_t value) {
    return openflow::SetFieldAction{id, FieldValue{0, value}, all_bits(field(id))};
  };
  const std::pair<Frame, openflow::Action> misfits[] = {
      {over_ipv4.udp(1, 2), set(FieldId::tcp_dst, 9)},
      {over_ipv4.udp(1, 2), set(FieldId::ipv6_label, 9)},
      {over_ipv4.udp(1, 2), set(FieldId::vlan_pcp, 3)},
      {over_ipv4.udp(1, 2), openflow::PopVlanAction{}},
      {over_ipv4.udp(1, 2), openflow::PopMplsAction{}},
      {frame().arp_request("10.0.0.1", "10.0.0.2"), openflow::DecTtlAction{}},
      {over_ipv4.protocol(17).fragment(800, true).payload("01234567"), set(FieldId::udp_dst, 9)},
  };
  for (const auto& [frame, action] : misfits) {
    const auto sent = sw.bridge().packet_out(out_of(frame, {action}), ofproto::Misfits::refused);
    ASSERT_FALSE(sent) << frame;
    EXPECT_EQ(sent.error(), openflow::OpenFlowError(openflow::ErrorCode::ofpbac_match_inconsistent)) << frame;
  }
  sw.settle();
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  // OpenFlow 1.0 knows no such error: what does not fit does nothing.
  const auto old =
      sw.bridge().packet_out(out_of(over_ipv4.udp(1, 2), {set(FieldId::tcp_dst, 9)}), ofproto::Misfits::passed_over);
  EXPECT_TRUE(old);
  sw.settle();
  EXPECT_THAT(sw.sent("p1"), ElementsAre(over_ipv4.udp(1, 2)));
  const auto fits = sw.bridge().packet_out(
      out_of(over_ipv4.udp(1, 2), {openflow::PushVlanAction{}, set(FieldId::vlan_pcp, 3), set(FieldId::udp_dst, 9)}),
      ofproto::Misfits::refused);
  EXPECT_TRUE(fits);
  sw.settle();
  EXPECT_THAT(sw.sent("p1"), ElementsAre(frame().vlan(0, 3).ipv4("10.0.0.1", "10.0.0.2").udp(1, 9)));
}

}  // namespace
}  // namespace weft
