// For every field of the registry, masked and exact: a switch whose mask loses the field is found out.
//
// Loses the field's bits between the real sink and the datapath. Three ways to show the difference, because fields
// come about in three ways: packets that carry the field; packets from which the pipeline fills it (registers); and,
// for what only a later datapath will make (recirculation, connection tracking), keys given to the sink itself.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/translate/field_packets.h"
#include "tests/reference/direct_walk/direct_walk.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using openflow::FlowMod;
using openflow::OutputAction;

constexpr uint16_t port_count = 5;  // the last one is a tunnel

// The real sink, but for a field that its masks do not name.
class LossySink final : public datapath::UpcallSink {
 public:
  explicit LossySink(const Field* lost) : lost_(lost) {}
  UpcallSink& around(UpcallSink& real) {
    real_ = &real;
    return *this;
  }

  datapath::Decision translate(const FlowKey& key, const Packet& packet) override {
    datapath::Decision decision = real_->translate(key, packet);
    if (lost_ != nullptr) {
      Flow mask(decision.mask);
      set(mask, *lost_, FieldValue{});
      decision.mask = FlowMask(mask);
    }
    return decision;
  }
  bool is_current(const datapath::Decision& decision) const override { return real_->is_current(decision); }
  void credit(const datapath::Decision& decision, uint64_t packets, uint64_t bytes) override {
    real_->credit(decision, packets, bytes);
  }
  bool punt(const datapath::PuntContext& context, const Packet& packet) override {
    return real_->punt(context, packet);
  }

 private:
  const Field* lost_;
  UpcallSink* real_ = nullptr;
};

TestSwitchOptions options_with(LossySink& sink) {
  TestSwitchOptions options;
  options.wrap_sink = [&sink](datapath::UpcallSink& real) -> datapath::UpcallSink& { return sink.around(real); };
  return options;
}

FlowMod flow(uint8_t table, uint16_t priority, Match match, openflow::ActionList actions) {
  FlowMod mod;
  mod.table_id = table;
  mod.priority = priority;
  mod.match = std::move(match);
  mod.instructions.apply = std::move(actions);
  return mod;
}

// Packets that agree with `match` to port 2, all others to port 4.
std::vector<FlowMod> telling_apart(const Match& match, uint8_t table = 0) {
  return {flow(table, 2, match, {OutputAction{.port = OfPort{2}}}),
          flow(table, 1, Match(), {OutputAction{.port = OfPort{4}}})};
}

Match match_on(const Field& field, FieldValue value, bool is_masked) {
  const FieldValues values = values_of(field);
  Match match;
  add_prerequisite(match, field);
  if (is_masked) {
    const FieldValue mask{values.one.hi ^ values.other.hi, values.one.lo ^ values.other.lo};
    match.set_masked(field, value & mask, mask);
  } else {
    match.set(field, value);
  }
  return match;
}

openflow::TlvTableMod map_of_all_options() {
  openflow::TlvTableMod mod{openflow::TlvTableCommand::add, {}};
  for (uint16_t n = 0; n < TunnelOptions::field_count; ++n) {
    mod.maps.push_back({0x102, static_cast<uint8_t>(n), 4, n});
  }
  return mod;
}

// Whether the switch treats some packet differently from the walk of its tables.
bool is_found_out(const std::vector<FlowMod>& flows, const std::vector<FieldPacket>& packets, const Field* lost) {
  LossySink sink(lost);
  TestSwitch sw(options_with(sink), {"p1", "p2", "p3", "p4"});
  sw.add_tunnel("p5");
  EXPECT_TRUE(sw.bridge().apply(map_of_all_options()));
  reference::DirectWalk dull;
  for (uint16_t n = 1; n <= port_count; ++n) {
    dull.add_port(OfPort{n}, n == port_count ? std::optional(datapath::TunnelSpec()) : std::nullopt);
  }
  for (const FlowMod& mod : flows) {
    const auto applied = sw.bridge().apply(mod);
    EXPECT_TRUE(applied) << (applied ? "" : to_string(applied.error()));
    dull.add(mod);
  }
  sw.settle();
  for (const FieldPacket& packet : packets) {
    const auto wanted = dull.run(OfPort{packet.in_port}, packet.frame.bytes(), packet.tunnel);
    sw.receive("p" + std::to_string(packet.in_port), packet.frame, packet.tunnel);
    for (uint16_t n = 1; n <= port_count; ++n) {
      const auto count = std::ranges::count(wanted.sent, OfPort{n}, &reference::WalkSent::port);
      if (sw.sent("p" + std::to_string(n)).size() != static_cast<size_t>(count)) {
        return true;
      }
    }
  }
  return false;
}

enum class Way { in_packet, in_domain, in_pipeline, in_key, nowhere };

// Says nothing about packets that in_port and the tables have not said.
bool is_made_by_pipeline(const Field& field) {
  return field.id == FieldId::in_phy_port || field.id == FieldId::actset_output;
}

bool is_filled_by_pipeline(const Field& field) {
  return field.id == FieldId::pkt_mark || field.id == FieldId::ct_mark || field.id == FieldId::ct_label ||
         (field.has_place() && field.first_word() >= index(KeyWord::metadata) &&
          field.first_word() < index(KeyWord::mark_recirc));
}

// A megaflow is for its port and tunnel id whatever its decision's mask says (datapath/api/domain.h).
bool is_kept_by_datapath(const Field& field) {
  return field.id == FieldId::in_port || field.id == FieldId::in_port_oxm || field.id == FieldId::tun_id;
}

// Where a difference in the field can come from.
Way way_of(const Field& field) {
  const FieldValues values = values_of(field);
  if (field.id == FieldId::recirc_id || field.id == FieldId::conj_id || is_made_by_pipeline(field)) {
    return Way::nowhere;
  }
  if (is_filled_by_pipeline(field)) {
    return Way::in_pipeline;
  }
  if (is_kept_by_datapath(field)) {
    return Way::in_domain;
  }
  return packet_with(field, values.one) && packet_with(field, values.other) ? Way::in_packet : Way::in_key;
}

template <class Test>
void for_each_field(Way way, Test test) {
  for (const Field& field : all_fields()) {
    if (way_of(field) == way) {
      for (const bool is_masked : {false, true}) {
        if (!is_masked || field.is_maskable()) {
          SCOPED_TRACE(std::string(field.name) + (is_masked ? " masked" : " exact"));
          test(field, is_masked);
        }
      }
    }
  }
}

TEST(FieldLossTest, LossOfAFieldThatPacketsCarryIsFoundOut) {
  for_each_field(Way::in_packet, [](const Field& field, bool is_masked) {
    const FieldValues values = values_of(field);
    const auto flows = telling_apart(match_on(field, values.one, is_masked));
    const FieldPacket one = *packet_with(field, values.one);
    const FieldPacket other = *packet_with(field, values.other);
    EXPECT_FALSE(is_found_out(flows, {one, other, one, other}, nullptr));
    EXPECT_TRUE(is_found_out(flows, {one, other, one, other}, &field));
  });
}

TEST(FieldLossTest, WhatTheDatapathKeepsByItselfMayBeLost) {
  for_each_field(Way::in_domain, [](const Field& field, bool is_masked) {
    const FieldValues values = values_of(field);
    const auto flows = telling_apart(match_on(field, values.one, is_masked));
    const FieldPacket one = *packet_with(field, values.one);
    const FieldPacket other = *packet_with(field, values.other);
    EXPECT_FALSE(is_found_out(flows, {one, other, one, other}, &field));
  });
}

// A register is what it was filled from: that is what the mask must name, and what it loses here.
TEST(FieldLossTest, LossOfWhatTheFieldWasFilledFromIsFoundOut) {
  for_each_field(Way::in_pipeline, [](const Field& target, bool is_masked) {
    const auto width = static_cast<uint16_t>(std::min<unsigned>(8, target.n_bits));
    openflow::ActionList fill = {openflow::MoveAction{{FieldId::eth_src, 0, width}, {target.id, 0, width}}};
    FlowMod first = flow(0, 1, Match(), std::move(fill));
    first.instructions.goto_table = 1;
    std::vector<FlowMod> flows = telling_apart(match_on(target, FieldValue{0, 1}, is_masked), 1);
    flows.insert(flows.begin(), first);
    const FieldPacket one{frame().eth("02:00:00:00:00:01", "02:00:00:00:00:09").payload("?"), {}, 1};
    const FieldPacket other{frame().eth("02:00:00:00:00:00", "02:00:00:00:00:09").payload("?"), {}, 1};
    EXPECT_FALSE(is_found_out(flows, {one, other, one, other}, nullptr));
    EXPECT_TRUE(is_found_out(flows, {one, other, one, other}, &field(FieldId::eth_src)));
  });
}

// One decision after the other for two keys; the second is taken from the first where that one's mask covers it.
bool is_found_out_by_keys(const Match& match, const Flow& one, const Flow& other, const Field* lost) {
  LossySink sink(lost);
  TestSwitch sw(options_with(sink), {"p1", "p2", "p3", "p4"});
  for (const FlowMod& mod : telling_apart(match)) {
    const auto applied = sw.bridge().apply(mod);
    EXPECT_TRUE(applied) << (applied ? "" : to_string(applied.error()));
  }
  sw.settle();
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame());
  const auto key_of = [&](Flow flow) {
    set(flow, FieldId::in_port, FieldValue{0, number(sw.bridge().port("p1")->port_id)});
    return FlowKey(flow);
  };
  const datapath::Decision first = sink.translate(key_of(one), *packet);
  const datapath::Decision fresh = sink.translate(key_of(other), *packet);
  bool is_covered = true;
  for (unsigned i = 0; i < key_word_count; ++i) {
    is_covered = is_covered && ((one.word(i) ^ other.word(i)) & first.mask.word(i)) == 0;
  }
  return is_covered && first.actions != fresh.actions;
}

TEST(FieldLossTest, LossOfAFieldThatTheDatapathMakesIsFoundOut) {
  for_each_field(Way::in_key, [](const Field& field, bool is_masked) {
    const FieldValues values = values_of(field);
    const Match match = match_on(field, values.one, is_masked);
    Flow one = match.value();
    Flow other = one;
    set(one, field, values.one);
    set(other, field, values.other);
    EXPECT_FALSE(is_found_out_by_keys(match, one, other, nullptr));
    EXPECT_TRUE(is_found_out_by_keys(match, one, other, &field));
  });
}

// What this test cannot speak of is what nobody fills (a match on it is refused): conj_id, which no packet has; in_phy_port and actset_output, which translation
// fills; and recirc_id, which is zero for every packet that tables see (a packet that comes back is told by it what goes
// on, and then it is zero too).
TEST(FieldLossTest, EveryFieldIsSpokenOf) {
  size_t packet_fields = 0;
  size_t nowhere = 0;
  for (const Field& field : all_fields()) {
    packet_fields += way_of(field) == Way::in_packet ? 1 : 0;
    nowhere += way_of(field) == Way::nowhere ? 1 : 0;
    EXPECT_TRUE(field.has_place()) << field.name;
  }
  EXPECT_EQ(nowhere, 4U);
  EXPECT_EQ(packet_fields, 120U);
}

}  // namespace
}  // namespace weft
