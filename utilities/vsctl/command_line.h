// The command line of weft-vsctl: global options, then commands joined by `--`, each with options of its own.
//
// `--` ends no options here, it joins commands, which is why no general parser is used.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "utilities/vsctl/command.h"

namespace weft::vsctl {

struct ParsedCommand {
  const CommandSpec* spec;
  std::vector<std::string> words;
  std::map<std::string, std::string, std::less<>> options;
};

struct CommandLine {
  std::optional<std::string> rundir;
  std::chrono::seconds timeout{0};
  bool waits = true;
  bool is_dry_run = false;
  bool wants_help = false;
  bool wants_version = false;
  bool is_oneline = false;
  OutputFormat format = OutputFormat::list;
  DataFormat data = DataFormat::string;
  bool has_headings = true;
  std::vector<ParsedCommand> commands;
};

// The error is ready to be printed. Words are UTF-8.
Result<CommandLine, std::string> parse_command_line(const std::vector<std::string>& arguments);

// The command as typed, with what is wrong underlined.
std::string render(const ParsedCommand& command, const CommandError& error);

std::string help_text();

}  // namespace weft::vsctl
