#include "ofproto/translate/translator.h"

#include <algorithm>
#include <utility>

#include "lib/openflow/port_message.h"
#include "ofproto/translate/fragment.h"
#include "ofproto/translate/layers.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

// Open vSwitch's limits.
constexpr unsigned max_depth = 64;
constexpr unsigned max_steps = max_depth * max_depth;
// In egress tables, which a flood goes through once for each port: 64 tables for each of a thousand ports.
constexpr unsigned max_egress_steps = 65536;
constexpr size_t max_actions = 16384;

template <class... Kinds>
bool is_one_of(const datapath::Action& action) {
  return (std::holds_alternative<Kinds>(action) || ...);
}

// Actions of a last branch that need no branch of their own.
constexpr size_t longest_unwrapped = 64;

bool changes_packet(const datapath::Action& action) {
  using namespace datapath;  // NOLINT(google-build-using-namespace): the actions, by their names
  return is_one_of<SetField, PushVlan, PopVlan, PushMpls, PopMpls, PushPbb, PopPbb, CopyTtlOut, CopyTtlIn, DecMplsTtl,
                   DecTtl, Truncate, ApplyMeter, Hash>(action);
}

bool delivers(const datapath::Action& action) {
  using namespace datapath;  // NOLINT(google-build-using-namespace)
  return is_one_of<Output, OutputSet, Recirculate, Controller, CheckLarger, std::shared_ptr<const Clone>>(action);
}

// What changes a packet that is not delivered afterwards changes nothing; a meter counts it all the same.
void strip_undelivered(datapath::ActionList& actions) {
  while (!actions.empty() && !delivers(actions.back()) &&
         !std::holds_alternative<datapath::ApplyMeter>(actions.back())) {
    actions.pop_back();
  }
}

bool delivers(const datapath::ActionList& actions) {
  return std::ranges::any_of(actions, [](const datapath::Action& action) { return delivers(action); });
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
    : in_(input),
      packet_(input.resumed != nullptr ? PacketState(key, input.resumed->in_port, input.resumed->pipeline)
                                       : PacketState(key, in_port, is_from_tunnel(input, in_port))) {
  out_.dependencies.ids.reserve(16);  // of most packets
  if (input.shared_bits != nullptr) {
    looked_at_.mask = Flow(*input.shared_bits);
  }
}

TranslationResult Translation::run() && {
  place_.bridge = in_.snapshot.bridges[in_.bridge_index].get();
  enter_bridge(in_.bridge_index);
  if (in_.resumed != nullptr) {
    resume(*in_.resumed);
  } else if (in_.actions != nullptr) {
    place_.is_packet_out = true;
    execute(*in_.actions);
  } else {
    run_packet();
  }
  end_pipeline();
  finish_freezing();
  leave_bridge();
  if (in_.listener != nullptr) {
    in_.listener->end(packet_.flow());
  }
  finish_actions();
  finish_dependencies();
  add_to_mask(looked_at_.mask, field(FieldId::in_port));
  out_.mask = FlowMask(looked_at_.mask);
  out_.resumed = in_.resumed;
  return std::move(out_);
}

void Translation::run_packet() {
  const PortView* port = find_port(packet_.in_port());
  if (port != nullptr && (port->config & (openflow::port_config::no_recv | openflow::port_config::down)) != 0) {
    note("port does not receive");
    note_drop(DropReason::port_down);
  } else if (port == nullptr || port->security == nullptr || !is_spoofed(*port)) {
    run_pipeline();
  }
}

// The action set is executed when nothing is left before it.
void Translation::end_pipeline() {
  if (freeze_ != Freeze::no) {
    frozen_.action_set = std::exchange(place_.action_set, {});
    frozen_.runs_action_set = place_.runs_action_set;
  } else if (place_.runs_action_set) {
    run_action_set();
  }
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
    end_at_miss(true);
  }
}

void Translation::end_at_miss(bool is_pipeline) {
  miss(is_pipeline);
  if (is_pipeline) {
    place_.action_set.clear();
  }
}

// OpenFlow 1.3.5 section 5.4: dropped. 1.0 section 3.4: sent to the controller; 1.0 knows no egress tables.
void Translation::miss(bool is_pipeline) {
  if (is_pipeline && place_.bridge->miss_to_controller && !place_.egress_port) {
    note("no match: to controllers of OpenFlow 1.0");
    return send_to_controller(openflow::PacketInReason::no_match, {}, true);
  }
  note("no match: drop");
  note_drop(DropReason::table_miss);
}

// Not inlined: as lookup().
[[gnu::noinline]] void Translation::tell_of_table() const {
  in_.listener->begin_table(place_.table_id, place_.rule, seen_by_lookups(packet_.flow(), place_.bridge->fragments));
}

bool Translation::run_table(uint8_t table_id, OfPort lookup_port) {
  if (drops_fragment()) {
    return true;
  }
  const OfPort in_port = packet_.in_port();
  packet_.set_in_port(lookup_port);
  for (std::optional<uint8_t> next = table_id; next && may_go_on();) {
    place_.table_id = *next;
    place_.rule = lookup(*next);
    if (in_.listener != nullptr) {
      tell_of_table();
    }
    packet_.set_in_port(in_port);
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
  if (instructions.meter) {
    if (in_.listener != nullptr) {
      in_.listener->action(openflow::MeterAction{*instructions.meter});
    }
    meter(*instructions.meter);
  }
  if (instructions.apply) {
    execute(*instructions.apply);
    place_.rule = &rule;
  }
  if (freeze_ != Freeze::no) {
    freeze_rest(instructions);
    return std::nullopt;
  }
  return is_exiting_ ? std::nullopt : finish_rule(instructions);
}

// All but `apply`.
std::optional<uint8_t> Translation::finish_rule(const openflow::Instructions& instructions) {
  if (in_.listener != nullptr) {
    in_.listener->instruction(instructions);
  }
  if (instructions.clear_actions) {
    clear_actions();
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
  if (!packet_.is_known_to_lookups(looked_at_)) {
    freeze_goto(*instructions.goto_table);
    return std::nullopt;
  }
  return take_step() ? instructions.goto_table : std::nullopt;
}

void Translation::resubmit(const openflow::ResubmitAction& action) {
  if (action.with_ct) {
    note("the packet is not tracked");
    return;
  }
  const uint8_t from_table = place_.table_id;
  const uint8_t table = action.table.value_or(from_table);
  const bool is_deeper = table <= from_table;
  if (!take_step() || (is_deeper && !enter_deeper())) {
    return;
  }
  const FlowRule* rule = place_.rule;
  // The port is the lookup's alone: actions see the packet's own (Open vSwitch's NXAST_RESUBMIT).
  const OfPort lookup_port = action.in_port == of_port::in_port ? packet_.in_port() : action.in_port;
  ++place_.resubmit_depth;
  if (!run_table(table, lookup_port)) {
    note_drop(DropReason::table_miss);
  }
  --place_.resubmit_depth;
  place_.table_id = from_table;
  place_.rule = rule;
  if (is_deeper) {
    leave_deeper();
  }
}

// --- actions

// What the action asks for is not known before the packet is read again.
bool Translation::must_wait(const openflow::Action& action) {
  return (looks_behind_link_layer(action) && !packet_.is_parsed(looked_at_)) ||
         (looks_at_link_layer(action) && !packet_.is_link_parsed()) ||
         (looks_up(action) && !packet_.is_known_to_lookups(looked_at_));
}

void Translation::execute(const openflow::ActionList& actions) {
  for (size_t i = 0; i < actions.size(); ++i) {
    if (is_exiting_ || !may_go_on()) {
      return;
    }
    if (must_wait(actions[i])) {
      freeze(Freeze::recirculate, true);
    } else {
      if (in_.listener != nullptr) {
        in_.listener->action(actions[i]);
      }
      execute(actions[i]);
      if (in_.listener != nullptr) {
        in_.listener->action_done(actions[i], packet_.flow());
      }
    }
    if (freeze_ != Freeze::no) {
      freeze_rest(std::span(actions).subspan(i));
      return;
    }
  }
}

// --- branches and bounds

void Translation::isolated(const std::function<void()>& branch) {
  if (packet_.has_uncommitted()) {
    packet_.commit(looked_at_, out_.actions);
  }
  const auto before = std::make_unique<PacketState>(packet_);
  datapath::ActionList outer = std::exchange(out_.actions, {});
  openflow::ActionList action_set = place_.action_set;
  std::vector<FieldValue> stack = place_.stack;
  const bool was_exiting = is_exiting_;
  branch();
  finish_freezing();
  is_exiting_ = was_exiting;
  place_.action_set = std::move(action_set);
  place_.stack = std::move(stack);
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

bool Translation::take_step() {
  const bool is_beyond = place_.egress_port ? ++egress_step_count_ >= max_egress_steps : ++step_count_ >= max_steps;
  if (is_beyond) {
    give_up(DropReason::recursion_limit);
    return false;
  }
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
  // The last branch has nothing to be kept apart from. A long one stays: others may share it (flood_lists.h), and the
  // datapath executes it a part at a time.
  while (!out_.actions.empty()) {
    const auto* clone = std::get_if<std::shared_ptr<const datapath::Clone>>(&out_.actions.back());
    if (clone == nullptr || (*clone)->actions.size() > longest_unwrapped) {
      break;
    }
    const std::shared_ptr<const datapath::Clone> last = *clone;
    out_.actions.pop_back();
    out_.actions.insert(out_.actions.end(), last->actions.begin(), last->actions.end());
  }
  if (!delivers(out_.actions)) {
    out_.actions.emplace_back(datapath::Drop{drop_reason_.value_or(DropReason::action_drop)});
  }
}

void Translation::finish_dependencies() {
  std::vector<DependencyId>& ids = out_.dependencies.ids;
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());

  const Lookup* last = nullptr;
  SeenPackets& seen = out_.dependencies.seen;
  for (const Lookup& lookup : lookups_) {
    if (last == nullptr || lookup.packet != last->packet || lookup.fragments != last->fragments) {
      Match match;
      match.mask() = lookup.packet->known(looked_at_);
      match.value() = lookup.packet->flow();
      hide_fragment(match.value(), match.mask(), lookup.fragments);
      seen.add(match);
      last = &lookup;
    }
    out_.dependencies.tables.push_back(
        {lookup.bridge, lookup.table_id, lookup.priority, static_cast<uint32_t>(seen.masks.size() - 1)});
  }
}

}  // namespace weft::ofproto
