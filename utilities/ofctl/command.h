// A sub-command of weft-ofctl: a row in the table of command.cc, its work in a file per family.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/openflow/text/message_text.h"
#include "utilities/ofctl/connection.h"
#include "utilities/ofctl/options.h"
#include "utilities/ofctl/switch_ports.h"

namespace weft::ofctl {

using Outcome = Result<void, Failure>;

// What a command works with. Commands that speak to a switch are given it as their first argument.
struct Invocation {
  const Options& options;
  std::span<const std::string> arguments;  // without the switch
  Connection* connection = nullptr;        // null for commands that need none
  SwitchPorts* ports = nullptr;            // for reading text

  std::string argument(size_t i) const { return i < arguments.size() ? arguments[i] : std::string(); }
  // For printing: names only when they are wanted.
  const PortNames* shown_ports() const { return options.show_names ? ports : nullptr; }
};

// What a command needs of the other side.
enum class Need : uint8_t { nothing, reading, changing, snoop };

struct Command {
  std::string_view name;
  std::string_view arguments;  // in the help: "SWITCH [FLOW]"
  std::string_view help;
  Need need;
  size_t least;  // arguments behind the switch
  size_t most;
  Outcome (*run)(Invocation&);
  openflow::Version since = openflow::Version::v1_0;  // the first version that can say it
  openflow::Version best = openflow::Version::v1_0;   // the first that says all of it, spoken if the switch can
  bool is_extension_of_10 = false;                    // which can say it too
};

// What -O says; without it OpenFlow 1.3 and below.
openflow::VersionSet usual_versions(const Options& options);

// For a text that no switch is asked about: the highest of these.
openflow::Version version_without_switch(const Options& options);

std::span<const Command> commands();
const Command* find_command(std::string_view name);

std::string help_text();
std::string help_text(const Command& command);

// Runs the command that the options name.
Outcome run(const Options& options);

// "OFPST_TABLE reply (OF1.3) (xid=0x2):", for the list that was asked for last.
template <class Entry>
void print_title(const Invocation& call) {
  const openflow::Envelope reply{call.connection->version(), call.connection->last_xid(), false,
                                 openflow::MultipartReply<Entry>{}, call.connection->form()};
  fmt::print("{}\n", format_title(reply));
}

// An error in the user's text, marked.
Failure bad_text(std::string_view text, const TextError& error);

// Sends the request and prints what comes, as ofp-print would.
Outcome print_replies(Invocation& call, const openflow::Message& request);

// What tells a port so: "p1", "no-flood". Asks the switch for the port's address.
Result<openflow::PortMod, Failure> port_mod(Invocation& call, const std::string& port, const std::string& action);

Outcome show(Invocation& call);
Outcome dump_desc(Invocation& call);
Outcome dump_ports(Invocation& call);
Outcome dump_ports_desc(Invocation& call);
Outcome mod_port(Invocation& call);
Outcome queue_stats(Invocation& call);
Outcome dump_tables(Invocation& call);
Outcome dump_table_features(Invocation& call);
Outcome dump_flows(Invocation& call);
Outcome dump_aggregate(Invocation& call);
Outcome add_flow(Invocation& call);
Outcome add_flows(Invocation& call);
Outcome mod_flows(Invocation& call);
Outcome del_flows(Invocation& call);
Outcome replace_flows(Invocation& call);
Outcome diff_flows(Invocation& call);
Outcome add_group(Invocation& call);
Outcome add_groups(Invocation& call);
Outcome mod_group(Invocation& call);
Outcome insert_buckets(Invocation& call);
Outcome remove_buckets(Invocation& call);
Outcome del_groups(Invocation& call);
Outcome dump_groups(Invocation& call);
Outcome dump_group_stats(Invocation& call);
Outcome dump_group_features(Invocation& call);
Outcome add_meter(Invocation& call);
Outcome mod_meter(Invocation& call);
Outcome del_meters(Invocation& call);
Outcome dump_meters(Invocation& call);
Outcome meter_stats(Invocation& call);
Outcome meter_features(Invocation& call);
Outcome monitor(Invocation& call);
Outcome packet_out(Invocation& call);
Outcome probe(Invocation& call);
Outcome ping(Invocation& call);
Outcome barrier(Invocation& call);
Outcome parse_flow_command(Invocation& call);
Outcome parse_flows_command(Invocation& call);
Outcome ofp_print(Invocation& call);
Outcome ofp_parse(Invocation& call);
Outcome ofp_parse_pcap(Invocation& call);
Outcome compose_packet(Invocation& call);
Outcome bundle(Invocation& call);
Outcome snoop(Invocation& call);
Outcome benchmark(Invocation& call);
Outcome get_frags(Invocation& call);
Outcome set_frags(Invocation& call);
Outcome queue_get_config(Invocation& call);
Outcome dump_table_desc(Invocation& call);
Outcome mod_table(Invocation& call);
Outcome add_tlv_map(Invocation& call);
Outcome del_tlv_map(Invocation& call);
Outcome dump_tlv_map(Invocation& call);
Outcome list_commands(Invocation& call);
Outcome list_fields(Invocation& call);
Outcome list_actions(Invocation& call);

}  // namespace weft::ofctl
