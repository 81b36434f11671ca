// Random flow tables and random packets that meet often: few values for each field, differing in few bits.
//
// Rules obey OpenFlow (prerequisites are matched, no two of a table have one priority). What the judge cannot tell
// (direct_walk.h) does not occur: a third VLAN tag, VLAN 0.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/group_message.h"
#include "tests/support/frame.h"

namespace weft {

// tun_metadata1 and the next one: what tunnel options there are.
inline constexpr uint16_t random_option = 1;
inline constexpr uint16_t random_option_count = 2;
inline constexpr uint16_t random_port_count = 5;  // 1 to 5; the last one is a tunnel
inline constexpr uint8_t random_table_count = 4;
inline constexpr unsigned random_group_count = 6;
// Learned flows are in a table of their own, of two kinds by priority; what one does follows from what it matches. Rules
// of table 0 learn, and look there behind it: no packet asks that table before it teaches.
inline constexpr uint8_t random_learn_table = 9;
inline constexpr uint16_t random_learn_priority = 250;
inline constexpr uint16_t random_learn_kinds = 2;

// Queues that actions name: 0 to 3.
inline constexpr uint32_t random_queue_count = 4;

// Egress tables, where there are any.
inline constexpr uint8_t random_egress_table = 5;
inline constexpr uint8_t random_egress_count = 2;

class RandomTables {
 public:
  // `has_egress`: there are rules for egress tables. What hides fields from later tables does not occur then.
  explicit RandomTables(uint64_t seed, bool has_egress = false) : random_(seed), has_egress_(has_egress) {}

  openflow::FlowMod rule();
  // Clauses of two dimensions and the rule that asks for both, all of one table and priority. `id` is its own.
  std::vector<openflow::FlowMod> conjunction(uint32_t id);
  // Groups 1 to 6; each may lead to those before it, and watch them.
  openflow::GroupMod group(uint32_t group_id);

  OfPort in_port() { return OfPort{static_cast<uint16_t>(1 + below(random_port_count))}; }
  // Each frame has a number in its payload, so no two are equal.
  Frame frame();
  PacketTunnel tunnel();

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  bool one_in(uint64_t n) { return below(n) == 0; }

 private:
  struct Kind;
  uint8_t table();
  static const std::vector<Kind>& kinds();
  static const Kind& kind_of(uint64_t eth_type);
  const Kind& kind();
  uint64_t value_of(FieldId id);
  static FieldValue value128(FieldId id, uint64_t low);
  void match_field(Match& match, FieldId id);
  void hide_what_follows(const Kind& about, openflow::FlowMod& flow);
  openflow::Action output();
  openflow::Action change(const Kind& kind);
  openflow::SubField some_bits(FieldId id);
  openflow::LearnAction learn();
  openflow::Action set_queue();
  openflow::ActionList queueing();
  openflow::ActionList extension(const Kind& kind, uint8_t table_id);
  openflow::Instructions instructions(const Kind& kind, uint8_t table_id);
  Frame network_frame(Frame link);
  Frame transport_frame(const Frame& whole);

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  std::mt19937_64 random_;
  const bool has_egress_;
  uint64_t frame_number_ = 0;
};

}  // namespace weft
