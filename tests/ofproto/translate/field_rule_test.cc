// Every field of the registry, one after the other: a packet that has it, one that differs, one that lacks it, a rule
// without what the field stands on, and setting it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/flow/extract.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/wire.h"
#include "tests/ofproto/translate/field_packets.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using openflow::FlowMod;
using openflow::OutputAction;
using openflow::SetFieldAction;

constexpr OfPort out{2};

// Frames of every kind, and such as look like one and are none: cut off, lying, later fragments.
std::vector<Frame> all_kinds() {
  const Frame v4 = frame().ipv4("10.0.0.1", "10.0.0.2");
  const Frame v6 = frame().ipv6("fd00::1", "fd00::2");
  const std::vector<Frame> whole = {
      frame().payload("?"),
      frame().length_type().payload_size(50),
      frame().llc_snap().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
      frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2),
      frame().arp(1, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2"),
      frame().rarp(3, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2"),
      frame().mpls(5).mpls(6).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
      frame().pbb(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
      v4.tcp(1, 2),
      v4.udp(1, 2),
      v4.sctp(1, 2),
      v4.icmp(8),
      v4.protocol(47).payload_size(30),
      v4.protocol(17).fragment(0, true).payload("01234567"),
      v4.protocol(17).fragment(800, true).payload("01234567"),
      v6.tcp(1, 2),
      v6.udp(1, 2),
      v6.sctp(1, 2),
      v6.icmpv6(128),
      v6.extension(60).extension(43).udp(1, 2),
      v6.fragment(800, true).payload("01234567"),
      v6.nd_ns("fd00::3", "02:00:00:00:00:01"),
      v6.nd_na("fd00::3", "02:00:00:00:00:01"),
      v6.icmpv6(135),
      v4.udp(1, 2).ip_length(2000),
      v4.udp(1, 2).udp_length(3),
      v6.udp(1, 2).ip_length(2000),
  };
  std::vector<Frame> all;
  for (const Frame& f : whole) {
    all.push_back(f);
    for (const size_t less : {1U, 5U, 9U, 17U, 25U}) {
      if (f.size() > 14 + less) {
        all.push_back(f.truncated(f.size() - less));
      }
    }
  }
  return all;
}

Flow flow_of(const Frame& frame) {
  static PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  FlowKey key;
  EXPECT_FALSE(extract(*packet, key));
  return Flow(key);
}

bool has(const Flow& flow, const Field& field) {
  Match as_match;
  as_match.value() = flow;
  for (unsigned i = 0; i < key_word_count; ++i) {
    as_match.mask().word(i) = ~uint64_t{0};
  }
  return (present_from_word(flow.word(present_word)) & field.presence) == field.presence &&
         as_match.meets_prerequisite(field);
}

bool is_of_frame(const Field& field) { return field.has_place() && field.first_word() >= index(KeyWord::eth_dst); }

// How a packet of these bytes leaves a switch that sets the field whatever the packet is.
std::vector<Frame> after_set(const Field& field, FieldValue value, const FieldPacket& packet) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_tunnel("p5");
  FlowMod mod;
  mod.instructions.apply =
      openflow::ActionList{SetFieldAction{field.id, value, all_bits(field)}, OutputAction{.port = out}};
  const auto applied = sw.bridge().apply(mod);
  EXPECT_TRUE(applied) << (applied ? "" : to_string(applied.error()));
  sw.settle();
  sw.receive("p" + std::to_string(packet.in_port), packet.frame, packet.tunnel);
  return sw.sent("p2");
}

template <class Test>
void for_each_field(Test test) {
  for (const Field& field : all_fields()) {
    if (is_of_frame(field)) {
      SCOPED_TRACE(field.name);
      test(field);
    }
  }
}

// Zero is what a field reads as that is not there: a rule that asks for zero is not met.
TEST(FieldRule, PacketsThatLackTheFieldNeverMatch) {
  const std::vector<Frame> frames = all_kinds();
  for_each_field([&](const Field& field) {
    if (field.presence == 0) {
      return;
    }
    size_t lacking = 0;
    for (const Frame& frame : frames) {
      const Flow flow = flow_of(frame);
      if ((present_from_word(flow.word(present_word)) & field.presence) != field.presence) {
        ++lacking;
        Match match;
        match.set(field, get(flow, field));
        EXPECT_FALSE(match.matches(flow)) << frame;
      }
    }
    EXPECT_GT(lacking, 0U);
  });
}

TEST(FieldRule, PacketsThatLackTheFieldAreNotChanged) {
  const std::vector<Frame> frames = all_kinds();
  for_each_field([&](const Field& field) {
    if (!field.is_writable || field.prerequisite == Prerequisite::none) {
      return;
    }
    for (const Frame& frame : frames) {
      if (!has(flow_of(frame), field)) {
        EXPECT_THAT(after_set(field, values_of(field).one, {frame, {}, 1}), testing::ElementsAre(frame));
      }
    }
  });
}

TEST(FieldRule, SettingMakesAPacketWithTheValue) {
  size_t count = 0;
  for_each_field([&](const Field& field) {
    const FieldValues values = values_of(field);
    const auto one = packet_with(field, values.one);
    const auto other = packet_with(field, values.other);
    if (!field.is_writable || !one || !other) {
      return;
    }
    ++count;
    const auto set = after_set(field, values.other, *one);
    ASSERT_EQ(set.size(), 1U);
    EXPECT_EQ(get(flow_of(set[0]), field), values.other);
    // What hangs on some fields differs between the two packets; of the rest they are equal bit by bit.
    const bool is_shape = field.id == FieldId::ip_proto || field.id == FieldId::mpls_bos;
    if (!is_shape) {
      EXPECT_EQ(set[0], other->frame);
    }
  });
  EXPECT_EQ(count, 44U);
}

// --- prerequisites, as a controller meets them

Bytes oxm_of(const Match& match) {
  Bytes bytes;
  openflow::WireWriter writer(bytes);
  openflow::write_oxm_list(writer, match, openflow::Version::v1_5);
  return bytes;
}

TEST(FieldRule, RuleWithoutWhatTheFieldStandsOnIsRefused) {
  for (const Field& field : all_fields()) {
    if (field.prerequisite == Prerequisite::none || !openflow::has_oxm(field) || !field.has_place()) {
      continue;
    }
    SCOPED_TRACE(field.name);
    Bytes alone;
    openflow::WireWriter writer(alone);
    openflow::write_oxm(writer, field, values_of(field).one, all_bits(field), openflow::Version::v1_5);
    Match match;
    const auto refused = openflow::read_oxm_list(alone, match);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), openflow::OpenFlowError(openflow::ErrorCode::ofpbmc_bad_prereq));

    Match whole;
    add_prerequisite(whole, field);
    whole.set(field, values_of(field).one);
    Match again;
    EXPECT_TRUE(openflow::read_oxm_list(oxm_of(whole), again));
    EXPECT_EQ(again, whole);
  }
}

TEST(FieldRule, OnlyMaskableFieldsTakeAMask) {
  for (const Field& field : all_fields()) {
    if (!openflow::has_oxm(field) || !field.has_place() || field.n_bits == 1) {
      continue;
    }
    SCOPED_TRACE(field.name);
    const FieldValue mask = all_bits(field) & ~(FieldValue{0, 1} << field.n_zero_bits);
    Bytes bytes;
    openflow::WireWriter writer(bytes);
    Match match;
    add_prerequisite(match, field);
    openflow::write_oxm_list(writer, match, openflow::Version::v1_5);
    openflow::write_oxm(writer, field, FieldValue{}, mask, openflow::Version::v1_5);
    Match read;
    const auto result = openflow::read_oxm_list(bytes, read);
    if (field.is_maskable()) {
      EXPECT_TRUE(result) << (result ? "" : to_string(result.error()));
    } else {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error(), openflow::OpenFlowError(openflow::ErrorCode::ofpbmc_bad_mask));
    }
  }
}

}  // namespace
}  // namespace weft
