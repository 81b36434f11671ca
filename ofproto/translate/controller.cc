#include "ofproto/translate/controller.h"

#include <fmt/format.h>

#include "lib/openflow/port_message.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

const char* name_of(openflow::PacketInReason reason) {
  switch (reason) {
    case openflow::PacketInReason::no_match:
      return "no_match";
    case openflow::PacketInReason::action:
      return "action";
    case openflow::PacketInReason::invalid_ttl:
      return "invalid_ttl";
    case openflow::PacketInReason::action_set:
      return "action_set";
    case openflow::PacketInReason::group:
      return "group";
    case openflow::PacketInReason::packet_out:
      return "packet_out";
  }
  return "unknown";
}

constexpr FieldId told_fields[] = {FieldId::tun_id,       FieldId::tun_src,      FieldId::tun_dst,
                                   FieldId::tun_ipv6_src, FieldId::tun_ipv6_dst, FieldId::metadata};
constexpr unsigned register_count = 16;

}  // namespace

std::string PacketInContext::describe() const {
  std::string text = fmt::format("controller(reason={},max_len={},table={}", name_of(reason), max_len, table_id);
  if (controller_id != 0) {
    text += fmt::format(",id={}", controller_id);
  }
  if (is_implicit) {
    text += ",implicit";
  }
  if (meter_id) {
    text += fmt::format(",meter_id={}", *meter_id);
  }
  if (cookie != ~uint64_t{0}) {
    text += fmt::format(",cookie={:#x}", cookie);
  }
  if (paused != nullptr) {
    text += ",pause";
  }
  return text + ")";
}

openflow::PacketInReason Translation::controller_reason() const {
  using enum openflow::PacketInReason;
  if (place_.in_group) {
    return group;
  }
  if (place_.in_action_set) {
    return action_set;
  }
  if (place_.is_packet_out) {
    return packet_out;
  }
  return place_.rule != nullptr && place_.rule->is_table_miss() ? no_match : action;
}

// Pipeline fields as they are now. Those that came with the packet are looked at: the message says them.
Match Translation::packet_in_match() {
  Match match;
  match.set(FieldId::in_port, number(packet_.in_port()));
  const auto tell = [&](FieldId id) {
    const FieldValue value = packet_.read(id, looked_at_);
    if (!value.is_zero()) {
      match.set(field(id), value);
    }
  };
  for (const FieldId id : told_fields) {
    tell(id);
  }
  packet_.look_at_options(place_.bridge->tunnel_options, looked_at_);
  for (unsigned n = 0; n < TunnelOptions::field_count; ++n) {
    if (is_there(packet_.flow(), field(FieldId::tun_metadata0 + n))) {
      match.set(FieldId::tun_metadata0 + n, packet_.read(FieldId::tun_metadata0 + n, looked_at_).lo);
    }
  }
  for (unsigned i = 0; i < register_count; ++i) {
    tell(FieldId::reg0 + i);
  }
  if (place_.egress_port) {
    tell(FieldId::actset_output);
  }
  return match;
}

void Translation::send_to_controller(openflow::PacketInReason reason, const openflow::ControllerAction& action,
                                     bool is_implicit) {
  const PortView* in_port = find_port(packet_.in_port());
  if (reason == openflow::PacketInReason::no_match && in_port != nullptr &&
      (in_port->config & openflow::port_config::no_packet_in) != 0) {
    note("no packet-in for packets of this port");
    return;
  }
  auto context = std::make_shared<PacketInContext>();
  context->bridge = place_.bridge->id;
  context->in_port = packet_.in_port();
  context->is_implicit = is_implicit;
  context->reason = reason;
  context->table_id = place_.table_id;
  context->cookie = place_.rule == nullptr ? place_.cookie : place_.rule->cookie();
  context->max_len = action.max_len;
  context->controller_id = action.controller_id;
  context->userdata = action.userdata;
  context->meter_id = action.meter_id;
  context->metadata = MiniMatch(packet_in_match());
  if (action.pause) {
    paused_ = std::move(context);
    freeze(Freeze::pause, false);
    return;
  }
  packet_.commit(looked_at_, out_.actions);
  const MeterEntry* entry = find_meter(action.meter_id.value_or(openflow::meter_id::controller));
  out_.actions.push_back(datapath::Controller{std::move(context), entry == nullptr ? nullptr : entry->meter});
}

}  // namespace weft::ofproto
