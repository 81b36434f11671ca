// Segments: logical layer-2 networks, and which ports are in them.
#include <algorithm>

#include <fmt/format.h>

#include "lib/management/segment_rules.h"
#include "utilities/vsctl/command.h"

namespace weft::vsctl {
namespace {

using management::max_segment_vni;
using management::min_segment_vni;

Result<const Row*, CommandError> require_segment(Invocation& call, size_t at) {
  const auto& name = call.word(at);
  if (const Row* segment = call.run.draft.find_by_name("Segment", name)) {
    return segment;
  }
  CommandError error{fmt::format("no segment named {}", name), at};
  error.suggestion = did_you_mean(name, names_of(call.run.draft, "Segment"));
  return Unexpected{std::move(error)};
}

std::optional<std::string> option(const Invocation& call, std::string_view name) {
  const auto found = call.options.find(name);
  return found == call.options.end() ? std::nullopt : std::optional(found->second);
}

// --bridge, or the only one that there is.
Result<const Row*, CommandError> bridge_of(Invocation& call) {
  const Draft& draft = call.run.draft;
  if (const auto name = option(call, "--bridge")) {
    if (const Row* bridge = draft.find_by_name("Bridge", *name)) {
      return bridge;
    }
    CommandError error{fmt::format("--bridge={}: no bridge named {}", *name, *name)};
    error.suggestion = did_you_mean(*name, names_of(draft, "Bridge"));
    return Unexpected{std::move(error)};
  }
  const auto& bridges = draft.rows("Bridge");
  if (bridges.size() == 1) {
    return &bridges.begin()->second;
  }
  return refuse(bridges.empty() ? std::string("there is no bridge for a segment to be on; add-br makes one")
                                : std::string("there are several bridges; --bridge says which one it is to be on"));
}

// A value of an option that must be one of several words.
CommandResult check_word(std::string_view name, const std::optional<std::string>& value,
                         std::vector<std::string> words) {
  if (!value || std::ranges::count(words, *value) != 0) {
    return {};
  }
  CommandError error{fmt::format("{}={}: one of {} is needed", name, *value, fmt::join(words, ", "))};
  error.suggestion = did_you_mean(*value, words);
  return Unexpected{std::move(error)};
}

Result<int64_t, CommandError> number(std::string_view name, std::string_view text, int64_t min, int64_t max) {
  const auto value = parse_unsigned(text, static_cast<uint64_t>(max));
  if (!value || static_cast<int64_t>(*value) < min) {
    return refuse(fmt::format("{}={}: a number from {} to {} is needed", name, text, min, max));
  }
  return static_cast<int64_t>(*value);
}

Result<Datum, CommandError> vtep_list(std::string_view text) {
  Datum vteps;
  for (const std::string_view part : split(text, ',')) {
    const auto address = management::parse_vtep(trim(part));
    if (!address) {
      return refuse(fmt::format("--vtep={}: \"{}\" is not the address of a VTEP", text, trim(part)));
    }
    vteps.add(address->to_string());
  }
  return vteps;
}

// --- the index

bool is_flow_based(const Row& interface) {
  const Datum& options = interface["options"];
  return options.at("remote_ip") == "flow" && options.at("key") == "flow" && !options.at("in_key") &&
         !options.at("out_key");
}

SegmentIndex::OfBridge index_of(const Draft& draft, const Row& bridge) {
  SegmentIndex::OfBridge index;
  for (const Row* segment : draft.referred(bridge, "segments", "Segment")) {
    index.names.emplace((*segment)["vni"].integer().value_or(0), segment->name());
  }
  for (const Row* port : draft.referred(bridge, "ports", "Port")) {
    for (const Row* interface : draft.referred(*port, "interfaces", "Interface")) {
      if (is_flow_based(*interface)) {
        index.encaps.insert((*interface)["type"].string().value_or(""));
      }
    }
  }
  return index;
}

SegmentIndex::OfBridge& index_for(Run& run, const Uuid& bridge) {
  if (run.segments.operation_count != run.draft.operations().size()) {
    run.segments.bridges.clear();
  }
  run.segments.operation_count = run.draft.operations().size();
  const auto found = run.segments.bridges.find(bridge);
  if (found != run.segments.bridges.end()) {
    return found->second;
  }
  return run.segments.bridges.emplace(bridge, index_of(run.draft, *run.draft.find("Bridge", bridge))).first->second;
}

// Whether such a port and one of `encap` with default settings would take the same packets.
bool takes_packets_of(const Row& interface, std::string_view encap) {
  const std::string type = interface["type"].string().value_or("");
  const bool is_same_type = type == encap || (type == "gre" && encap == "nvgre");
  const auto dst_port = interface["options"].at("dst_port");
  const auto usual = encap == "vxlan" ? "4789" : encap == "geneve" ? "6081" : encap == "stt" ? "7471" : "";
  return is_same_type && is_flow_based(interface) && !interface["options"].at("local_ip") &&
         dst_port.value_or(usual) == usual;
}

// Of two ports of a host that take the same packets only one can work. The bridge has none that its segments could use.
std::optional<std::string> tunnel_port_problem(const Draft& draft, const Row& bridge, const std::string& encap) {
  for (const auto& [uuid, interface] : draft.rows("Interface")) {
    if (!takes_packets_of(interface, encap)) {
      continue;
    }
    const Row* port = draft.referrer("Port", "interfaces", interface.uuid);
    const Row* home = port == nullptr ? nullptr : draft.referrer("Bridge", "ports", port->uuid);
    if (home == nullptr) {
      continue;
    }
    const std::string way_out =
        encap == "nvgre" ? std::string("options:local_ip") : std::string("options:dst_port or options:local_ip");
    return fmt::format(
        "bridge {} needs a tunnel port of its own for encapsulation {}, and port {} of bridge {} takes all such "
        "packets of this host (remote_ip=flow, key=flow): make the segment on {}, or first give {} a port of that "
        "type with another {}",
        bridge.name(), encap, interface.name(), home->name(), home->name(), bridge.name(), way_out);
  }
  return std::nullopt;
}

// A tunnel port that takes each packet's id and remote from its flow; flows may use it, too.
void add_tunnel_port(Draft& draft, const Uuid& bridge, const std::string& encap) {
  std::string name;
  for (unsigned n = 0; name.empty(); ++n) {
    const std::string candidate = fmt::format("{}{}", encap, n);
    const bool is_free = draft.find_by_name("Port", candidate) == nullptr &&
                         draft.find_by_name("Interface", candidate) == nullptr &&
                         draft.find_by_name("Bridge", candidate) == nullptr;
    name = is_free ? candidate : "";
  }
  Datum options;
  options.put(std::string("remote_ip"), std::string("flow"));
  options.put(std::string("key"), std::string("flow"));
  const Uuid interface =
      draft.insert("Interface", {{"name", Datum::of(name)}, {"type", Datum::of(encap)}, {"options", options}});
  const Uuid port = draft.insert("Port", {{"name", Datum::of(name)}, {"interfaces", Datum::of(interface)}});
  draft.add_reference("Bridge", bridge, "ports", port);
}

using Columns = std::map<std::string, Datum, std::less<>>;

CommandResult put_mac_limit(const Invocation& call, Columns& columns) {
  const auto limit = option(call, "--mac-limit");
  const auto policy = option(call, "--mac-limit-policy");
  if (policy && !limit) {
    return refuse(fmt::format("--mac-limit-policy={}: of which limit? --mac-limit is missing", *policy));
  }
  if (auto checked = check_word("--mac-limit-policy", policy, {"flood", "drop", "evict"}); !checked) {
    return checked;
  }
  if (limit) {
    const auto count = number("--mac-limit", *limit, 1, management::max_mac_limit);
    if (!count) {
      return Unexpected{count.error()};
    }
    columns["mac_limit"] = Datum::of(*count);
  }
  if (policy) {
    columns["mac_limit_policy"] = Datum::of(*policy);
  }
  return {};
}

// What the options say, checked one by one.
Result<Columns, CommandError> segment_columns(Invocation& call, const std::string& name) {
  Columns columns{{"name", Datum::of(name)}};
  const auto vni = option(call, "--vni");
  if (!vni) {
    return refuse("--vni is missing: the segment's id in tunnels, the same on all of its hosts");
  }
  const auto id = number("--vni", *vni, min_segment_vni, max_segment_vni);
  if (!id) {
    return Unexpected{id.error()};
  }
  columns["vni"] = Datum::of(*id);
  for (const auto& checked : {check_word("--encap", option(call, "--encap"), {"vxlan", "geneve", "nvgre", "stt"}),
                              check_word("--mode", option(call, "--mode"), {"multicast", "replicate", "controller"})}) {
    if (!checked) {
      return Unexpected{checked.error()};
    }
  }
  const auto group = option(call, "--group");
  if (group && !management::parse_group(*group)) {
    return refuse(fmt::format("--group={}: not a multicast address (224.0.0.0/4 or ff00::/8)", *group));
  }
  if (const auto list = option(call, "--vtep")) {
    auto vteps = vtep_list(*list);
    if (!vteps) {
      return Unexpected{vteps.error()};
    }
    columns["vteps"] = std::move(*vteps);
  }
  if (call.has("--any-vtep")) {
    columns["any_vtep"] = Datum::of(true);
  }
  if (auto done = put_mac_limit(call, columns); !done) {
    return Unexpected{done.error()};
  }
  if (const auto mtu = option(call, "--mtu")) {
    const auto bytes = number("--mtu", *mtu, 68, 65535);
    if (!bytes) {
      return Unexpected{bytes.error()};
    }
    columns["mtu"] = Datum::of(*bytes);
  }
  if (const auto limit = option(call, "--storm-limit")) {
    const auto frames = number("--storm-limit", *limit, 1, management::max_storm_limit);
    if (!frames) {
      return Unexpected{frames.error()};
    }
    columns["storm_limit"] = Datum::of(*frames);
  }
  columns["isolate_ports"] = Datum::of(call.has("--isolate-ports"));
  columns["mss_clamp"] = Datum::of(call.has("--mss-clamp"));
  columns["suppress_arp"] = Datum::of(call.has("--suppress-arp"));
  if (group) {
    columns["group"] = Datum::of(management::parse_group(*group)->to_string());
  }
  if (const auto description = option(call, "--description")) {
    columns["description"] = Datum::of(*description);
  }
  columns["encap"] = Datum::of(option(call, "--encap").value_or("vxlan"));
  columns["mode"] = Datum::of(option(call, "--mode").value_or(group ? "multicast" : "replicate"));
  return columns;
}

std::vector<std::string> ports_in(const Draft& draft, const std::string& segment) {
  std::vector<std::string> names;
  for (const auto& [uuid, port] : draft.rows("Port")) {
    const bool is_gateway = std::ranges::count(port["segment_vlans"].values, Atom{segment}) != 0;
    if (port["segment"].string() == segment || is_gateway) {
      names.push_back(port.name());
    }
  }
  std::ranges::sort(names);
  return names;
}

CommandResult change_vteps(Invocation& call, bool are_added) {
  const auto segment = require_segment(call, 0);
  if (!segment) {
    return Unexpected{segment.error()};
  }
  Datum vteps = (**segment)["vteps"];
  for (size_t i = 1; i < call.count(); ++i) {
    const auto address = management::parse_vtep(call.word(i));
    if (!address) {
      return refuse(fmt::format("\"{}\" is not the address of a VTEP", call.word(i)), i);
    }
    if (are_added) {
      vteps.add(address->to_string());
    } else if (!vteps.erase(Atom{address->to_string()})) {
      CommandError error{fmt::format("segment {} has no VTEP {}", call.word(0), call.word(i)), i};
      std::vector<std::string> known;
      for (const Atom& vtep : vteps.keys) {
        known.push_back(std::get<std::string>(vtep));
      }
      error.suggestion = did_you_mean(call.word(i), known);
      return Unexpected{std::move(error)};
    }
  }
  call.run.draft.update("Segment", Uuid((*segment)->uuid), "vteps", std::move(vteps));
  return {};
}

}  // namespace

CommandResult add_segment(Invocation& call) {
  Draft& draft = call.run.draft;
  const auto& name = call.word(0);
  if (draft.find_by_name("Segment", name) != nullptr) {
    return call.has("--may-exist") ? CommandResult{}
                                   : refuse(fmt::format("a segment named {} exists already", name), 0);
  }
  if (auto problem = management::check_segment_name(Datum::of(name))) {
    return refuse(std::move(*problem), 0);
  }
  const auto bridge = bridge_of(call);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  auto columns = segment_columns(call, name);
  if (!columns) {
    return Unexpected{columns.error()};
  }
  if (auto problem = management::segment_problem(Row{Uuid{}, *columns})) {
    return refuse(std::move(*problem), 0);
  }
  const Uuid bridge_uuid = (*bridge)->uuid;
  const int64_t vni = *(*columns)["vni"].integer();
  const std::string encap = *(*columns)["encap"].string();
  SegmentIndex::OfBridge& index = index_for(call.run, bridge_uuid);
  if (const auto other = index.names.find(vni); other != index.names.end()) {
    return refuse(
        fmt::format("--vni={}: segment {} of bridge {} has it already", vni, other->second, (*bridge)->name()));
  }
  if (!index.encaps.contains(encap)) {
    if (auto problem = tunnel_port_problem(draft, **bridge, encap)) {
      return refuse(std::move(*problem));
    }
    add_tunnel_port(draft, bridge_uuid, encap);
    index.encaps.insert(encap);
  }
  index.names.emplace(vni, name);
  const Uuid segment = draft.insert("Segment", std::move(*columns));
  draft.add_reference("Bridge", bridge_uuid, "segments", segment);
  call.run.segments.operation_count = draft.operations().size();
  return {};
}

CommandResult del_segment(Invocation& call) {
  Draft& draft = call.run.draft;
  const auto segment = require_segment(call, 0);
  if (!segment) {
    return call.has("--if-exists") ? CommandResult{} : CommandResult{Unexpected{segment.error()}};
  }
  const auto ports = call.has("--force") ? std::vector<std::string>() : ports_in(draft, call.word(0));
  if (!ports.empty()) {
    return refuse(fmt::format("segment {} has {} {} (set-port-segment takes them out, clearing segment_vlans a "
                              "gateway; --force leaves them in none)",
                              call.word(0), ports.size() == 1 ? "port" : "ports", fmt::join(ports, ", ")),
                  0);
  }
  const Uuid uuid = (*segment)->uuid;
  if (const Row* bridge = draft.referrer("Bridge", "segments", uuid)) {
    draft.remove_reference("Bridge", Uuid(bridge->uuid), "segments", uuid);
  }
  draft.remove("Segment", uuid);
  return {};
}

CommandResult list_segments(Invocation& call) {
  const Draft& draft = call.run.draft;
  std::vector<std::string> names = names_of(draft, "Segment");
  if (call.count() == 1) {
    const auto bridge = require_bridge(call, 0);
    if (!bridge) {
      return Unexpected{bridge.error()};
    }
    names.clear();
    for (const Row* segment : draft.referred(**bridge, "segments", "Segment")) {
      names.push_back(segment->name());
    }
    std::ranges::sort(names);
  }
  for (const auto& name : names) {
    call.run.output += name + '\n';
  }
  return {};
}

// The record is here; addresses and paths only the switch knows.
CommandResult show_segment(Invocation& call) {
  const Draft& draft = call.run.draft;
  const auto found = require_segment(call, 0);
  if (!found) {
    return Unexpected{found.error()};
  }
  const Row& segment = **found;
  std::string& out = call.run.output;
  const auto line = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) {
      out += fmt::format("{:<13}{}\n", fmt::format("{}:", what), value);
    }
  };
  line("segment", segment.name());
  line("description", segment["description"].string().value_or(""));
  const Row* bridge = draft.referrer("Bridge", "segments", segment.uuid);
  line("bridge", bridge == nullptr ? "" : bridge->name());
  line("vni", std::to_string(segment["vni"].integer().value_or(0)));
  line("encap", segment["encap"].string().value_or("vxlan"));
  line("mode", segment["mode"].string().value_or("replicate"));
  line("group", segment["group"].string().value_or(""));
  std::vector<std::string> vteps;
  for (const Atom& vtep : segment["vteps"].keys) {
    vteps.push_back(std::get<std::string>(vtep));
  }
  line("vteps", join(vteps, ", "));
  line("any vtep", segment["any_vtep"].boolean().value_or(false) ? "yes: others are heard, too" : "");
  line("mtu", segment["mtu"].empty() ? "" : std::to_string(*segment["mtu"].integer()));
  if (const auto limit = segment["storm_limit"].integer()) {
    line("storm limit", fmt::format("{} frames/s of each local port", *limit));
  }
  line("isolation",
       segment["isolate_ports"].boolean().value_or(false) ? "ports of this host do not hear each other" : "");
  line("mss clamp", segment["mss_clamp"].boolean().value_or(false) ? "to what fits through tunnels" : "");
  line("suppressed",
       segment["suppress_arp"].boolean().value_or(false) ? "ARP and ND requests for known addresses" : "");
  line("ports", join(ports_in(draft, segment.name()), ", "));
  line("error", segment["error"].string().value_or(""));
  if (bridge != nullptr) {
    call.run.questions.push_back({"segment/show", bridge->name(), segment.name()});
  }
  return {};
}

CommandResult set_port_segment(Invocation& call) {
  Draft& draft = call.run.draft;
  const auto port = require_port(call, 0);
  if (!port) {
    return Unexpected{port.error()};
  }
  const Uuid port_uuid = (*port)->uuid;
  if (call.count() == 1 || call.word(1).empty()) {
    draft.update("Port", port_uuid, "segment", {});
    return {};
  }
  const auto segment = require_segment(call, 1);
  if (!segment) {
    return Unexpected{segment.error()};
  }
  const Row* bridge = draft.referrer("Bridge", "ports", port_uuid);
  const Row* home = draft.referrer("Bridge", "segments", (*segment)->uuid);
  if (bridge != home) {
    return refuse(
        fmt::format("port {} is on bridge {}, segment {} on bridge {}", call.word(0),
                    bridge == nullptr ? "?" : bridge->name(), call.word(1), home == nullptr ? "?" : home->name()),
        1);
  }
  draft.update("Port", port_uuid, "segment", Datum::of(call.word(1)));
  return {};
}

CommandResult add_segment_vtep(Invocation& call) { return change_vteps(call, true); }
CommandResult del_segment_vtep(Invocation& call) { return change_vteps(call, false); }

}  // namespace weft::vsctl
