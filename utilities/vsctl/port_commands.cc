// Ports and interfaces of a bridge.

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/host_addresses.h"
#include "utilities/vsctl/command.h"

namespace weft::vsctl {
namespace {

// Names of the bridge's ports, without the bridge's own device.
std::string port_names(const Draft& draft, const Row& bridge) {
  std::vector<std::string> names;
  for (const Row* port : draft.referred(bridge, "ports", "Port")) {
    if (port->name() != bridge.name()) {
      names.push_back(port->name());
    }
  }
  std::ranges::sort(names);
  std::string out;
  for (const auto& name : names) {
    out += name + '\n';
  }
  return out;
}

void remove_port(Draft& draft, const Row& bridge, const Row& port) {
  const Uuid bridge_uuid = bridge.uuid;
  const Uuid port_uuid = port.uuid;
  for (const Row* interface : draft.referred(port, "interfaces", "Interface")) {
    draft.remove("Interface", Uuid(interface->uuid));
  }
  draft.remove_reference("Bridge", bridge_uuid, "ports", port_uuid);
  draft.remove("Port", port_uuid);
}

// add-port's settings name a column of Port or, failing that, of Interface, as ovs-vsctl takes them for Port only.
std::string_view table_with_column(std::string_view setting) {
  const auto name = setting.substr(0, setting.find_first_of(":="));
  return management::match_column(*management::find_table("Port"), name) ? "Port" : "Interface";
}

// The bridge that has the port; a port made by `create` may have none yet.
Result<const Row*, CommandError> owner_of(Invocation& call, const Row& port, size_t at) {
  if (const Row* owner = call.run.draft.referrer("Bridge", "ports", port.uuid)) {
    return owner;
  }
  return Unexpected{CommandError{fmt::format("port {} is on no bridge", port.name()), at}};
}

// An IP address alone is mostly one that a shell has parted from its Ethernet address.
CommandError wrong_addresses(const std::string& text, size_t word, const TextError& error) {
  if (IpPrefix::parse_host(text)) {
    return {fmt::format("\"{}\" stands alone: it goes into one word with its Ethernet address, in quotes", text), word};
  }
  return {error.message, word, error.position, error.length};
}

}  // namespace

Result<const Row*, CommandError> require_port(Invocation& call, size_t at) {
  const auto& name = call.word(at);
  if (const Row* port = call.run.draft.find_by_name("Port", name)) {
    return port;
  }
  CommandError error{fmt::format("no port named {}", name), at};
  error.suggestion = did_you_mean(name, names_of(call.run.draft, "Port"));
  return Unexpected{std::move(error)};
}

CommandResult list_ports(Invocation& call) {
  return require_bridge(call, 0).transform(
      [&](const Row* bridge) { call.run.output += port_names(call.run.draft, *bridge); });
}

CommandResult list_ifaces(Invocation& call) { return list_ports(call); }

CommandResult add_port(Invocation& call) {
  auto& draft = call.run.draft;
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  const Uuid bridge_uuid = (*bridge)->uuid;
  const auto& name = call.word(1);
  const Row* port = draft.find_by_name("Port", name);
  if (port != nullptr) {
    const Row* owner = draft.referrer("Bridge", "ports", port->uuid);
    if (!call.has("--may-exist")) {
      return refuse(fmt::format("cannot create a port named {} because a port of that name exists already on bridge {}",
                                name, owner == nullptr ? "?" : owner->name()),
                    1);
    }
    if (owner == nullptr || owner->uuid != bridge_uuid) {
      return refuse(fmt::format("{} is a port of bridge {}, not of {}", name, owner == nullptr ? "?" : owner->name(),
                                call.word(0)),
                    1);
    }
  }
  if (port == nullptr) {
    const Uuid interface = draft.insert("Interface", {{"name", Datum::of(name)}});
    const Uuid uuid = draft.insert("Port", {{"name", Datum::of(name)}, {"interfaces", Datum::of(interface)}});
    draft.add_reference("Bridge", bridge_uuid, "ports", uuid);
    port = draft.find("Port", uuid);
  }
  for (size_t i = 2; i < call.count(); ++i) {
    const auto table = table_with_column(call.word(i));
    const auto interfaces = (*port)["interfaces"].uuids();
    if (table == "Interface" && interfaces.size() != 1) {
      return refuse(fmt::format("port {} does not have exactly one interface", name), i);
    }
    const Uuid row = table == "Port" ? port->uuid : interfaces.front();
    if (auto done = set_column(call, table, row, i); !done) {
      return done;
    }
  }
  return {};
}

CommandResult del_port(Invocation& call) {
  const size_t at = call.count() - 1;
  const auto port = require_port(call, at);
  if (!port) {
    return call.has("--if-exists") ? CommandResult{} : CommandResult{Unexpected{port.error()}};
  }
  const auto found = owner_of(call, **port, at);
  if (!found) {
    return Unexpected{found.error()};
  }
  const Row* owner = *found;
  if (call.count() == 2) {
    const auto bridge = require_bridge(call, 0);
    if (!bridge) {
      return Unexpected{bridge.error()};
    }
    if (owner != *bridge) {
      return refuse(
          fmt::format("bridge {} does not have a port {} (bridge {} has)", call.word(0), call.word(1), owner->name()),
          at);
    }
  }
  if (owner->name() == call.word(at)) {
    return refuse(
        fmt::format("cannot delete port {} because it is the local port of its bridge (use del-br)", call.word(at)),
        at);
  }
  remove_port(call.run.draft, *owner, **port);
  return {};
}

// A patch port's packets are another bridge's, whose own ports are where they can be checked.
CommandResult set_port_security(Invocation& call) {
  Draft& draft = call.run.draft;
  const auto port = require_port(call, 0);
  if (!port) {
    return Unexpected{port.error()};
  }
  for (const Row* interface : draft.referred(**port, "interfaces", "Interface")) {
    if ((*interface)["type"].string() == "patch" && call.count() > 1) {
      return refuse(fmt::format("{} is a patch port, whose packets are not checked: the ports of the other bridge are "
                                "where guests are",
                                call.word(0)),
                    0);
    }
  }
  Datum allowed;
  for (size_t i = 1; i < call.count(); ++i) {
    if (const auto host = HostAddresses::parse(call.word(i)); !host) {
      return Unexpected{wrong_addresses(call.word(i), i, host.error())};
    }
    allowed.add(call.word(i));
  }
  draft.update("Port", Uuid((*port)->uuid), "port_security", std::move(allowed));
  return {};
}

CommandResult port_to_br(Invocation& call) {
  const auto port = require_port(call, 0);
  if (!port) {
    return Unexpected{port.error()};
  }
  return owner_of(call, **port, 0).transform([&](const Row* bridge) { call.run.output += bridge->name() + '\n'; });
}

}  // namespace weft::vsctl
