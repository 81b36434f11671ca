#include "lib/openflow/text/message_text.h"

#include <fmt/format.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/extension_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/meter_text.h"
#include "lib/openflow/text/packet_text.h"
#include "lib/openflow/text/port_text.h"
#include "lib/openflow/text/status_text.h"

namespace weft::openflow {
namespace {

std::string versions_text(VersionSet versions) {
  std::string text;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((versions.bits() >> bit & 1) != 0) {
      text += fmt::format("{}{:#04x}", text.empty() ? "" : ", ", bit);
    }
  }
  return text;
}

std::string_view to_string(GroupModCommand command) {
  switch (command) {
    case GroupModCommand::add:
      return "ADD";
    case GroupModCommand::modify:
      return "MOD";
    case GroupModCommand::remove:
      return "DEL";
    case GroupModCommand::insert_bucket:
      return "INSERT_BUCKET";
    case GroupModCommand::remove_bucket:
      return "REMOVE_BUCKET";
    case GroupModCommand::add_or_modify:
      return "ADD_OR_MOD";
  }
  return "?";
}

std::string_view to_string(MeterModCommand command) {
  constexpr std::string_view names[] = {"ADD", "MOD", "DEL"};
  return names[static_cast<size_t>(command)];
}

// The extension's cancellation and its "paused" and "resumed" (monitor_message.h).
bool is_monitor_message(const FlowMonitorRequest& m) {
  return m.monitors.size() == 1 && m.monitors.front().command == FlowMonitorCommand::remove;
}
bool is_monitor_message(const FlowMonitorReply& m) {
  return m.entries.size() == 1 && m.entries.front().event >= FlowUpdateEvent::paused;
}

std::string role_text(Role role, uint64_t generation_id) {
  return fmt::format(" role={} generation_id={}\n", to_string(role), generation_id);
}

// What stands behind the title's colon. One overload a message.
class BodyFormatter {
 public:
  BodyFormatter(const Envelope& envelope, const PortNames* ports) : envelope_(envelope), ports_(ports) {}

  std::string operator()(const Hello& m) const {
    return "\n version bitmap: " + versions_text(m.versions.value_or(VersionSet::up_to(m.wire_version))) + "\n";
  }
  std::string operator()(const Error& m) const;
  std::string operator()(const EchoRequest& m) const { return payload(m.data); }
  std::string operator()(const EchoReply& m) const { return payload(m.data); }
  std::string operator()(const Experimenter& m) const { return experimenter_line(m); }
  std::string operator()(const FeaturesReply& m) const { return " " + format_features(m); }
  std::string operator()(const GetConfigReply& m) const { return " " + format_config(m.config) + "\n"; }
  std::string operator()(const SetConfig& m) const { return " " + format_config(m.config) + "\n"; }
  std::string operator()(const RoleRequest& m) const { return role(m.role, m.generation_id); }
  std::string operator()(const RoleReply& m) const { return role(m.role, m.generation_id); }
  std::string operator()(const SetAsync& m) const { return "\n" + format_set_async(m); }

  std::string operator()(const RoleStatus& m) const { return " " + format_role_status(m); }
  std::string operator()(const ControllerStatus& m) const { return " " + format_controller_status(m); }
  std::string operator()(const GetAsyncReply& m) const { return "\n" + format_async_config(m.config); }
  std::string operator()(const TableStatus& m) const { return " " + format_table_status(m); }
  std::string operator()(const RequestForward& m) const;
  std::string operator()(const BundleControl& m) const { return "\n" + format_bundle_control(m); }
  std::string operator()(const BundleAdd& m) const {
    return fmt::format("\n bundle_id={:#x} flags={}\n", m.bundle_id, format_bundle_flags(m.flags)) +
           format_message(*m.message.envelope, ports_);
  }

  std::string operator()(const PacketIn& m) const { return " " + format_packet_in(m, ports_); }
  std::string operator()(const PacketOut& m) const { return " " + format_packet_out(m, ports_); }
  std::string operator()(const FlowRemoved& m) const {
    const bool is_10 = envelope_.version == Version::v1_0;
    return " " + format_flow_removed(m, ports_, !is_10 || envelope_.form == Form::nicira, !is_10) + "\n";
  }
  std::string operator()(const PortStatus& m) const { return " " + format_port_status(m); }
  std::string operator()(const PortMod& m) const { return " " + format_port_mod(m, ports_); }
  std::string operator()(const FlowMod& m) const { return " " + format_flow_mod_message(m, ports_) + "\n"; }
  std::string operator()(const GroupMod& m) const {
    return fmt::format("\n {} {}\n", to_string(m.command), format_group_mod(m, ports_));
  }
  std::string operator()(const MeterMod& m) const {
    return fmt::format(" {} {}\n", to_string(m.command), format_meter_mod(m));
  }
  std::string operator()(const TableMod& m) const {
    return envelope_.version == Version::v1_3 ? fmt::format(" table_id={} config={:#x}\n", m.table_id, m.config)
                                              : " " + format_table_mod(m);
  }

  std::string operator()(const DescReply& m) const { return "\n" + format_desc(m); }
  std::string operator()(const FlowStatsRequest& m) const { return filter(m.filter); }
  std::string operator()(const AggregateStatsRequest& m) const { return filter(m.filter); }
  std::string operator()(const FlowStatsReply& m) const {
    return lines(m, [&](const FlowStats& stats) { return " " + format_flow(stats, ports_) + "\n"; });
  }
  std::string operator()(const AggregateStatsReply& m) const {
    return fmt::format(" packet_count={} byte_count={} flow_count={}\n", m.packet_count, m.byte_count, m.flow_count);
  }
  std::string operator()(const TableStatsReply& m) const { return "\n" + format_table_stats(m.entries); }
  std::string operator()(const TableFeaturesReply& m) const { return table_features(m.entries); }
  std::string operator()(const TableFeaturesRequest& m) const { return table_features(m.entries); }
  std::string operator()(const PortStatsRequest& m) const { return port_line(m.port); }
  std::string operator()(const PortStatsReply& m) const {
    return fmt::format(" {} ports", m.entries.size()) +
           lines(m, [&](const PortStats& stats) { return format_port_stats(stats, ports_); });
  }
  std::string operator()(const QueueStatsRequest& m) const {
    const std::string queue = m.queue_id == all_queues ? "ALL" : std::to_string(m.queue_id);
    return fmt::format(" port={} queue={}\n", format_port(m.port, ports_), queue);
  }
  std::string operator()(const QueueStatsReply& m) const {
    return fmt::format(" {} queues", m.entries.size()) +
           lines(m, [&](const QueueStats& stats) { return format_queue_stats(stats, ports_); });
  }
  std::string operator()(const QueueDescRequest& m) const { return " " + format_queue_desc_request(m, ports_); }
  std::string operator()(const QueueDescReply& m) const {
    const OfPort port = m.port == of_port::any && !m.entries.empty() ? m.entries[0].port : m.port;
    const bool is_said = envelope_.version < Version::v1_3 || !m.entries.empty();
    return (is_said ? " port=" + format_port(port, ports_) : "") + lines(m, format_queue_desc);
  }
  std::string operator()(const TableDescReply& m) const {
    std::string text;
    for (const TableDesc& desc : m.entries) {
      text += "\n" + format_table_desc(desc);
    }
    return text.empty() ? "\n" : text;
  }
  std::string operator()(const FlowCountersRequest& m) const { return filter(m.filter); }
  std::string operator()(const FlowCountersReply& m) const {
    return lines(m, [&](const FlowCounters& counters) { return " " + format_flow_counters(counters, ports_) + "\n"; });
  }
  std::string operator()(const ControllerStatusReply& m) const {
    return lines(m, [](const ControllerStatus& status) { return " " + format_controller_status(status); });
  }
  std::string operator()(const BundleFeaturesReply& m) const {
    return fmt::format(" capabilities={}\n", format_bundle_flags(m.capabilities));
  }
  std::string operator()(const ExperimenterMultipartRequest& m) const { return experimenter_line(m); }
  std::string operator()(const ExperimenterMultipartReply& m) const { return experimenter_line(m); }

  std::string operator()(const PortDescRequest& m) const {
    return fmt::format(" port={}\n", format_port(m.port, ports_));
  }
  std::string operator()(const GroupDescRequest& m) const {
    return envelope_.version < Version::v1_5 ? "\n" : fmt::format(" group_id={}\n", m.group_id);
  }
  std::string operator()(const PortDescReply& m) const { return lines(m, format_port_desc); }
  std::string operator()(const GroupStatsRequest& m) const { return fmt::format(" group_id={}\n", m.group_id); }
  std::string operator()(const GroupStatsReply& m) const {
    return lines(m, [](const GroupStats& stats) { return " " + format_group_stats(stats) + "\n"; });
  }
  std::string operator()(const GroupDescReply& m) const {
    return lines(m, [&](const GroupDesc& group) { return " " + format_group(group, ports_) + "\n"; });
  }
  std::string operator()(const GroupFeaturesReply& m) const {
    return "\n" + format_group_features(m, envelope_.version);
  }
  std::string operator()(const MeterStatsRequest& m) const { return fmt::format(" meter={}\n", m.meter); }
  std::string operator()(const MeterConfigRequest& m) const { return fmt::format(" meter={}\n", m.meter); }
  std::string operator()(const MeterStatsReply& m) const {
    return lines(m, [](const MeterStats& stats) { return format_meter_stats(stats) + "\n"; });
  }
  std::string operator()(const MeterConfigReply& m) const {
    return lines(m, [](const MeterConfig& meter) { return format_meter(meter) + "\n"; });
  }
  std::string operator()(const MeterFeaturesReply& m) const { return "\n" + format_meter_features(m); }

  std::string operator()(const FlowMonitorRequest& m) const {
    if (is_message_of_its_own(m)) {
      return fmt::format(" id={}\n", m.monitors.front().id);
    }
    std::string text = "\n";
    for (const FlowMonitor& monitor : m.monitors) {
      text += format_flow_monitor(monitor, envelope_.form, ports_);
    }
    return text;
  }
  std::string operator()(const FlowMonitorReply& m) const {
    return is_message_of_its_own(m)
               ? "\n"
               : lines(m, [&](const FlowUpdate& update) { return format_flow_update(update, ports_); });
  }
  std::string operator()(const SetFlowFormat& m) const {
    return fmt::format(" format={}\n", m.format == Form::standard ? "openflow10" : "nxm");
  }
  std::string operator()(const FlowModTableId& m) const { return m.is_enabled ? " enable\n" : " disable\n"; }
  std::string operator()(const SetPacketInFormat& m) const {
    return fmt::format(" format={}\n", packet_in_format_name(m.format));
  }
  std::string operator()(const SetControllerId& m) const { return fmt::format(" id={}\n", m.controller_id); }
  std::string operator()(const TlvTableMod& m) const { return "\n" + format_tlv_table_mod(m); }
  std::string operator()(const TlvTableReply& m) const { return "\n" + format_tlv_table_reply(m); }
  std::string operator()(const Resume& m) const { return " " + format_packet_in(m.packet_in, ports_); }
  std::string operator()(const CtFlushZone& m) const { return fmt::format(" zone_id={}\n", m.zone); }

  // The title says it all.
  template <class Other>
  std::string operator()(const Other&) const {
    return "\n";
  }

 private:
  static std::string payload(const std::vector<uint8_t>& data) {
    return fmt::format(" {} bytes of payload\n", data.size()) + format_hex_dump(data);
  }
  std::string table_features(const std::vector<TableFeatures>& tables) const {
    return "\n" + format_table_features(tables, {.has_capabilities = envelope_.version >= Version::v1_4});
  }
  // From 1.4 on they are parts of the multipart.
  template <class M>
  bool is_message_of_its_own(const M& m) const {
    return envelope_.version < Version::v1_4 && is_monitor_message(m);
  }
  template <class M>
  static std::string experimenter_line(const M& m) {
    return fmt::format(" experimenter={:#010x} type={} {} bytes\n", m.experimenter, m.exp_type, m.data.size());
  }
  std::string port_line(OfPort port) const { return fmt::format(" port_no={}\n", format_port(port, ports_)); }
  std::string filter(const FlowFilter& f) const { return format_flow_filter(f, ports_) + "\n"; }
  std::string role(Role role, uint64_t generation_id) const {
    return envelope_.form == Form::nicira ? fmt::format(" role={}\n", role == Role::equal ? "other" : to_string(role))
                                          : role_text(role, generation_id);
  }
  template <class Reply, class Format>
  static std::string lines(const Reply& reply, Format&& format) {
    std::string text = "\n";
    for (const auto& entry : reply.entries) {
      text += format(entry);
    }
    return text;
  }

  const Envelope& envelope_;
  const PortNames* ports_;
};

std::string BodyFormatter::operator()(const RequestForward& m) const {
  const Message& request = m.request.envelope->message;
  const bool is_group = std::holds_alternative<GroupMod>(request);
  return fmt::format(" reason={}", is_group ? "group_mod" : "meter_mod") + std::visit(*this, request);
}

// The message that was refused, as far as it was sent back.
std::string BodyFormatter::operator()(const Error& m) const {
  std::string text = " " + m.error.name() + "\n";
  const auto length = frame_length(m.data);
  if (length && *length != 0 && *length <= m.data.size()) {
    const auto refused = decode(envelope_.version, std::span(m.data).first(*length));
    if (refused && !std::holds_alternative<Error>(refused->message)) {  // an error about an error ends here
      return text + format_message(*refused, ports_);
    }
  }
  return text + format_hex_dump(m.data);
}

}  // namespace

namespace {

// What later versions ask in a multipart and the extension, or an earlier version, in a message of its own.
std::string_view own_title(const Envelope& envelope) {
  if (envelope.version < Version::v1_4) {
    if (std::holds_alternative<QueueDescRequest>(envelope.message)) {
      return "OFPT_QUEUE_GET_CONFIG_REQUEST";
    }
    if (std::holds_alternative<QueueDescReply>(envelope.message)) {
      return "OFPT_QUEUE_GET_CONFIG_REPLY";
    }
  }
  if (envelope.form != Form::nicira) {
    return {};
  }
  const auto* request = std::get_if<FlowMonitorRequest>(&envelope.message);
  if (request != nullptr && is_monitor_message(*request)) {
    return "NXT_FLOW_MONITOR_CANCEL";
  }
  const auto* reply = std::get_if<FlowMonitorReply>(&envelope.message);
  if (reply != nullptr && is_monitor_message(*reply)) {
    return reply->entries.front().event == FlowUpdateEvent::paused ? "NXT_FLOW_MONITOR_PAUSED"
                                                                   : "NXT_FLOW_MONITOR_RESUMED";
  }
  return {};
}

}  // namespace

std::string format_title(const Envelope& envelope) {
  constexpr std::string_view multipart = "OFPMP_";
  std::string name(message_name(envelope.message, envelope.form));
  if (const std::string_view own = own_title(envelope); !own.empty()) {
    name = own;
  }
  if (name.starts_with(multipart)) {
    name = "OFPST_" + name.substr(multipart.size());
    if (name.starts_with("OFPST_PORT_STATS")) {
      name = "OFPST_PORT" + name.substr(std::string_view("OFPST_PORT_STATS").size());
    }
  }
  const auto minor = static_cast<unsigned>(envelope.version) - 1;
  return name + (minor == 0 ? "" : fmt::format(" (OF1.{})", minor)) + fmt::format(" (xid={:#x}):", envelope.xid);
}

std::string format_message(const Envelope& envelope, const PortNames* ports) {
  return format_title(envelope) + std::visit(BodyFormatter(envelope, ports), envelope.message);
}

}  // namespace weft::openflow
