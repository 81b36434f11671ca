// replace-flows and diff-flows: the flows of a switch against those of a file.
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "utilities/ofctl/flow_batch.h"
#include "utilities/ofctl/said.h"

namespace weft::ofctl {
namespace {

using openflow::FlowMod;
using openflow::FlowModCommand;

// What makes two flows the same flow (table, priority and match, as text) and what may differ.
using FlowId = std::string;
using FlowSet = std::map<FlowId, FlowMod>;

FlowId id_of(const FlowMod& flow) {
  return fmt::format("table={},{}", flow.table_id, openflow::format_rule(flow.match, flow.priority));
}

constexpr uint16_t lasting_flags =
    openflow::flow_flag::send_flow_rem | openflow::flow_flag::no_packet_counts | openflow::flow_flag::no_byte_counts;

bool is_equal(const FlowMod& a, const FlowMod& b) {
  return a.cookie == b.cookie && a.idle_timeout == b.idle_timeout && a.hard_timeout == b.hard_timeout &&
         (a.flags & lasting_flags) == (b.flags & lasting_flags) &&
         openflow::format_instructions(a.instructions) == openflow::format_instructions(b.instructions);
}

Result<FlowSet, Failure> flows_of_file(const std::string& name, const PortNames* ports, openflow::Version version) {
  FlowSet flows;
  const auto read = for_each_line(name, [&](const std::string& text) -> Outcome {
    auto mod = openflow::parse_flow(text, FlowModCommand::add, ports, version);
    if (!mod) {
      return Unexpected{bad_text(text, mod.error())};
    }
    auto received = as_received(*mod, version);
    if (!received) {
      return Unexpected{Failure{fmt::format("{}\n  {}", received.error().message, text)}};
    }
    auto& flow = std::get<FlowMod>(received->message);
    const FlowId id = id_of(flow);
    flows.insert_or_assign(id, std::move(flow));
    return {};
  });
  if (!read) {
    return Unexpected{read.error()};
  }
  return flows;
}

FlowMod as_addition(openflow::FlowStats stats) {
  FlowMod mod;
  mod.table_id = stats.table_id;
  mod.priority = stats.priority;
  mod.idle_timeout = stats.idle_timeout;
  mod.hard_timeout = stats.hard_timeout;
  mod.flags = stats.flags & lasting_flags;
  mod.cookie = stats.cookie;
  mod.match = std::move(stats.match);
  mod.instructions = std::move(stats.instructions);
  return mod;
}

Result<FlowSet, Failure> flows_of_switch(Connection& connection) {
  auto stats = connection.ask_list<openflow::FlowStats>(openflow::FlowStatsRequest{});
  if (!stats) {
    return Unexpected{stats.error()};
  }
  FlowSet flows;
  for (openflow::FlowStats& one : *stats) {
    FlowMod mod = as_addition(std::move(one));
    const FlowId id = id_of(mod);
    flows.insert_or_assign(id, std::move(mod));
  }
  return flows;
}

// What was, and what is wanted: `change(before, after)`, either may be null. `adds_again`: equal ones too.
template <class Change>
void for_each_difference(const FlowSet& before, const FlowSet& after, bool adds_again, Change&& change) {
  for (const auto& [id, flow] : before) {
    const auto wanted = after.find(id);
    if (wanted == after.end()) {
      change(&flow, nullptr);
    } else if (adds_again || !is_equal(flow, wanted->second)) {
      change(&flow, &wanted->second);
    }
  }
  for (const auto& [id, flow] : after) {
    if (!before.contains(id)) {
      change(nullptr, &flow);
    }
  }
}

Result<std::pair<FlowSet, FlowSet>, Failure> switch_and_file(Invocation& call) {
  auto wanted = flows_of_file(call.argument(0), call.ports, call.connection->version());
  if (!wanted) {
    return Unexpected{wanted.error()};
  }
  auto present = flows_of_switch(*call.connection);
  if (!present) {
    return Unexpected{present.error()};
  }
  return std::pair(std::move(*present), std::move(*wanted));
}

// One side of diff-flows: what can be opened as a file is one, anything else a switch.
struct Source {
  std::string name;
  std::optional<Connection> connection;

  bool is_file() const { return !connection; }
  Result<FlowSet, Failure> flows(const PortNames* ports, openflow::Version version) {
    return is_file() ? flows_of_file(name, ports, version) : flows_of_switch(*connection);
  }
};

Result<Source, Failure> open_source(const std::string& name, const Options& options) {
  const bool is_file = name == "-" || (std::filesystem::exists(name) && !std::filesystem::is_socket(name));
  if (is_file) {
    return Source{name, std::nullopt};
  }
  auto connection = Connection::connect(name, options.connection, usual_versions(options));
  if (!connection) {
    return Unexpected{connection.error()};
  }
  return Source{name, std::move(*connection)};
}

}  // namespace

Outcome replace_flows(Invocation& call) {
  const auto sets = switch_and_file(call);
  if (!sets) {
    return Unexpected{sets.error()};
  }
  FlowBatch batch(call);
  Outcome added;
  const auto add = [&](const FlowMod& mod) {
    if (added) {
      added = batch.add(mod, format_flow_mod(mod, call.ports));
    }
  };
  for_each_difference(sets->first, sets->second, call.options.adds_again,
                      [&](const FlowMod* before, const FlowMod* after) {
                        if (after != nullptr) {
                          return add(*after);
                        }
                        FlowMod removal = *before;
                        removal.command = FlowModCommand::remove_strict;
                        removal.cookie = 0;
                        removal.instructions = {};
                        add(removal);
                      });
  return added ? batch.commit() : added;
}

// Names of ports in a file are those of the switch that it is compared with, and so is the version.
Outcome diff_flows(Invocation& call) {
  auto first = open_source(call.argument(0), call.options);
  if (!first) {
    return Unexpected{first.error()};
  }
  auto second = open_source(call.argument(1), call.options);
  if (!second) {
    return Unexpected{second.error()};
  }
  Source& named = first->is_file() ? *second : *first;
  const SwitchPorts ports(named.is_file() ? nullptr : &*named.connection);
  const auto version = named.is_file() ? version_without_switch(call.options) : named.connection->version();
  const auto before = first->flows(&ports, version);
  if (!before) {
    return Unexpected{before.error()};
  }
  const auto after = second->flows(&ports, version);
  if (!after) {
    return Unexpected{after.error()};
  }
  bool is_different = false;
  for_each_difference(*before, *after, false, [&](const FlowMod* left, const FlowMod* right) {
    is_different = true;
    for (const auto& [sign, flow] : {std::pair('-', left), std::pair('+', right)}) {
      if (flow != nullptr) {
        fmt::print("{}{}\n", sign, format_flow_mod(*flow, call.options.show_names ? &ports : nullptr));
      }
    }
  });
  return is_different ? Outcome(Unexpected{Failure{"the flows differ", 2}}) : Outcome{};
}

}  // namespace weft::ofctl
