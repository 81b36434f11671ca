#include "utilities/ofctl/command.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include <fmt/format.h>

namespace weft::ofctl {
namespace {

using openflow::Version;

constexpr size_t any_number = std::numeric_limits<size_t>::max();

constexpr Command command_rows[] = {
    {"show", "SWITCH", "what the switch is, and its ports", Need::reading, 0, 0, show},
    {"dump-desc", "SWITCH", "who made the switch", Need::reading, 0, 0, dump_desc},
    {"dump-ports", "SWITCH [PORT]", "counters of all ports or one", Need::reading, 0, 1, dump_ports},
    {"dump-ports-desc", "SWITCH [PORT]", "all ports or one", Need::reading, 0, 1, dump_ports_desc},
    {"mod-port", "SWITCH PORT ACTION",
     "change a port: up, down, [no-]receive, [no-]forward, [no-]flood or [no-]packet-in", Need::changing, 2, 2,
     mod_port},
    {"queue-stats", "SWITCH [PORT [QUEUE]]", "counters of queues", Need::reading, 0, 2, queue_stats},
    {"dump-tables", "SWITCH", "flow counts and lookups of each table", Need::reading, 0, 0, dump_tables},
    {"dump-table-features", "SWITCH", "what the tables can do", Need::reading, 0, 0, dump_table_features, Version::v1_3,
     Version::v1_5},
    {"dump-flows", "SWITCH [FLOW]", "flows with their counters; those that FLOW selects", Need::reading, 0, 1,
     dump_flows},
    {"dump-aggregate", "SWITCH [FLOW]", "counters of flows, added up", Need::reading, 0, 1, dump_aggregate},
    {"add-flow", "SWITCH FLOW|-", "add a flow (\"-\": flows from standard input)", Need::changing, 1, 1, add_flow},
    {"add-flows", "SWITCH FILE|-", "add the flows of a file, one a line", Need::changing, 1, 1, add_flows},
    {"mod-flows", "SWITCH FLOW|-", "change the actions of flows", Need::changing, 1, 1, mod_flows},
    {"del-flows", "SWITCH [FLOW|-]", "delete flows; without FLOW all of them", Need::changing, 0, 1, del_flows},
    {"replace-flows", "SWITCH FILE|-", "make the flows those of a file", Need::changing, 1, 1, replace_flows},
    {"diff-flows", "SOURCE SOURCE", "compare the flows of two switches or files; exit with 2 if they differ",
     Need::nothing, 2, 2, diff_flows},
    {"bundle", "SWITCH FILE|-",
     "carry out all changes of a file or none, in their order: lines that begin with flow, group, port or packet-out",
     Need::changing, 1, 1, bundle, Version::v1_3, Version::v1_5},
    {"add-group", "SWITCH GROUP", "add a group", Need::changing, 1, 1, add_group},
    {"add-groups", "SWITCH FILE|-", "add the groups of a file, one a line", Need::changing, 1, 1, add_groups},
    {"mod-group", "SWITCH GROUP", "change a group", Need::changing, 1, 1, mod_group},
    {"insert-buckets", "SWITCH GROUP", "add buckets to a group: command_bucket_id=first, last or a number",
     Need::changing, 1, 1, insert_buckets, Version::v1_5, Version::v1_5, true},
    {"remove-buckets", "SWITCH GROUP", "take buckets from a group: command_bucket_id=first, last, all or a number",
     Need::changing, 1, 1, remove_buckets, Version::v1_5, Version::v1_5, true},
    {"del-groups", "SWITCH [GROUP]", "delete a group; without GROUP all of them", Need::changing, 0, 1, del_groups},
    {"dump-groups", "SWITCH [GROUP]", "all groups or one", Need::reading, 0, 1, dump_groups},
    {"dump-group-stats", "SWITCH [GROUP]", "counters of all groups or one", Need::reading, 0, 1, dump_group_stats},
    {"dump-group-features", "SWITCH", "what groups can do", Need::reading, 0, 0, dump_group_features},
    {"add-meter", "SWITCH METER", "add a meter", Need::changing, 1, 1, add_meter, Version::v1_3},
    {"mod-meter", "SWITCH METER", "change a meter", Need::changing, 1, 1, mod_meter, Version::v1_3},
    {"del-meters", "SWITCH [METER]", "delete a meter; without METER all of them", Need::changing, 0, 1, del_meters,
     Version::v1_3},
    {"del-meter", "SWITCH METER", "delete one meter", Need::changing, 1, 1, del_meters, Version::v1_3},
    {"dump-meters", "SWITCH [METER]", "all meters or one", Need::reading, 0, 1, dump_meters, Version::v1_3},
    {"dump-meter", "SWITCH METER", "one meter", Need::reading, 1, 1, dump_meters, Version::v1_3},
    {"meter-stats", "SWITCH [METER]", "counters of all meters or one", Need::reading, 0, 1, meter_stats, Version::v1_3},
    {"meter-features", "SWITCH", "what meters can do", Need::reading, 0, 0, meter_features, Version::v1_3},
    {"monitor", "SWITCH [MISSLEN] [invalid_ttl] [watch:[!WHAT,...][FLOW]]",
     "print what the switch sends: packets (of at most MISSLEN bytes), and changes of flows that are watched",
     Need::reading, 0, 3, monitor},
    {"packet-out", "SWITCH \"in_port=PORT,packet=HEX,actions=ACTIONS\" | SWITCH IN_PORT ACTIONS PACKET...",
     "send packets through the switch", Need::changing, 1, any_number, packet_out},
    {"probe", "SWITCH", "succeed if the switch answers", Need::reading, 0, 0, probe},
    {"ping", "SWITCH [BYTES]", "measure how fast the switch answers", Need::reading, 0, 1, ping},
    {"barrier", "SWITCH", "wait until all earlier changes are in force", Need::reading, 0, 0, barrier},
    {"parse-flow", "FLOW", "check a flow and print the message that it becomes in the version of -O", Need::nothing, 1,
     1, parse_flow_command},
    {"parse-flows", "FILE|-", "check the flows of a file and print their messages", Need::nothing, 1, 1,
     parse_flows_command},
    {"ofp-print", "HEX", "print an OpenFlow message given in hexadecimal", Need::nothing, 1, 1, ofp_print},
    {"ofp-parse", "FILE|-", "print the OpenFlow messages of a file", Need::nothing, 1, 1, ofp_parse},
    {"ofp-parse-pcap", "FILE|- [TCP_PORT...]",
     "print the OpenFlow messages of a packet capture: TCP streams of port 6653 or 6633, or of the ports named",
     Need::nothing, 1, any_number, ofp_parse_pcap},
    {"compose-packet", "FLOW [PAYLOAD]", "print the frame that has the fields of a flow, and a payload in hexadecimal",
     Need::nothing, 1, 2, compose_packet},
    {"snoop", "SWITCH", "print what the switch and its controllers say to each other", Need::snoop, 0, 0, snoop},
    {"benchmark", "SWITCH BYTES COUNT", "measure how many echoes of so many bytes a second the switch answers",
     Need::reading, 2, 2, benchmark},
    {"get-frags", "SWITCH", "how the switch treats IP fragments", Need::reading, 0, 0, get_frags},
    {"set-frags", "SWITCH MODE", "treat IP fragments another way: normal, drop, reassemble or nx-match", Need::changing,
     1, 1, set_frags},
    {"queue-get-config", "SWITCH [PORT]", "how queues are set up", Need::reading, 0, 1, queue_get_config},
    {"dump-table-desc", "SWITCH", "how the tables are set up", Need::reading, 0, 0, dump_table_desc, Version::v1_4},
    {"mod-table", "SWITCH TABLE CHANGE",
     "set a table up: evict, noevict, vacancy:LOW,HIGH (percent of free places) or novacancy; egress makes it the "
     "first "
     "egress table, noegress has none",
     Need::changing, 2, 2, mod_table, Version::v1_4, Version::v1_5},
    {"add-tlv-map", "SWITCH MAP", "give Geneve options names: {class=C,type=T,len=N}->tun_metadataN,...",
     Need::changing, 1, 1, add_tlv_map},
    {"del-tlv-map", "SWITCH [MAP]", "take them away; without MAP all of them", Need::changing, 0, 1, del_tlv_map},
    {"dump-tlv-map", "SWITCH", "the names of Geneve options", Need::reading, 0, 0, dump_tlv_map},
    {"list-commands", "", "every command with its arguments", Need::nothing, 0, 0, list_commands},
    {"list-fields", "", "every match field: width, masks, what it needs", Need::nothing, 0, 0, list_fields},
    {"list-actions", "", "the names of all actions", Need::nothing, 0, 0, list_actions},
};

std::string usage(const Command& command) {
  return fmt::format("usage: weft-ofctl [OPTION...] {} {}", command.name, command.arguments);
}

Outcome check_arguments(const Command& command, size_t count) {
  const size_t own = command.need == Need::nothing ? 0 : 1;
  const size_t most = command.most == any_number ? any_number : command.most + own;
  if (count < command.least + own || count > most) {
    return Unexpected{Failure{fmt::format("{} is given {} arguments\n{}", command.name, count, usage(command))}};
  }
  return {};
}

Failure unknown_command(const std::string& name) {
  std::vector<std::string_view> names;
  std::transform(std::begin(command_rows), std::end(command_rows), std::back_inserter(names),
                 [](const Command& command) { return command.name; });
  const std::string nearest = did_you_mean(name, names);
  return {fmt::format("unknown command \"{}\"{}", name,
                      nearest.empty() ? " (--help lists them)" : fmt::format(", did you mean \"{}\"?", nearest))};
}

// Bundles came with 1.4, and as an extension to 1.3.
Version first_version(const Command& command, const Options& options) {
  return options.in_bundle ? std::max(command.since, Version::v1_3) : command.since;
}

// What -O says, or what the command needs or is best served by.
openflow::VersionSet versions_for(const Command& command, const Options& options) {
  const Version wanted = std::max(first_version(command, options), command.best);
  const bool suffices = options.versions || wanted <= Version::v1_3;
  return suffices ? usual_versions(options) : openflow::supported_versions();
}

Result<Connection, Failure> connect(const Command& command, const Options& options, const std::string& target) {
  if (command.need == Need::snoop) {
    return Connection::connect_snoop(target, options.connection);
  }
  auto connection = Connection::connect(target, options.connection, versions_for(command, options));
  const Version first = first_version(command, options);
  const bool is_extension =
      command.is_extension_of_10 && !options.in_bundle && connection && connection->version() == Version::v1_0;
  if (connection && connection->version() < first && !is_extension) {
    return Unexpected{Failure{fmt::format("{} needs {} or later, and {} was agreed on", command.name, to_string(first),
                                          to_string(connection->version()))}};
  }
  return connection;
}

// Where --format json would be passed over.
Outcome check_format(const Command& command, const Options& options) {
  constexpr std::array with_json = std::to_array<std::string_view>(
      {"dump-aggregate", "dump-desc", "dump-flows", "dump-group-stats", "dump-groups", "dump-meter", "dump-meters",
       "dump-ports", "dump-ports-desc", "dump-table-desc", "dump-table-features", "dump-tables", "meter-stats",
       "queue-get-config", "queue-stats", "show"});
  if (options.format == OutputFormat::json && std::ranges::find(with_json, command.name) == with_json.end()) {
    return Unexpected{Failure{fmt::format("{} prints text only; JSON is there for {}", command.name,
                                          join(std::vector<std::string>(with_json.begin(), with_json.end()), ", "))}};
  }
  return {};
}

Outcome run_with_switch(const Command& command, const Options& options, std::span<const std::string> arguments) {
  if (options.is_read_only && command.need == Need::changing) {
    return Unexpected{Failure{fmt::format("{} changes the switch, and --read-only was given", command.name)}};
  }
  auto connection = connect(command, options, arguments[0]);
  if (!connection) {
    return Unexpected{connection.error()};
  }
  SwitchPorts ports(command.need == Need::snoop ? nullptr : &*connection);
  Invocation call{options, arguments.subspan(1), &*connection, &ports};
  return command.run(call);
}

}  // namespace

openflow::VersionSet usual_versions(const Options& options) {
  constexpr auto up_to_1_3 = openflow::VersionSet::up_to(static_cast<uint8_t>(Version::v1_3));
  return options.versions.value_or(openflow::supported_versions() & up_to_1_3);
}

openflow::Version version_without_switch(const Options& options) {
  return usual_versions(options).highest().value_or(Version::v1_3);
}

std::span<const Command> commands() { return command_rows; }

const Command* find_command(std::string_view name) {
  const auto* found = std::find_if(std::begin(command_rows), std::end(command_rows),
                                   [&](const Command& command) { return command.name == name; });
  return found == std::end(command_rows) ? nullptr : found;
}

std::string help_text() {
  std::string text =
      "weft-ofctl: look at and program an OpenFlow switch\n"
      "usage: weft-ofctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
      "SWITCH is the name of a bridge, unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT].\n\nCommands:\n";
  for (const Command& command : command_rows) {
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
  if (auto checked = check_format(*command, options); !checked) {
    return checked;
  }
  const auto arguments = words.subspan(1);
  if (auto checked = check_arguments(*command, arguments.size()); !checked) {
    return checked;
  }
  if (command->need != Need::nothing) {
    return run_with_switch(*command, options, arguments);
  }
  SwitchPorts no_names(nullptr);
  Invocation call{options, arguments, nullptr, &no_names};
  return command->run(call);
}

}  // namespace weft::ofctl
