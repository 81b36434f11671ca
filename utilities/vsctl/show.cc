// weft-vsctl show: the whole switch on a page.

#include <algorithm>

#include <fmt/format.h>

#include "utilities/vsctl/command.h"

namespace weft::vsctl {
namespace {

// Prints `column` of a row if it says anything.
std::string line_if_set(const Row& row, std::string_view table, std::string_view column, int indent) {
  const auto& type = management::find_table(table)->find_column(column)->type;
  const Datum& value = row[column];
  const bool is_blank = value.empty() || (value.count() == 1 && value.string() == "");
  const bool is_false = value.boolean() == false;
  if (is_blank || is_false) {
    return {};
  }
  return fmt::format("{:{}}{}: {}\n", "", indent, column, management::format(value, type));
}

std::string show_interface(const Row& row) {
  std::string out = fmt::format("{:12}Interface {}\n", "", management::quoted_if_needed(row.name()));
  for (const auto* column : {"type", "options", "error"}) {
    out += line_if_set(row, "Interface", column, 16);
  }
  if (const auto warning = row["status"].at("warning")) {
    out += fmt::format("{:16}warning: {}\n", "", management::quoted_if_needed(*warning));
  }
  return out;
}

std::string show_segment_line(const Row& row) {
  const std::string mode = row["mode"].string().value_or("replicate");
  std::string out = fmt::format("{:8}Segment {}\n{:12}vni: {}, {}, {}\n", "", management::quoted_if_needed(row.name()),
                                "", row["vni"].integer().value_or(0), row["encap"].string().value_or("vxlan"), mode);
  for (const auto* column : {"group", "vteps", "any_vtep", "mac_limit", "mac_limit_policy", "storm_limit",
                             "isolate_ports", "mss_clamp", "suppress_arp", "description", "error"}) {
    out += line_if_set(row, "Segment", column, 12);
  }
  return out;
}

std::string show_port(const Draft& draft, const Row& row) {
  std::string out = fmt::format("{:8}Port {}\n", "", management::quoted_if_needed(row.name()));
  for (const auto* column : {"tag", "trunks", "vlan_mode", "segment", "segment_vlans", "port_security", "mac_limit",
                             "mac_limit_policy", "storm_limit"}) {
    out += line_if_set(row, "Port", column, 12);
  }
  for (const Row* interface : draft.referred(row, "interfaces", "Interface")) {
    out += show_interface(*interface);
  }
  return out;
}

template <typename Show>
std::string show_sorted(std::vector<const Row*> rows, Show&& show_one) {
  std::ranges::sort(rows, {}, [](const Row* row) { return row->name(); });
  std::string out;
  for (const Row* row : rows) {
    out += show_one(*row);
  }
  return out;
}

std::string show_bridge(const Draft& draft, const Row& row) {
  std::string out = fmt::format("{:4}Bridge {}\n", "", management::quoted_if_needed(row.name()));
  for (const Row* found : draft.referred(row, "controller", "Controller")) {
    const Row& controller = *found;
    out += fmt::format("{:8}Controller {}\n", "",
                       management::quoted_if_needed(controller["target"].string().value_or("")));
    out += line_if_set(controller, "Controller", "is_connected", 12);
  }
  for (const auto* column : {"fail_mode", "datapath_type"}) {
    out += line_if_set(row, "Bridge", column, 8);
  }
  return out + show_sorted(draft.referred(row, "segments", "Segment"), show_segment_line) +
         show_sorted(draft.referred(row, "ports", "Port"), [&](const Row& port) { return show_port(draft, port); });
}

}  // namespace

CommandResult show(Invocation& call) {
  const Draft& draft = call.run.draft;
  call.run.output += draft.root().uuid.text + '\n';
  call.run.output += show_sorted(draft.referred(draft.root(), "bridges", "Bridge"),
                                 [&](const Row& bridge) { return show_bridge(draft, bridge); });
  call.run.output += line_if_set(draft.root(), "Open_vSwitch", "ovs_version", 4);
  return {};
}

}  // namespace weft::vsctl
