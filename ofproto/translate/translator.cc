#include "ofproto/translate/translator.h"

#include <algorithm>
#include <utility>

#include "lib/openflow/port_message.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

// Open vSwitch's limits.
constexpr unsigned max_depth = 64;
constexpr unsigned max_resubmits = max_depth * max_depth;
constexpr size_t max_actions = 16384;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

FieldValue shifted_left(FieldValue v, unsigned n) {
  if (n == 0) {
    return v;
  }
  return n < 64 ? FieldValue{v.hi << n | v.lo >> (64 - n), v.lo << n} : FieldValue{v.lo << (n - 64), 0};
}

FieldValue shifted_right(FieldValue v, unsigned n) {
  if (n == 0) {
    return v;
  }
  return n < 64 ? FieldValue{v.hi >> n, v.lo >> n | v.hi << (64 - n)} : FieldValue{0, v.hi >> (n - 64)};
}

// Places in the order of execution of an action set (OpenFlow 1.3.5 section 5.10).
unsigned action_set_order(const openflow::Action& action) {
  return std::visit(Overloaded{
                        [](const openflow::CopyTtlInAction&) { return 1U; },
                        [](const openflow::PopVlanAction&) { return 2U; },
                        [](const openflow::PopMplsAction&) { return 2U; },
                        [](const openflow::PopPbbAction&) { return 2U; },
                        [](const openflow::PushMplsAction&) { return 3U; },
                        [](const openflow::PushPbbAction&) { return 4U; },
                        [](const openflow::PushVlanAction&) { return 5U; },
                        [](const openflow::CopyTtlOutAction&) { return 6U; },
                        [](const openflow::DecTtlAction&) { return 7U; },
                        [](const openflow::DecMplsTtlAction&) { return 7U; },
                        [](const openflow::SetQueueAction&) { return 9U; },
                        [](const openflow::GroupAction&) { return 10U; },
                        [](const openflow::OutputAction&) { return 11U; },
                        [](const openflow::ControllerAction&) { return 11U; },
                        [](const openflow::ResubmitAction&) { return 11U; },
                        [](const auto&) { return 8U; },
                    },
                    action);
}

// Whether the later action takes the earlier one's place: one of each type, for set-field one of each field.
bool replaces(const openflow::Action& later, const openflow::Action& earlier) {
  if (later.index() != earlier.index()) {
    return false;
  }
  const auto* set = std::get_if<openflow::SetFieldAction>(&later);
  if (set == nullptr) {
    return !std::holds_alternative<openflow::MoveAction>(later);
  }
  return set->field == std::get<openflow::SetFieldAction>(earlier).field && set->mask == all_bits(field(set->field));
}

bool changes_packet(const datapath::Action& action) {
  return std::holds_alternative<datapath::SetField>(action) || std::holds_alternative<datapath::PushVlan>(action) ||
         std::holds_alternative<datapath::PopVlan>(action) || std::holds_alternative<datapath::PushMpls>(action) ||
         std::holds_alternative<datapath::PopMpls>(action) || std::holds_alternative<datapath::DecTtl>(action);
}

bool delivers(const datapath::Action& action) {
  return std::holds_alternative<datapath::Output>(action) || std::holds_alternative<datapath::OutputSet>(action) ||
         std::holds_alternative<datapath::Controller>(action) ||
         std::holds_alternative<std::shared_ptr<const datapath::Clone>>(action);
}

// What changes a packet that is not delivered afterwards changes nothing.
void strip_undelivered(datapath::ActionList& actions) {
  while (!actions.empty() && !delivers(actions.back())) {
    actions.pop_back();
  }
}

bool is_from_tunnel(const TranslationInput& input, OfPort in_port) {
  const PortView* port = input.snapshot.bridges[input.bridge_index]->port(in_port);
  return port != nullptr && port->tunnel.has_value();
}

}  // namespace

TranslationResult translate(const TranslationInput& input, OfPort in_port, const FlowKey& key) {
  return Translation(input, in_port, key).run();
}

Translation::Translation(const TranslationInput& input, OfPort in_port, const FlowKey& key)
    : in_(input), packet_(key, in_port, is_from_tunnel(input, in_port)) {}

TranslationResult Translation::run() && {
  place_.bridge = in_.snapshot.bridges[in_.bridge_index].get();
  enter_bridge(in_.bridge_index);
  if (in_.actions != nullptr) {
    execute(*in_.actions);
  } else {
    const PortView* port = find_port(packet_.in_port());
    if (port != nullptr && (port->config & (openflow::port_config::no_recv | openflow::port_config::down)) != 0) {
      note("port does not receive");
      note_drop(DropReason::port_down);
    } else {
      run_pipeline();
    }
  }
  run_action_set();
  leave_bridge();
  if (in_.listener != nullptr) {
    in_.listener->end(packet_.flow());
  }
  finish_actions();
  finish_dependencies();
  add_to_mask(looked_at_.mask, field(FieldId::in_port));
  out_.mask = FlowMask(looked_at_.mask);
  return std::move(out_);
}

void Translation::enter_bridge(size_t bridge_index) {
  place_ = Place{};
  place_.bridge = in_.snapshot.bridges[bridge_index].get();
  depend_on(dependency::bridge(place_.bridge->id));
  if (in_.listener != nullptr) {
    in_.listener->enter_bridge(*place_.bridge, packet_.flow());
  }
}

void Translation::leave_bridge() {
  if (in_.listener != nullptr) {
    in_.listener->leave_bridge();
  }
}

// --- tables

// A miss ends the packet's way: what the action set holds by then is not executed.
void Translation::run_pipeline() {
  if (!run_table(0, packet_.in_port())) {
    note("no match: drop");
    note_drop(DropReason::table_miss);
    place_.action_set.clear();
  }
}

// Not inlined: `looked` must not stand on the stack at every level of a recursion.
[[gnu::noinline]] const FlowRule* Translation::lookup(uint8_t table_id) {
  Flow looked;
  const FlowRule* rule = place_.bridge->tables->lookup(table_id, packet_.flow(), in_.version, &looked);
  packet_.look_at(looked, looked_at_);
  note_lookup(table_id, rule);
  return rule;
}

void Translation::note_lookup(uint8_t table_id, const FlowRule* rule) {
  Lookup lookup{place_.bridge->id, table_id, std::nullopt, nullptr};
  if (rule != nullptr) {
    lookup.priority = rule->priority();
    depend_on(dependency::rule(rule));
    out_.credits.rules.push_back(rule->shared_counters());
  }
  if (!lookups_.empty() && lookups_.back().packet->looks_like(packet_)) {
    lookup.packet = lookups_.back().packet;
  } else {
    lookup.packet = std::make_shared<PacketState>(packet_);
  }
  lookups_.push_back(std::move(lookup));
  if (const FlowTable* table = place_.bridge->tables->find_table(table_id)) {
    out_.credits.tables.push_back({table, rule != nullptr});
  }
}

bool Translation::run_table(uint8_t table_id, OfPort lookup_port) {
  const OfPort in_port = packet_.in_port();
  packet_.set_in_port(lookup_port);
  for (std::optional<uint8_t> next = table_id; next && may_go_on();) {
    place_.table_id = *next;
    place_.rule = lookup(*next);
    packet_.set_in_port(in_port);
    if (in_.listener != nullptr) {
      in_.listener->begin_table(place_.table_id, place_.rule);
    }
    const bool is_hit = place_.rule != nullptr;
    if (is_hit) {
      next = execute(*place_.rule);
    }
    if (in_.listener != nullptr) {
      in_.listener->end_table();
    }
    if (!is_hit) {
      return false;
    }
  }
  return true;
}

// The instructions in their order (OpenFlow 1.3.5 section 5.9); the table to go to next.
std::optional<uint8_t> Translation::execute(const FlowRule& rule) {
  const openflow::Instructions& instructions = rule.instructions();
  if (instructions.apply) {
    execute(*instructions.apply);
    place_.rule = &rule;
  }
  if (is_exiting_) {
    return std::nullopt;
  }
  if (in_.listener != nullptr) {
    in_.listener->instruction(instructions);
  }
  if (instructions.clear_actions) {
    place_.action_set.clear();
  }
  if (instructions.write) {
    write_actions(*instructions.write);
  }
  if (instructions.write_metadata) {
    packet_.set_field(field(FieldId::metadata), FieldValue{0, instructions.write_metadata->value},
                      FieldValue{0, instructions.write_metadata->mask}, looked_at_);
  }
  if (!instructions.goto_table) {
    return std::nullopt;
  }
  if (++resubmit_count_ >= max_resubmits) {
    give_up(DropReason::recursion_limit);
    return std::nullopt;
  }
  return instructions.goto_table;
}

void Translation::resubmit(const openflow::ResubmitAction& action) {
  const uint8_t from_table = place_.table_id;
  const uint8_t table = action.table.value_or(from_table);
  const bool is_deeper = table <= from_table;
  if (++resubmit_count_ >= max_resubmits) {
    give_up(DropReason::recursion_limit);
    return;
  }
  if (is_deeper && !enter_deeper()) {
    return;
  }
  const FlowRule* rule = place_.rule;
  // The port is the lookup's alone: actions see the packet's own (Open vSwitch's NXAST_RESUBMIT).
  const OfPort lookup_port = action.in_port == of_port::in_port ? packet_.in_port() : action.in_port;
  if (!run_table(table, lookup_port)) {
    note_drop(DropReason::table_miss);
  }
  place_.table_id = from_table;
  place_.rule = rule;
  if (is_deeper) {
    leave_deeper();
  }
}

// --- actions

void Translation::execute(const openflow::ActionList& actions) {
  for (const openflow::Action& action : actions) {
    if (is_exiting_ || !may_go_on()) {
      return;
    }
    if (in_.listener != nullptr) {
      in_.listener->action(action);
    }
    execute(action);
  }
}

void Translation::execute(const openflow::Action& action) {
  using namespace openflow;
  const auto set = [&](FieldId id, uint64_t value) {
    packet_.set_field(field(id), FieldValue{0, value}, all_bits(field(id)), looked_at_);
  };
  const auto unsupported = [&] { give_up(DropReason::translation_error); };
  std::visit(Overloaded{
                 [&](const OutputAction& a) { output(a); },
                 [&](const SetFieldAction& a) { packet_.set_field(field(a.field), a.value, a.mask, looked_at_); },
                 [&](const MoveAction& a) { move_bits(a); },
                 [&](const PushVlanAction& a) { packet_.push_vlan(a.ethertype, looked_at_); },
                 [&](const PopVlanAction&) { packet_.pop_vlan(looked_at_); },
                 [&](const SetVlanVidAction& a) { set(FieldId::dl_vlan, a.vid); },
                 [&](const SetVlanPcpAction& a) {
                   if (!packet_.has_vlan_tag(looked_at_)) {
                     packet_.push_vlan(eth_type::vlan, looked_at_);
                   }
                   set(FieldId::vlan_pcp, a.pcp);
                 },
                 [&](const PushMplsAction& a) { packet_.push_mpls(a.ethertype, looked_at_, out_.actions); },
                 [&](const PopMplsAction& a) { packet_.pop_mpls(a.ethertype, looked_at_, out_.actions); },
                 [&](const PushPbbAction&) { unsupported(); },
                 [&](const PopPbbAction&) { unsupported(); },
                 [&](const SetTtlAction& a) { set(FieldId::nw_ttl, a.ttl); },
                 [&](const DecTtlAction& a) { decrement_ttl(a); },
                 [&](const SetMplsTtlAction& a) { set(FieldId::mpls_ttl, a.ttl); },
                 [&](const DecMplsTtlAction&) { decrement_mpls_ttl(); },
                 [&](const CopyTtlInAction&) { unsupported(); },
                 [&](const CopyTtlOutAction&) { unsupported(); },
                 [&](const SetQueueAction&) {},  // queues come with QoS
                 [&](const PopQueueAction&) {},
                 [&](const GroupAction& a) { group(a.group_id); },
                 [&](const MeterAction&) {},  // refused by flow-mod while there are no meters
                 [&](const ResubmitAction& a) { resubmit(a); },
                 [&](const ControllerAction& a) { send_to_controller(a.reason, a); },
                 [&](const NoteAction&) {},
                 [&](const ExitAction&) { is_exiting_ = true; },
             },
             action);
}

void Translation::move_bits(const openflow::MoveAction& action) {
  const Field& from = field(action.from.field);
  const Field& to = field(action.to.field);
  if (!packet_.has_header_of(from, looked_at_)) {
    return;
  }
  const FieldValue bits = FieldValue::ones(action.from.bit_count);
  packet_.look_at(from, shifted_left(bits, action.from.offset), looked_at_);
  const FieldValue value = shifted_right(get(packet_.flow(), from), action.from.offset) & bits;
  packet_.set_field(to, shifted_left(value, action.to.offset), shifted_left(bits, action.to.offset), looked_at_);
}

void Translation::decrement_ttl(const openflow::DecTtlAction& action) {
  if (packet_.decrement_ttl(looked_at_)) {
    return;
  }
  note("TTL ran out");
  if (place_.bridge->invalid_ttl_to_controller) {
    openflow::ControllerAction punt;
    const auto ids = action.controller_ids.empty() ? std::vector<uint16_t>{0} : action.controller_ids;
    for (const uint16_t id : ids) {
      punt.controller_id = id;
      send_to_controller(openflow::PacketInReason::invalid_ttl, punt);
    }
  }
  note_drop(DropReason::ttl_exceeded);
  place_.action_set.clear();
  is_exiting_ = true;
}

void Translation::decrement_mpls_ttl() {
  if (!packet_.is_mpls(looked_at_)) {
    return;
  }
  const uint64_t ttl = packet_.read(FieldId::mpls_ttl, looked_at_).lo;
  if (ttl >= 2) {
    packet_.set_field(field(FieldId::mpls_ttl), FieldValue{0, ttl - 1}, FieldValue{0, 0xff}, looked_at_);
    return;
  }
  if (place_.bridge->invalid_ttl_to_controller) {
    send_to_controller(openflow::PacketInReason::invalid_ttl, openflow::ControllerAction());
  }
  note_drop(DropReason::ttl_exceeded);
  place_.action_set.clear();
  is_exiting_ = true;
}

// --- the action set

void Translation::write_actions(const openflow::ActionList& actions) {
  for (const openflow::Action& action : actions) {
    std::erase_if(place_.action_set, [&](const openflow::Action& earlier) { return replaces(action, earlier); });
    place_.action_set.push_back(action);
  }
}

void Translation::run_action_set() {
  if (!may_go_on() || place_.action_set.empty()) {
    return;
  }
  is_exiting_ = false;
  const openflow::ActionList set = std::move(place_.action_set);
  place_.action_set.clear();
  place_.in_action_set = true;
  execute_action_set(set);
  place_.in_action_set = false;
}

// Also what a bucket's actions are. A group comes last and makes an output say nothing.
void Translation::execute_action_set(const openflow::ActionList& set) {
  openflow::ActionList ordered = set;
  std::ranges::stable_sort(ordered, {}, action_set_order);
  const bool has_group = std::ranges::any_of(
      ordered, [](const auto& action) { return std::holds_alternative<openflow::GroupAction>(action); });
  if (has_group) {
    std::erase_if(ordered, [](const auto& action) { return std::holds_alternative<openflow::OutputAction>(action); });
  }
  execute(ordered);
}

// --- branches and bounds

void Translation::isolated(const std::function<void()>& branch) {
  if (packet_.has_uncommitted()) {
    packet_.commit(looked_at_, out_.actions);
  }
  const auto before = std::make_unique<PacketState>(packet_);
  datapath::ActionList outer = std::exchange(out_.actions, {});
  openflow::ActionList action_set = place_.action_set;
  const bool was_exiting = is_exiting_;
  branch();
  is_exiting_ = was_exiting;
  place_.action_set = std::move(action_set);
  action_count_ += out_.actions.size();
  strip_undelivered(out_.actions);
  if (std::ranges::any_of(out_.actions, changes_packet)) {
    auto clone = std::make_shared<datapath::Clone>();
    clone->actions = std::move(out_.actions);
    outer.emplace_back(std::shared_ptr<const datapath::Clone>(std::move(clone)));
    packet_ = *before;
  } else {
    std::ranges::move(out_.actions, std::back_inserter(outer));
    const PacketState after = std::exchange(packet_, *before);
    packet_.inherit_tunnel(after);
  }
  out_.actions = std::move(outer);
}

bool Translation::enter_deeper() {
  if (depth_ >= max_depth) {
    give_up(DropReason::recursion_limit);
    return false;
  }
  ++depth_;
  return true;
}

bool Translation::may_go_on() {
  if (out_.actions.size() > max_actions || action_count_ > max_actions) {
    give_up(DropReason::recursion_limit);
  }
  return !has_given_up_;
}

void Translation::give_up(DropReason reason) {
  if (!has_given_up_) {
    note(explain(reason));
    drop_reason_ = reason;
  }
  has_given_up_ = true;
}

const PortView* Translation::find_port(OfPort port) {
  depend_on(dependency::port(place_.bridge->id, port));
  return place_.bridge->port(port);
}

void Translation::note_drop(DropReason reason) {
  if (!drop_reason_) {
    drop_reason_ = reason;
  }
}

// --- end

void Translation::finish_actions() {
  if (has_given_up_) {
    out_.actions = {datapath::Drop{*drop_reason_}};
    return;
  }
  strip_undelivered(out_.actions);
  // The last branch has nothing to be kept apart from.
  while (!out_.actions.empty()) {
    const auto* clone = std::get_if<std::shared_ptr<const datapath::Clone>>(&out_.actions.back());
    if (clone == nullptr) {
      return;
    }
    const std::shared_ptr<const datapath::Clone> last = *clone;
    out_.actions.pop_back();
    out_.actions.insert(out_.actions.end(), last->actions.begin(), last->actions.end());
  }
  out_.actions = {datapath::Drop{drop_reason_.value_or(DropReason::action_drop)}};
}

void Translation::finish_dependencies() {
  std::vector<DependencyId>& ids = out_.dependencies.ids;
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());

  const PacketState* packet = nullptr;
  std::shared_ptr<const MiniMatch> seen;
  for (const Lookup& lookup : lookups_) {
    if (lookup.packet.get() != packet) {
      packet = lookup.packet.get();
      Match match;
      match.mask() = packet->known(looked_at_);
      for (unsigned i = 0; i < key_word_count; ++i) {
        match.value().word(i) = packet->flow().word(i) & match.mask().word(i);
      }
      seen = std::make_shared<MiniMatch>(match);
    }
    out_.dependencies.tables.push_back({lookup.bridge, lookup.table_id, lookup.priority, seen});
  }
}

// --- credits

void Credits::apply(uint64_t packet_count, uint64_t byte_count, TimePoint used) const {
  for (const auto& counters : rules) {
    counters->credit(packet_count, byte_count, used);
  }
  for (const Table& credit : tables) {
    credit.table->credit(packet_count, credit.matched ? packet_count : 0);
  }
  for (const auto& group : groups) {
    group->counters().credit(packet_count, byte_count, used);
  }
  for (const Bucket& credit : buckets) {
    credit.group->bucket_counters(credit.bucket).credit(packet_count, byte_count, used);
  }
  for (const Patch& credit : patches) {
    auto& packets = credit.is_receive ? credit.counters->rx_packets : credit.counters->tx_packets;
    auto& bytes = credit.is_receive ? credit.counters->rx_bytes : credit.counters->tx_bytes;
    packets.fetch_add(packet_count, std::memory_order_relaxed);
    bytes.fetch_add(byte_count, std::memory_order_relaxed);
  }
  for (const Mac& credit : macs) {
    credit.table->refresh(credit.key, credit.port, used);
  }
}

}  // namespace weft::ofproto
