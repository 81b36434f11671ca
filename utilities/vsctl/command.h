// Command: one sub-command of weft-vsctl, and what it works with.
//
// A run is a list of commands joined by `--`. Each gets its words and its options, reads and changes the draft,
// and appends to the output. A refusal names the word at fault, so that main can point at it.
//
// The commands stand in one table (command_table.cc); a file per family holds their code.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "utilities/vsctl/draft.h"

namespace weft::vsctl {

// What is wrong and where: `word` counts this command's words after its name (no_word: the command as a whole).
struct CommandError {
  static constexpr size_t no_word = SIZE_MAX;

  std::string message;
  size_t word = no_word;
  size_t position = 0;  // inside the word
  size_t length = 0;    // 0: the whole word
  std::string suggestion{};
};

using CommandResult = Result<void, CommandError>;

enum class OutputFormat : uint8_t { list, table, csv, json };
enum class DataFormat : uint8_t { string, bare, json };  // of a value

// What a run that makes many segments would otherwise look for again and again: the names of a bridge's segments by
// their VNI, and which encapsulations it has a tunnel port of. Good as long as nobody else has changed the draft.
struct SegmentIndex {
  struct OfBridge {
    std::map<int64_t, std::string> names;
    std::set<std::string> encaps;
  };
  std::map<Uuid, OfBridge> bridges;
  size_t operation_count = 0;  // of the draft, when it was made
};

// Shared by all commands of a run.
struct Run {
  explicit Run(const Database& base) : draft(base) {}

  Draft draft;
  std::string output;
  int exit_status = 0;
  OutputFormat format = OutputFormat::list;
  DataFormat data = DataFormat::string;
  bool has_headings = true;
  // --id=@name: names that rows have, or will have, in this run.
  struct Symbol {
    Uuid uuid = Uuid::random();
    bool has_row = false;
  };
  std::map<std::string, Symbol, std::less<>> symbols;
  bool must_wait = false;  // wait-until: what is waited for has not come true
  std::string comment;
  SegmentIndex segments;
  // Commands of weft-appctl whose answers are printed behind the output when all is done.
  std::vector<std::vector<std::string>> questions;
  std::vector<std::pair<std::string_view, Uuid>> created;  // by `create`: table and row
};

// A name that was used but no command gave to a row; what to print.
std::optional<std::string> unbound_symbol(const Run& run);

struct Invocation {
  Run& run;
  std::vector<std::string> words;                           // after the command's name
  std::map<std::string, std::string, std::less<>> options;  // "--may-exist" -> ""; "--id" -> "@x"

  bool has(std::string_view option) const { return options.contains(option); }
  const std::string& word(size_t i) const { return words[i]; }
  size_t count() const { return words.size(); }
};

struct CommandSpec {
  std::string_view name;
  std::string_view usage;  // its words, for help
  size_t min_words;
  size_t max_words;
  std::vector<std::string_view> options;  // "--may-exist"; "--columns=LIST" takes a value
  CommandResult (*run)(Invocation&);
  std::string_view help;
  bool takes_options_behind = false;  // they may stand among its words, too, not only before its name
};

std::span<const CommandSpec> command_table();
const CommandSpec* find_command(std::string_view name);

// Shared look-ups; the error points at word `at`.
Result<const Row*, CommandError> require_bridge(Invocation& call, size_t at);
Result<const Row*, CommandError> require_port(Invocation& call, size_t at);
inline Unexpected<CommandError> refuse(std::string message, size_t word = CommandError::no_word) {
  return Unexpected{CommandError{std::move(message), word}};
}
// Names of a table's rows, sorted.
std::vector<std::string> names_of(const Draft& draft, std::string_view table);

// The families.
CommandResult init(Invocation& call);
CommandResult show(Invocation& call);
CommandResult add_br(Invocation& call);
CommandResult del_br(Invocation& call);
CommandResult list_br(Invocation& call);
CommandResult br_exists(Invocation& call);
CommandResult br_to_vlan(Invocation& call);
CommandResult br_to_parent(Invocation& call);
CommandResult br_set_external_id(Invocation& call);
CommandResult br_get_external_id(Invocation& call);
CommandResult list_ports(Invocation& call);
CommandResult add_port(Invocation& call);
CommandResult del_port(Invocation& call);
CommandResult port_to_br(Invocation& call);
CommandResult list_ifaces(Invocation& call);
CommandResult get_controller(Invocation& call);
CommandResult del_controller(Invocation& call);
CommandResult set_controller(Invocation& call);
CommandResult get_ssl(Invocation& call);
CommandResult del_ssl(Invocation& call);
CommandResult set_ssl(Invocation& call);
CommandResult add_segment(Invocation& call);
CommandResult del_segment(Invocation& call);
CommandResult list_segments(Invocation& call);
CommandResult show_segment(Invocation& call);
CommandResult set_port_segment(Invocation& call);
CommandResult set_port_security(Invocation& call);
CommandResult add_segment_vtep(Invocation& call);
CommandResult del_segment_vtep(Invocation& call);
CommandResult get_fail_mode(Invocation& call);
CommandResult del_fail_mode(Invocation& call);
CommandResult set_fail_mode(Invocation& call);
CommandResult record_list(Invocation& call);
CommandResult record_find(Invocation& call);
CommandResult record_wait_until(Invocation& call);
CommandResult comment(Invocation& call);
CommandResult record_get(Invocation& call);
CommandResult record_set(Invocation& call);
CommandResult record_add(Invocation& call);
CommandResult record_remove(Invocation& call);
CommandResult record_clear(Invocation& call);
CommandResult record_create(Invocation& call);
CommandResult record_destroy(Invocation& call);

// Used by add-port too: `COLUMN[:KEY]=VALUE` applied to one row.
CommandResult set_column(Invocation& call, std::string_view table, const Uuid& uuid, size_t word);

}  // namespace weft::vsctl
