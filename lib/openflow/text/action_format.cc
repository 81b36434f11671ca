// Actions and instructions as ovs-ofctl prints them.
#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/action_codec.h"
#include "lib/openflow/text/action_format.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/packet_text.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

std::string dotted_hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : ".", byte);
  }
  return text;
}

// vlan_vid is a hexadecimal field in a match, but a decimal one behind set_field.
std::string set_value(const SetFieldAction& action, const PortNames* ports) {
  const Field& f = field(action.field);
  if (f.id == FieldId::vlan_vid && action.mask == all_bits(f)) {
    return std::to_string(action.value.lo);
  }
  return format_value(f, MaskedValue{action.value, action.mask}, ports);
}

// One run of bits at a time: what reg_load can say.
std::string format_load(const SetFieldAction& action) {
  const Field& f = field(action.field);
  std::string text;
  for (const BitRun run : runs_of(action.mask, f.n_bits)) {
    const SubField target{f.id, static_cast<uint16_t>(run.offset), static_cast<uint16_t>(run.count)};
    text += fmt::format("{}load:{}->{}", text.empty() ? "" : ",", format_hex(bits_at(action.value, run)),
                        format_sub_field(target));
  }
  return text;
}

// By the action that 1.0 or Nicira's extensions have for the field. Empty: there is none.
std::string format_mod(const SetFieldAction& action, const PortNames* ports) {
  const auto mod = [&](std::string_view name) {
    return fmt::format("{}:{}", name, format_value(field(action.field), action.value, ports));
  };
  switch (action.field) {
    case FieldId::eth_src:
      return mod("mod_dl_src");
    case FieldId::eth_dst:
      return mod("mod_dl_dst");
    case FieldId::ipv4_src:
      return mod("mod_nw_src");
    case FieldId::ipv4_dst:
      return mod("mod_nw_dst");
    case FieldId::ip_dscp:
      return fmt::format("mod_nw_tos:{}", action.value.lo << 2);
    case FieldId::ip_ecn:
      return mod("mod_nw_ecn");
    case FieldId::tcp_src:
    case FieldId::udp_src:
    case FieldId::sctp_src:
      return mod("mod_tp_src");
    case FieldId::tcp_dst:
    case FieldId::udp_dst:
    case FieldId::sctp_dst:
      return mod("mod_tp_dst");
    case FieldId::tun_id:
      return fmt::format("set_tunnel{}:{:#x}", action.value.lo > 0xffffffff ? "64" : "", action.value.lo);
    case FieldId::mpls_label:
      return fmt::format("set_mpls_label({})", action.value.lo);
    case FieldId::mpls_tc:
      return fmt::format("set_mpls_tc({})", action.value.lo);
    default:
      return "";
  }
}

class ActionFormatter {
 public:
  explicit ActionFormatter(const PortNames* ports) : ports_(ports) {}

  std::string operator()(const OutputAction& action) const {
    if (action.port == of_port::controller) {
      return fmt::format("CONTROLLER:{}", action.max_len);
    }
    const std::string port = format_port(action.port, ports_);
    return is_reserved(action.port) ? port : "output:" + port;
  }
  std::string operator()(const SetFieldAction& action) const {
    if (action.is_load) {
      return format_load(action);
    }
    if (action.is_mod) {
      if (std::string text = format_mod(action, ports_); !text.empty()) {
        return text;
      }
    }
    return fmt::format("set_field:{}->{}", set_value(action, ports_), field(action.field).name);
  }
  std::string operator()(const MoveAction& action) const {
    return fmt::format("move:{}->{}", format_sub_field(action.from), format_sub_field(action.to));
  }
  std::string operator()(const PushVlanAction& action) const { return ethertype("push_vlan", action.ethertype); }
  std::string operator()(const PopVlanAction& action) const { return action.is_strip ? "strip_vlan" : "pop_vlan"; }
  std::string operator()(const SetVlanVidAction& action) const { return fmt::format("mod_vlan_vid:{}", action.vid); }
  std::string operator()(const SetVlanPcpAction& action) const { return fmt::format("mod_vlan_pcp:{}", action.pcp); }
  std::string operator()(const PushMplsAction& action) const { return ethertype("push_mpls", action.ethertype); }
  std::string operator()(const PopMplsAction& action) const { return ethertype("pop_mpls", action.ethertype); }
  std::string operator()(const PushPbbAction& action) const { return ethertype("push_pbb", action.ethertype); }
  std::string operator()(const PopPbbAction&) const { return "pop_pbb"; }
  std::string operator()(const SetTtlAction& action) const { return fmt::format("mod_nw_ttl:{}", action.ttl); }
  std::string operator()(const DecTtlAction& action) const {
    return action.controller_ids.empty() ? "dec_ttl"
                                         : fmt::format("dec_ttl({})", fmt::join(action.controller_ids, ","));
  }
  std::string operator()(const SetMplsTtlAction& action) const { return fmt::format("set_mpls_ttl({})", action.ttl); }
  std::string operator()(const DecMplsTtlAction&) const { return "dec_mpls_ttl"; }
  std::string operator()(const CopyTtlInAction&) const { return "copy_ttl_in"; }
  std::string operator()(const CopyTtlOutAction&) const { return "copy_ttl_out"; }
  std::string operator()(const SetQueueAction& action) const { return fmt::format("set_queue:{}", action.queue_id); }
  std::string operator()(const PopQueueAction&) const { return "pop_queue"; }
  std::string operator()(const GroupAction& action) const { return fmt::format("group:{}", action.group_id); }
  std::string operator()(const MeterAction& action) const { return fmt::format("meter:{}", action.meter_id); }
  std::string operator()(const ResubmitAction& action) const {
    const std::string port = action.in_port == of_port::in_port ? "" : format_port(action.in_port, ports_);
    if (!action.table && !action.with_ct) {
      return "resubmit:" + (port.empty() ? "IN_PORT" : port);
    }
    const std::string table = action.table ? std::to_string(*action.table) : "";
    const bool says_nothing = port.empty() && table.empty();
    return fmt::format("resubmit({},{}{})", says_nothing ? "IN_PORT" : port, table, action.with_ct ? ",ct" : "");
  }
  std::string operator()(const ControllerAction& action) const;
  std::string operator()(const NoteAction& action) const { return "note:" + dotted_hex(action.data); }
  std::string operator()(const ExitAction&) const { return "exit"; }
  template <class Extension>
  std::string operator()(const Extension& action) const {
    return format_extension(action, ports_);
  }

 private:
  static std::string ethertype(std::string_view name, uint16_t ethertype) {
    return fmt::format("{}:{:#06x}", name, ethertype);
  }

  const PortNames* ports_;
};

std::string ActionFormatter::operator()(const ControllerAction& action) const {
  ControllerAction plain;
  plain.max_len = action.max_len;
  if (action == plain) {
    return fmt::format("CONTROLLER:{}", action.max_len);
  }
  std::vector<std::string> options;
  if (action.reason != PacketInReason::action) {
    options.push_back(fmt::format("reason={}", to_string(action.reason)));
  }
  if (action.max_len != 0xffff) {
    options.push_back(fmt::format("max_len={}", action.max_len));
  }
  if (action.controller_id != 0) {
    options.push_back(fmt::format("id={}", action.controller_id));
  }
  if (!action.userdata.empty()) {
    options.push_back("userdata=" + dotted_hex(action.userdata));
  }
  if (action.pause) {
    options.push_back("pause");
  }
  if (action.meter_id) {
    options.push_back(fmt::format("meter_id={}", *action.meter_id));
  }
  return fmt::format("controller({})", fmt::join(options, ","));
}

std::string join_actions(const ActionList& actions, const PortNames* ports) {
  std::string text;
  const Action* previous = nullptr;
  for (const Action& action : actions) {
    const bool is_said = previous != nullptr && repeats_transport_port(*previous, action);
    const std::string one = is_said ? "" : format_action(action, ports);
    if (!one.empty()) {
      text += (text.empty() ? "" : ",") + one;
    }
    previous = &action;
  }
  return text;
}

}  // namespace

std::string format_action(const Action& action, const PortNames* ports) {
  return std::visit(ActionFormatter(ports), action);
}

std::string format_actions(const ActionList& actions, const PortNames* ports) {
  return actions.empty() ? "drop" : join_actions(actions, ports);
}

std::string format_instructions(const Instructions& instructions, const PortNames* ports) {
  std::vector<std::string> parts;
  if (instructions.meter) {
    parts.push_back(fmt::format("meter:{}", *instructions.meter));
  }
  if (instructions.apply && !instructions.apply->empty()) {
    parts.push_back(join_actions(*instructions.apply, ports));
  }
  if (instructions.clear_actions) {
    parts.emplace_back("clear_actions");
  }
  if (instructions.write) {
    parts.push_back(fmt::format("write_actions({})", format_actions(*instructions.write, ports)));
  }
  if (instructions.write_metadata) {
    const MetadataWrite& metadata = *instructions.write_metadata;
    parts.push_back("write_metadata:" + format_metadata(metadata.value, metadata.mask));
  }
  if (instructions.goto_table) {
    parts.push_back(fmt::format("goto_table:{}", *instructions.goto_table));
  }
  return parts.empty() ? "drop" : fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace weft::openflow
