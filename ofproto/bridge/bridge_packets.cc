// Packets between a bridge and its controllers: packet-ins that workers punted, packet-outs, paused packets that come back.
#include <algorithm>

#include "lib/flow/extract.h"
#include "lib/openflow/consistency.h"
#include "lib/openflow/continuation.h"
#include "lib/openflow/nicira_error.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/bridge/packet_out.h"
#include "ofproto/bridge/paused_packet.h"
#include "ofproto/table/abilities.h"
#include "ofproto/table/action_uses.h"
#include "ofproto/translate/translator.h"

namespace weft::ofproto {
namespace {

constexpr const char* too_short = "the packet is shorter than an Ethernet header";

// An action for a header that the packet has not (OFPBAC_MATCH_INCONSISTENT), as a flow for just this packet would be
// refused.
std::optional<openflow::OpenFlowError> find_misfit(const openflow::ActionList& actions, const FlowKey& key) {
  Match match;
  match.value() = Flow(key);
  for (unsigned i = 0; i < key_word_count; ++i) {
    match.mask().word(i) = ~uint64_t{0};
  }
  openflow::Instructions instructions;
  instructions.apply = actions;
  auto found = openflow::find_inconsistency(match, instructions, openflow::all_tables);
  return found ? std::optional(std::move(found->error)) : std::nullopt;
}

}  // namespace

void LocalBridge::deliver(PuntedPacket packet) {
  PacketInEvent event;
  const PacketInContext& context = packet.context;
  event.message.reason = context.reason;
  event.message.table_id = context.table_id;
  event.message.cookie = context.cookie;
  event.message.userdata = context.userdata;
  event.message.match = context.metadata.expand();
  event.message.total_len = static_cast<uint16_t>(std::min<size_t>(packet.frame.size(), 0xffff));
  event.message.data = std::move(packet.frame);
  if (context.paused != nullptr) {
    event.message.continuation =
        openflow::encode_continuation(continuation_of(*context.paused, datapath_id()), context.is_tagged);
  }
  event.max_len = context.max_len;
  event.controller_id = context.controller_id;
  event.is_implicit = context.is_implicit;
  tell_now([&](BridgeListener& listener) { listener.packet_in(event); });
}

Result<void, openflow::OpenFlowError> LocalBridge::check_packet_out(const openflow::PacketOut& packet_out) const {
  using enum openflow::ErrorCode;
  if (packet_out.buffer_id != openflow::no_buffer) {
    return refuse(ofpbrc_buffer_unknown, "packets are not buffered");
  }
  const OfPort in_port = packet_out.in_port;
  if (in_port != of_port::controller && in_port != of_port::any && ports_.find(in_port) == nullptr) {
    return refuse(ofpbrc_bad_port, "in_port is no port of this bridge");
  }
  if (auto unmapped = find_unmapped(options_of(packet_out.metadata), tables_->mapped_options())) {
    return Unexpected{std::move(*unmapped)};
  }
  return check_actions(packet_out.actions);
}

Result<void, openflow::OpenFlowError> LocalBridge::check_actions(const openflow::ActionList& actions) const {
  if (auto unable = find_unable(actions)) {
    return Unexpected{std::move(*unable)};
  }
  if (auto unmapped = find_unmapped(options_of(actions), tables_->mapped_options())) {
    return Unexpected{std::move(*unmapped)};
  }
  bool has_all_groups = true;
  for_each_group(actions, [&](uint32_t group_id) { has_all_groups = has_all_groups && has_group(group_id); });
  if (!has_all_groups) {
    return refuse(openflow::ErrorCode::ofpbac_bad_out_group, "no such group");
  }
  Result<void, openflow::OpenFlowError> result;
  for_each_meter(actions, [&](uint32_t meter_id, openflow::ErrorCode missing) {
    if (!tables_->meters().has(meter_id)) {
      result = refuse(missing, "no such meter");
    }
  });
  return result;
}

Result<void, openflow::OpenFlowError> LocalBridge::check_bundled(const openflow::PacketOut& packet_out) const {
  if (auto checked = check_packet_out(packet_out); !checked) {
    return checked;
  }
  const PacketPtr packet = host_.packets().copy_of(packet_out.data);
  FlowKey key;
  if (packet == nullptr || extract(*packet, key)) {
    return refuse(openflow::ErrorCode::ofpbrc_bad_packet, too_short);
  }
  if (auto misfit = find_misfit(all_actions_of(packet_out), key)) {
    return Unexpected{std::move(*misfit)};
  }
  return {};
}

Result<void, openflow::OpenFlowError> LocalBridge::packet_out(const openflow::PacketOut& packet_out, Misfits misfits) {
  if (auto checked = check_packet_out(packet_out); !checked) {
    return checked;
  }
  const openflow::ActionList actions = all_actions_of(packet_out);
  return inject(packet_out.data, packet_out.in_port, {.actions = &actions, .resumed = nullptr, .misfits = misfits});
}

Result<void, openflow::OpenFlowError> LocalBridge::inject(std::span<const uint8_t> data, OfPort in_port,
                                                          const Injected& what) {
  const PacketPtr packet = host_.packets().copy_of(data);
  FlowKey key;
  if (packet == nullptr || extract(*packet, key)) {
    return refuse(openflow::ErrorCode::ofpbrc_bad_packet, too_short);
  }
  if (what.actions != nullptr && what.misfits == Misfits::refused) {
    if (auto misfit = find_misfit(*what.actions, key)) {
      return Unexpected{std::move(*misfit)};
    }
  }
  const BridgePort* port = ports_.find(in_port);
  uint64_t sequence = host_.state().changes.sequence();
  const Snapshot& snapshot = *host_.state().snapshot.load();
  const auto index = std::ranges::find(snapshot.bridges, id_, [](const auto& view) { return view->id; });
  TranslationInput input{snapshot,
                         static_cast<size_t>(index - snapshot.bridges.begin()),
                         host_.state().version.current(),
                         nullptr,
                         what.actions,
                         nullptr,
                         what.resumed,
                         &host_.state().frozen};
  TranslationResult result = translate(input, in_port, key);
  if (!result.effects.learns.empty()) {
    if (!what.is_its_turn && !may_change()) {
      inject_in_turn(data, in_port, what);
      return {};
    }
    std::ranges::for_each(result.effects.learns, [&](const LearnedFlow& learned) { host_.learn(learned); });
    sequence = host_.state().changes.sequence();
    input.version = host_.state().version.current();
    input.may_learn = false;
    result = translate(input, in_port, key);
  }
  host_.upcalls().apply(result.effects);
  datapath::Decision decision = make_decision(std::move(result), sequence);
  decision.is_cacheable = false;
  host_.revalidator().made_decision();  // a barrier waits until it has left
  host_.datapath().execute(data, port == nullptr ? port_id::none : port->port_id, std::move(decision));
  return {};
}

// A packet that teaches flows while somebody else changes tables.
void LocalBridge::inject_in_turn(std::span<const uint8_t> data, OfPort in_port, const Injected& what) {
  in_turn([this, frame = std::vector(data.begin(), data.end()), in_port, resumed = what.resumed,
           actions = what.actions != nullptr ? std::optional(*what.actions) : std::nullopt] {
    const Injected again{.actions = actions ? &*actions : nullptr, .resumed = resumed, .is_its_turn = true};
    static_cast<void>(inject(frame, in_port, again));
  });
}

Result<void, openflow::OpenFlowError> LocalBridge::resume(const openflow::PacketIn& packet_in) {
  const auto continuation = openflow::decode_continuation(packet_in.continuation);
  if (!continuation) {
    return Unexpected{continuation.error()};
  }
  if (continuation->datapath_id != datapath_id()) {
    return Unexpected{nicira_error(openflow::NiciraError::resume_stale, "a continuation of another bridge")};
  }
  for (const openflow::ActionList* actions : actions_of(*continuation)) {
    if (auto checked = check_actions(*actions); !checked) {
      return checked;
    }
  }
  const auto state = frozen_state(*continuation, packet_in.match, id_);
  return inject(packet_in.data, state->in_port, {.actions = nullptr, .resumed = state});
}

}  // namespace weft::ofproto
