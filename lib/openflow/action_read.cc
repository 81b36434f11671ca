// Reading actions: OpenFlow 1.3.5 section 7.2.5, 1.5.1 section 7.2.6; errors as in 1.3.5 section 7.4.4.
#include <array>
#include <bit>
#include <string>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {
namespace {

constexpr uint32_t all_queues_reserved = 0xffffffff;  // OFPQ_ALL

struct Input {
  WireReader& in;
  Version version;
  ActionContext context;
};

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

Action read_output(Input& from) {
  OutputAction action;
  from.in.port32(action.port, ErrorCode::ofpbac_bad_out_port);
  from.in.u16(action.max_len);
  from.in.pad(6);
  if (!may_output_to(action.port, from.context)) {
    from.in.fail({ErrorCode::ofpbac_bad_out_port, fmt::format("output to port {}", number(action.port))});
  }
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

uint16_t read_ethertype(Input& from, std::initializer_list<uint16_t> allowed) {
  const uint16_t ethertype = from.in.u16();
  from.in.pad(2);
  if (allowed.size() != 0) {
    check_ethertype(from.in, ethertype, allowed);
  }
  return ethertype;
}

Action read_push_vlan(Input& from) { return PushVlanAction{read_ethertype(from, {0x8100, 0x88a8})}; }
Action read_push_mpls(Input& from) { return PushMplsAction{read_ethertype(from, {0x8847, 0x8848})}; }
Action read_push_pbb(Input& from) { return PushPbbAction{read_ethertype(from, {0x88e7})}; }
Action read_pop_mpls(Input& from) { return PopMplsAction{read_ethertype(from, {})}; }

template <class Empty>
Action read_empty(Input& from) {
  from.in.pad(4);
  return Empty{};
}

template <class Ttl>
Action read_ttl(Input& from) {
  const uint8_t ttl = from.in.u8();
  from.in.pad(3);
  return Ttl{ttl};
}

Action read_set_queue(Input& from) {
  const uint32_t queue_id = from.in.u32();
  if (queue_id == all_queues_reserved) {
    from.in.fail(ErrorCode::ofpbac_bad_queue);
  }
  return SetQueueAction{queue_id};
}

Action read_group(Input& from) {
  const uint32_t group_id = from.in.u32();
  if (group_id > max_group) {
    from.in.fail({ErrorCode::ofpbac_bad_out_group, fmt::format("group {:#x}", group_id)});
  }
  return GroupAction{group_id};
}

Action read_meter(Input& from) { return MeterAction{from.in.u32()}; }

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
void check_set_value(WireReader& in, const OxmEntry& entry) {
  const FieldId id = entry.field->id;
  if (id == FieldId::in_port_oxm) {  // OpenFlow 1.5.1 section 7.2.6.7: never in_port
    in.fail({ErrorCode::ofpbac_bad_set_type, "in_port"});
  } else if (!entry.field->is_writable || is_connection_field(id)) {
    in.fail({ErrorCode::ofpbac_bad_set_type, std::string(entry.field->name) + " cannot be set"});
  } else if (id == FieldId::vlan_vid && !entry.has_mask && (entry.value.lo & 0x1000) == 0) {
    in.fail({ErrorCode::ofpbac_bad_set_argument, "vlan_vid without its present bit"});
  }
}

Action read_set_field(Input& from) {
  const auto entry = read_oxm(from.in);
  if (!entry) {
    from.in.fail(set_field_error(entry.error()));
    return SetFieldAction{};
  }
  if (entry->has_mask && from.version < Version::v1_5) {
    from.in.fail({ErrorCode::ofpbac_bad_set_argument, "a masked set-field"});
  }
  check_set_value(from.in, *entry);
  if (from.in.remaining() >= 8) {
    from.in.fail(ErrorCode::ofpbac_bad_set_len);
  }
  from.in.take_rest();
  return SetFieldAction{entry->field->id, entry->value, entry->mask};
}

Action read_experimenter(Input& from) {
  const uint32_t experimenter = from.in.u32();
  if (experimenter != nicira_vendor_id) {
    from.in.fail({ErrorCode::ofpbac_bad_experimenter, fmt::format("experimenter {:#010x}", experimenter)});
    return ExitAction{};
  }
  return read_nicira_action(from.in);
}

struct ActionRow {
  uint16_t type;
  Version since;
  Action (*read)(Input&);
};

constexpr ActionRow action_rows[] = {
    {action_type::output, Version::v1_3, read_output},
    {action_type::copy_ttl_out, Version::v1_3, read_empty<CopyTtlOutAction>},
    {action_type::copy_ttl_in, Version::v1_3, read_empty<CopyTtlInAction>},
    {action_type::set_mpls_ttl, Version::v1_3, read_ttl<SetMplsTtlAction>},
    {action_type::dec_mpls_ttl, Version::v1_3, read_empty<DecMplsTtlAction>},
    {action_type::push_vlan, Version::v1_3, read_push_vlan},
    {action_type::pop_vlan, Version::v1_3, read_empty<PopVlanAction>},
    {action_type::push_mpls, Version::v1_3, read_push_mpls},
    {action_type::pop_mpls, Version::v1_3, read_pop_mpls},
    {action_type::set_queue, Version::v1_3, read_set_queue},
    {action_type::group, Version::v1_3, read_group},
    {action_type::set_nw_ttl, Version::v1_3, read_ttl<SetTtlAction>},
    {action_type::dec_nw_ttl, Version::v1_3, read_empty<DecTtlAction>},
    {action_type::set_field, Version::v1_3, read_set_field},
    {action_type::push_pbb, Version::v1_3, read_push_pbb},
    {action_type::pop_pbb, Version::v1_3, read_empty<PopPbbAction>},
    {action_type::meter, Version::v1_5, read_meter},
    {action_type_experimenter, Version::v1_3, read_experimenter},
};

const ActionRow* find_row(uint16_t type, Version version) {
  for (const ActionRow& row : action_rows) {
    if (row.type == type && row.since <= version) {
      return &row;
    }
  }
  return nullptr;
}

Result<Action, OpenFlowError> read_action(uint16_t type, std::span<const uint8_t> body, Version version,
                                          ActionContext context) {
  const ActionRow* row = find_row(type, version);
  if (row == nullptr) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbac_bad_type, fmt::format("action type {}", type)}};
  }
  WireReader in(body, ErrorCode::ofpbac_bad_len);
  Input input{in, version, context};
  Action action = row->read(input);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return action;
}

}  // namespace

Result<ActionList, OpenFlowError> read_actions(std::span<const uint8_t> bytes, Version version, ActionContext context) {
  ActionList actions;
  WireReader list(bytes, ErrorCode::ofpbac_bad_len);
  while (list.remaining() > 0) {
    const uint16_t type = list.u16();
    const uint16_t length = list.u16();
    if (length < 8 || length % 8 != 0 || size_t{length} - 4 > list.remaining()) {
      return Unexpected{OpenFlowError{ErrorCode::ofpbac_bad_len, fmt::format("action of {} bytes", length)}};
    }
    auto action = read_action(type, list.take(length - 4U), version, context);
    if (!action) {
      return Unexpected{action.error()};
    }
    actions.push_back(std::move(*action));
  }
  return actions;
}

}  // namespace weft::openflow
