// Which megaflows the kernel's programs can be told, and how. That what they are told is right is a random twin's work
// (tests/system/kernel).

#include "datapath/kernel/kernel_match.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "lib/base/big_endian.h"
#include "lib/flow/key_bytes.h"
#include "tests/lib/flow/match_builder.h"

namespace weft::datapath {
namespace {

std::optional<KernelMatch> told(const Match& packets) {
  Match whole = packets;
  whole.mask().word(KeyWord::hash_port) |= key_word(0, 0xffffffff);
  whole.value().word(KeyWord::hash_port) |= key_word(0, 7);
  Megaflow megaflow;
  megaflow.key = FlowKey(whole.value());
  megaflow.mask = FlowKey(whole.mask());
  return kernel_match(megaflow);
}

std::optional<KernelMatch> told(std::string_view text) { return told(match(text)); }

bool can_be_told(std::string_view text) { return told(text).has_value(); }

uint16_t wire16(uint16_t value) { return Be16{value}.wire(); }

TEST(KernelMatch, EveryFieldHasItsPlace) {
  const auto to = told(
      "tcp,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=10,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0x20,"
      "nw_ttl=64,tp_src=4000,tp_dst=80,tcp_flags=0x012/0x017");
  ASSERT_TRUE(to);
  constexpr uint8_t src[] = {2, 0, 0, 0, 0, 1}, dst[] = {2, 0, 0, 0, 0, 2};
  EXPECT_EQ(std::memcmp(to->key.eth_src, src, 6), 0);
  EXPECT_EQ(std::memcmp(to->key.eth_dst, dst, 6), 0);
  EXPECT_EQ(to->key.eth_type, wire16(0x0800));
  EXPECT_EQ(to->key.vlan_tci, wire16(0x100a));
  EXPECT_EQ(to->mask.vlan_tci, wire16(0x1fff));
  EXPECT_EQ(to->key.ip_proto, 6);
  EXPECT_EQ(to->key.ip_tos, 0x20);
  EXPECT_EQ(to->mask.ip_tos, 0xfc);
  EXPECT_EQ(to->key.ip_ttl, 64);
  EXPECT_EQ(to->key.tp_src, wire16(4000));
  EXPECT_EQ(to->key.tp_dst, wire16(80));
  EXPECT_EQ(to->key.tcp_flags, wire16(0x012));
  EXPECT_EQ(to->mask.tcp_flags, wire16(0x017));
  EXPECT_EQ(to->key.ip_src[0], Be32{0x0a000001}.wire());
  EXPECT_EQ(to->key.ip_dst[0], Be32{0x0a000002}.wire());
  EXPECT_EQ(to->mask.ip_src[1], 0U) << "IPv4 takes the first word";
  EXPECT_NE(to->mask.present, 0);
}

TEST(KernelMatch, PlacesOfPortAndMaskAreLeftZero) {
  const auto to = told("udp,tp_dst=53");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->key.port | to->key.mask | to->mask.port | to->mask.mask, 0);
}

TEST(KernelMatch, AnIpv6AddressTakesFourWords) {
  const auto to = told("udp6,ipv6_src=2001:db8::1,ipv6_dst=2001:db8:0:0:1::/80");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->key.ip_src[0], Be32{0x20010db8}.wire());
  EXPECT_EQ(to->key.ip_src[3], Be32{1}.wire());
  EXPECT_EQ(to->key.ip_dst[2], Be32{0x00010000}.wire());
  EXPECT_EQ(to->mask.ip_dst[2], Be32{0xffff0000}.wire());
  EXPECT_EQ(to->mask.ip_dst[3], 0U);
}

TEST(KernelMatch, EchoIsToldByTypeAndCode) {
  const auto to = told("icmp,icmp_type=8,icmp_code=0");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->key.icmp_type, 8);
  EXPECT_EQ(to->mask.icmp_type, 0xff);
  EXPECT_EQ(to->mask.icmp_code, 0xff);
  EXPECT_TRUE(can_be_told("icmp6,icmp_type=128"));
}

// With no field but the port there is a mask all the same: one without a bit is a place that is not in use.
TEST(KernelMatch, NoMaskIsEmpty) {
  const auto to = told("");
  ASSERT_TRUE(to);
  const weft_key none{};
  EXPECT_NE(std::memcmp(&to->mask, &none, sizeof none), 0);
}

TEST(KernelMatch, WhatTheProgramDoesNotKnowIsNotTold) {
  for (const char* packets : {
           "arp",
           "arp,arp_spa=10.0.0.1",
           "rarp",
           "mpls,mpls_label=5",
           "dl_type=0x1234",
           "ip,nw_frag=yes",
           "ip,nw_frag=later",
           "ipv6,ipv6_label=0",  // also not one that is asked to be zero: labels differ from packet to packet
           "ipv6,ipv6_label=0x12345",
           "icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1",
           "pkt_mark=1",
           "recirc_id=1",
           "dp_hash=1",
           "metadata=1",
           "reg0=1",
           "ct_state=+trk",
           "ct_mark=1",
           "tun_id=5",
           "tun_src=192.0.2.1",
       }) {
    EXPECT_FALSE(can_be_told(packets)) << packets;
  }
}

TEST(KernelMatch, AZeroThatEveryPacketOfADeviceHasIsNoObstacle) {
  for (const char* packets : {"ip,nw_frag=no", "pkt_mark=0", "recirc_id=0", "dp_hash=0", "metadata=0", "reg0=0",
                              "ct_state=-trk", "tun_id=0"}) {
    EXPECT_TRUE(can_be_told(packets)) << packets;
  }
}

// A device's own port number is known by its place, whatever it is.
TEST(KernelMatch, ThePortIsNoObstacle) { EXPECT_TRUE(can_be_told("in_port=9")); }

TEST(KernelMatch, AProtocolThatNoProgramKnowsCoversNoneOfItsPackets) {
  const auto to = told("sctp,tp_dst=80");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->key.ip_proto, 132) << "and packets of TCP and UDP have another";
}

// --- what only a mask of bits can say

struct Words {
  Match packets;

  Words& add(KeyWord word, uint64_t mask, uint64_t value) {
    packets.mask().word(word) |= mask;
    packets.value().word(word) |= value;
    return *this;
  }
  std::optional<KernelMatch> told() const { return datapath::told(packets); }
};

constexpr uint64_t type_word(uint16_t type) { return key_word(0, uint32_t{type} << 16); }
constexpr uint64_t outer_tpid(uint16_t type) { return key_word(uint32_t{type} << 16, 0); }

TEST(KernelMatch, AddressesWithoutATypeAreNotTold) {
  EXPECT_FALSE(Words().add(KeyWord::ipv4, key_word(0xffffff00, 0), key_word(0x0a000000, 0)).told());
  EXPECT_FALSE(Words().add(KeyWord::ipv4, key_word(0xffffff00, 0), 0).told()) << "IPv6 has a zero there, but not ours";
  EXPECT_FALSE(Words().add(KeyWord::ipv6_dst, ~uint64_t{0}, 0).told());
}

TEST(KernelMatch, AddressesOfTheOtherFamilyAreZero) {
  const auto with = [](uint64_t value) {
    return Words()
        .add(KeyWord::eth_src_type, type_word(0xffff), type_word(0x0800))
        .add(KeyWord::ipv6_src, ~uint64_t{0}, value)
        .told();
  };
  const auto to = with(0);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->mask.ip_src[0], 0U) << "it is not the IPv4 address that is asked about";
  EXPECT_FALSE(with(1));
}

TEST(KernelMatch, APartOfATypeIsNotTold) {
  EXPECT_FALSE(Words().add(KeyWord::eth_src_type, type_word(0xff00), type_word(0x0800)).told());
}

TEST(KernelMatch, LabelsOfIpv4AreZero) {
  const auto with = [](uint16_t type, uint32_t label) {
    return Words()
        .add(KeyWord::eth_src_type, type_word(0xffff), type_word(type))
        .add(KeyWord::ip_misc, key_word(0xfffff, 0), key_word(label, 0))
        .told()
        .has_value();
  };
  EXPECT_TRUE(with(0x0800, 0));
  EXPECT_FALSE(with(0x0800, 1));
  EXPECT_FALSE(with(0x86dd, 0));
}

TEST(KernelMatch, LabelsWithoutATypeAreNotTold) {
  EXPECT_FALSE(Words().add(KeyWord::ip_misc, key_word(0x00001, 0), 0).told());
}

// --- tags

TEST(KernelMatch, ThereIsNoTag) {
  const auto to = told("vlan_tci=0");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->mask.vlan_tci, 0xffff);
  EXPECT_EQ(to->key.vlan_tci, 0);
}

TEST(KernelMatch, TheTypeOfATagIsWhetherThereIsOne) {
  const auto asked = [](uint16_t bits, uint16_t type) {
    return Words().add(KeyWord::vlan, outer_tpid(bits), outer_tpid(type)).told();
  };
  const auto plain = asked(0xffff, 0x8100);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->mask.vlan_tci, wire16(0x1000));
  EXPECT_EQ(plain->key.vlan_tci, wire16(0x1000));
  const auto none = asked(0xffff, 0);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->mask.vlan_tci, wire16(0x1000));
  EXPECT_EQ(none->key.vlan_tci, 0);
  EXPECT_FALSE(asked(0xffff, 0x88a8));
  EXPECT_FALSE(asked(0x00ff, 0x00a8));
}

// Bits that both types of tag have in common: the programs' packets with a tag of one of them are among those meant.
TEST(KernelMatch, APartOfATagsTypeCoversNoOtherPacket) {
  const auto common = Words().add(KeyWord::vlan, outer_tpid(0x8000), outer_tpid(0x8000)).told();
  ASSERT_TRUE(common);
  EXPECT_EQ(common->key.vlan_tci, wire16(0x1000));
  EXPECT_FALSE(Words().add(KeyWord::vlan, outer_tpid(0x0800), outer_tpid(0x0800)).told()) << "0x88a8 alone has it";
}

TEST(KernelMatch, ATagWithItsTypeAndItsBits) {
  const auto to =
      Words()
          .add(KeyWord::vlan, outer_tpid(0xffff) | key_word(0x1fff, 0), outer_tpid(0x8100) | key_word(0x100a, 0))
          .told();
  ASSERT_TRUE(to);
  EXPECT_EQ(to->mask.vlan_tci, wire16(0x1fff));
  EXPECT_EQ(to->key.vlan_tci, wire16(0x100a));
}

TEST(KernelMatch, ASecondTagIsNotKnown) {
  EXPECT_FALSE(Words().add(KeyWord::vlan, key_word(0, 0xffff), key_word(0, 0x1005)).told());
  EXPECT_TRUE(Words().add(KeyWord::vlan, key_word(0, 0xffffffff), 0).told()) << "that there is none, is";
}

// --- headers that were not there, or not whole

TEST(KernelMatch, PresenceIsTold) {
  const auto to = told("udp,tp_dst=0");
  ASSERT_TRUE(to);
  constexpr uint16_t ports = present::ip_protocol | present::ports;
  EXPECT_EQ(to->mask.present & ports, ports);
  EXPECT_EQ(to->key.present & ports, ports);
}

// They were taken for those that have one: a guest's broken headers opened a way for packets that a rule dropped.
TEST(KernelMatch, PacketsWithoutAnIpHeaderAreNotTold) {
  EXPECT_FALSE(Words().add(KeyWord::eth_src_type, present_in_word(present::ip), 0).told());
  EXPECT_FALSE(Words()
                   .add(KeyWord::eth_src_type, type_word(0xffff) | present_in_word(present::ip), type_word(0x0800))
                   .add(KeyWord::ipv4, key_word(0xff000000, 0), 0)
                   .told());
}

// --- what is done with the packet

class KernelActionTest : public ::testing::Test {
 protected:
  std::optional<KernelAction> of(const ActionList& actions, std::string_view packets) const {
    const auto to = told(packets);
    EXPECT_TRUE(to);
    return kernel_action(actions, *to);
  }

  const Output out_{PortId{5}};
  const PushVlan push_{0x8100, 0xf00a};
};

TEST_F(KernelActionTest, OneOutputIsAllThatMustBe) {
  const auto action = of({out_}, "");
  ASSERT_TRUE(action);
  EXPECT_EQ(action->port, PortId{5});
  EXPECT_FALSE(action->pops_tag);
  EXPECT_FALSE(action->pushed_tci);
  EXPECT_FALSE(of({}, ""));
  EXPECT_FALSE(of({out_, out_}, ""));
  EXPECT_FALSE(of({Drop{}}, ""));
  EXPECT_FALSE(of({OutputSet{{PortId{5}}}}, ""));
}

class OpenQueue final : public Queue {
 public:
  void configure(const QueueSpec& /*spec*/) override {}
  QueueCounters counters() const override { return {}; }
  bool admit(const Packet& /*packet*/) override { return true; }
  void charge(const Packet& /*packet*/) override {}
};

TEST_F(KernelActionTest, AQueueIsKeptInUserSpace) {
  Output queued = out_;
  queued.queue = std::make_shared<OpenQueue>();
  EXPECT_FALSE(of({queued}, ""));
}

TEST_F(KernelActionTest, ATagIsTakenOffWhereThereIsOne) {
  const auto action = of({PopVlan{}, out_}, "dl_vlan=10");
  ASSERT_TRUE(action);
  EXPECT_TRUE(action->pops_tag);
  EXPECT_FALSE(of({PopVlan{}, out_}, "vlan_tci=0"));
  EXPECT_FALSE(of({PopVlan{}, out_}, "")) << "nobody has looked";
  EXPECT_FALSE(of({PopVlan{}, PopVlan{}, out_}, "dl_vlan=10"));
}

TEST_F(KernelActionTest, ATagIsPutOnWhereThereIsNone) {
  const auto action = of({push_, out_}, "vlan_tci=0");
  ASSERT_TRUE(action);
  EXPECT_EQ(action->pushed_tci, 0xe00a) << "with its priority, without the bit that says that there is one";
  EXPECT_FALSE(of({push_, out_}, "")) << "nobody has looked";
  EXPECT_FALSE(of({push_, out_}, "dl_vlan=10")) << "it would be the second";
  EXPECT_FALSE(of({push_, push_, out_}, "vlan_tci=0"));
  EXPECT_FALSE(of({PushVlan{0x88a8, 10}, out_}, "vlan_tci=0"));
}

TEST_F(KernelActionTest, ATagIsExchanged) {
  const auto action = of({PopVlan{}, push_, out_}, "dl_vlan=7");
  ASSERT_TRUE(action);
  EXPECT_TRUE(action->pops_tag);
  EXPECT_EQ(action->pushed_tci, 0xe00a);
  EXPECT_FALSE(of({push_, PopVlan{}, out_}, "dl_vlan=7"));
}

}  // namespace
}  // namespace weft::datapath
