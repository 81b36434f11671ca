// OpenFlow 1.0's own actions: 1.0.1 section 5.2.4.
#include "lib/openflow/action_10.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/openflow/action_body.h"

namespace weft::openflow {
namespace {

constexpr uint16_t max_vid = 0xfff;
constexpr uint8_t max_pcp = 7;
constexpr uint8_t ecn_bits = 3;
constexpr unsigned dscp_shift = 2;

Action read_set_address(ActionBody& from, FieldId id) {
  uint64_t address = 0;
  for (unsigned i = 0; i < 6; ++i) {
    address = address << 8 | from.in.u8();
  }
  from.in.pad(6);
  return set_whole(id, address);
}

Action read_set_port(ActionBody& from, FieldId id) {
  const uint16_t port = from.in.u16();
  from.in.pad(2);
  return set_whole(id, port);
}

// The number is not that of the field but of the action that writes it: tp_src is TCP's, UDP's and SCTP's.
struct OwnAction {
  FieldId field;
  uint16_t type;
  uint8_t size;  // of the value
  uint8_t padding;
  uint8_t shift = 0;  // of the field's value in the action's
};
constexpr OwnAction own_actions[] = {
    {FieldId::eth_src, action_type_10::set_dl_src, 6, 6},
    {FieldId::eth_dst, action_type_10::set_dl_dst, 6, 6},
    {FieldId::ipv4_src, action_type_10::set_nw_src, 4, 0},
    {FieldId::ipv4_dst, action_type_10::set_nw_dst, 4, 0},
    {FieldId::nw_tos, action_type_10::set_nw_tos, 1, 3},
    {FieldId::ip_dscp, action_type_10::set_nw_tos, 1, 3, dscp_shift},
    {FieldId::tcp_src, action_type_10::set_tp_src, 2, 2},
    {FieldId::tcp_dst, action_type_10::set_tp_dst, 2, 2},
    {FieldId::udp_src, action_type_10::set_tp_src, 2, 2},
    {FieldId::udp_dst, action_type_10::set_tp_dst, 2, 2},
    {FieldId::sctp_src, action_type_10::set_tp_src, 2, 2},
    {FieldId::sctp_dst, action_type_10::set_tp_dst, 2, 2},
    {FieldId::dl_vlan, action_type_10::set_vlan_vid, 2, 2},
    {FieldId::dl_vlan_pcp, action_type_10::set_vlan_pcp, 1, 3},
    {FieldId::vlan_pcp, action_type_10::set_vlan_pcp, 1, 3},
};

void write_own(WireWriter& out, uint16_t type, uint64_t value, unsigned size, unsigned padding) {
  out.u16(type);
  out.u16(4 + size + padding);
  for (unsigned i = size; i-- > 0;) {
    out.u8(value >> (8 * i));
  }
  out.pad(padding);
}

constexpr std::array tp_src_fields{FieldId::tcp_src, FieldId::udp_src, FieldId::sctp_src};
constexpr std::array tp_dst_fields{FieldId::tcp_dst, FieldId::udp_dst, FieldId::sctp_dst};

// The protocol that the match is about, as an index into the two above.
std::optional<size_t> transport_of(const Match& match) {
  constexpr std::array prerequisites{Prerequisite::tcp, Prerequisite::udp, Prerequisite::sctp};
  const auto found =
      std::ranges::find_if(prerequisites, [&](Prerequisite one) { return match.meets_prerequisite(one); });
  return found == prerequisites.end() ? std::nullopt : std::optional<size_t>(found - prerequisites.begin());
}

// What set_tp_src was read as.
bool is_generic_port(const Action& action) {
  const auto* set = std::get_if<SetFieldAction>(&action);
  return set != nullptr && set->is_mod && (set->field == FieldId::tcp_src || set->field == FieldId::tcp_dst);
}

}  // namespace

Action read_output_10(ActionBody& from) {
  OutputAction action;
  from.in.u16(action.port);
  from.in.u16(action.max_len);
  check_output_port(from, action.port);
  return action;
}

Action read_set_vlan_vid_10(ActionBody& from) {
  const uint16_t vid = from.in.u16();
  from.in.pad(2);
  if (vid > max_vid) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("VLAN id {}", vid)});
  }
  return SetVlanVidAction{vid};
}

Action read_set_vlan_pcp_10(ActionBody& from) {
  const uint8_t pcp = from.in.u8();
  from.in.pad(3);
  if (pcp > max_pcp) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("VLAN priority {}", pcp)});
  }
  return SetVlanPcpAction{pcp};
}

Action read_set_dl_src_10(ActionBody& from) { return read_set_address(from, FieldId::eth_src); }
Action read_set_dl_dst_10(ActionBody& from) { return read_set_address(from, FieldId::eth_dst); }
Action read_set_nw_src_10(ActionBody& from) { return set_whole(FieldId::ipv4_src, from.in.u32()); }
Action read_set_nw_dst_10(ActionBody& from) { return set_whole(FieldId::ipv4_dst, from.in.u32()); }
Action read_set_tp_src_10(ActionBody& from) { return read_set_port(from, FieldId::tcp_src); }
Action read_set_tp_dst_10(ActionBody& from) { return read_set_port(from, FieldId::tcp_dst); }

Action read_set_nw_tos_10(ActionBody& from) {
  const uint8_t tos = from.in.u8();
  from.in.pad(3);
  if ((tos & ecn_bits) != 0) {
    from.in.fail({ErrorCode::ofpbac_bad_argument, "set_nw_tos with the ECN bits"});
  }
  return set_whole(FieldId::ip_dscp, tos >> dscp_shift);
}

Action read_enqueue_10(ActionBody& from) {
  EnqueueAction action;
  from.in.u16(action.port);
  from.in.pad(6);
  from.in.u32(action.queue_id);
  if (!is_ordinary(action.port) && action.port != of_port::in_port && action.port != of_port::local) {
    from.in.fail({ErrorCode::ofpbac_bad_out_port, fmt::format("enqueue to port {}", number(action.port))});
  }
  return action;
}

void write_output_10(WireWriter& out, const OutputAction& action) {
  out.u16(action_type_10::output);
  out.u16(8);
  out.u16(action.port);
  out.u16(action.max_len);
}

void write_enqueue_10(WireWriter& out, const EnqueueAction& action) {
  out.u16(action_type_10::enqueue);
  out.u16(16);
  out.u16(action.port);
  out.pad(6);
  out.u32(action.queue_id);
}

void write_set_vlan_vid_10(WireWriter& out, uint16_t vid) {
  write_own(out, action_type_10::set_vlan_vid, vid & max_vid, 2, 2);
}
void write_set_vlan_pcp_10(WireWriter& out, uint8_t pcp) { write_own(out, action_type_10::set_vlan_pcp, pcp, 1, 3); }
void write_strip_vlan_10(WireWriter& out) { write_own(out, action_type_10::strip_vlan, 0, 0, 4); }

bool write_set_field_10(WireWriter& out, const SetFieldAction& action) {
  if (action.is_load || action.mask != all_bits(field(action.field))) {
    return false;
  }
  if (action.field == FieldId::vlan_vid) {
    write_set_vlan_vid_10(out, static_cast<uint16_t>(action.value.lo));
    return true;
  }
  const auto* own = std::ranges::find(own_actions, action.field, &OwnAction::field);
  const bool is_sctp = action.field == FieldId::sctp_src || action.field == FieldId::sctp_dst;
  if (own == std::end(own_actions) || (is_sctp && !action.is_mod)) {  // 1.0 itself knows no SCTP
    return false;
  }
  write_own(out, own->type, action.value.lo << own->shift, own->size, own->padding);
  return true;
}

void resolve_transport_ports(ActionList& actions, const Match& match) {
  if (std::ranges::none_of(actions, is_generic_port)) {
    return;
  }
  const auto transport = transport_of(match);
  ActionList resolved;
  for (Action& action : actions) {
    if (!is_generic_port(action)) {
      resolved.push_back(std::move(action));
      continue;
    }
    auto& set = std::get<SetFieldAction>(action);
    const auto& fields = set.field == FieldId::tcp_src ? tp_src_fields : tp_dst_fields;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (transport.value_or(i) == i) {
        set.field = fields[i];
        resolved.emplace_back(set);
      }
    }
  }
  actions = std::move(resolved);
}

bool repeats_transport_port(const Action& earlier, const Action& later) {
  const auto* first = std::get_if<SetFieldAction>(&earlier);
  const auto* second = std::get_if<SetFieldAction>(&later);
  if (first == nullptr || second == nullptr || !first->is_mod || !second->is_mod || first->value != second->value) {
    return false;
  }
  const auto both_in = [&](const auto& fields) {
    return std::ranges::count(fields, first->field) + std::ranges::count(fields, second->field) == 2 &&
           first->field < second->field;
  };
  return both_in(tp_src_fields) || both_in(tp_dst_fields);
}

}  // namespace weft::openflow
