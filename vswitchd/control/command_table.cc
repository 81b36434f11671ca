#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "vswitchd/control/command.h"

namespace weft::control {

std::span<const CommandSpec> command_table() {
  static const std::array table{
      CommandSpec{"bridge/dump-flows", "BRIDGE", 1, 1, bridge_dump_flows, "all flows of a bridge, hidden ones too"},
      CommandSpec{"dpctl/dump-flows", "[BRIDGE]", 0, 2, dpctl_dump_flows,
                  "the megaflows: what the fast path remembers"},
      CommandSpec{"dpctl/show", "", 0, 0, dpctl_show, "ports of the datapath, hits and misses"},
      CommandSpec{"dpif/budgets", "", 0, 0, dpif_budgets,
                  "masks, megaflows and misses of each port and tunnel id, and how many were dropped"},
      CommandSpec{"dpif/dump-flows", "[BRIDGE]", 0, 2, dpctl_dump_flows, "the same as dpctl/dump-flows"},
      CommandSpec{"dpif/perf", "[--format=text|json]", 0, 2, dpif_perf,
                  "where each worker's time goes: stages, batches, hits, sleeps, drops"},
      CommandSpec{"dpif/rxq-show", "", 0, 0, rxq_show, "which worker reads which queue, and what that costs it"},
      CommandSpec{"dpif/show", "", 0, 0, dpctl_show, "the same as dpctl/show"},
      CommandSpec{"drop/show", "[all]", 0, 1, drop_show, "dropped packets by reason; all: also reasons never met"},
      CommandSpec{"exit", "", 0, 0, exit_daemon, "stop the switch"},
      CommandSpec{"fdb/add", "BRIDGE PORT VLAN|SEGMENT MAC [VTEP]", 4, 5, fdb_add,
                  "a MAC that is on this port, or behind this VTEP, until fdb/del"},
      CommandSpec{"fdb/del", "BRIDGE VLAN|SEGMENT MAC", 3, 3, fdb_del, "forget a MAC, learned or added"},
      CommandSpec{"fdb/flush", "[BRIDGE]", 0, 1, fdb_flush, "forget learned MACs"},
      CommandSpec{"fdb/flush-vtep", "BRIDGE VTEP", 2, 2, fdb_flush_vtep,
                  "forget the MACs that were learned from a VTEP"},
      CommandSpec{"fdb/show", "BRIDGE", 1, 1, fdb_show, "learned MACs"},
      CommandSpec{"fdb/stats-show", "BRIDGE", 1, 1, fdb_stats_show,
                  "how many MACs there are, and what the limits of ports and segments came to"},
      CommandSpec{"list-commands", "", 0, 0, list_commands, "this list"},
      CommandSpec{"neighbour/add", "BRIDGE SEGMENT ADDRESS MAC [router]", 4, 5, neighbour_add,
                  "an IP address that has this MAC, until neighbour/del; router: its IPv6 advertisements say so"},
      CommandSpec{"neighbour/del", "BRIDGE SEGMENT ADDRESS", 3, 3, neighbour_del,
                  "forget an IP address, learned or added"},
      CommandSpec{"neighbour/show", "BRIDGE [SEGMENT]", 1, 2, neighbour_show,
                  "which MAC each IP address has, and where that is, in segments with suppress_arp"},
      CommandSpec{"ofproto/list", "", 0, 0, ofproto_list, "names of the bridges"},
      CommandSpec{
          "ofproto/trace", "BRIDGE FLOW [PACKET] [--why]", 2, 4, ofproto_trace,
          "what would happen to a packet: of this flow, or these bytes; --why: also why no better flow was hit"},
      CommandSpec{"ofproto/trace-packet-out", "BRIDGE FLOW [PACKET] ACTIONS [--why]", 3, 5, ofproto_trace_packet_out,
                  "the same for a packet-out with these actions"},
      CommandSpec{"qos/show", "INTERFACE", 1, 1, qos_show, "limits of what a port sends, and what its queues did"},
      CommandSpec{"revalidator/wait", "", 0, 0, revalidator_wait, "answer when all changes are in force"},
      CommandSpec{"segment/show", "BRIDGE SEGMENT", 2, 2, segment_show,
                  "how many MACs a segment knows, and the largest MTU to each remote"},
      CommandSpec{"version", "", 0, 0, show_version, "the switch's version"},
      CommandSpec{"vlog/list", "", 0, 0, vlog_list, "log levels by module"},
      CommandSpec{"vlog/reopen", "", 0, 0, vlog_reopen, "open the log file again, after it was moved away"},
      CommandSpec{"vlog/set", "[MODULE:][console:|file:]LEVEL...", 1, SIZE_MAX, vlog_set,
                  "set log levels: off emer err warn info dbg"},
      CommandSpec{"worker/show", "", 0, 0, worker_show, "what each worker did"},
  };
  return table;
}

void run_command(CommandContext& context, const Words& words, Answer answer) {
  if (words.empty()) {
    return answer(Unexpected{std::string("a command is missing (list-commands prints them)")});
  }
  const auto all = command_table();
  const auto spec = std::ranges::find(all, words.front(), &CommandSpec::name);
  if (spec == all.end()) {
    std::vector<std::string> names;
    std::ranges::transform(all, std::back_inserter(names), [](const auto& s) { return std::string(s.name); });
    const std::string likely = did_you_mean(words.front(), names);
    return answer(Unexpected{fmt::format("\"{}\" is not a valid command{} (list-commands prints them)", words.front(),
                                         likely.empty() ? "" : fmt::format(", did you mean \"{}\"?", likely))});
  }
  const Words rest(words.begin() + 1, words.end());
  if (rest.size() < spec->min_words || rest.size() > spec->max_words) {
    return answer(Unexpected{fmt::format("usage: {}{}{}", spec->name, spec->usage.empty() ? "" : " ", spec->usage)});
  }
  spec->run(context, rest, std::move(answer));
}

Result<ofproto::Bridge*, std::string> find_bridge(CommandContext& context, const std::string& name) {
  if (ofproto::Bridge* bridge = context.the_switch.bridge(name)) {
    return bridge;
  }
  std::vector<std::string> names;
  for (const auto* bridge : context.the_switch.bridges()) {
    names.push_back(bridge->name());
  }
  const std::string likely = did_you_mean(name, names);
  return Unexpected{
      fmt::format("no bridge named {}{}", name, likely.empty() ? "" : fmt::format(", did you mean {}?", likely))};
}

void list_commands(CommandContext&, const Words&, Answer answer) {
  std::string out = "The available commands are:\n";
  for (const auto& spec : command_table()) {
    const std::string left = fmt::format("{} {}", spec.name, spec.usage);
    out += left.size() < 30 ? fmt::format("  {:<30}{}\n", left, spec.help)
                            : fmt::format("  {}\n{:32}{}\n", left, "", spec.help);
  }
  answer(std::move(out));
}

}  // namespace weft::control
