// What looking and writing do to a mask, bit by bit.
#include "ofproto/translate/packet_state.h"

#include <gtest/gtest.h>

#include "lib/flow/extract.h"
#include "lib/flow/match_text.h"
#include "tests/support/frame.h"

namespace weft::ofproto {
namespace {

class PacketStateTest : public ::testing::Test {
 protected:
  PacketState state_of(const Frame& frame, bool is_from_tunnel = false) {
    const PacketPtr packet = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_EQ(extract(*packet, key), keep);
    return PacketState(key, OfPort{1}, is_from_tunnel);
  }
  uint64_t looked(FieldId id) const { return get(looked_.mask, id).lo; }

  PacketPool pool_;
  LookedAt looked_;
  datapath::ActionList actions_;
};

const Frame tcp = frame().vlan(10, 3).ipv4("10.0.0.1", "10.0.0.2").ttl(64).tcp(1000, 80);

TEST_F(PacketStateTest, LookingMarksAndWritingDoesNot) {
  PacketState state = state_of(tcp);
  EXPECT_EQ(state.read(FieldId::tcp_dst, looked_).lo, 80U);
  EXPECT_EQ(looked(FieldId::tcp_dst), 0xffffU);

  state.set_field(field(FieldId::tcp_src), FieldValue{0, 7}, FieldValue{0, 0xff}, looked_);
  EXPECT_EQ(state.read(FieldId::tcp_src, looked_).lo, 0x300U + 7);
  EXPECT_EQ(looked(FieldId::tcp_src), 0xff00U);
}

TEST_F(PacketStateTest, RegistersAreKnownWithoutLooking) {
  PacketState state = state_of(tcp);
  EXPECT_EQ(state.read(FieldId::reg0, looked_).lo, 0U);
  EXPECT_EQ(state.read(FieldId::metadata, looked_).lo, 0U);
  EXPECT_EQ(state.read(FieldId::tun_id, looked_).lo, 0U);
  EXPECT_EQ(looked_.mask, Flow());
}

TEST_F(PacketStateTest, TunnelFieldsOfATunnelMustBeLookedAt) {
  PacketState state = state_of(tcp, true);
  state.read(FieldId::tun_id, looked_);
  EXPECT_EQ(looked(FieldId::tun_id), ~uint64_t{0});
}

TEST_F(PacketStateTest, OneBitProvesATtl) {
  PacketState state = state_of(tcp);
  EXPECT_TRUE(state.decrement_ttl(looked_));
  EXPECT_EQ(looked(FieldId::nw_ttl), 0x40U);
  EXPECT_EQ(get(state.flow(), FieldId::nw_ttl).lo, 63U);
}

TEST_F(PacketStateTest, ManyDecrementsAreProvedTogether) {
  PacketState state = state_of(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(5).tcp(1, 2));
  EXPECT_TRUE(state.decrement_ttl(looked_));
  EXPECT_EQ(looked(FieldId::nw_ttl), 4U);
  EXPECT_TRUE(state.decrement_ttl(looked_));
  EXPECT_TRUE(state.decrement_ttl(looked_));
  EXPECT_TRUE(state.decrement_ttl(looked_));
  EXPECT_EQ(looked(FieldId::nw_ttl), 5U);
  EXPECT_FALSE(state.decrement_ttl(looked_));
  EXPECT_EQ(looked(FieldId::nw_ttl), 0xffU);
}

// What was derived from all bits of a byte depends on all of them.
TEST_F(PacketStateTest, LookAtADecrementedTtlMarksTheWholeByte) {
  PacketState state = state_of(tcp);
  state.decrement_ttl(looked_);
  state.look_at(field(FieldId::nw_ttl), FieldValue{0, 1}, looked_);
  EXPECT_EQ(looked(FieldId::nw_ttl), 0xffU);
}

TEST_F(PacketStateTest, PopLooksAtNothingButThatThereIsATag) {
  PacketState state = state_of(tcp);
  state.pop_vlan(looked_);
  EXPECT_EQ(looked(FieldId::vlan_tci), 0x1000U);
  state.commit(looked_, actions_);
  EXPECT_EQ(actions_, (datapath::ActionList{datapath::PopVlan{}}));
}

TEST_F(PacketStateTest, LookAtATagThatMovedMarksAllTags) {
  PacketState state = state_of(tcp);
  state.pop_vlan(looked_);
  state.look_at(field(FieldId::vlan_tci), FieldValue{0, 0x1000}, looked_);
  EXPECT_EQ(looked_.mask.word(KeyWord::vlan), ~uint64_t{0});
}

TEST_F(PacketStateTest, CommitTellsWhatIsNotKnownToBeSo) {
  PacketState state = state_of(tcp);
  state.set_field(field(FieldId::ipv4_dst), FieldValue{0, 0x0a000002}, FieldValue{0, 0xffffffff}, looked_);
  state.commit(looked_, actions_);
  EXPECT_EQ(actions_.size(), 1U);  // equal, but only by chance

  state.set_field(field(FieldId::ipv4_dst), FieldValue{0, 0x0a000002}, FieldValue{0, 0xffffffff}, looked_);
  state.commit(looked_, actions_);
  EXPECT_EQ(actions_.size(), 1U);  // now it is known
}

TEST_F(PacketStateTest, FieldOfAHeaderThatIsNotThereIsNotWritten) {
  PacketState state = state_of(tcp);
  state.set_field(field(FieldId::udp_dst), FieldValue{0, 9}, FieldValue{0, 0xffff}, looked_);
  state.set_field(field(FieldId::arp_op), FieldValue{0, 9}, FieldValue{0, 0xffff}, looked_);
  EXPECT_FALSE(state.has_uncommitted());
}

TEST_F(PacketStateTest, PushedLabelHidesWhatIsBehindIt) {
  PacketState state = state_of(tcp);
  state.push_mpls(0x8847, looked_, actions_);
  EXPECT_EQ(get(state.flow(), FieldId::mpls_ttl).lo, 64U);
  EXPECT_EQ(get(state.flow(), FieldId::mpls_bos).lo, 1U);
  EXPECT_FALSE(state.is_ip(looked_));
  const LookedAt before = looked_;
  state.read(FieldId::mpls_label, looked_);
  EXPECT_EQ(looked_.mask, before.mask);
}

}  // namespace
}  // namespace weft::ofproto
