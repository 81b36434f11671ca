#include "lib/openflow/text/message_text.h"

#include <fmt/format.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/meter_text.h"
#include "lib/openflow/text/packet_text.h"
#include "lib/openflow/text/port_text.h"

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

std::string_view to_string(FlowModCommand command) {
  constexpr std::string_view names[] = {"ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT"};
  return names[static_cast<size_t>(command)];
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

std::string_view to_string(Role role) {
  constexpr std::string_view names[] = {"nochange", "equal", "primary", "secondary"};
  return names[static_cast<size_t>(role)];
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
  std::string operator()(const Experimenter& m) const {
    return fmt::format(" experimenter={:#010x} type={} {} bytes\n", m.experimenter, m.exp_type, m.data.size());
  }
  std::string operator()(const FeaturesReply& m) const { return " " + format_features(m); }
  std::string operator()(const GetConfigReply& m) const { return " " + format_config(m.config) + "\n"; }
  std::string operator()(const SetConfig& m) const { return " " + format_config(m.config) + "\n"; }
  std::string operator()(const RoleRequest& m) const { return role_text(m.role, m.generation_id); }
  std::string operator()(const RoleReply& m) const { return role_text(m.role, m.generation_id); }

  std::string operator()(const PacketIn& m) const { return " " + format_packet_in(m, ports_); }
  std::string operator()(const PacketOut& m) const { return " " + format_packet_out(m, ports_); }
  std::string operator()(const FlowRemoved& m) const { return " " + format_flow_removed(m, ports_) + "\n"; }
  std::string operator()(const PortStatus& m) const { return " " + format_port_status(m); }
  std::string operator()(const PortMod& m) const { return " " + format_port_mod(m, ports_); }
  std::string operator()(const FlowMod& m) const {
    return fmt::format(" {} {}\n", to_string(m.command), format_flow_mod(m, ports_));
  }
  std::string operator()(const GroupMod& m) const {
    return fmt::format("\n {} {}\n", to_string(m.command), format_group_mod(m, ports_));
  }
  std::string operator()(const MeterMod& m) const {
    return fmt::format(" {} {}\n", to_string(m.command), format_meter_mod(m));
  }
  std::string operator()(const TableMod& m) const {
    return fmt::format(" table_id={} config={:#x}\n", m.table_id, m.config);
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
  std::string operator()(const TableFeaturesReply& m) const { return "\n" + format_table_features(m.entries); }
  std::string operator()(const TableFeaturesRequest& m) const { return "\n" + format_table_features(m.entries); }
  std::string operator()(const PortStatsRequest& m) const { return port_line(m.port); }
  std::string operator()(const PortStatsReply& m) const {
    return fmt::format(" {} ports", m.entries.size()) +
           lines(m, [&](const PortStats& stats) { return format_port_stats(stats, ports_); });
  }
  std::string operator()(const QueueStatsRequest& m) const { return port_line(m.port); }
  std::string operator()(const QueueStatsReply& m) const {
    return fmt::format(" {} queues", m.entries.size()) +
           lines(m, [&](const QueueStats& stats) { return format_queue_stats(stats, ports_); });
  }
  std::string operator()(const PortDescReply& m) const { return lines(m, format_port_desc); }
  std::string operator()(const GroupStatsRequest& m) const { return fmt::format(" group_id={}\n", m.group_id); }
  std::string operator()(const GroupStatsReply& m) const {
    return lines(m, [](const GroupStats& stats) { return " " + format_group_stats(stats) + "\n"; });
  }
  std::string operator()(const GroupDescReply& m) const {
    return lines(m, [&](const GroupDesc& group) { return " " + format_group(group, ports_) + "\n"; });
  }
  std::string operator()(const GroupFeaturesReply& m) const { return "\n" + format_group_features(m); }
  std::string operator()(const MeterStatsRequest& m) const { return fmt::format(" meter={}\n", m.meter); }
  std::string operator()(const MeterConfigRequest& m) const { return fmt::format(" meter={}\n", m.meter); }
  std::string operator()(const MeterStatsReply& m) const {
    return lines(m, [](const MeterStats& stats) { return format_meter_stats(stats) + "\n"; });
  }
  std::string operator()(const MeterConfigReply& m) const {
    return lines(m, [](const MeterConfig& meter) { return format_meter(meter) + "\n"; });
  }
  std::string operator()(const MeterFeaturesReply& m) const { return "\n" + format_meter_features(m); }

  // The title says it all.
  template <class Other>
  std::string operator()(const Other&) const {
    return "\n";
  }

 private:
  static std::string payload(const std::vector<uint8_t>& data) {
    return fmt::format(" {} bytes of payload\n", data.size()) + format_hex_dump(data);
  }
  std::string port_line(OfPort port) const { return fmt::format(" port_no={}\n", format_port(port, ports_)); }
  std::string filter(const FlowFilter& f) const {
    FlowMod mod;
    mod.command = FlowModCommand::remove;
    mod.table_id = f.table_id;
    mod.out_port = f.out_port;
    mod.out_group = f.out_group;
    mod.cookie = f.cookie;
    mod.cookie_mask = f.cookie_mask;
    mod.match = f.match;
    return " " + format_flow_mod(mod, ports_) + "\n";
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

std::string format_title(const Envelope& envelope) {
  constexpr std::string_view multipart = "OFPMP_";
  std::string name(message_name(envelope.message, envelope.form));
  if (name.starts_with(multipart)) {
    name = "OFPST_" + name.substr(multipart.size());
    if (name.starts_with("OFPST_PORT_STATS")) {
      name = "OFPST_PORT" + name.substr(std::string_view("OFPST_PORT_STATS").size());
    }
  }
  const auto minor = static_cast<unsigned>(envelope.version) - 1;
  return fmt::format("{} (OF1.{}) (xid={:#x}):", name, minor, envelope.xid);
}

std::string format_message(const Envelope& envelope, const PortNames* ports) {
  return format_title(envelope) + std::visit(BodyFormatter(envelope, ports), envelope.message);
}

}  // namespace weft::openflow
