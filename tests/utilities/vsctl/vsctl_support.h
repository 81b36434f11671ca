// A switch's state that runs of weft-vsctl are tried on, from the words on the command line to the transaction.
#pragma once

#include <optional>
#include <string>

#include "utilities/vsctl/run.h"

namespace weft::vsctl {

class FakeSwitch {
 public:
  // Runs a command line, split at spaces (a word in single quotes may hold some), and applies what it leads to.
  // Gives what is printed, or "error: ..." when the run or the transaction is refused.
  std::string vsctl(std::string_view line) {
    const auto parsed = parse_command_line(words(line));
    if (!parsed) {
      return "error: " + parsed.error();
    }
    Run run(database);
    if (auto done = run_commands(*parsed, run); !done) {
      return "error: " + done.error();
    }
    exit_status = run.exit_status;
    must_wait = run.must_wait;
    operation_count = run.draft.operations().size();
    if (auto done = database.apply(run.draft.operations(), management::Writer::user); !done) {
      return "error: " + done.error();
    }
    return run.output;
  }

  static std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> out;
    std::optional<std::string> word;
    bool is_quoted = false;
    for (const char c : line) {
      if (c == '\'') {
        is_quoted = !is_quoted;
        word = word.value_or("");
      } else if (c == ' ' && !is_quoted) {
        if (word) {
          out.push_back(*word);
        }
        word.reset();
      } else {
        word = word.value_or("") + c;
      }
    }
    if (word) {
      out.push_back(*word);
    }
    return out;
  }

  const Row* row(std::string_view table, std::string_view name) const { return database.find_by_name(table, name); }

  Database database = Database::make_empty();
  int exit_status = 0;
  bool must_wait = false;
  size_t operation_count = 0;
};

// With br0 and its port p1.
inline FakeSwitch with_bridge() {
  FakeSwitch sw;
  sw.vsctl("add-br br0 -- add-port br0 p1");
  return sw;
}

}  // namespace weft::vsctl
