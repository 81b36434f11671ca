// Translation: one run of the translator. Only this folder's sources include it; translator.h is for the rest.
//
//   in_       what is given
//   packet_   the packet at this point (packet_state.h); a branch changes a copy
//   place_    where in the pipeline: bridge, table, the action set
//   out_      what comes of it; looked_at_ grows and is never taken back
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/openflow/action.h"
#include "lib/openflow/instruction.h"
#include "ofproto/translate/controller.h"
#include "ofproto/translate/packet_state.h"
#include "ofproto/translate/port_security.h"
#include "ofproto/translate/rendezvous.h"
#include "ofproto/translate/translator.h"

namespace weft::ofproto {

class Translation {
 public:
  Translation(const TranslationInput& input, OfPort in_port, const FlowKey& key);
  TranslationResult run() &&;

 private:
  // Where the packet is. Crossing a patch port starts a new one.
  struct Place {
    const BridgeView* bridge = nullptr;
    uint8_t table_id = 0;
    const FlowRule* rule = nullptr;
    std::vector<openflow::Action> action_set;
    std::vector<FieldValue> stack;
    bool in_action_set = false;
    bool in_group = false;
    bool is_packet_out = false;      // its own actions, not those of a rule
    uint64_t cookie = ~uint64_t{0};  // where there is no rule any more
    unsigned resubmit_depth = 0;
    bool runs_action_set = true;
    std::optional<OfPort> egress_port;  // in egress tables: the port that the packet is bound for
  };
  enum class Freeze : uint8_t { no, recirculate, pause };
  // A table that was asked, with the packet as it was.
  struct Lookup {
    BridgeId bridge;
    uint8_t table_id;
    std::optional<int32_t> priority;
    std::shared_ptr<const PacketState> packet;
    openflow::FragmentHandling fragments;  // of the bridge
  };

  // --- pipeline (translator.cc)
  void enter_bridge(size_t bridge_index);
  void leave_bridge();
  void run_packet();
  void end_pipeline();
  void end_at_miss(bool is_pipeline);
  void run_pipeline();
  void miss(bool is_pipeline);
  // Looks up as if the packet came from `lookup_port`, executes, and follows goto; false on a miss.
  bool run_table(uint8_t table_id, OfPort lookup_port);
  void tell_of_table() const;
  std::optional<uint8_t> execute(const FlowRule& rule);
  std::optional<uint8_t> finish_rule(const openflow::Instructions& instructions);
  void execute(const openflow::ActionList& actions);
  bool must_wait(const openflow::Action& action);
  void execute(const openflow::Action& action);
  void resubmit(const openflow::ResubmitAction& action);
  void set_field(const Field& to, FieldValue value, FieldValue mask);
  void move_bits(const openflow::MoveAction& action);
  void decrement_ttl(const openflow::DecTtlAction& action);
  void decrement_mpls_ttl();
  void write_actions(const openflow::ActionList& actions);
  void clear_actions();
  void note_action_set_output();
  void run_action_set();
  void execute_action_set(const openflow::ActionList& set);

  // --- port_security.cc
  bool is_spoofed(const PortView& port);
  bool is_spoofed_arp(const PortSecurity::Host& host, bool is_rarp);
  bool is_spoofed_ipv4(const PortSecurity::Host& host);
  bool is_spoofed_ipv6(const PortSecurity::Host& host);
  bool is_spoofed_neighbor_message(const PortSecurity::Host& host);
  bool is_dhcp_request();
  bool is_from_nobody_yet();
  // Whether one of the prefixes covers the field; looks at no more than that takes.
  bool is_one_of(FieldId id, std::span<const PortSecurity::Prefix> allowed);
  bool is_wrong(FieldId id);
  bool cannot_be_checked(std::string_view why);

  // --- lookup.cc
  const FlowRule* lookup(uint8_t table_id);
  const FlowRule* find_rule(uint8_t table_id, Flow& looked, ConjunctionTrail& trail) const;
  bool is_hidden_fragment();  // fragment.h
  bool drops_fragment();
  void note_lookup(uint8_t table_id, const FlowRule* rule, const ConjunctionTrail& trail);
  void note_conjunctions(Lookup lookup, const ConjunctionTrail& trail);

  // --- output.cc
  void output(const openflow::OutputAction& action);
  void output_cut_off(const openflow::OutputTruncAction& action);
  void output_to_port(OfPort port, bool even_to_in_port);
  void send(const PortView& port);
  void deliver(const PortView& port);
  void send_to_all(const std::vector<const PortView*>& ports);
  void cross_patch(const PortView& port);
  void flood(bool only_flooding_ports);
  bool may_send(const PortView& port);

  // --- queue.cc
  datapath::Output output_of(const PortView& port);
  void enqueue(const openflow::EnqueueAction& action);

  // --- egress.cc
  bool has_egress_before_it() const { return place_.bridge->first_egress && !place_.egress_port; }
  void start_egress(const PortView& port);
  void run_egress(uint8_t first_table, const PortView& port);

  // --- normal.cc
  void normal();
  void forward_in_vlan(uint16_t vlan);
  // Floods, charged to the meter of the port of arrival if there is one for this.
  void flood_within(const StormLimit* limit, const std::function<void()>& flood);
  const StormLimit* storm_limit(std::optional<uint32_t> vni) const;
  std::optional<Domain> input_domain(const PortView* in_port);
  std::optional<uint16_t> input_vlan(const PortView* in_port);
  bool learn(const PortView* in_port, Domain domain);
  bool is_oam(const PortView* in_port);
  std::optional<MacLocation> find_mac(const MacTable::Key& key) const;
  bool may_hear(const PortView& port);
  // Where the destination was learned; nothing: it is flooded.
  std::optional<std::vector<const PortView*>> learned_output(uint16_t vlan);
  std::vector<const PortView*> flood_ports(uint16_t vlan);
  void send_in_vlan(const std::vector<const PortView*>& ports, uint16_t vlan);

  // --- neighbour.cc
  bool suppress(const Segment& segment, const PortView& in_port);
  bool suppress_arp(const Segment& segment, const PortView& in_port);
  bool suppress_nd(const Segment& segment, const PortView& in_port);
  void learn_from_advertisement(const Segment& segment, const PortView& in_port);
  void learn_neighbour(const Segment& segment, const IpAddress& address, const Neighbour& neighbour,
                       const PortView& in_port);
  std::optional<NeighbourTable::Entry> find_neighbour(const NeighbourTable::Key& key) const;
  std::optional<Neighbour> answer_for(const Segment& segment, const IpAddress& asked, const PortView& in_port);
  bool is_elsewhere(const Segment& segment, const MacLocation& location, const PortView& in_port);
  void answer(const Segment& segment, const IpAddress& asked, const PortView& in_port,
              const std::function<void()>& rewrite);

  // --- segment.cc
  std::optional<Domain> tunnel_domain();
  std::optional<Domain> access_domain(const PortView& in_port);
  std::optional<Domain> gateway_domain(const PortView& in_port, const SegmentPtr& segment);
  IpAddress tunnel_source();
  void forward_in_segment(const Segment& segment, bool is_from_tunnel);
  void forward_to(const Segment& segment, const MacLocation& location, bool is_from_tunnel);
  void flood_in_segment(const Segment& segment, bool is_from_tunnel);
  bool may_hear(const PortView& port, const Segment& segment);
  std::vector<SegmentMember> local_members(const Segment& segment);
  void send_to_members(const std::vector<SegmentMember>& members);
  bool send_to_vteps(const Segment& segment, OfPort tunnel);
  bool send_to_remotes(const Segment& segment, OfPort tunnel, std::span<const IpAddress> remotes);

  // --- extension.cc
  FieldValue read(const openflow::SubField& bits);
  void write(const openflow::SubField& bits, FieldValue value);
  void push_stack(const openflow::StackPushAction& action);
  void pop_stack(const openflow::StackPopAction& action);
  void output_register(const openflow::OutputRegAction& action);
  uint32_t hash_packet(openflow::HashFields fields, uint16_t basis);
  void multipath(const openflow::MultipathAction& action);
  bool is_live_member(OfPort number);
  OfPort choose_member(const openflow::BundleAction& action);
  void bundle(const openflow::BundleAction& action);
  void clone(const openflow::CloneAction& action);
  void fin_timeout(const openflow::FinTimeoutAction& action);

  // --- learn.cc
  void learn(const openflow::LearnAction& action);
  bool learn_flow(openflow::FlowMod flow, uint32_t limit);
  std::shared_ptr<const FlowRule> share_of(const FlowRule& rule) const;

  // --- group.cc
  void group(uint32_t group_id);
  void run_all_buckets(const Group& group);
  void run_one_bucket(const Group& group, std::optional<size_t> bucket);
  void run_bucket(const Group& group, size_t bucket);
  std::optional<size_t> first_live_bucket(const Group& group);
  struct Chosen {
    std::vector<Candidate> candidates;  // those that are live
    std::vector<size_t> places;         // ... where they stand in the group
  };
  Chosen live_buckets(const Group& group);
  bool must_wait(const Group& group);
  bool is_hashed_by_datapath(const Group& group, const Chosen& live) const;
  std::optional<size_t> select_bucket(const Group& group);
  std::optional<size_t> hashed_bucket(const Group& group, const Chosen& live);
  void note_selection(const Group& group, std::span<const Candidate> candidates, size_t chosen, size_t bucket,
                      uint64_t hash, const std::string& hashed);
  const Group* find_group(uint32_t group_id);

  // --- liveness.cc
  bool is_live(const openflow::Bucket& bucket);
  bool is_live_port(OfPort number);
  bool is_live_group(uint32_t group_id);
  void note_dead(const Group& group, size_t bucket);

  // --- meter.cc
  void meter(uint32_t meter_id);
  const MeterEntry* find_meter(uint32_t meter_id);

  // --- tunnel.cc, controller.cc
  void send_to_tunnel(const PortView& port);
  uint8_t tunnel_tos(const datapath::TunnelSpec& spec);
  // `is_implicit`: no rule asked for it.
  void send_to_controller(openflow::PacketInReason reason, const openflow::ControllerAction& action,
                          bool is_implicit = false);
  openflow::PacketInReason controller_reason() const;
  Match packet_in_match();

  // --- freeze.cc
  void freeze(Freeze how, bool repeats_action);
  FrozenStep step_here() const;
  void freeze_rest(std::span<const openflow::Action> actions);
  void freeze_rest(openflow::Instructions instructions);
  void freeze_goto(uint8_t table_id);
  void finish_freezing();
  void pause(FrozenState state);
  void recirculate(FrozenState state, std::optional<datapath::Hash> hash);
  void recirculate_by_size(const FrozenState& state, const openflow::CheckPacketLargerAction& check);
  void resume(const FrozenState& state);
  void run_step(const FrozenStep& step);

  // --- branches and bounds
  // Runs `branch` on a copy of the packet: what it changes does not reach what follows.
  void isolated(const std::function<void()>& branch);
  bool enter_deeper();
  bool take_step();  // goto_table, resubmit, a bucket, a patch port: how many there may be is bounded
  void leave_deeper() { --depth_; }
  bool may_go_on();
  void give_up(DropReason reason);

  const PortView* find_port(OfPort port);
  void depend_on(DependencyId id) { out_.dependencies.ids.push_back(id); }
  void note_drop(DropReason reason);
  void note(std::string_view text) {
    if (in_.listener != nullptr) {
      in_.listener->note(text);
    }
  }
  // For text that is made only when somebody listens.
  template <std::invocable MakeText>
  void note(MakeText&& make_text) {
    if (in_.listener != nullptr) {
      in_.listener->note(make_text());
    }
  }

  // --- end
  void finish_actions();
  void finish_dependencies();

  const TranslationInput in_;
  PacketState packet_;
  LookedAt looked_at_;
  Place place_;
  TranslationResult out_;
  std::vector<Lookup> lookups_;
  Overlay overlay_;
  std::optional<DropReason> drop_reason_;
  bool has_given_up_ = false;   // a bound was reached: the packet is dropped whatever was said before
  bool is_exiting_ = false;     // the exit action
  Freeze freeze_ = Freeze::no;  // everybody returns, and adds to frozen_ what was left to do
  bool freeze_repeats_action_ = false;
  FrozenState frozen_;
  std::shared_ptr<PacketInContext> paused_;                 // the packet-in of a packet that waits for the controller
  std::optional<openflow::CheckPacketLargerAction> check_;  // the datapath tells, packet by packet
  std::optional<datapath::Hash> hash_;                      // the datapath chooses before it recirculates
  std::optional<uint32_t> hashed_group_;                    // whose bucket dp_hash names
  unsigned depth_ = 0;
  unsigned step_count_ = 0;
  unsigned egress_step_count_ = 0;
  size_t action_count_ = 0;
};

}  // namespace weft::ofproto
