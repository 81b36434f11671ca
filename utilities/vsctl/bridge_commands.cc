// Bridges, their controllers and fail mode.

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/controller_target.h"
#include "utilities/vsctl/record_words.h"

namespace weft::vsctl {
namespace {

std::string lines(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    out += name + '\n';
  }
  return out;
}

Uuid insert_port(Draft& draft, const std::string& name, std::string type) {
  const Uuid interface = draft.insert("Interface", {{"name", Datum::of(name)}, {"type", Datum::of(std::move(type))}});
  return draft.insert("Port", {{"name", Datum::of(name)}, {"interfaces", Datum::of(interface)}});
}

}  // namespace

std::vector<std::string> names_of(const Draft& draft, std::string_view table) {
  std::vector<std::string> names;
  for (const auto& [uuid, row] : draft.rows(table)) {
    names.push_back(row.name());
  }
  std::ranges::sort(names);
  return names;
}

Result<const Row*, CommandError> require_bridge(Invocation& call, size_t at) {
  const auto& name = call.word(at);
  if (const Row* bridge = call.run.draft.find_by_name("Bridge", name)) {
    return bridge;
  }
  CommandError error{fmt::format("no bridge named {}", name), at};
  error.suggestion = did_you_mean(name, names_of(call.run.draft, "Bridge"));
  return Unexpected{std::move(error)};
}

CommandResult init(Invocation&) { return {}; }

CommandResult add_br(Invocation& call) {
  auto& draft = call.run.draft;
  const auto& name = call.word(0);
  if (draft.find_by_name("Bridge", name) != nullptr) {
    return call.has("--may-exist") ? CommandResult{} : refuse(fmt::format("a bridge named {} exists already", name), 0);
  }
  if (draft.find_by_name("Port", name) != nullptr) {
    return refuse(fmt::format("a port named {} exists already", name), 0);
  }
  if (auto problem = management::bridge_name_problem(name)) {
    return refuse(std::move(*problem), 0);
  }
  const Uuid port = insert_port(draft, name, "internal");
  const Uuid bridge = draft.insert("Bridge", {{"name", Datum::of(name)}, {"ports", Datum::of(port)}});
  draft.add_reference("Open_vSwitch", draft.root().uuid, "bridges", bridge);
  return {};
}

CommandResult del_br(Invocation& call) {
  auto& draft = call.run.draft;
  const Row* bridge = draft.find_by_name("Bridge", call.word(0));
  if (bridge == nullptr) {
    return call.has("--if-exists") ? CommandResult{} : refuse(fmt::format("no bridge named {}", call.word(0)), 0);
  }
  const Uuid uuid = bridge->uuid;
  for (const Row* port : draft.referred(*bridge, "ports", "Port")) {
    for (const Row* interface : draft.referred(*port, "interfaces", "Interface")) {
      draft.remove("Interface", Uuid(interface->uuid));
    }
    draft.remove("Port", Uuid(port->uuid));
  }
  for (const Row* segment : draft.referred(*bridge, "segments", "Segment")) {
    draft.remove("Segment", Uuid(segment->uuid));
  }
  draft.remove_reference("Open_vSwitch", draft.root().uuid, "bridges", uuid);
  draft.remove("Bridge", uuid);
  return {};
}

CommandResult list_br(Invocation& call) {
  call.run.output += lines(names_of(call.run.draft, "Bridge"));
  return {};
}

CommandResult br_exists(Invocation& call) {
  if (call.run.draft.find_by_name("Bridge", call.word(0)) == nullptr) {
    call.run.exit_status = 2;
  }
  return {};
}

CommandResult br_to_vlan(Invocation& call) {
  return require_bridge(call, 0).transform([&](const Row*) { call.run.output += "0\n"; });
}

CommandResult br_to_parent(Invocation& call) {
  return require_bridge(call, 0).transform([&](const Row* bridge) { call.run.output += bridge->name() + '\n'; });
}

CommandResult br_set_external_id(Invocation& call) {
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  Datum ids = (**bridge)["external_ids"];
  if (call.count() == 3) {
    ids.put(call.word(1), call.word(2));
  } else {
    ids.erase(call.word(1));
  }
  call.run.draft.update("Bridge", (*bridge)->uuid, "external_ids", std::move(ids));
  return {};
}

CommandResult br_get_external_id(Invocation& call) {
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  const Datum& ids = (**bridge)["external_ids"];
  if (call.count() == 2) {
    call.run.output += ids.at(call.word(1)).value_or("") + '\n';
    return {};
  }
  for (size_t i = 0; i < ids.count(); ++i) {
    call.run.output += std::get<std::string>(ids.keys[i]) + '=' + std::get<std::string>(ids.values[i]) + '\n';
  }
  return {};
}

CommandResult get_controller(Invocation& call) {
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  std::vector<std::string> targets;
  for (const Row* controller : call.run.draft.referred(**bridge, "controller", "Controller")) {
    targets.push_back((*controller)["target"].string().value_or(""));
  }
  std::ranges::sort(targets);
  call.run.output += lines(targets);
  return {};
}

CommandResult del_controller(Invocation& call) {
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  const Uuid uuid = (*bridge)->uuid;
  for (const Row* controller : call.run.draft.referred(**bridge, "controller", "Controller")) {
    call.run.draft.remove("Controller", Uuid(controller->uuid));
  }
  call.run.draft.update("Bridge", uuid, "controller", {});
  return {};
}

CommandResult set_controller(Invocation& call) {
  for (size_t i = 1; i < call.count(); ++i) {
    if (const auto target = parse_controller_target(call.word(i)); !target) {
      return Unexpected{at_word(target.error(), i)};
    }
  }
  if (auto cleared = del_controller(call); !cleared) {
    return cleared;
  }
  auto& draft = call.run.draft;
  const Uuid bridge = draft.find_by_name("Bridge", call.word(0))->uuid;
  for (size_t i = 1; i < call.count(); ++i) {
    const Uuid controller = draft.insert("Controller", {{"target", Datum::of(call.word(i))}});
    draft.add_reference("Bridge", bridge, "controller", controller);
  }
  return {};
}

CommandResult get_fail_mode(Invocation& call) {
  return require_bridge(call, 0).transform([&](const Row* bridge) {
    if (const auto mode = (*bridge)["fail_mode"].string()) {
      call.run.output += *mode + '\n';
    }
  });
}

CommandResult del_fail_mode(Invocation& call) {
  return require_bridge(call, 0).transform(
      [&](const Row* bridge) { call.run.draft.update("Bridge", Uuid(bridge->uuid), "fail_mode", {}); });
}

CommandResult set_fail_mode(Invocation& call) {
  const auto bridge = require_bridge(call, 0);
  if (!bridge) {
    return Unexpected{bridge.error()};
  }
  const auto& mode = call.word(1);
  if (mode != "standalone" && mode != "secure") {
    CommandError error{"a fail mode is \"standalone\" or \"secure\"", 1};
    error.suggestion = did_you_mean(mode, std::vector<std::string>{"standalone", "secure"});
    return Unexpected{std::move(error)};
  }
  call.run.draft.update("Bridge", Uuid((*bridge)->uuid), "fail_mode", Datum::of(mode));
  return {};
}

}  // namespace weft::vsctl
