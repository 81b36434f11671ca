#include "utilities/ofctl/command.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include <fmt/format.h>

namespace weft::ofctl {
namespace {

constexpr size_t any_number = std::numeric_limits<size_t>::max();

constexpr Command table[] = {
    {"show", "SWITCH", "what the switch is, and its ports", true, 0, 0, show},
    {"dump-desc", "SWITCH", "who made the switch", true, 0, 0, dump_desc},
    {"dump-ports", "SWITCH [PORT]", "counters of all ports or one", true, 0, 1, dump_ports},
    {"dump-ports-desc", "SWITCH [PORT]", "all ports or one", true, 0, 1, dump_ports_desc},
    {"mod-port", "SWITCH PORT ACTION",
     "change a port: up, down, [no-]receive, [no-]forward, [no-]flood or [no-]packet-in", true, 2, 2, mod_port},
    {"queue-stats", "SWITCH [PORT [QUEUE]]", "counters of queues", true, 0, 2, queue_stats},
    {"dump-tables", "SWITCH", "flow counts and lookups of each table", true, 0, 0, dump_tables},
    {"dump-table-features", "SWITCH", "what the tables can do", true, 0, 0, dump_table_features},
    {"dump-flows", "SWITCH [FLOW]", "flows with their counters; those that FLOW selects", true, 0, 1, dump_flows},
    {"dump-aggregate", "SWITCH [FLOW]", "counters of flows, added up", true, 0, 1, dump_aggregate},
    {"add-flow", "SWITCH FLOW|-", "add a flow (\"-\": flows from standard input)", true, 1, 1, add_flow},
    {"add-flows", "SWITCH FILE|-", "add the flows of a file, one a line", true, 1, 1, add_flows},
    {"mod-flows", "SWITCH FLOW|-", "change the actions of flows", true, 1, 1, mod_flows},
    {"del-flows", "SWITCH [FLOW|-]", "delete flows; without FLOW all of them", true, 0, 1, del_flows},
    {"replace-flows", "SWITCH FILE|-", "make the flows those of a file", true, 1, 1, replace_flows},
    {"diff-flows", "SWITCH FILE|-", "compare the flows with those of a file", true, 1, 1, diff_flows},
    {"add-group", "SWITCH GROUP", "add a group", true, 1, 1, add_group},
    {"add-groups", "SWITCH FILE|-", "add the groups of a file, one a line", true, 1, 1, add_groups},
    {"mod-group", "SWITCH GROUP", "change a group", true, 1, 1, mod_group},
    {"del-groups", "SWITCH [GROUP]", "delete a group; without GROUP all of them", true, 0, 1, del_groups},
    {"dump-groups", "SWITCH [GROUP]", "all groups or one", true, 0, 1, dump_groups},
    {"dump-group-stats", "SWITCH [GROUP]", "counters of all groups or one", true, 0, 1, dump_group_stats},
    {"dump-group-features", "SWITCH", "what groups can do", true, 0, 0, dump_group_features},
    {"add-meter", "SWITCH METER", "add a meter", true, 1, 1, add_meter},
    {"mod-meter", "SWITCH METER", "change a meter", true, 1, 1, mod_meter},
    {"del-meters", "SWITCH [METER]", "delete a meter; without METER all of them", true, 0, 1, del_meters},
    {"dump-meters", "SWITCH [METER]", "all meters or one", true, 0, 1, dump_meters},
    {"meter-stats", "SWITCH [METER]", "counters of all meters or one", true, 0, 1, meter_stats},
    {"meter-features", "SWITCH", "what meters can do", true, 0, 0, meter_features},
    {"monitor", "SWITCH [MISSLEN]", "print what the switch sends, packets included", true, 0, 1, monitor},
    {"packet-out", "SWITCH \"in_port=PORT,packet=HEX,actions=ACTIONS\" | SWITCH IN_PORT ACTIONS PACKET...",
     "send packets through the switch", true, 1, any_number, packet_out},
    {"probe", "SWITCH", "succeed if the switch answers", true, 0, 0, probe},
    {"ping", "SWITCH [BYTES]", "measure how fast the switch answers", true, 0, 1, ping},
    {"barrier", "SWITCH", "wait until all earlier changes are in force", true, 0, 0, barrier},
    {"parse-flow", "FLOW", "check a flow and print it", false, 1, 1, parse_flow_command},
    {"parse-flows", "FILE|-", "check the flows of a file and print them", false, 1, 1, parse_flows_command},
    {"ofp-print", "HEX", "print an OpenFlow message given in hexadecimal", false, 1, 1, ofp_print},
};

std::string usage(const Command& command) {
  return fmt::format("usage: weft-ofctl [OPTION...] {} {}", command.name, command.arguments);
}

Outcome check_arguments(const Command& command, size_t count) {
  const size_t own = command.needs_switch ? 1 : 0;
  const size_t most = command.most == any_number ? any_number : command.most + own;
  if (count < command.least + own || count > most) {
    return Unexpected{Failure{fmt::format("{} is given {} arguments\n{}", command.name, count, usage(command))}};
  }
  return {};
}

Failure unknown_command(const std::string& name) {
  std::vector<std::string_view> names;
  std::transform(std::begin(table), std::end(table), std::back_inserter(names),
                 [](const Command& command) { return command.name; });
  const std::string nearest = did_you_mean(name, names);
  return {fmt::format("unknown command \"{}\"{}", name,
                      nearest.empty() ? " (--help lists them)" : fmt::format(", did you mean \"{}\"?", nearest))};
}

Outcome run_with_switch(const Command& command, const Options& options, std::span<const std::string> arguments) {
  auto connection = Connection::connect(arguments[0], options.rundir, options.timeout);
  if (!connection) {
    return Unexpected{connection.error()};
  }
  SwitchPorts ports(&*connection);
  Invocation call{options, arguments.subspan(1), &*connection, &ports};
  return command.run(call);
}

}  // namespace

std::span<const Command> commands() { return table; }

const Command* find_command(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(table), std::end(table), [&](const Command& command) { return command.name == name; });
  return found == std::end(table) ? nullptr : found;
}

std::string help_text() {
  std::string text =
      "weft-ofctl: look at and program an OpenFlow switch\n"
      "usage: weft-ofctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
      "SWITCH is the name of a bridge, unix:PATH, or tcp:HOST[:PORT].\n\nCommands:\n";
  for (const Command& command : table) {
    text += fmt::format("  {:<22}{}\n", command.name, command.help);
  }
  return text + "\nOptions:\n" + option_help() + "\nweft-ofctl COMMAND --help tells about one command.\n";
}

std::string help_text(const Command& command) {
  return fmt::format("{}\n\n{}: {}.\n", usage(command), command.name, command.help);
}

Failure bad_text(std::string_view text, const TextError& error) { return {render(text, error)}; }

Outcome run(const Options& options) {
  const std::span<const std::string> words = options.words;
  if (words.empty()) {
    return Unexpected{Failure{"a command is missing (--help lists them)"}};
  }
  const Command* command = find_command(words[0]);
  if (command == nullptr) {
    return Unexpected{unknown_command(words[0])};
  }
  if (options.wants_help) {
    fmt::print("{}", help_text(*command));
    return {};
  }
  const auto arguments = words.subspan(1);
  if (auto checked = check_arguments(*command, arguments.size()); !checked) {
    return checked;
  }
  if (command->needs_switch) {
    return run_with_switch(*command, options, arguments);
  }
  SwitchPorts no_names(nullptr);
  Invocation call{options, arguments, nullptr, &no_names};
  return command->run(call);
}

}  // namespace weft::ofctl
