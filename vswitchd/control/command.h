// Commands of weft-appctl: a table of names and handlers; a file per family.
//
// A handler answers once, now or later (revalidator/wait), with text or with the reason of a refusal. Names follow
// ovs-appctl where the same thing is meant.
//
// Threads: control thread; a handler does not block.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "ofproto/switch.h"

namespace weft::control {

struct CommandContext {
  ofproto::Switch& the_switch;
  std::string version;
  std::optional<std::string> log_file;
  std::function<void()> exit;  // ends the daemon after the answer is out
  // Works on a thread that reads under RCU and hands the text over on the control thread; absent: at once.
  std::function<void(std::function<std::string()>, std::function<void(std::string)>)> in_background{};
};

using Words = std::vector<std::string>;  // after the command's name
using Answer = std::function<void(Result<std::string, std::string>)>;

struct CommandSpec {
  std::string_view name;
  std::string_view usage;
  size_t min_words;
  size_t max_words;
  void (*run)(CommandContext&, const Words&, Answer);
  std::string_view help;
};

std::span<const CommandSpec> command_table();

// Finds and runs the command; unknown ones and wrong counts of words are refused.
void run_command(CommandContext& context, const Words& words_with_name, Answer answer);

// The bridge that a word names, or the answer that there is none.
Result<ofproto::Bridge*, std::string> find_bridge(CommandContext& context, const std::string& name);

// The families.
void list_commands(CommandContext& context, const Words& words, Answer answer);
void show_version(CommandContext& context, const Words& words, Answer answer);
void exit_daemon(CommandContext& context, const Words& words, Answer answer);
void vlog_set(CommandContext& context, const Words& words, Answer answer);
void vlog_list(CommandContext& context, const Words& words, Answer answer);
void vlog_reopen(CommandContext& context, const Words& words, Answer answer);
void ofproto_list(CommandContext& context, const Words& words, Answer answer);
void ofproto_trace(CommandContext& context, const Words& words, Answer answer);
void ofproto_trace_packet_out(CommandContext& context, const Words& words, Answer answer);
void bridge_dump_flows(CommandContext& context, const Words& words, Answer answer);
void fdb_show(CommandContext& context, const Words& words, Answer answer);
void fdb_stats_show(CommandContext& context, const Words& words, Answer answer);
void fdb_flush(CommandContext& context, const Words& words, Answer answer);
void fdb_flush_vtep(CommandContext& context, const Words& words, Answer answer);
void fdb_add(CommandContext& context, const Words& words, Answer answer);
void fdb_del(CommandContext& context, const Words& words, Answer answer);
void neighbour_add(CommandContext& context, const Words& words, Answer answer);
void neighbour_del(CommandContext& context, const Words& words, Answer answer);
void neighbour_show(CommandContext& context, const Words& words, Answer answer);
void segment_show(CommandContext& context, const Words& words, Answer answer);
void qos_show(CommandContext& context, const Words& words, Answer answer);
void revalidator_wait(CommandContext& context, const Words& words, Answer answer);
void dpctl_dump_flows(CommandContext& context, const Words& words, Answer answer);
void dpctl_show(CommandContext& context, const Words& words, Answer answer);
void dpif_budgets(CommandContext& context, const Words& words, Answer answer);
void dpif_perf(CommandContext& context, const Words& words, Answer answer);
void rxq_show(CommandContext& context, const Words& words, Answer answer);
void worker_show(CommandContext& context, const Words& words, Answer answer);
void drop_show(CommandContext& context, const Words& words, Answer answer);

}  // namespace weft::control
