// Reading actions: OpenFlow 1.3.5 section 7.2.5, 1.5.1 section 7.2.6; errors as in 1.3.5 section 7.4.4.
#include <string>

#include <fmt/format.h>

#include "lib/openflow/action_body.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {
namespace {

constexpr uint32_t all_queues_reserved = 0xffffffff;  // OFPQ_ALL
constexpr uint16_t onf_copy_field = 3200;             // EXT-320: 1.5's copy-field for 1.3

bool may_output_to(OfPort port, ActionContext context) {
  if (is_ordinary(port)) {
    return true;
  }
  switch (number(port)) {
    case number(of_port::in_port):
    case number(of_port::normal):
    case number(of_port::flood):
    case number(of_port::all):
    case number(of_port::controller):
    case number(of_port::local):
      return true;
    case number(of_port::table):
      return context == ActionContext::packet_out;
    default:
      return false;
  }
}

Action read_output(ActionBody& from) {
  OutputAction action;
  from.in.port32(action.port, ErrorCode::ofpbac_bad_out_port);
  from.in.u16(action.max_len);
  from.in.pad(6);
  check_output_port(from, action.port);
  return action;
}

void check_ethertype(WireReader& in, uint16_t ethertype, std::initializer_list<uint16_t> allowed) {
  for (const uint16_t one : allowed) {
    if (ethertype == one) {
      return;
    }
  }
  in.fail({ErrorCode::ofpbac_bad_argument, fmt::format("ethertype {:#06x}", ethertype)});
}

template <class A, uint16_t... allowed>
Action read_tag(ActionBody& from) {
  const uint16_t ethertype = read_ethertype(from, {allowed...});
  from.in.pad(2);
  return A{ethertype};
}

template <class Empty>
Action read_empty(ActionBody& from) {
  from.in.pad(4);
  return Empty{};
}

Action read_strip_vlan(ActionBody& from) {
  from.in.pad(4);
  return PopVlanAction{true};
}

template <class Ttl>
Action read_ttl(ActionBody& from) {
  const uint8_t ttl = from.in.u8();
  from.in.pad(3);
  return Ttl{ttl};
}

Action read_set_queue(ActionBody& from) {
  const uint32_t queue_id = from.in.u32();
  if (queue_id == all_queues_reserved) {
    from.in.fail(ErrorCode::ofpbac_bad_queue);
  }
  return SetQueueAction{queue_id};
}

Action read_group(ActionBody& from) {
  const uint32_t group_id = from.in.u32();
  if (group_id > max_group) {
    from.in.fail({ErrorCode::ofpbac_bad_out_group, fmt::format("group {:#x}", group_id)});
  }
  return GroupAction{group_id};
}

Action read_meter(ActionBody& from) { return MeterAction{from.in.u32()}; }

ErrorCode set_field_error(OxmFault fault) {
  switch (fault) {
    case OxmFault::cut_short:
    case OxmFault::bad_length:
      return ErrorCode::ofpbac_bad_set_len;
    case OxmFault::unknown_field:
      return ErrorCode::ofpbac_bad_set_type;
    case OxmFault::bad_mask:
      return ErrorCode::ofpbac_bad_set_mask;
    case OxmFault::bad_value:
    case OxmFault::value_outside_mask:
      return ErrorCode::ofpbac_bad_set_argument;
  }
  return ErrorCode::ofpbac_bad_set_type;
}

// A value that a packet can really be given: "no tag" cannot be set, only popped.
void check_set_value(ActionBody& from, const OxmEntry& entry) {
  const FieldId id = entry.field->id;
  if (id == FieldId::in_port_oxm) {  // OpenFlow 1.5.1 section 7.2.6.7: never in_port
    from.in.fail({ErrorCode::ofpbac_bad_set_type, "in_port"});
  } else if (!entry.field->is_writable) {
    from.in.fail({ErrorCode::ofpbac_bad_set_type, std::string(entry.field->name) + " cannot be set"});
  } else if (id == FieldId::vlan_vid && !entry.has_mask && (entry.value.lo & 0x1000) == 0) {
    from.in.fail({ErrorCode::ofpbac_bad_set_argument, "vlan_vid without its present bit"});
  }
}

Action read_set_field(ActionBody& from) {
  const auto entry = read_oxm(from.in, true);
  if (!entry) {
    from.in.fail(set_field_error(entry.error()));
    return SetFieldAction{};
  }
  if (entry->has_mask && from.version < Version::v1_5) {
    from.in.fail({ErrorCode::ofpbac_bad_set_argument, "a masked set-field"});
  }
  check_set_value(from, *entry);
  if (from.in.remaining() >= 8) {
    from.in.fail(ErrorCode::ofpbac_bad_set_len);
  }
  // Open vSwitch insists on zeros here.
  if (std::ranges::any_of(from.in.take_rest(), [](uint8_t byte) { return byte != 0; })) {
    from.in.fail({ErrorCode::ofpbac_bad_set_argument, "padding that is not zero"});
  }
  // In text a field that is not masked in a match is written in part by "load" only.
  const bool is_part = !entry->field->is_maskable() && entry->mask != all_bits(*entry->field);
  return SetFieldAction{.field = entry->field->id, .value = entry->value, .mask = entry->mask, .is_load = is_part};
}

Action read_copy_field_15(ActionBody& from) { return read_copy_field(from); }

Action read_onf_action(ActionBody& from) {
  const uint16_t type = from.in.u16();
  if (type != onf_copy_field || from.version >= Version::v1_5) {
    from.in.fail({ErrorCode::ofpbac_bad_exp_type, fmt::format("ONF action {}", type)});
    return ExitAction{};
  }
  from.in.pad(2);
  return read_copy_field(from);
}

Action read_experimenter(ActionBody& from) {
  const uint32_t experimenter = from.in.u32();
  if (experimenter == nicira_vendor_id) {
    return read_nicira_action(from);
  }
  if (experimenter == onf_experimenter && from.version >= Version::v1_3) {
    return read_onf_action(from);
  }
  from.in.fail({ErrorCode::ofpbac_bad_experimenter, fmt::format("experimenter {:#010x}", experimenter)});
  return ExitAction{};
}

struct ActionRow {
  uint16_t type;
  Version since;
  Version until;
  Action (*read)(ActionBody&);
};

constexpr Version first = Version::v1_0;
constexpr Version last = Version::v1_5;

constexpr ActionRow action_rows[] = {
    {action_type_10::output, first, first, read_output_10},
    {action_type_10::set_vlan_vid, first, first, read_set_vlan_vid_10},
    {action_type_10::set_vlan_pcp, first, first, read_set_vlan_pcp_10},
    {action_type_10::strip_vlan, first, first, read_strip_vlan},
    {action_type_10::set_dl_src, first, first, read_set_dl_src_10},
    {action_type_10::set_dl_dst, first, first, read_set_dl_dst_10},
    {action_type_10::set_nw_src, first, first, read_set_nw_src_10},
    {action_type_10::set_nw_dst, first, first, read_set_nw_dst_10},
    {action_type_10::set_nw_tos, first, first, read_set_nw_tos_10},
    {action_type_10::set_tp_src, first, first, read_set_tp_src_10},
    {action_type_10::set_tp_dst, first, first, read_set_tp_dst_10},
    {action_type_10::enqueue, first, first, read_enqueue_10},
    {action_type::output, Version::v1_3, last, read_output},
    {action_type::copy_ttl_out, Version::v1_3, last, read_empty<CopyTtlOutAction>},
    {action_type::copy_ttl_in, Version::v1_3, last, read_empty<CopyTtlInAction>},
    {action_type::set_mpls_ttl, Version::v1_3, last, read_ttl<SetMplsTtlAction>},
    {action_type::dec_mpls_ttl, Version::v1_3, last, read_empty<DecMplsTtlAction>},
    {action_type::push_vlan, Version::v1_3, last, read_tag<PushVlanAction, 0x8100, 0x88a8>},
    {action_type::pop_vlan, Version::v1_3, last, read_empty<PopVlanAction>},
    {action_type::push_mpls, Version::v1_3, last, read_tag<PushMplsAction, 0x8847, 0x8848>},
    {action_type::pop_mpls, Version::v1_3, last, read_tag<PopMplsAction>},
    {action_type::set_queue, Version::v1_3, last, read_set_queue},
    {action_type::group, Version::v1_3, last, read_group},
    {action_type::set_nw_ttl, Version::v1_3, last, read_ttl<SetTtlAction>},
    {action_type::dec_nw_ttl, Version::v1_3, last, read_empty<DecTtlAction>},
    {action_type::set_field, Version::v1_3, last, read_set_field},
    {action_type::push_pbb, Version::v1_3, last, read_tag<PushPbbAction, 0x88e7>},
    {action_type::pop_pbb, Version::v1_3, last, read_empty<PopPbbAction>},
    {action_type::copy_field, Version::v1_5, last, read_copy_field_15},
    {action_type::meter, Version::v1_5, last, read_meter},
    {action_type_experimenter, first, last, read_experimenter},
};

const ActionRow* find_row(uint16_t type, Version version) {
  for (const ActionRow& row : action_rows) {
    if (row.type == type && row.since <= version && version <= row.until) {
      return &row;
    }
  }
  return nullptr;
}

Result<Action, OpenFlowError> read_action(uint16_t type, std::span<const uint8_t> bytes, Version version,
                                          ActionContext context, unsigned depth) {
  const ActionRow* row = find_row(type, version);
  if (row == nullptr) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbac_bad_type, fmt::format("action type {}", type)}};
  }
  WireReader in(bytes, ErrorCode::ofpbac_bad_len);
  ActionBody body{in, version, context, depth};
  Action action = row->read(body);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return action;
}

}  // namespace

void check_output_port(ActionBody& from, OfPort port) {
  if (!may_output_to(port, from.context)) {
    from.in.fail({ErrorCode::ofpbac_bad_out_port, fmt::format("output to port {}", number(port))});
  }
}

void check_writable(ActionBody& from, const Field& field) {
  if (!field.is_writable) {
    from.in.fail({ErrorCode::ofpbac_bad_set_argument, std::string(field.name) + " cannot be set"});
  }
}

void check_bits(WireReader& in, const Field& field, unsigned offset, unsigned bit_count) {
  if (bit_count == 0 || offset + bit_count > field.n_bits) {
    in.fail({ErrorCode::ofpbac_bad_set_len, fmt::format("{} bits from {} of {}", bit_count, offset, field.name)});
  }
}

void check_target(ActionBody& from, const SubField& to) {
  check_bits(from.in, field(to.field), to.offset, to.bit_count);
  check_writable(from, field(to.field));
}

uint16_t read_ethertype(ActionBody& from, std::initializer_list<uint16_t> allowed) {
  const uint16_t ethertype = from.in.u16();
  if (allowed.size() != 0) {
    check_ethertype(from.in, ethertype, allowed);
  }
  return ethertype;
}

Action set_whole(FieldId id, uint64_t value) {
  return SetFieldAction{.field = id, .value = {0, value}, .mask = all_bits(field(id)), .is_mod = true};
}

void skip_padding(WireReader& in) {
  if (in.remaining() < 8) {
    in.take_rest();
  }
}

Result<ActionList, OpenFlowError> read_actions(std::span<const uint8_t> bytes, Version version, ActionContext context,
                                               unsigned depth) {
  if (depth > max_action_depth) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbac_too_many, "too many actions inside actions"}};
  }
  ActionList actions;
  WireReader list(bytes, ErrorCode::ofpbac_bad_len);
  while (list.remaining() > 0) {
    const uint16_t type = list.u16();
    const uint16_t length = list.u16();
    if (length < 8 || length % 8 != 0 || size_t{length} - 4 > list.remaining()) {
      return Unexpected{OpenFlowError{ErrorCode::ofpbac_bad_len, fmt::format("action of {} bytes", length)}};
    }
    auto action = read_action(type, list.take(length - 4U), version, context, depth);
    if (!action) {
      return Unexpected{action.error()};
    }
    actions.push_back(std::move(*action));
  }
  if (auto misplaced = find_misplaced(actions, context)) {
    return Unexpected{std::move(misplaced->error)};
  }
  return actions;
}

}  // namespace weft::openflow
