// One action after the other, and the action set.
#include <algorithm>

#include "lib/packet/ethernet.h"
#include "ofproto/table/action_uses.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// Places in the order of execution of an action set (OpenFlow 1.3.5 section 5.10).
unsigned action_set_order(const openflow::Action& action) {
  return std::visit(
      Overloaded{
          [](const openflow::CopyTtlInAction&) { return 1U; },    [](const openflow::PopVlanAction&) { return 2U; },
          [](const openflow::PopMplsAction&) { return 2U; },      [](const openflow::PopPbbAction&) { return 2U; },
          [](const openflow::PushMplsAction&) { return 3U; },     [](const openflow::PushPbbAction&) { return 4U; },
          [](const openflow::PushVlanAction&) { return 5U; },     [](const openflow::CopyTtlOutAction&) { return 6U; },
          [](const openflow::DecTtlAction&) { return 7U; },       [](const openflow::DecMplsTtlAction&) { return 7U; },
          [](const openflow::SetQueueAction&) { return 9U; },     [](const openflow::MeterAction&) { return 9U; },
          [](const openflow::GroupAction&) { return 10U; },       [](const openflow::OutputAction&) { return 11U; },
          [](const openflow::EnqueueAction&) { return 11U; },     [](const openflow::OutputRegAction&) { return 11U; },
          [](const openflow::OutputTruncAction&) { return 11U; }, [](const openflow::ControllerAction&) { return 11U; },
          [](const openflow::ResubmitAction&) { return 11U; },    [](const auto&) { return 8U; },
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

}  // namespace

void Translation::execute(const openflow::Action& action) {
  using namespace openflow;
  const auto set = [&](FieldId id, uint64_t value) {
    packet_.set_field(field(id), FieldValue{0, value}, all_bits(field(id)), looked_at_);
  };
  std::visit(Overloaded{
                 [&](const OutputAction& a) { output(a); },
                 [&](const SetFieldAction& a) { set_field(field(a.field), a.value, a.mask); },
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
                 [&](const SetTtlAction& a) { set(FieldId::nw_ttl, a.ttl); },
                 [&](const DecTtlAction& a) { decrement_ttl(a); },
                 [&](const SetMplsTtlAction& a) { set(FieldId::mpls_ttl, a.ttl); },
                 [&](const DecMplsTtlAction&) { decrement_mpls_ttl(); },
                 [&](const SetQueueAction& a) { packet_.set_queue_id(a.queue_id); },
                 [&](const PopQueueAction&) { packet_.set_queue_id(0); },
                 [&](const GroupAction& a) { group(a.group_id); },
                 [&](const ResubmitAction& a) { resubmit(a); },
                 [&](const ControllerAction& a) { send_to_controller(a.reason, a); },
                 [&](const NoteAction&) {},
                 [&](const ExitAction&) { is_exiting_ = true; },
                 [&](const EnqueueAction& a) { enqueue(a); },
                 [&](const WriteMetadataAction& a) {
                   packet_.set_field(field(FieldId::metadata), {0, a.value}, {0, a.mask}, looked_at_);
                 },
                 [&](const StackPushAction& a) { push_stack(a); },
                 [&](const StackPopAction& a) { pop_stack(a); },
                 [&](const DeleteFieldAction& a) { packet_.delete_option(field(a.field)); },
                 [&](const OutputRegAction& a) { output_register(a); },
                 [&](const MultipathAction& a) { multipath(a); },
                 [&](const BundleAction& a) { bundle(a); },
                 [&](const CloneAction& a) { clone(a); },
                 [&](const FinTimeoutAction& a) { fin_timeout(a); },
                 [&](const LearnAction& a) { learn(a); },
                 [&](const SampleAction&) { note("no collector is configured"); },
                 // A packet is tracked nowhere yet, so there is nothing to forget.
                 [&](const CtAction&) { give_up(DropReason::connection_tracking); },
                 [&](const NatAction&) { give_up(DropReason::connection_tracking); },
                 [&](const CtClearAction&) {},
                 [&](const PushPbbAction& a) { packet_.push_pbb(a.ethertype, looked_at_, out_.actions); },
                 [&](const PopPbbAction&) { packet_.pop_pbb(looked_at_, out_.actions); },
                 [&](const CopyTtlInAction&) { packet_.copy_ttl_in(looked_at_, out_.actions); },
                 [&](const CopyTtlOutAction&) { packet_.copy_ttl_out(looked_at_, out_.actions); },
                 [&](const MeterAction& a) { meter(a.meter_id); },
                 [&](const OutputTruncAction& a) { output_cut_off(a); },
                 [&](const CheckPacketLargerAction& a) {
                   check_ = a;
                   freeze(Freeze::recirculate, false);
                 },
                 [&](const ConjunctionAction&) {},
             },
             action);
}

void Translation::set_field(const Field& to, FieldValue value, FieldValue mask) {
  if (!PacketState::reshapes(to.id)) {
    packet_.set_field(to, value, mask, looked_at_);
    return;
  }
  if (mask != all_bits(to)) {
    value = (packet_.read(to.id, looked_at_) & ~mask) | (value & mask);
  }
  packet_.reshape(to, value, looked_at_, out_.actions);
}

void Translation::move_bits(const openflow::MoveAction& action) {
  if (packet_.has_header_of(field(action.from.field), looked_at_)) {
    write(action.to, read(action.from));
  }
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
  if (packet_.decrement_mpls_ttl(looked_at_, out_.actions)) {
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
    if (place_.egress_port && chooses_output(action)) {
      note("the packet has its output port already");
      continue;
    }
    std::erase_if(place_.action_set, [&](const openflow::Action& earlier) { return replaces(action, earlier); });
    place_.action_set.push_back(action);
  }
  note_action_set_output();
}

void Translation::clear_actions() {
  place_.action_set.clear();
  note_action_set_output();
}

// A group takes the output's place (OpenFlow 1.5.1 section 7.2.3.11).
void Translation::note_action_set_output() {
  OfPort port = of_port::unset;
  for (const openflow::Action& action : place_.action_set) {
    if (std::holds_alternative<openflow::GroupAction>(action)) {
      port = of_port::unset;
      break;
    }
    if (const auto* output = std::get_if<openflow::OutputAction>(&action)) {
      port = output->port;
    }
  }
  packet_.set_action_set_output(port);
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

}  // namespace weft::ofproto
