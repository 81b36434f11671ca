// A dull switch: it walks its tables for every packet, changes the packet's bytes at each action, reads the packet
// again before each lookup, and remembers nothing but its rules, their counts and learned addresses.
//
// The judge of translation, masks and caches: what it does with a packet is what the real switch must do, whatever
// megaflow the packet hits. Rules stand in a list; a lookup compares all of them.
// What multipath and bundle hash comes from the real hash (link_choice.h), what learn makes from the real maker (learn.h),
// both over the packet as it is read here: what they looked at and when it is in force is what is judged.
//
// A select group chooses by the switch's own hash of the packet's fields as they are then: what is judged is whether a
// megaflow that many packets hit chose for each of them as it would have been chosen for it alone.
//
// Not here: what has no packet-borne meaning (statistics messages), ageing, VLAN configuration of ports (every port is
// a trunk), dp_hash.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "datapath/api/action.h"
#include "datapath/api/port_spec.h"
#include "lib/base/ids.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/group_message.h"
#include "lib/openflow/session_message.h"
#include "lib/packet/packet_pool.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft::reference {

struct WalkSent {
  OfPort port{};
  std::vector<uint8_t> frame;
  uint64_t tunnel_id = 0;  // of a tunnel port
  IpAddress tunnel_remote;
  uint32_t queue_id = 0;
  TunnelOptions tunnel_options;
};

struct WalkOutcome {
  std::vector<WalkSent> sent;
  unsigned punted = 0;
};

class DirectWalk {
 public:
  struct Rule {
    uint8_t table_id;
    uint16_t priority;
    Match match;
    openflow::Instructions instructions;
    uint64_t packet_count = 0;
  };

  void add_port(OfPort port, std::optional<datapath::TunnelSpec> tunnel = std::nullopt) { ports_[port] = tunnel; }
  // Replaces a rule of the same table, priority and match.
  void add(const openflow::FlowMod& flow);
  void remove(uint8_t table_id, uint16_t priority, const Match& match);
  void add(const openflow::GroupMod& group) { groups_[group.group_id] = group; }
  // Egress tables begin there, or nowhere.
  void set_first_egress(std::optional<uint8_t> table_id) { first_egress_ = table_id; }
  void set_fragments(openflow::FragmentHandling mode) { fragments_ = mode; }
  // A port that is down neither receives nor sends, and is not live.
  void set_down(OfPort port, bool is_down);

  WalkOutcome run(OfPort in_port, const std::vector<uint8_t>& frame, const PacketTunnel& tunnel);
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  struct Packet {
    std::vector<uint8_t> bytes;
    Flow pipeline;  // tunnel fields, metadata, registers
    OfPort in_port{};
    Offload offload{};           // a frame from a tunnel may have an unfinished checksum, which changes are told to
    bool was_shortened = false;  // by a pop: padded when it leaves
    bool is_in_egress = false;
    OfPort action_set_output = of_port::unset;  // known in egress tables alone
    uint32_t queue_id = 0;
  };
  struct Walk {
    WalkOutcome outcome;
    openflow::ActionList action_set;
    std::vector<FieldValue> stack;
    bool is_dead = false;  // its TTL ran out, or it was too malformed for an action
  };

  Flow flow_of(const Packet& packet) const;
  Flow seen_by_rules(const Packet& packet) const;
  Rule* find(uint8_t table_id, const Flow& flow);
  Rule* find_of(uint8_t table_id, uint16_t priority, const Flow& flow);
  Rule* find_met(uint8_t table_id, uint16_t priority, const Flow& flow);
  bool table(uint8_t table_id, Packet& packet, Walk& walk);
  void act(const openflow::ActionList& actions, Packet& packet, Walk& walk);
  void act(const openflow::Action& action, Packet& packet, Walk& walk);
  void set_field(const openflow::SetFieldAction& action, Packet& packet, Walk& walk);
  void move(const openflow::MoveAction& action, Packet& packet, Walk& walk);
  bool act_extension(const openflow::Action& action, Packet& packet, Walk& walk);
  void learn(const openflow::Learn& action, Packet& packet, Walk& walk);
  FieldValue read(const openflow::SubField& from, const Packet& packet) const;
  void write(const openflow::SubField& to, FieldValue value, Packet& packet, Walk& walk);
  uint32_t hash(openflow::HashFields fields, uint16_t basis, const Packet& packet) const;
  OfPort member(const openflow::BundleAction& action, const Packet& packet) const;
  // Runs on a copy of the packet; nothing of it is left but what it sent.
  void branch(const Packet& packet, Walk& walk, const std::function<void(Packet&, Walk&)>& run);
  void output(OfPort port, Packet& packet, Walk& walk);
  void send(OfPort port, const Packet& packet, Walk& walk);
  void send_now(OfPort port, const Packet& packet, Walk& walk);
  void egress(OfPort port, const Packet& packet, Walk& walk);
  void normal(const Packet& packet, Walk& walk);
  void flood(const Packet& packet, Walk& walk);
  void group(uint32_t group_id, const Packet& packet, Walk& walk);
  void bucket(const openflow::Bucket& bucket, const Packet& packet, Walk& walk);
  bool is_live(const openflow::Bucket& bucket) const;
  const openflow::Bucket* selected(const openflow::GroupMod& group, const Packet& packet) const;
  void run_action_set(openflow::ActionList set, Packet& packet, Walk& walk);
  void change(Packet& packet, Walk& walk, const datapath::Action& action);

  std::map<OfPort, std::optional<datapath::TunnelSpec>> ports_;
  std::vector<Rule> rules_;
  std::map<uint32_t, openflow::GroupMod> groups_;
  std::set<OfPort> down_;
  std::optional<uint8_t> first_egress_;
  openflow::FragmentHandling fragments_ = openflow::FragmentHandling::normal;
  std::map<std::pair<uint64_t, uint64_t>, OfPort> macs_;  // by VLAN and address
  PacketPool pool_;
};

}  // namespace weft::reference
