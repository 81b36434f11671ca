#include "lib/management/schema.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/management/segment_rules.h"

namespace weft::management {
namespace {

constexpr unsigned many = ColumnType::many;
constexpr int64_t max_queue_id = 0xfffffffe;  // beyond is OpenFlow's OFPQ_ALL

ColumnType scalar(AtomType type) { return {.key = type, .value = {}, .min_count = 1, .max_count = 1}; }
ColumnType optional_of(AtomType type) { return {.key = type}; }
ColumnType string_map() {
  return {.key = AtomType::string, .value = AtomType::string, .min_count = 0, .max_count = many};
}
ColumnType integer_map() {
  return {.key = AtomType::string, .value = AtomType::integer, .min_count = 0, .max_count = many};
}
ColumnType optional_integer(int64_t min, int64_t max) {
  return {.key = AtomType::integer, .min_integer = min, .max_integer = max};
}
ColumnType choice(std::vector<std::string_view> choices) {
  return {.key = AtomType::string, .choices = std::move(choices)};
}
ColumnType set_of(AtomType type) { return {.key = type, .max_count = many}; }
ColumnType references(std::string_view table) { return {.key = AtomType::uuid, .max_count = many, .ref_table = table}; }
ColumnType one_reference(std::string_view table) {
  return {.key = AtomType::uuid, .min_count = 1, .max_count = 1, .ref_table = table, .is_set_in_text = true};
}
ColumnType optional_reference(std::string_view table) { return {.key = AtomType::uuid, .ref_table = table}; }
ColumnType references_by_number(std::string_view table, int64_t max) {
  return {.key = AtomType::integer,
          .value = AtomType::uuid,
          .max_count = many,
          .min_integer = 0,
          .max_integer = max,
          .ref_table = table};
}
ColumnType openflow_versions() {
  return {.key = AtomType::string,
          .max_count = many,
          .choices = {"OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"}};
}

Column config(std::string_view name, ColumnType type, std::string_view help) {
  return {.name = name, .type = std::move(type), .help = help};
}
Column config(std::string_view name, ColumnType type, Rule rule, std::string_view help) {
  return {.name = name, .type = std::move(type), .rule = rule, .help = help};
}
Column key(std::string_view name, std::string_view help, Rule rule = nullptr) {
  return {.name = name, .type = scalar(AtomType::string), .is_immutable = true, .rule = rule, .help = help};
}
Column saved_status(std::string_view name, ColumnType type, std::string_view help) {
  return {.name = name, .type = std::move(type), .is_status = true, .help = help};
}
Column status(std::string_view name, ColumnType type, std::string_view help) {
  return {.name = name, .type = std::move(type), .is_status = true, .is_ephemeral = true, .help = help};
}
Column mac_limit_policy() {
  return config("mac_limit_policy", choice({"flood", "drop", "evict"}),
                "beyond mac_limit: flood (when absent), drop, evict the MAC that was unused longest");
}
Column external_ids() { return config("external_ids", string_map(), "kept for other programs, not looked at"); }
Column other_config() { return config("other_config", string_map(), "settings by key"); }

const auto& open_vswitch_columns() {
  static const std::array columns{
      config("bridges", references("Bridge"), "the bridges of this switch"),
      config("ssl", optional_reference("SSL"), "keys and certificates of ssl: and pssl: controllers"),
      status("datapath_types", set_of(AtomType::string), "accepted in Bridge.datapath_type"),
      status("iface_types", set_of(AtomType::string), "accepted in Interface.type"),
      status("ovs_version", optional_of(AtomType::string), "the switch's version"),
      config("other_config", string_map(), check_switch_settings, "settings by key: max-masks-per-port ..."),
      external_ids(),
  };
  return columns;
}

const auto& bridge_columns() {
  static const std::array columns{
      key("name", "the bridge's name, and that of its LOCAL port's device", check_bridge_name),
      config("ports", references("Port"), "its ports"),
      config("controller", references("Controller"), "OpenFlow controllers"),
      config("segments", references("Segment"), "its segments: layer-2 networks over tunnels"),
      config("fail_mode", choice({"standalone", "secure"}), "without a controller: switch by MAC, or do nothing"),
      config("datapath_type", choice({"", "system", "netdev"}), "accepted, all the same"),
      config("protocols", openflow_versions(), "OpenFlow versions that it speaks; empty: all that weft knows"),
      config("stp_enable", scalar(AtomType::boolean), refuse_true, "only false is supported"),
      config("rstp_enable", scalar(AtomType::boolean), refuse_true, "only false is supported"),
      status("datapath_id", optional_of(AtomType::string), "16 hex digits"),
      status("status", string_map(), "what the bridge reports"),
      config("other_config", string_map(), check_bridge_settings, "settings by key: datapath-id, hwaddr ..."),
      external_ids(),
  };
  return columns;
}

const auto& port_columns() {
  static const std::array columns{
      key("name", "the port's name"),
      config("interfaces", one_reference("Interface"), "its one interface"),
      config("tag", optional_integer(0, 4095), "VLAN of an access port"),
      config("trunks", {.key = AtomType::integer, .max_count = 4096, .min_integer = 0, .max_integer = 4095},
             "VLANs a trunk carries; empty: all"),
      config("vlan_mode", choice({"access", "trunk", "native-tagged", "native-untagged"}),
             "how tag and trunks are meant"),
      config("segment", optional_of(AtomType::string), "name of the segment whose access port it is: in no VLAN then"),
      config("protected", scalar(AtomType::boolean), "NORMAL takes nothing from one protected port to another"),
      config("port_security", set_of(AtomType::string), check_port_security,
             "what it may send from: \"MAC [IP[/LENGTH]]...\" each; empty: anything"),
      config("storm_limit", optional_integer(0, max_storm_limit),
             "frames/s that NORMAL floods from it, whatever its segment says; 0: no limit"),
      config("segment_vlans",
             {.key = AtomType::integer,
              .value = AtomType::string,
              .max_count = 4096,
              .min_integer = 0,
              .max_integer = 4095},
             check_segment_vlans, "of a layer-2 gateway: segments by VLAN; 0: untagged frames"),
      config("mac_limit", optional_integer(1, max_mac_limit), "how many MACs may be on it"),
      mac_limit_policy(),
      config("qos", optional_reference("QoS"), "limits of what it sends"),
      config("other_config", string_map(), check_port_settings, "settings by key: segment-gateway"),
      external_ids(),
  };
  return columns;
}

const auto& interface_columns() {
  static const std::array columns{
      key("name", "the device's name"),
      config("type", scalar(AtomType::string), "\"\" or system, tap, internal, patch, vxlan"),
      config("options", string_map(), "by type: remote_ip, local_ip, key, dst_port ...; peer"),
      config("mac", optional_of(AtomType::string), "of an internal port"),
      config("mtu_request", optional_integer(68, 65535), "wanted MTU of the device, in bytes"),
      config("ofport_request", optional_integer(1, 65279), "wanted OpenFlow port number"),
      saved_status("ofport", optional_integer(-1, 65535), "OpenFlow port number; -1: could not be set up"),
      saved_status("last_ofport", optional_integer(1, 65535), "the number it had last, and gets again"),
      status("error", optional_of(AtomType::string), "why it could not be set up"),
      status("admin_state", choice({"up", "down"}), "as ip link shows"),
      status("link_state", choice({"up", "down"}), "carrier"),
      status("link_speed", optional_of(AtomType::integer), "bit/s"),
      status("mac_in_use", optional_of(AtomType::string), "the device's address"),
      status("mtu", optional_of(AtomType::integer), "bytes"),
      status("ifindex", optional_of(AtomType::integer), "the device's index"),
      status("statistics", integer_map(), "counters since the port was attached"),
      status("status", string_map(), "what the port reports"),
      other_config(),
      external_ids(),
  };
  return columns;
}

const auto& segment_columns() {
  static const std::array columns{
      key("name", "the segment's name", check_segment_name),
      config("vni",
             {.key = AtomType::integer,
              .min_count = 1,
              .max_count = 1,
              .min_integer = min_segment_vni,
              .max_integer = max_segment_vni},
             "its id in tunnels, its own on the bridge"),
      config("encap", choice({"vxlan", "geneve", "nvgre", "stt"}), "encapsulation; vxlan when absent"),
      config("mode", choice({"multicast", "replicate", "controller"}),
             "where floods go: to group, to each of vteps (when absent), nowhere"),
      config("group", optional_of(AtomType::string), check_group, "multicast address, of mode multicast"),
      config("vteps", set_of(AtomType::string), check_vteps, "addresses of the other hosts, of mode replicate"),
      config("any_vtep", scalar(AtomType::boolean), "mode replicate hears hosts that are not in vteps, too"),
      config("mtu", optional_integer(68, 65535), "of its guests, in bytes"),
      config("storm_limit", optional_integer(1, max_storm_limit), "frames/s that each local port floods into it"),
      config("isolate_ports", scalar(AtomType::boolean), "its access ports on this host do not hear each other"),
      config("mss_clamp", scalar(AtomType::boolean), "lower TCP's MSS to what fits through its tunnels"),
      config("mac_limit", optional_integer(1, max_mac_limit), "how many MACs it may know"),
      mac_limit_policy(),
      config("suppress_arp", scalar(AtomType::boolean),
             "ARP and ND requests for addresses that are known are answered here, not flooded"),
      config("description", optional_of(AtomType::string), "for people"),
      status("error", optional_of(AtomType::string), "why it reaches no other host"),
      status("status", string_map(), "what the segment reports"),
      other_config(),
      external_ids(),
  };
  return columns;
}

const auto& qos_columns() {
  static const std::array columns{
      config("type",
             {.key = AtomType::string, .min_count = 1, .max_count = 1, .choices = {"", "egress-policer", "linux-htb"}},
             "both drop what exceeds a rate; empty: no limits"),
      config("queues", references_by_number("Queue", max_queue_id), "its queues, by the number that flows name"),
      config("other_config", string_map(), check_qos_settings, "max-rate (bit/s) of all queues together, burst (bits)"),
      external_ids(),
  };
  return columns;
}

const auto& queue_columns() {
  static const std::array columns{
      config("other_config", string_map(), check_queue_settings, "max-rate, min-rate (bit/s), burst (bits)"),
      external_ids(),
  };
  return columns;
}

const auto& controller_columns() {
  static const std::array columns{
      config("target", scalar(AtomType::string), "tcp: ssl: unix: (it connects), ptcp: pssl: punix: (it listens)"),
      config("type", choice({"primary", "service"}), "service: not counted as a controller, told nothing unasked"),
      config("connection_mode", choice({"in-band", "out-of-band"}), "accepted; connections are out of band"),
      config("max_backoff", optional_integer(1000, INT64_MAX), "longest wait between attempts, in ms"),
      config("inactivity_probe", optional_integer(0, INT64_MAX), "ms of silence before an echo request; 0: never"),
      config("enable_async_messages", optional_of(AtomType::boolean), "false: nothing unasked before it asks for it"),
      config("controller_rate_limit", optional_integer(1, INT64_MAX), "packet-ins a second"),
      config("controller_burst_limit", optional_integer(1, INT64_MAX), "packet-ins saved up"),
      config("controller_queue_size", optional_integer(1, 512), "packet-ins that wait for the limit; 100"),
      config("local_ip", optional_of(AtomType::string), "kept; for in-band control, which is not built"),
      config("local_netmask", optional_of(AtomType::string), "kept, like local_ip"),
      config("local_gateway", optional_of(AtomType::string), "kept, like local_ip"),
      status("is_connected", scalar(AtomType::boolean), "whether the session is up"),
      status("role", choice({"other", "master", "slave"}), "OpenFlow role"),
      status("status", string_map(), "state, last_error, sec_since_connect ..."),
      config("other_config", string_map(), "settings by key: dscp ..."),
      external_ids(),
  };
  return columns;
}

const auto& ssl_columns() {
  static const std::array columns{
      config("private_key", scalar(AtomType::string), "PEM file with the switch's private key"),
      config("certificate", scalar(AtomType::string), "PEM file with the certificate of that key"),
      config("ca_cert", scalar(AtomType::string), "PEM file with the certificate that controllers' are signed by"),
      config("bootstrap_ca_cert", scalar(AtomType::boolean),
             "take ca_cert from the first peer, if there is no such file"),
      external_ids(),
  };
  return columns;
}

std::string normalized(std::string_view typed) {
  std::string out = to_lower(typed);
  std::ranges::replace(out, '-', '_');
  return out;
}

// The one entry whose name is `typed` or begins with it; otherwise an error that lists what there is.
template <typename Entries>
Result<decltype(&*std::declval<const Entries&>().begin()), TextError> match_name(const Entries& entries,
                                                                                 std::string_view typed,
                                                                                 std::string_view what) {
  const std::string wanted = normalized(typed);
  decltype(&*entries.begin()) found = nullptr;
  bool is_ambiguous = false;
  std::vector<std::string> names;
  for (const auto& entry : entries) {
    const std::string name = to_lower(entry.name);
    names.emplace_back(entry.name);
    if (name == wanted) {
      return &entry;
    }
    if (!wanted.empty() && name.starts_with(wanted)) {
      is_ambiguous = found != nullptr;
      found = &entry;
    }
  }
  if (found != nullptr && !is_ambiguous) {
    return found;
  }
  return Unexpected{TextError{fmt::format("{} {} \"{}\"", is_ambiguous ? "ambiguous" : "unknown", what, typed), 0,
                              typed.size(), is_ambiguous ? std::string() : did_you_mean(wanted, names)}};
}

}  // namespace

const Column* Table::find_column(std::string_view wanted) const {
  const auto it = std::ranges::find(columns, wanted, &Column::name);
  return it == columns.end() ? nullptr : &*it;
}

std::span<const Table> tables() {
  static const std::array all{
      Table{"Open_vSwitch", Lifetime::always, "", open_vswitch_columns()},
      Table{"Bridge", Lifetime::referenced, "name", bridge_columns()},
      Table{"Port", Lifetime::referenced, "name", port_columns()},
      Table{"Interface", Lifetime::referenced, "name", interface_columns()},
      Table{"Segment", Lifetime::referenced, "name", segment_columns()},
      Table{"QoS", Lifetime::kept, "", qos_columns()},
      Table{"Queue", Lifetime::kept, "", queue_columns()},
      Table{"Controller", Lifetime::referenced, "", controller_columns()},
      Table{"SSL", Lifetime::referenced, "", ssl_columns()},
  };
  return all;
}

const Table* find_table(std::string_view exact_name) {
  const auto all = tables();
  const auto it = std::ranges::find(all, exact_name, &Table::name);
  return it == all.end() ? nullptr : &*it;
}

Result<const Table*, TextError> match_table(std::string_view typed) { return match_name(tables(), typed, "table"); }

Result<const Column*, TextError> match_column(const Table& table, std::string_view typed) {
  return match_name(table.columns, typed, fmt::format("column of table {}", table.name));
}

Datum default_of(const Column& column) {
  if (column.type.min_count == 0) {
    return {};
  }
  switch (column.type.key) {
    case AtomType::integer:
      return Datum::of(std::max<int64_t>(0, column.type.min_integer));
    case AtomType::real:
      return Datum::of(0.0);
    case AtomType::boolean:
      return Datum::of(false);
    case AtomType::string:
      return Datum::of(std::string());
    case AtomType::uuid:
      break;
  }
  return {};
}

}  // namespace weft::management
