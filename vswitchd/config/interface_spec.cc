#include "vswitchd/config/interface_spec.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "vswitchd/config/segment_spec.h"

namespace weft::config {
namespace {

using datapath::PortSpec;
using datapath::PortType;
using datapath::TunnelSpec;
using management::Datum;
using management::Row;
using Problem = std::optional<std::string>;

constexpr uint64_t max_vni = 0xffffff;  // RFC 7348 section 5; Geneve's and NVGRE's are as wide

struct TypeName {
  std::string_view text;
  PortType type;
};
constexpr std::array type_names{TypeName{"", PortType::system},           TypeName{"system", PortType::system},
                                TypeName{"afxdp", PortType::afxdp},       TypeName{"tap", PortType::tap},
                                TypeName{"internal", PortType::internal}, TypeName{"vxlan", PortType::vxlan},
                                TypeName{"geneve", PortType::geneve},     TypeName{"gre", PortType::gre},
                                TypeName{"nvgre", PortType::nvgre},       TypeName{"stt", PortType::stt}};

std::optional<PortType> port_type(std::string_view type) {
  const auto* it = std::ranges::find(type_names, type, &TypeName::text);
  return it == type_names.end() ? std::nullopt : std::optional(it->type);
}

Problem bad_option(const Row& interface, std::string_view key, std::string_view value, std::string_view wanted) {
  return fmt::format("{}: options:{}=\"{}\": {}", interface.name(), key, value, wanted);
}

// `flow` and absent both give nothing; `has_key` tells them apart.
Problem read_address(const Row& interface, std::string_view key, std::optional<IpAddress>& out) {
  const auto text = interface["options"].at(key);
  if (!text || *text == "flow") {
    return std::nullopt;
  }
  out = IpAddress::parse(*text);
  return out ? std::nullopt : bad_option(interface, key, *text, "an IP address or \"flow\" is needed");
}

// What a key is called, and how large it may be.
struct KeyKind {
  std::string_view name;
  uint64_t max;
};
KeyKind key_kind(PortType type) {
  switch (type) {
    case PortType::gre:
      return {"a key", 0xffffffff};
    case PortType::nvgre:
      return {"a VSID", max_vni};
    case PortType::stt:
      return {"a context id", ~uint64_t{0}};
    default:
      return {"a VNI", max_vni};
  }
}

Problem read_key(const Row& interface, std::string_view key, const KeyKind& kind, std::optional<uint64_t>& out) {
  const auto text = interface["options"].at(key);
  if (!text) {
    return std::nullopt;
  }
  if (*text == "flow") {
    out.reset();
    return std::nullopt;
  }
  out = parse_unsigned(*text, kind.max);
  return out ? std::nullopt
             : bad_option(interface, key, *text,
                          fmt::format("{} of 0 to {} or \"flow\" is needed", kind.name, kind.max));
}

template <typename Number>
Problem read_number(const Row& interface, std::string_view key, uint64_t min, uint64_t max, Number& out) {
  const auto text = interface["options"].at(key);
  if (!text) {
    return std::nullopt;
  }
  const auto value = parse_unsigned(*text, max);
  if (!value || *value < min) {
    return bad_option(interface, key, *text, fmt::format("a number from {} to {} is needed", min, max));
  }
  out = static_cast<Number>(*value);
  return std::nullopt;
}

Problem read_number_or_inherit(const Row& interface, std::string_view key, uint8_t& value, bool& inherits) {
  inherits = interface["options"].at(key) == "inherit";
  return inherits ? std::nullopt : read_number(interface, key, 0, 255, value);
}

Problem read_flag(const Row& interface, std::string_view key, bool& out) {
  const auto text = interface["options"].at(key);
  if (!text) {
    return std::nullopt;
  }
  if (*text != "true" && *text != "false") {
    return bad_option(interface, key, *text, "\"true\" or \"false\" is needed");
  }
  out = *text == "true";
  return std::nullopt;
}

// Of every tunnel; those that have a port have dst_port too, VXLAN has exts, NVGRE has no checksum, STT always one, and
// STT carries frames of any size.
constexpr std::array<std::string_view, 8> tunnel_options{"remote_ip", "local_ip", "key", "in_key",
                                                         "out_key",   "tos",      "ttl", "df_default"};
std::vector<std::string_view> options_of(PortType type) {
  std::vector<std::string_view> options(tunnel_options.begin(), tunnel_options.end());
  if (type == PortType::vxlan || type == PortType::geneve || type == PortType::stt) {
    options.emplace_back("dst_port");
  }
  if (type != PortType::stt) {
    options.emplace_back("too_big_rate");
    options.emplace_back("mss_clamp");
  }
  if (type == PortType::vxlan) {
    options.emplace_back("exts");
  }
  if (type != PortType::nvgre && type != PortType::stt) {
    options.emplace_back("csum");
  }
  return options;
}

// Extensions of VXLAN, one so far.
Problem read_extensions(const Row& interface, bool& has_gbp) {
  const auto text = interface["options"].at("exts");
  has_gbp = text == "gbp";
  return !text || has_gbp ? std::nullopt : bad_option(interface, "exts", *text, "\"gbp\" is needed");
}

constexpr std::array<std::string_view, 4> afxdp_options{"force", "n_rxq", "use-need-wakeup", "xdp-mode"};

// An option that nobody reads would leave its setting as it was: a VNI of 0, say.
Problem unknown_option(const Row& interface, std::span<const std::string_view> known) {
  for (const auto& key : interface["options"].keys) {
    const auto& name = std::get<std::string>(key);
    if (std::ranges::find(known, name) == known.end()) {
      const TextError error{
          fmt::format("{}: unknown {} option \"{}\"", interface.name(), interface["type"].string().value_or(""), name),
          0, 0, did_you_mean(name, known)};
      return error.to_string();
    }
  }
  return std::nullopt;
}

uint16_t default_port(PortType type) {
  switch (type) {
    case PortType::geneve:
      return 6081;  // RFC 8926 section 3.3
    case PortType::stt:
      return 7471;  // draft-davie-stt-08 section 3.2
    default:
      return TunnelSpec{}.dst_port;
  }
}

Result<TunnelSpec, std::string> to_tunnel(const Row& interface, PortType type) {
  const Datum& options = interface["options"];
  const KeyKind kind = key_kind(type);
  if (const auto problem = unknown_option(interface, options_of(type))) {
    return Unexpected{*problem};
  }
  if (!options.at("remote_ip")) {
    return Unexpected{fmt::format("{}: {} type requires valid 'remote_ip' argument", interface.name(),
                                  interface["type"].string().value_or(""))};
  }
  TunnelSpec spec;
  spec.local_is_any = !options.at("local_ip");
  spec.in_key = 0;  // an absent key is 0, as in Open vSwitch
  spec.out_key = 0;
  spec.dst_port = default_port(type);
  spec.outer_checksum = type != PortType::gre && type != PortType::nvgre;  // NVGRE has none: RFC 7637 section 3.2
  uint8_t tos = 0;
  for (const Problem& problem :
       {read_address(interface, "remote_ip", spec.remote), read_address(interface, "local_ip", spec.local),
        read_key(interface, "key", kind, spec.in_key), read_key(interface, "key", kind, spec.out_key),
        read_key(interface, "in_key", kind, spec.in_key), read_key(interface, "out_key", kind, spec.out_key),
        read_number(interface, "dst_port", 1, 65535, spec.dst_port),
        read_number(interface, "too_big_rate", 0, 1'000'000, spec.too_big_rate),
        read_number_or_inherit(interface, "tos", tos, spec.tos_inherit),
        read_number_or_inherit(interface, "ttl", spec.ttl, spec.ttl_inherit),
        read_flag(interface, "df_default", spec.dont_fragment), read_flag(interface, "csum", spec.outer_checksum),
        read_flag(interface, "mss_clamp", spec.clamps_mss), read_extensions(interface, spec.has_gbp)}) {
    if (problem) {
      return Unexpected{*problem};
    }
  }
  if (options.at("tos") && !spec.tos_inherit) {
    spec.tos = tos;
  }
  if (spec.remote && spec.remote->is_multicast()) {
    return Unexpected{
        fmt::format("{}: multicast remote_ip={} not allowed", interface.name(), *options.at("remote_ip"))};
  }
  return spec;
}

std::string unknown_type(std::string_view interface, std::string_view type) {
  std::vector<std::string_view> known{"patch"};
  for (const TypeName& name : type_names) {
    known.push_back(name.text);
  }
  const TextError error{fmt::format("could not open network device {}: unknown type \"{}\"", interface, type), 0, 0,
                        did_you_mean(type, known)};
  return error.to_string();
}

Problem read_xdp_mode(const Row& interface, datapath::XdpMode& out) {
  const auto text = interface["options"].at("xdp-mode");
  if (!text) {
    return std::nullopt;
  }
  const auto mode = datapath::parse_xdp_mode(*text);
  if (!mode) {
    return bad_option(interface, "xdp-mode", *text, "best-effort, native-with-zerocopy, native or generic is needed");
  }
  out = *mode;
  return std::nullopt;
}

// Of a port that reads frames from a device.
Problem read_device_options(const Row& interface, PortSpec& spec) {
  constexpr unsigned most_queues = 64;
  if (spec.type == PortType::afxdp) {
    for (const Problem& problem : {unknown_option(interface, afxdp_options), read_xdp_mode(interface, spec.xdp.mode),
                                   read_flag(interface, "use-need-wakeup", spec.xdp.need_wakeup)}) {
      if (problem) {
        return problem;
      }
    }
  }
  if (spec.type == PortType::internal || is_tunnel(spec.type)) {
    return std::nullopt;
  }
  return read_number(interface, "n_rxq", 1, most_queues, spec.rx_queue_count);
}

// A column may hold more than the setting can: the largest one stands for all of them.
template <typename Number>
std::optional<Number> optional_number(const Datum& datum) {
  const auto value = datum.integer();
  return value ? std::optional(static_cast<Number>(std::min<int64_t>(*value, std::numeric_limits<Number>::max())))
               : std::nullopt;
}

// A setting that is absent, no number or too large counts as not said.
std::optional<uint8_t> small_number(const std::optional<std::string>& text, uint8_t max) {
  const auto value = parse_unsigned(text.value_or(""), max);
  return value ? std::optional(static_cast<uint8_t>(*value)) : std::nullopt;
}

constexpr uint8_t max_dscp = 63;
constexpr uint8_t max_auxiliary_connections = 8;

std::optional<Duration> milliseconds(const Datum& datum) {
  constexpr int64_t longest = 24LL * 3600 * 1000;  // a day, so that a few of them can be added up
  const auto value = datum.integer();
  return value ? std::optional<Duration>(std::chrono::milliseconds(std::min(*value, longest))) : std::nullopt;
}

}  // namespace

const Row& interface_of(const management::Database& database, const Row& port) {
  return *database.find("Interface", port["interfaces"].uuids().front());
}

Result<Attachment, std::string> to_attachment(const Row& interface, MacAddress bridge_mac) {
  const std::string type = interface["type"].string().value_or("");
  if (type == "patch") {
    const auto peer = interface["options"].at("peer");
    if (!peer) {
      return Unexpected{fmt::format("{}: patch type requires valid 'peer' argument", interface.name())};
    }
    if (*peer == interface.name()) {
      return Unexpected{fmt::format("{}: patch peer must not be self", interface.name())};
    }
    return Attachment{ofproto::PatchSpec{*peer}};
  }
  const auto kind = port_type(type);
  if (!kind) {
    return Unexpected{unknown_type(interface.name(), type)};
  }
  PortSpec spec;
  spec.name = interface.name();
  spec.type = *kind;
  spec.mtu_request = optional_number<uint32_t>(interface["mtu_request"]);
  spec.force = interface["options"].at("force") == "true";
  if (const auto problem = read_device_options(interface, spec)) {
    return Unexpected{*problem};
  }
  if (*kind == PortType::internal) {
    spec.mac = bridge_mac;
    if (const auto mac = interface["mac"].string()) {
      spec.mac = MacAddress::parse(*mac);
      if (!spec.mac || spec.mac->is_multicast()) {
        return Unexpected{fmt::format("{}: mac=\"{}\" is not the address of a device", interface.name(), *mac)};
      }
    }
  }
  if (is_tunnel(*kind)) {
    auto tunnel = to_tunnel(interface, *kind);
    if (!tunnel) {
      return Unexpected{tunnel.error()};
    }
    spec.tunnel = *tunnel;
  }
  return Attachment{std::move(spec)};
}

ofproto::VlanConfig to_vlan(const Row& port) {
  ofproto::VlanConfig vlan;
  const auto mode = port["vlan_mode"].string();
  if (mode) {
    vlan.mode = *mode == "access"          ? ofproto::VlanMode::access
                : *mode == "trunk"         ? ofproto::VlanMode::trunk
                : *mode == "native-tagged" ? ofproto::VlanMode::native_tagged
                                           : ofproto::VlanMode::native_untagged;
  }
  vlan.tag = optional_number<uint16_t>(port["tag"]);
  for (const auto& trunk : port["trunks"].keys) {
    vlan.trunks.push_back(static_cast<uint16_t>(std::get<int64_t>(trunk)));
  }
  vlan.segment = port["segment"].string().value_or("");
  const Datum& segment_vlans = port["segment_vlans"];
  for (size_t i = 0; i < segment_vlans.count(); ++i) {
    vlan.segment_vlans.emplace(static_cast<uint16_t>(std::get<int64_t>(segment_vlans.keys[i])),
                               std::get<std::string>(segment_vlans.values[i]));
  }
  vlan.is_protected = port["protected"].boolean().value_or(false);
  vlan.storm_limit = optional_number<uint32_t>(port["storm_limit"]);
  vlan.mac_limit = to_mac_limit(port);
  vlan.is_standby = port["other_config"].at("segment-gateway") == "standby";
  return vlan;
}

// What cannot be read, which only a state file from elsewhere can have, allows nothing.
std::optional<std::vector<HostAddresses>> to_port_security(const Row& port) {
  const Datum& entries = port["port_security"];
  if (entries.empty()) {
    return std::nullopt;
  }
  std::vector<HostAddresses> allowed;
  for (const auto& entry : entries.keys) {
    if (auto host = HostAddresses::parse(std::get<std::string>(entry))) {
      allowed.push_back(std::move(*host));
    }
  }
  return allowed;
}

MacAddress bridge_mac(const Row& bridge) {
  if (const auto text = bridge["other_config"].at("hwaddr")) {
    if (const auto mac = management::parse_device_address(*text)) {
      return *mac;
    }
  }
  // 02: locally administered, unicast (IEEE 802 section 8.4); the rest from the row's random digits.
  const std::string& uuid = bridge.uuid.text;
  return MacAddress::parse(fmt::format("02:{}:{}:{}:{}:{}", uuid.substr(0, 2), uuid.substr(2, 2), uuid.substr(4, 2),
                                       uuid.substr(6, 2), uuid.substr(9, 2)))
      .value();
}

ofproto::BridgeOptions to_bridge_options(const Row& bridge) {
  const Datum& settings = bridge["other_config"];
  ofproto::BridgeOptions options;
  uint64_t id = bridge_mac(bridge).to_uint64();
  if (const auto text = settings.at("datapath-id")) {
    id = management::parse_datapath_id(*text).value_or(id);
  }
  options.datapath_id = id;
  options.fail_mode =
      bridge["fail_mode"].string() == "secure" ? ofproto::FailMode::secure : ofproto::FailMode::standalone;
  if (const auto aging = parse_unsigned(settings.at("mac-aging-time").value_or(""), 1'000'000)) {
    options.mac_aging = std::chrono::seconds(std::max<uint64_t>(*aging, 15));
  }
  if (const auto limit = parse_unsigned(settings.at("mac-table-size").value_or(""), 10'000'000)) {
    options.mac_limit = std::max<uint64_t>(*limit, 10);
  }
  if (const auto fields = management::parse_prefix_fields(settings.at("prefixes").value_or(""))) {
    options.prefix_fields.clear();
    for (const std::string& name : *fields) {
      options.prefix_fields.push_back(find_field(name)->id);
    }
  }
  options.forward_bpdu = settings.at("forward-bpdu") == "true";
  return options;
}

ofproto::ControllerConfig to_controller_config(const Row& controller) {
  ofproto::ControllerConfig config;
  const Datum& settings = controller["other_config"];
  config.target = controller["target"].string().value_or("");
  config.is_service = controller["type"].string() == "service";
  config.is_told = controller["enable_async_messages"].boolean().value_or(true);
  config.max_backoff = milliseconds(controller["max_backoff"]).value_or(config.max_backoff);
  config.inactivity_probe = milliseconds(controller["inactivity_probe"]).value_or(config.inactivity_probe);
  config.packet_ins.rate = optional_number<uint32_t>(controller["controller_rate_limit"]);
  config.packet_ins.burst = optional_number<uint32_t>(controller["controller_burst_limit"]);
  if (const auto size = optional_number<uint32_t>(controller["controller_queue_size"])) {
    config.packet_ins.queue_size = *size;
  }
  config.dscp = small_number(settings.at("dscp"), max_dscp).value_or(config.dscp);
  config.auxiliary_count = small_number(settings.at("auxiliary-connections"), max_auxiliary_connections).value_or(0);
  return config;
}

openflow::VersionSet to_versions(const Row& bridge) {
  uint32_t versions = 0;
  for (const auto& name : bridge["protocols"].keys) {
    if (const auto version = openflow::parse_version(std::get<std::string>(name))) {
      versions |= openflow::VersionSet{*version}.bits();
    }
  }
  return versions == 0 ? openflow::supported_versions() : openflow::VersionSet{versions};
}

std::optional<ofproto::TlsFiles> to_tls_files(const management::Database& database) {
  const auto uuids = database.root()["ssl"].uuids();
  const Row* row = uuids.empty() ? nullptr : database.find("SSL", uuids.front());
  if (row == nullptr) {
    return std::nullopt;
  }
  const auto file = [&](const char* column) { return (*row)[column].string().value_or(""); };
  return ofproto::TlsFiles{file("private_key"), file("certificate"), file("ca_cert"),
                           (*row)["bootstrap_ca_cert"].boolean().value_or(false)};
}

}  // namespace weft::config
