#include "tests/reference/direct_walk/direct_walk.h"

#include <algorithm>
#include <functional>
#include <set>

#include "datapath/action/execute.h"
#include "datapath/offload/ingress.h"
#include "ofproto/translate/rendezvous.h"
#include "ofproto/translate/select_hash.h"
#include "tests/reference/extract.h"

namespace weft::reference {

using namespace openflow;

namespace {

// Catches the one packet that comes out of a list that ends with an output.
class Catch final : public datapath::Exits {
 public:
  void output(PortId, PacketPtr packet) override { caught = std::move(packet); }
  void recirculate(const datapath::Recirculate&, PacketPtr) override {}
  Verdict punt(const datapath::PuntContext&, const weft::Packet&) override { return keep; }
  void dropped(DropReason) override {}
  void absorbed() override {}
  void originated(uint64_t) override {}

  PacketPtr caught;
};

// What the packet does not carry in its frame. in_port stands among these words and is kept apart.
bool is_pipeline_word(unsigned i) { return i < index(KeyWord::eth_dst) && i != index(KeyWord::hash_port); }
bool is_pipeline_field(const Field& f) { return is_pipeline_word(f.first_word()); }

void set_address(Flow& flow, FieldId v4, FieldId v6, const IpAddress& address) {
  if (address.is_v4()) {
    set(flow, v4, FieldValue{0, address.v4().host()});
  } else {
    set(flow, v6, FieldValue{load_be64(address.v6().bytes.data()), load_be64(address.v6().bytes.data() + 8)});
  }
}

unsigned order(const Action& action) {
  if (std::holds_alternative<CopyTtlInAction>(action)) {
    return 1;
  }
  if (std::holds_alternative<PopVlanAction>(action) || std::holds_alternative<PopMplsAction>(action) ||
      std::holds_alternative<PopPbbAction>(action)) {
    return 2;
  }
  if (std::holds_alternative<PushMplsAction>(action)) {
    return 3;
  }
  if (std::holds_alternative<PushPbbAction>(action)) {
    return 4;
  }
  if (std::holds_alternative<PushVlanAction>(action)) {
    return 5;
  }
  if (std::holds_alternative<CopyTtlOutAction>(action)) {
    return 6;
  }
  if (std::holds_alternative<DecTtlAction>(action)) {
    return 7;
  }
  if (std::holds_alternative<SetQueueAction>(action)) {
    return 9;
  }
  if (std::holds_alternative<GroupAction>(action)) {
    return 10;
  }
  return std::holds_alternative<OutputAction>(action) ? 11 : 8;
}

std::vector<ConjunctionAction> clauses(const Instructions& instructions) {
  std::vector<ConjunctionAction> found;
  for (const Action& action : instructions.apply.value_or(ActionList())) {
    if (const auto* clause = std::get_if<ConjunctionAction>(&action)) {
      found.push_back(*clause);
    }
  }
  return found;
}

bool is_same_kind(const Action& a, const Action& b) {
  if (a.index() != b.index()) {
    return false;
  }
  const auto* set_a = std::get_if<SetFieldAction>(&a);
  return set_a == nullptr || set_a->field == std::get<SetFieldAction>(b).field;
}

// What a pop takes; nothing for other actions.
size_t popped_bytes(const datapath::Action& action) {
  const bool is_tag_or_label =
      std::holds_alternative<datapath::PopVlan>(action) || std::holds_alternative<datapath::PopMpls>(action);
  return is_tag_or_label ? 4 : std::holds_alternative<datapath::PopPbb>(action) ? 18 : 0;
}

}  // namespace

void DirectWalk::add(const FlowMod& flow) {
  remove(flow.table_id, flow.priority, flow.match);
  rules_.push_back({flow.table_id, flow.priority, flow.match, flow.instructions});
}

void DirectWalk::remove(uint8_t table_id, uint16_t priority, const Match& match) {
  std::erase_if(rules_, [&](const Rule& rule) {
    return rule.table_id == table_id && rule.priority == priority && rule.match == match;
  });
}

void DirectWalk::set_down(OfPort port, bool is_down) {
  if (is_down) {
    down_.insert(port);
  } else {
    down_.erase(port);
  }
}

WalkOutcome DirectWalk::run(OfPort in_port, const std::vector<uint8_t>& frame, const PacketTunnel& tunnel) {
  if (down_.contains(in_port)) {
    return {};
  }
  Packet packet{frame, Flow(), in_port};
  if (tunnel.present && ports_[in_port]) {
    const PacketPtr arrived = pool_.copy_of(frame);
    datapath::detect_partial_checksum(*arrived);
    packet.offload = arrived->offload;
    set(packet.pipeline, FieldId::tun_id, FieldValue{0, tunnel.id});
    set_address(packet.pipeline, FieldId::tun_src, FieldId::tun_ipv6_src, tunnel.source());
    set_address(packet.pipeline, FieldId::tun_dst, FieldId::tun_ipv6_dst, tunnel.destination());
    set(packet.pipeline, FieldId::tun_flags, FieldValue{0, uint64_t{tunnel.flags} & TunnelMetadata::flag_oam});
    set(packet.pipeline, FieldId::tun_tos, FieldValue{0, tunnel.tos});
    set(packet.pipeline, FieldId::tun_ttl, FieldValue{0, tunnel.ttl});
    set(packet.pipeline, FieldId::tun_gbp_id, FieldValue{0, tunnel.gbp_id});
    set(packet.pipeline, FieldId::tun_gbp_flags, FieldValue{0, tunnel.gbp_flags});
    tunnel.options.for_each([&](unsigned n, uint32_t value) {
      set(packet.pipeline, FieldId::tun_metadata0 + n, FieldValue{0, value});
      packet.pipeline.word(KeyWord::tun_options_present) |= uint64_t{1} << n;
    });
  }
  Walk walk;
  if (table(0, packet, walk) && !walk.is_dead) {
    run_action_set(std::move(walk.action_set), packet, walk);
  }
  return std::move(walk.outcome);
}

Flow DirectWalk::flow_of(const Packet& packet) const {
  Flow flow = extract(packet.bytes, number(packet.in_port)).flow;
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (is_pipeline_word(i)) {
      flow.word(i) = packet.pipeline.word(i);
    }
  }
  set(flow, FieldId::actset_output, FieldValue{0, number(packet.action_set_output)});
  return flow;
}

// ovs-ofctl(8), set-frags: of these fragments ports and ICMP's type and code are there, and 0.
Flow DirectWalk::seen_by_rules(const Packet& packet) const {
  Flow flow = flow_of(packet);
  const uint64_t fragment = get(flow, FieldId::ip_frag).lo;
  const bool is_first = fragment == 1;
  if (fragment == 0 || (is_first && fragments_ == FragmentHandling::nx_match)) {
    return flow;
  }
  for (const FieldId id : {FieldId::tcp_src, FieldId::tcp_dst, FieldId::icmp_type, FieldId::icmp_code}) {
    set(flow, id, FieldValue{});
  }
  flow.word(present_word) |= present_in_word(present::ports | present::icmp);
  return flow;
}

// From the highest priority down: a rule of that priority, or one whose conjunction is met at it.
DirectWalk::Rule* DirectWalk::find(uint8_t table_id, const Flow& flow) {
  std::set<uint16_t, std::greater<>> priorities;
  for (const Rule& rule : rules_) {
    if (rule.table_id == table_id) {
      priorities.insert(rule.priority);
    }
  }
  for (const uint16_t priority : priorities) {
    Rule* rule = find_of(table_id, priority, flow);
    rule = rule != nullptr ? rule : find_met(table_id, priority, flow);
    if (rule != nullptr) {
      return rule;
    }
  }
  return nullptr;
}

DirectWalk::Rule* DirectWalk::find_of(uint8_t table_id, uint16_t priority, const Flow& flow) {
  for (Rule& rule : rules_) {
    if (rule.table_id == table_id && rule.priority == priority && clauses(rule.instructions).empty() &&
        rule.match.matches(flow)) {
      return &rule;
    }
  }
  return nullptr;
}

// The rule of this priority that asks for a conjunction all of whose clauses match.
DirectWalk::Rule* DirectWalk::find_met(uint8_t table_id, uint16_t priority, const Flow& flow) {
  std::map<uint32_t, std::set<unsigned>> met;
  std::map<uint32_t, unsigned> counts;
  for (const Rule& rule : rules_) {
    if (rule.table_id == table_id && rule.priority == priority && rule.match.matches(flow)) {
      for (const ConjunctionAction& clause : clauses(rule.instructions)) {
        met[clause.id].insert(clause.clause);
        counts[clause.id] = clause.clause_count;
      }
    }
  }
  for (const auto& [id, found] : met) {
    Flow with_id = flow;
    set(with_id, FieldId::conj_id, FieldValue{0, id});
    Rule* rule = found.size() == counts[id] ? find_of(table_id, priority, with_id) : nullptr;
    if (rule != nullptr) {
      return rule;
    }
  }
  return nullptr;
}

bool DirectWalk::table(uint8_t table_id, Packet& packet, Walk& walk) {
  if (fragments_ == FragmentHandling::drop && !get(flow_of(packet), FieldId::ip_frag).is_zero()) {
    return true;
  }
  Rule* rule = find(table_id, seen_by_rules(packet));
  if (rule == nullptr) {
    return false;
  }
  ++rule->packet_count;
  const Instructions instructions = rule->instructions;
  if (instructions.apply) {
    act(*instructions.apply, packet, walk);
  }
  if (walk.is_dead) {
    return true;
  }
  if (instructions.clear_actions) {
    walk.action_set.clear();
    packet.action_set_output = of_port::unset;
  }
  for (const Action& action : instructions.write.value_or(ActionList())) {
    std::erase_if(walk.action_set, [&](const Action& other) { return is_same_kind(action, other); });
    walk.action_set.push_back(action);
  }
  if (instructions.write_metadata) {
    set_masked(packet.pipeline, field(FieldId::metadata), FieldValue{0, instructions.write_metadata->value},
               FieldValue{0, instructions.write_metadata->mask});
  }
  return !instructions.goto_table || table(*instructions.goto_table, packet, walk);
}

void DirectWalk::act(const ActionList& actions, Packet& packet, Walk& walk) {
  for (const Action& action : actions) {
    if (!walk.is_dead) {
      act(action, packet, walk);
    }
  }
}

void DirectWalk::act(const Action& action, Packet& packet, Walk& walk) {
  if (const auto* a = std::get_if<OutputAction>(&action)) {
    output(a->port, packet, walk);
  } else if (const auto* set = std::get_if<SetFieldAction>(&action)) {
    set_field(*set, packet, walk);
  } else if (const auto* moved = std::get_if<MoveAction>(&action)) {
    move(*moved, packet, walk);
  } else if (const auto* push = std::get_if<PushVlanAction>(&action)) {
    const uint64_t tci = get(flow_of(packet), FieldId::vlan_tci).lo;
    change(packet, walk, datapath::PushVlan{push->ethertype, static_cast<uint16_t>(tci & 0xefff)});
  } else if (std::holds_alternative<PopVlanAction>(action)) {
    change(packet, walk, datapath::PopVlan{});
  } else if (const auto* push_mpls = std::get_if<PushMplsAction>(&action)) {
    const Flow flow = flow_of(packet);
    const uint64_t ttl = get(flow, FieldId::nw_ttl).lo;
    const bool has_label = (present_from_word(flow.word(present_word)) & present::mpls) != 0;
    const uint64_t outer =
        get(flow, FieldId::mpls_label).lo << 12 | get(flow, FieldId::mpls_tc).lo << 9 | get(flow, FieldId::mpls_ttl).lo;
    const bool is_ip = (present_from_word(flow.word(present_word)) & present::ip) != 0;
    const uint64_t fresh = 0x100 | (is_ip ? ttl : 64);
    change(packet, walk, datapath::PushMpls{push_mpls->ethertype, static_cast<uint32_t>(has_label ? outer : fresh)});
  } else if (const auto* pop_mpls = std::get_if<PopMplsAction>(&action)) {
    if ((present_from_word(flow_of(packet).word(present_word)) & present::mpls) != 0) {
      change(packet, walk, datapath::PopMpls{pop_mpls->ethertype});
    }
  } else if (const auto* push_pbb = std::get_if<PushPbbAction>(&action)) {
    const Flow flow = flow_of(packet);
    const uint64_t tag = get(flow, FieldId::pbb_isid).lo | get(flow, FieldId::vlan_pcp).lo << 29;
    change(packet, walk, datapath::PushPbb{push_pbb->ethertype, static_cast<uint32_t>(tag)});
  } else if (std::holds_alternative<PopPbbAction>(action)) {
    change(packet, walk, datapath::PopPbb{});
  } else if (std::holds_alternative<CopyTtlOutAction>(action)) {
    change(packet, walk, datapath::CopyTtlOut{});
  } else if (std::holds_alternative<CopyTtlInAction>(action)) {
    change(packet, walk, datapath::CopyTtlIn{});
  } else if (std::holds_alternative<DecTtlAction>(action)) {
    const Flow flow = flow_of(packet);
    if ((present_from_word(flow.word(present_word)) & present::ip) != 0) {
      if (get(flow, FieldId::nw_ttl).lo < 2) {
        walk.is_dead = true;
        return;
      }
      change(packet, walk, datapath::DecTtl{});
    }
  } else if (const auto* grouped = std::get_if<GroupAction>(&action)) {
    group(grouped->group_id, packet, walk);
  } else if (const auto* again = std::get_if<ResubmitAction>(&action)) {
    table(*again->table, packet, walk);
  } else {
    act_extension(action, packet, walk);
  }
}

// A change of bytes, by the datapath's own hand, one at a time. What cannot be done to a malformed packet ends it.
void DirectWalk::change(Packet& packet, Walk& walk, const datapath::Action& action) {
  Catch exits;
  PacketPtr copy = pool_.copy_of(packet.bytes);
  copy->offload = packet.offload;
  datapath::execute({action, datapath::Output{PortId{0}}}, std::move(copy), exits);
  if (exits.caught != nullptr) {
    packet.offload = exits.caught->offload;
    const size_t popped = popped_bytes(action);
    const size_t size = popped != 0 ? packet.bytes.size() - popped : exits.caught->size();
    packet.bytes.assign(exits.caught->bytes().begin(), exits.caught->bytes().end());
    packet.bytes.resize(size);  // what the pop was padded with: it is padded when it leaves
    packet.was_shortened = packet.was_shortened || popped != 0;
  } else {
    walk.is_dead = true;
  }
}

void DirectWalk::set_field(const SetFieldAction& action, Packet& packet, Walk& walk) {
  const Field& f = field(action.field);
  if (is_pipeline_field(f)) {
    set_masked(packet.pipeline, f, action.value, action.mask);
    packet.pipeline.word(KeyWord::tun_options_present) |= is_tunnel_option(f.id) ? presence_of(f).bits : 0;
    return;
  }
  const Flow flow = flow_of(packet);
  const uint16_t there = present_from_word(flow.word(present_word));
  const bool has_type = action.field != FieldId::eth_type || get(flow, FieldId::eth_type).lo != 0x05ff;
  if ((there & f.presence) == f.presence && has_type) {
    change(packet, walk, datapath::SetField{action.field, action.value, action.mask});
  }
}

void DirectWalk::move(const MoveAction& action, Packet& packet, Walk& walk) {
  const uint16_t wanted = field(action.from.field).presence;
  if ((present_from_word(flow_of(packet).word(present_word)) & wanted) == wanted) {
    write(action.to, read(action.from, packet), packet, walk);
  }
}

void DirectWalk::output(OfPort port, Packet& packet, Walk& walk) {
  if (port == of_port::in_port) {
    send(packet.in_port, packet, walk);
  } else if (port == of_port::normal) {
    normal(packet, walk);
  } else if (port == of_port::flood || port == of_port::all) {
    flood(packet, walk);
  } else if (port == of_port::controller) {
    ++walk.outcome.punted;
  } else if (port != packet.in_port) {
    send(port, packet, walk);
  }
}

void DirectWalk::send(OfPort port, const Packet& packet, Walk& walk) {
  if (!ports_.contains(port) || down_.contains(port)) {
    return;
  }
  if (first_egress_ && !packet.is_in_egress) {
    egress(port, packet, walk);
  } else {
    send_now(port, packet, walk);
  }
}

// The output comes last, if nobody has taken it out of the action set.
void DirectWalk::egress(OfPort port, const Packet& packet, Walk& walk) {
  branch(packet, walk, [&](Packet& copy, Walk& of_copy) {
    copy.is_in_egress = true;
    copy.action_set_output = port;
    of_copy.action_set = {OutputAction{.port = port}};
    if (!table(*first_egress_, copy, of_copy) || of_copy.is_dead) {
      return;
    }
    const size_t outputs = std::erase_if(
        of_copy.action_set, [](const Action& action) { return std::holds_alternative<OutputAction>(action); });
    run_action_set(std::move(of_copy.action_set), copy, of_copy);
    if (outputs > 0 && !of_copy.is_dead) {
      send_now(port, copy, of_copy);
    }
  });
}

void DirectWalk::send_now(OfPort port, const Packet& packet, Walk& walk) {
  WalkSent sent{port, packet.bytes, 0, {}, packet.queue_id, {}};
  if (packet.was_shortened && !packet.offload.is_partial()) {
    sent.frame.resize(std::max<size_t>(sent.frame.size(), 60));
  }
  if (const auto& tunnel = ports_[port]) {
    const auto dst = static_cast<uint32_t>(get(packet.pipeline, FieldId::tun_dst).lo);
    sent.tunnel_remote = tunnel->remote.value_or(IpAddress(Ipv4Address::from_host(dst)));
    sent.tunnel_id = tunnel->out_key.value_or(get(packet.pipeline, FieldId::tun_id).lo);
    if (sent.tunnel_remote.is_unspecified()) {
      return;
    }
    for (unsigned n = 0; n < TunnelOptions::field_count; ++n) {
      if ((packet.pipeline.word(KeyWord::tun_options_present) >> n & 1) != 0) {
        sent.tunnel_options.set(n, static_cast<uint32_t>(get(packet.pipeline, FieldId::tun_metadata0 + n).lo));
      }
    }
  }
  walk.outcome.sent.push_back(std::move(sent));
}

void DirectWalk::flood(const Packet& packet, Walk& walk) {
  for (const auto& [port, tunnel] : ports_) {
    if (port != packet.in_port) {
      send(port, packet, walk);
    }
  }
}

void DirectWalk::normal(const Packet& packet, Walk& walk) {
  const Flow flow = flow_of(packet);
  const uint64_t dst = get(flow, FieldId::eth_dst).lo;
  const uint64_t src = get(flow, FieldId::eth_src).lo;
  const uint64_t vlan = get(flow, FieldId::vlan_vid).lo & 0xfff;
  constexpr uint64_t group_bit = uint64_t{1} << 40;
  if (dst >> 4 == 0x0180c2000000 >> 4) {
    return;
  }
  if ((src & group_bit) == 0) {
    macs_[{vlan, src}] = packet.in_port;
  }
  const auto learned = macs_.find({vlan, dst});
  if ((dst & group_bit) != 0 || learned == macs_.end()) {
    flood(packet, walk);
  } else if (learned->second != packet.in_port) {
    send(learned->second, packet, walk);
  }
}

void DirectWalk::group(uint32_t group_id, const Packet& packet, Walk& walk) {
  const GroupMod& group = groups_[group_id];
  if (group.type == GroupType::select) {
    if (const Bucket* chosen = selected(group, packet)) {
      bucket(*chosen, packet, walk);
    }
    return;
  }
  for (const Bucket& one : group.buckets) {
    const bool is_failover = group.type == GroupType::fast_failover;
    if (!is_failover || is_live(one)) {
      bucket(one, packet, walk);
      if (is_failover) {
        return;
      }
    }
  }
}

void DirectWalk::bucket(const Bucket& bucket, const Packet& packet, Walk& walk) {
  branch(packet, walk, [&](Packet& copy, Walk& of_copy) { run_action_set(bucket.actions, copy, of_copy); });
}

// Random groups watch earlier ones only.
bool DirectWalk::is_live(const Bucket& bucket) const {
  if (bucket.watch_port == of_port::any && bucket.watch_group == any_group) {
    return true;
  }
  if (bucket.watch_port != of_port::any && ports_.contains(bucket.watch_port) && !down_.contains(bucket.watch_port)) {
    return true;
  }
  const auto watched = groups_.find(bucket.watch_group);
  return watched != groups_.end() &&
         std::ranges::any_of(watched->second.buckets, [&](const Bucket& other) { return is_live(other); });
}

const Bucket* DirectWalk::selected(const GroupMod& group, const Packet& packet) const {
  std::vector<ofproto::Candidate> candidates;
  std::vector<const Bucket*> live;
  for (const Bucket& one : group.buckets) {
    if (is_live(one)) {
      candidates.push_back({one.bucket_id, one.weight});
      live.push_back(&one);
    }
  }
  const Flow flow = flow_of(packet);
  Match pipeline;
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (is_pipeline_word(i)) {
      pipeline.mask().word(i) = ~uint64_t{0};
      pipeline.value().word(i) = flow.word(i);
    }
  }
  const ofproto::PacketState state(FlowKey(flow), packet.in_port, MiniMatch(pipeline));
  ofproto::LookedAt looked_at;
  const uint64_t hash = candidates.size() < 2 ? 0 : ofproto::select_hash(group.selection, state, looked_at, nullptr);
  const auto chosen = ofproto::rendezvous(candidates, hash);
  return chosen ? live[*chosen] : nullptr;
}

void DirectWalk::run_action_set(ActionList set, Packet& packet, Walk& walk) {
  std::ranges::stable_sort(set, {}, order);
  const bool has_group =
      std::ranges::any_of(set, [](const Action& a) { return std::holds_alternative<GroupAction>(a); });
  std::erase_if(set, [&](const Action& a) { return has_group && std::holds_alternative<OutputAction>(a); });
  act(set, packet, walk);
}

}  // namespace weft::reference
