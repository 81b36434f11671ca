#include "ofproto/upcall/upcall_handler.h"

namespace weft::ofproto {
namespace {

// A packet of a port that is being taken away.
datapath::Decision drop_once(DropReason reason) {
  datapath::Decision decision;
  decision.actions.push_back(datapath::Drop{reason});
  decision.is_cacheable = false;
  return decision;
}

}  // namespace

UpcallHandler::UpcallHandler(PublishedState& state, const Clock& clock, PacketInQueue& packet_ins, UpcallHooks hooks)
    : state_(state), clock_(clock), packet_ins_(packet_ins), hooks_(std::move(hooks)) {}

datapath::Decision UpcallHandler::translate(const FlowKey& key, const Packet& packet) {
  return packet.is_answer ? translate_answer(key) : translate(key, true);
}

datapath::Decision UpcallHandler::translate_released(const FlowKey& key, const Packet& /*packet*/) {
  return translate(key, false);
}

datapath::Decision UpcallHandler::translate(const FlowKey& key, bool may_learn) {
  const TranslateOptions options{.may_learn = may_learn};
  std::optional<Translated> translated = translate_key(state_, key, options);
  bool is_cacheable = true;
  if (translated && translated->result.effects.learns.empty() && apply(translated->result.effects)) {
    if (translated->result.effects.comes_late) {
      is_cacheable = false;
    } else {
      translated = translate_key(state_, key, options);
    }
  }
  if (!translated) {
    return drop_once(DropReason::port_gone);
  }
  if (!translated->result.effects.learns.empty()) {
    return learn_first(port_id_of(key), std::move(translated->result.effects.learns));
  }
  hooks_.made_decision();
  datapath::Decision decision = make_decision(std::move(translated->result), translated->sequence);
  decision.is_cacheable = decision.is_cacheable && is_cacheable;
  return decision;
}

// What it would teach is not applied; where there is something, later packets, which may be genuine, are to be asked.
datapath::Decision UpcallHandler::translate_answer(const FlowKey& key) {
  std::optional<Translated> translated = translate_key(state_, key, {.may_learn = false});
  if (!translated) {
    return drop_once(DropReason::port_gone);
  }
  const bool teaches = !translated->result.effects.empty();
  hooks_.made_decision();
  datapath::Decision decision = make_decision(std::move(translated->result), translated->sequence);
  decision.is_cacheable = decision.is_cacheable && !teaches;
  return decision;
}

// The packet waits until the flows that it teaches are in force. The addresses that it teaches wait with it: its second
// translation must find the table of addresses as the first did, or it would forward by what the packet says of itself.
datapath::Decision UpcallHandler::learn_first(PortId port, std::vector<LearnedFlow> flows) {
  const std::optional<uint64_t> number = hooks_.learn(port, std::move(flows));
  datapath::Decision decision = drop_once(DropReason::learn_queue_full);
  decision.held_for = number.value_or(0);
  return decision;
}

// True: the translation does not hold any more.
bool UpcallHandler::apply(const Effects& effects) {
  Touches touches;
  bool was_wrong = false;
  for (const MacLearn& learn : effects.macs) {
    const auto learned = learn.table->learn(learn.key, learn.location, clock_.coarse_now(), touches.ids);
    if (learned == MacTable::Learned::changed && learn.must_announce) {
      hooks_.address_came(learn);
    }
    // Somebody else took the last room meanwhile: the packet may have to be dropped for that.
    was_wrong = was_wrong || (learned == MacTable::Learned::refused && learn.has_room);
  }
  for (const NeighbourLearn& learn : effects.neighbours) {
    if (const auto changed = learn.table->learn(learn.key, learn.neighbour, learn.teller, clock_.coarse_now())) {
      touches.ids.push_back(*changed);
    }
  }
  if (touches.empty()) {
    return was_wrong;
  }
  state_.changes.append(std::move(touches));
  hooks_.changed();
  return true;
}

bool UpcallHandler::is_current(const datapath::Decision& decision) const {
  if (state_.changes.sequence() == decision.version) {
    return true;
  }
  const FlowRecord* record = record_of(decision);
  return record != nullptr && !state_.changes.touches_since(decision.version, record->dependencies());
}

void UpcallHandler::credit(const datapath::Decision& decision, uint64_t packet_count, uint64_t byte_count) {
  if (const FlowRecord* record = record_of(decision)) {
    record->credits().apply(packet_count, byte_count, clock_.coarse_now());
  }
}

bool UpcallHandler::punt(const datapath::PuntContext& context, const Packet& packet) {
  const auto* packet_in = dynamic_cast<const PacketInContext*>(&context);
  return packet_in != nullptr && packet_ins_.push(*packet_in, packet.bytes());
}

}  // namespace weft::ofproto
