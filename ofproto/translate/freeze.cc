// Stopping a translation and going on with it (frozen_state.h).
//
// Whoever has to stop says freeze(); then everybody returns, and each on the way out adds what it would have done next
// (freeze_rest), the innermost first. The branch that is left (the whole translation, a bucket, a patch port's far
// side) turns that into a state and an action: Recirculate, or a packet-in that carries the state.
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

void Translation::freeze(Freeze how, bool repeats_action) {
  freeze_ = how;
  freeze_repeats_action_ = repeats_action;
}

FrozenStep Translation::step_here() const {
  FrozenStep step;
  step.table_id = place_.table_id;
  if (place_.rule != nullptr) {
    step.rule = share_of(*place_.rule);
    step.cookie = place_.rule->cookie();
  } else {
    step.cookie = place_.cookie;
  }
  step.is_packet_out = place_.is_packet_out;
  step.is_in_action_set = place_.in_action_set;
  step.is_in_group = place_.in_group;
  step.is_pipeline = place_.resubmit_depth == 0;
  return step;
}

void Translation::freeze_rest(std::span<const openflow::Action> actions) {
  const size_t done = std::exchange(freeze_repeats_action_, false) ? 0 : 1;
  if (actions.size() > done) {
    FrozenStep step = step_here();
    step.actions.assign(actions.begin() + static_cast<ptrdiff_t>(done), actions.end());
    frozen_.steps.push_back(std::move(step));
  }
}

// What a rule's instructions say behind `apply`.
void Translation::freeze_rest(openflow::Instructions instructions) {
  instructions.apply.reset();
  instructions.meter.reset();
  if (!instructions.empty()) {
    FrozenStep step = step_here();
    step.then = std::move(instructions);
    frozen_.steps.push_back(std::move(step));
  }
}

void Translation::freeze_goto(uint8_t table_id) {
  openflow::Instructions rest;
  rest.goto_table = table_id;
  freeze_rest(std::move(rest));
  freeze(Freeze::recirculate, false);
}

void Translation::finish_freezing() {
  if (freeze_ == Freeze::no) {
    return;
  }
  const Freeze how = std::exchange(freeze_, Freeze::no);
  FrozenState state = std::exchange(frozen_, {});
  if (has_given_up_) {
    return;
  }
  // Said once more as an action: also a continuation, which a controller keeps, can hold it so.
  if (packet_.queue_id() != 0) {
    FrozenStep step;
    step.actions.emplace_back(openflow::SetQueueAction{packet_.queue_id()});
    state.steps.insert(state.steps.begin(), std::move(step));
  }
  state.bridge = place_.bridge->id;
  state.in_port = packet_.in_port();
  state.egress_port = place_.egress_port;
  state.stack = place_.stack;
  state.pipeline = MiniMatch(packet_.pipeline(looked_at_));
  packet_.commit(looked_at_, out_.actions);
  if (how == Freeze::pause) {
    pause(std::move(state));
    return;
  }
  if (const auto check = std::exchange(check_, std::nullopt)) {
    recirculate_by_size(state, *check);
    return;
  }
  recirculate(std::move(state), std::exchange(hash_, std::nullopt));
}

// Goes on with either answer; which of them a packet gets is the datapath's to say.
void Translation::recirculate_by_size(const FrozenState& state, const openflow::CheckPacketLargerAction& check) {
  const FieldValue bit = FieldValue{0, 1} << check.to.offset;
  datapath::ActionList before = std::exchange(out_.actions, {});
  const auto packet = std::make_unique<PacketState>(packet_);
  const auto answer = [&](FieldValue value) {
    set_field(field(check.to.field), value, bit);
    FrozenState answered = state;
    answered.pipeline = MiniMatch(packet_.pipeline(looked_at_));
    packet_.commit(looked_at_, out_.actions);
    recirculate(std::move(answered), std::nullopt);
    packet_ = *packet;
    auto list = std::make_shared<datapath::Clone>();
    list->actions = std::exchange(out_.actions, {});
    return list;
  };
  note("where the packet is larger");
  const auto larger = answer(bit);
  note("where it is not");
  const auto other = answer({});
  out_.actions = std::move(before);
  out_.actions.emplace_back(datapath::CheckLarger{check.size, larger, other});
}

// What goes on travels with the packet-in: no number is needed, and nothing here has to last.
void Translation::pause(FrozenState state) {
  note("the packet waits for the controller");
  paused_->paused = std::make_shared<const FrozenState>(std::move(state));
  paused_->is_tagged = packet_.has_vlan_tag(looked_at_);
  const MeterEntry* entry = find_meter(paused_->meter_id.value_or(openflow::meter_id::controller));
  out_.actions.push_back(
      datapath::Controller{std::exchange(paused_, nullptr), entry == nullptr ? nullptr : entry->meter});
}

// A trace gives no numbers.
void Translation::recirculate(FrozenState state, std::optional<datapath::Hash> hash) {
  const FrozenStatePtr interned = in_.frozen_states == nullptr ? std::make_shared<const FrozenState>(std::move(state))
                                                               : in_.frozen_states->intern(std::move(state));
  if (interned == nullptr) {
    out_.is_cacheable = false;
    give_up(DropReason::recirculation_full);
    return;
  }
  if (in_.listener != nullptr) {
    in_.listener->recirculate(interned, packet_.flow(), hash ? &*hash : nullptr);
  }
  if (hash) {
    out_.actions.emplace_back(std::move(*hash));
  }
  out_.actions.push_back(datapath::Recirculate{interned->id, interned});
}

// --- going on

void Translation::resume(const FrozenState& state) {
  place_.action_set = state.action_set;
  place_.stack = state.stack;
  place_.runs_action_set = state.runs_action_set;
  place_.egress_port = state.egress_port;
  note_action_set_output();
  hashed_group_ = state.hashed_group;
  for (size_t i = 0; i < state.steps.size() && !is_exiting_ && may_go_on(); ++i) {
    run_step(state.steps[i]);
    if (freeze_ != Freeze::no) {
      frozen_.steps.insert(frozen_.steps.end(), state.steps.begin() + static_cast<ptrdiff_t>(i) + 1, state.steps.end());
      return;
    }
  }
}

void Translation::run_step(const FrozenStep& step) {
  place_.table_id = step.table_id;
  place_.rule = step.rule.get();
  place_.cookie = step.cookie;
  place_.is_packet_out = step.is_packet_out;
  place_.in_action_set = step.is_in_action_set;
  place_.in_group = step.is_in_group;
  place_.resubmit_depth = step.is_pipeline ? 0 : 1;
  execute(step.actions);
  if (freeze_ != Freeze::no) {
    freeze_rest(step.then);
  } else if (!is_exiting_ && !step.then.empty()) {
    const std::optional<uint8_t> next = finish_rule(step.then);
    if (next && !run_table(*next, packet_.in_port())) {
      end_at_miss(step.is_pipeline);
    }
  }
  place_.in_action_set = false;
  place_.in_group = false;
  place_.resubmit_depth = 0;
}

}  // namespace weft::ofproto
