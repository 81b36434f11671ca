#include "utilities/vsctl/command_line.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace weft::vsctl {
namespace {

struct Option {
  std::string_view name;  // without value, or before '='
  std::string_view short_name;
  bool takes_value;
  std::function<bool(CommandLine&, const std::string&)> apply;  // false: bad value
  std::string_view help;
};

bool set_timeout(CommandLine& line, const std::string& value) {
  const auto seconds = parse_unsigned(value, 1'000'000);
  line.timeout = std::chrono::seconds(seconds.value_or(0));
  return seconds.has_value();
}

bool set_format(CommandLine& line, const std::string& value) {
  line.format = value == "table" ? OutputFormat::table : value == "json" ? OutputFormat::json : OutputFormat::list;
  return value == "table" || value == "json" || value == "list";
}

bool ignore(CommandLine&, const std::string&) { return true; }

const std::vector<Option>& global_options() {
  static const std::vector<Option> options{
      {"--rundir", "", true,
       [](auto& line, const auto& v) {
         line.rundir = v;
         return true;
       },
       "DIR: where the switch's sockets are (default $WEFT_RUNDIR or /run/weft)"},
      {"--timeout", "-t", true, set_timeout, "SECS: give up after so many seconds"},
      {"--no-wait", "", false,
       [](auto& line, const auto&) {
         line.waits = false;
         return true;
       },
       "do not wait until the switch follows"},
      {"--dry-run", "", false,
       [](auto& line, const auto&) {
         line.is_dry_run = true;
         return true;
       },
       "change nothing"},
      {"--format", "-f", true, set_format, "list|table|json: how records are printed"},
      {"--no-headings", "", false,
       [](auto& line, const auto&) {
         line.has_headings = false;
         return true;
       },
       "values without column names"},
      {"--oneline", "", false,
       [](auto& line, const auto&) {
         line.is_oneline = true;
         return true;
       },
       "one line a command, \\n for newlines"},
      {"--bare", "", false,
       [](auto& line, const auto&) {
         line.has_headings = false;
         return true;
       },
       "the same as --no-headings"},
      {"--verbose", "-v", false, ignore, "accepted"},
      {"--help", "-h", false,
       [](auto& line, const auto&) {
         line.wants_help = true;
         return true;
       },
       "this text"},
      {"--version", "-V", false,
       [](auto& line, const auto&) {
         line.wants_version = true;
         return true;
       },
       "print the version"},
  };
  return options;
}

const Option* find_option(std::string_view typed) {
  for (const auto& option : global_options()) {
    if (typed == option.name || (!option.short_name.empty() && typed == option.short_name)) {
      return &option;
    }
  }
  // -vconsole:off and the like, as libraries call ovs-vsctl.
  return typed.starts_with("-v") ? find_option("-v") : nullptr;
}

std::string unknown_option(const std::string& typed) {
  std::vector<std::string> names;
  for (const auto& option : global_options()) {
    names.emplace_back(option.name);
  }
  const std::string likely = did_you_mean(typed, names);
  return fmt::format("unknown option \"{}\"{}", typed,
                     likely.empty() ? "" : fmt::format(", did you mean \"{}\"?", likely));
}

// Takes global options from the front; stops at the first command word, or at `--`.
Result<size_t, std::string> parse_globals(const std::vector<std::string>& arguments, CommandLine& line) {
  size_t i = 0;
  for (; i < arguments.size() && arguments[i].starts_with('-') && arguments[i] != "--"; ++i) {
    const auto equals = arguments[i].find('=');
    const std::string name = arguments[i].substr(0, equals);
    const Option* option = find_option(name);
    if (option == nullptr) {
      // It may belong to the first command: --may-exist add-port ...
      if (std::ranges::any_of(command_table(), [&](const auto& spec) {
            return std::ranges::find(spec.options, name) != spec.options.end();
          })) {
        break;
      }
      return Unexpected{unknown_option(name)};
    }
    std::string value = equals == std::string::npos ? "" : arguments[i].substr(equals + 1);
    if (option->takes_value && equals == std::string::npos) {
      if (i + 1 == arguments.size()) {
        return Unexpected{fmt::format("option {} needs a value", name)};
      }
      value = arguments[++i];
    }
    if (!option->apply(line, value)) {
      return Unexpected{fmt::format("option {}: \"{}\" is not a valid value", name, value)};
    }
  }
  return i;
}

std::string unknown_command(const std::string& typed) {
  std::vector<std::string> names;
  for (const auto& spec : command_table()) {
    names.emplace_back(spec.name);
  }
  const std::string likely = did_you_mean(typed, names);
  return fmt::format("unknown command \"{}\"{} (--help lists them)", typed,
                     likely.empty() ? "" : fmt::format(", did you mean \"{}\"?", likely));
}

Result<ParsedCommand, std::string> parse_command(std::span<const std::string> words) {
  ParsedCommand command{};
  size_t i = 0;
  for (; i < words.size() && words[i].starts_with("--"); ++i) {
    const auto equals = words[i].find('=');
    command.options[words[i].substr(0, equals)] = equals == std::string::npos ? "" : words[i].substr(equals + 1);
  }
  if (i == words.size()) {
    return Unexpected{std::string("a command is missing (--help lists them)")};
  }
  command.spec = find_command(words[i]);
  if (command.spec == nullptr) {
    return Unexpected{unknown_command(words[i])};
  }
  for (const auto& [name, value] : command.options) {
    if (std::ranges::find(command.spec->options, name) == command.spec->options.end()) {
      return Unexpected{fmt::format("\"{}\" command has no \"{}\" option", command.spec->name, name)};
    }
  }
  command.words.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
  if (command.words.size() < command.spec->min_words || command.words.size() > command.spec->max_words) {
    return Unexpected{fmt::format("\"{}\" command takes {}: {} {}", command.spec->name,
                                  command.words.size() < command.spec->min_words ? "more words" : "fewer words",
                                  command.spec->name, command.spec->usage)};
  }
  return command;
}

}  // namespace

Result<CommandLine, std::string> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  const auto start = parse_globals(arguments, line);
  if (!start) {
    return Unexpected{start.error()};
  }
  for (size_t at = *start; at < arguments.size();) {
    if (arguments[at] == "--") {
      ++at;
      continue;
    }
    const auto begin = arguments.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = std::find(begin, arguments.end(), "--");
    auto command = parse_command({begin, end});
    if (!command) {
      return Unexpected{command.error()};
    }
    line.commands.push_back(std::move(*command));
    at = static_cast<size_t>(end - arguments.begin());
  }
  if (line.commands.empty() && !line.wants_help && !line.wants_version) {
    return Unexpected{std::string("missing command name (--help lists them)")};
  }
  return line;
}

std::string render(const ParsedCommand& command, const CommandError& error) {
  TextError text_error{error.message, 0, 0, error.suggestion};
  if (error.word == CommandError::no_word) {
    return text_error.to_string();
  }
  std::string text(command.spec->name);
  for (size_t i = 0; i < command.words.size(); ++i) {
    text += ' ';
    if (i == error.word) {
      text_error.position = text.size() + error.position;
      text_error.length = error.length != 0 ? error.length : command.words[i].size() - error.position;
    }
    text += command.words[i];
  }
  return weft::render(text, text_error);
}

std::string help_text() {
  std::string out =
      "weft-vsctl: look at and change what weft-vswitchd switches\n"
      "usage: weft-vsctl [OPTIONS] COMMAND [ARG...] [-- [OPTIONS] COMMAND [ARG...]]...\n\nCommands:\n";
  for (const auto& spec : command_table()) {
    std::string left = fmt::format("  {} {}", spec.name, spec.usage);
    for (const auto option : spec.options) {
      left += fmt::format(" [{}]", option);
    }
    out += left.size() < 44 ? fmt::format("{:<44}{}\n", left, spec.help)
                            : fmt::format("{}\n{:44}{}\n", left, "", spec.help);
  }
  out += "\nOptions:\n";
  for (const auto& option : global_options()) {
    const std::string left =
        fmt::format("  {}{}{}", option.short_name, option.short_name.empty() ? "" : ", ", option.name);
    out += fmt::format("{:<20}{}\n", left, option.help);
  }
  return out +
         "\nAll commands of a run are one transaction: they happen together or not at all. TABLE is one of "
         "Open_vSwitch,\n"
         "Bridge, Port, Interface, Controller; RECORD a name, a UUID, or `.` for Open_vSwitch.\n"
         "Exit status: 0 done, 1 refused, 2 br-exists found none, 142 the timeout ran out.\n";
}

}  // namespace weft::vsctl
