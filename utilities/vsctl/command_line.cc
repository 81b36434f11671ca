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

bool set_data(CommandLine& line, const std::string& value) {
  line.data = value == "bare" ? DataFormat::bare : value == "json" ? DataFormat::json : DataFormat::string;
  return value == "string" || value == "bare" || value == "json";
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
      {"--data", "-d", true, set_data, "string|bare|json: how a value is printed"},
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
         line.format = OutputFormat::list;
         line.data = DataFormat::bare;
         line.has_headings = false;
         return true;
       },
       "the same as --format list --data bare --no-headings"},
      {"--verbose", "-v", false, ignore, "accepted"},
      {"--no-syslog", "", false, ignore, "accepted"},
      {"--retry", "", false, ignore, "accepted"},
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

// An option as typed: `--timeout=5`, `--timeout 5`, `-t5`, `-t 5`.
struct TypedOption {
  const Option* option = nullptr;
  std::string name;
  std::optional<std::string> value;
};

TypedOption find_option(const std::string& typed) {
  const auto equals = typed.find('=');
  TypedOption out{nullptr, typed.substr(0, equals), std::nullopt};
  if (equals != std::string::npos) {
    out.value = typed.substr(equals + 1);
  }
  for (const auto& option : global_options()) {
    if (out.name == option.name || (!option.short_name.empty() && out.name == option.short_name)) {
      out.option = &option;
    } else if (!option.short_name.empty() && !typed.starts_with("--") && typed.starts_with(option.short_name)) {
      // The value follows at once: -t5, -vconsole:off.
      out = {&option, std::string(option.short_name), typed.substr(option.short_name.size())};
    }
    if (out.option != nullptr) {
      break;
    }
  }
  return out;
}

bool is_command_option(const std::string& name) {
  return std::ranges::any_of(
      command_table(), [&](const auto& spec) { return std::ranges::find(spec.options, name) != spec.options.end(); });
}

// Messages to the switch are Protobuf strings, which are UTF-8 (RFC 3629 section 4).
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto at = [&](size_t n) { return i + n < text.size() ? static_cast<uint8_t>(text[i + n]) + 0U : 0U; };
    const unsigned first = at(0);
    const size_t length = first < 0x80                     ? 1
                          : first >= 0xc2 && first <= 0xdf ? 2
                          : first >= 0xe0 && first <= 0xef ? 3
                          : first >= 0xf0 && first <= 0xf4 ? 4
                                                           : 0;
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (length == 0 || (length > 1 && (at(1) < least || at(1) > most))) {
      return false;
    }
    for (size_t n = 2; n < length; ++n) {
      if ((at(n) & 0xc0) != 0x80) {
        return false;
      }
    }
    i += length;
  }
  return true;
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

// Takes options from the front; stops at the first command word, or at `--`. Those of the first command may stand among
// the global ones (--may-exist add-port ...) and are handed on.
struct Globals {
  size_t end = 0;
  std::vector<std::string> of_command;
};

Result<Globals, std::string> parse_globals(const std::vector<std::string>& arguments, CommandLine& line) {
  Globals out;
  size_t i = 0;
  for (; i < arguments.size() && arguments[i].starts_with('-') && arguments[i] != "--"; ++i) {
    auto typed = find_option(arguments[i]);
    if (typed.option == nullptr) {
      if (!is_command_option(typed.name)) {
        return Unexpected{unknown_option(typed.name)};
      }
      out.of_command.push_back(arguments[i]);
      continue;
    }
    if (typed.option->takes_value && !typed.value) {
      if (i + 1 == arguments.size()) {
        return Unexpected{fmt::format("option {} needs a value", typed.name)};
      }
      typed.value = arguments[++i];
    }
    if (!typed.option->apply(line, typed.value.value_or(""))) {
      return Unexpected{fmt::format("option {}: \"{}\" is not a valid value", typed.name, *typed.value)};
    }
  }
  out.end = i;
  return out;
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
  if (const auto bad = std::ranges::find_if_not(arguments, is_utf8); bad != arguments.end()) {
    return Unexpected{fmt::format("word {} is not valid UTF-8", bad - arguments.begin() + 1)};
  }
  auto globals = parse_globals(arguments, line);
  if (!globals) {
    return Unexpected{globals.error()};
  }
  std::vector<std::string> words = std::move(globals->of_command);
  words.insert(words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(globals->end), arguments.end());
  for (auto begin = words.begin(); begin != words.end();) {
    if (*begin == "--") {
      ++begin;
      continue;
    }
    const auto end = std::find(begin, words.end(), "--");
    auto command = parse_command({begin, end});
    if (!command) {
      return Unexpected{command.error()};
    }
    line.commands.push_back(std::move(*command));
    begin = end;
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
