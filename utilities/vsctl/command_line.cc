#include "utilities/vsctl/command_line.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::vsctl {
namespace {

struct Option {
  std::string_view name;
  std::string_view short_name;
  std::string_view value;  // what it takes, for help; `a|b` lists all there are; empty: it takes none
  std::function<bool(CommandLine&, const std::string&)> apply;  // false: bad value
  std::string_view help;
};

bool set_timeout(CommandLine& line, const std::string& value) {
  const auto seconds = parse_unsigned(value, 1'000'000);
  line.timeout = std::chrono::seconds(seconds.value_or(0));
  return seconds.has_value();
}

bool set_format(CommandLine& line, const std::string& value) {
  constexpr std::pair<std::string_view, OutputFormat> formats[] = {{"list", OutputFormat::list},
                                                                   {"table", OutputFormat::table},
                                                                   {"csv", OutputFormat::csv},
                                                                   {"json", OutputFormat::json}};
  const auto* found = std::ranges::find(formats, value, &std::pair<std::string_view, OutputFormat>::first);
  if (found == std::end(formats)) {
    return false;
  }
  line.format = found->second;
  return true;
}

bool set_data(CommandLine& line, const std::string& value) {
  line.data = value == "bare" ? DataFormat::bare : value == "json" ? DataFormat::json : DataFormat::string;
  return value == "string" || value == "bare" || value == "json";
}

bool ignore(CommandLine&, const std::string&) { return true; }

const std::vector<Option>& global_options() {
  static const std::vector<Option> options{
      {"--rundir", "", "DIR",
       [](auto& line, const auto& v) {
         line.rundir = v;
         return true;
       },
       "where the switch's sockets are (default $WEFT_RUNDIR or /run/weft)"},
      {"--timeout", "-t", "SECS", set_timeout, "give up after so many seconds"},
      {"--no-wait", "", "",
       [](auto& line, const auto&) {
         line.waits = false;
         return true;
       },
       "do not wait until the switch follows"},
      {"--dry-run", "", "",
       [](auto& line, const auto&) {
         line.is_dry_run = true;
         return true;
       },
       "change nothing"},
      {"--format", "-f", "list|table|csv|json", set_format, "how records are printed"},
      {"--data", "-d", "string|bare|json", set_data, "how a value is printed"},
      {"--no-headings", "", "",
       [](auto& line, const auto&) {
         line.has_headings = false;
         return true;
       },
       "values without column names"},
      {"--oneline", "", "",
       [](auto& line, const auto&) {
         line.is_oneline = true;
         return true;
       },
       "one line a command, \\n for newlines"},
      {"--bare", "", "",
       [](auto& line, const auto&) {
         line.format = OutputFormat::list;
         line.data = DataFormat::bare;
         line.has_headings = false;
         return true;
       },
       "the same as --format list --data bare --no-headings"},
      {"--verbose", "-v", "", ignore, "accepted"},
      {"--no-syslog", "", "", ignore, "accepted"},
      {"--retry", "", "", ignore, "accepted"},
      {"--help", "-h", "",
       [](auto& line, const auto&) {
         line.wants_help = true;
         return true;
       },
       "this text"},
      {"--version", "-V", "",
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

// `--columns=LIST` of a command table is the option --columns, which takes a value.
std::string_view name_of(std::string_view option) { return option.substr(0, option.find('=')); }
bool takes_value(std::string_view option) { return option.find('=') != std::string_view::npos; }

// The option as the command has it, or nothing.
std::optional<std::string_view> find_option_of(const CommandSpec& spec, std::string_view name) {
  const auto it = std::ranges::find(spec.options, name, name_of);
  return it == spec.options.end() ? std::nullopt : std::optional(*it);
}

std::optional<std::string_view> find_command_option(std::string_view name) {
  for (const auto& spec : command_table()) {
    if (const auto option = find_option_of(spec, name)) {
      return option;
    }
  }
  return std::nullopt;
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

// Of all options, those of commands included.
std::set<std::string> option_names() {
  std::set<std::string> names;
  for (const auto& option : global_options()) {
    names.emplace(option.name);
  }
  for (const auto& spec : command_table()) {
    for (const auto option : spec.options) {
      names.emplace(name_of(option));
    }
  }
  return names;
}

// `--no-head` stands for `--no-headings`: the beginning of a name that no other one has.
std::string spelled_out(const std::string& typed) {
  const std::string name = typed.substr(0, typed.find('='));
  const auto names = option_names();
  const auto begins = [&](const std::string& candidate) { return candidate.starts_with(name); };
  if (!name.starts_with("--") || names.contains(name) || std::ranges::count_if(names, begins) != 1) {
    return typed;
  }
  return *std::ranges::find_if(names, begins) + typed.substr(name.size());
}

std::string unknown_option(const std::string& typed) {
  const auto all = option_names();
  const std::vector<std::string> names(all.begin(), all.end());
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
    const std::string word = spelled_out(arguments[i]);
    auto typed = find_option(word);
    if (typed.option == nullptr) {
      const auto of_command = find_command_option(typed.name);
      if (!of_command) {
        return Unexpected{unknown_option(typed.name)};
      }
      out.of_command.push_back(word);
      if (takes_value(*of_command) && !typed.value && i + 1 < arguments.size()) {
        out.of_command.push_back(arguments[++i]);
      }
      continue;
    }
    if (!typed.option->value.empty() && !typed.value) {
      if (i + 1 == arguments.size()) {
        return Unexpected{fmt::format("option {} needs a value", typed.name)};
      }
      typed.value = arguments[++i];
    }
    if (!typed.option->apply(line, typed.value.value_or(""))) {
      const auto values = typed.option->value;
      return Unexpected{fmt::format("option {}: \"{}\" is not a valid value{}", typed.name, *typed.value,
                                    values.find('|') == std::string_view::npos ? "" : fmt::format(" ({})", values))};
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

// A command's own options, which stand before its name. Gives how many words they are.
Result<size_t, std::string> parse_options(std::span<const std::string> words, ParsedCommand& command) {
  size_t i = 0;
  for (; i < words.size() && words[i].starts_with("--"); ++i) {
    const std::string word = spelled_out(words[i]);
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto option = find_command_option(name);
    if (!option && find_option(name).option != nullptr) {
      return Unexpected{fmt::format("option {} is for the whole run and stands before the first \"--\"", name)};
    }
    if (!option) {
      return Unexpected{unknown_option(name)};
    }
    if (!takes_value(*option) && equals != std::string::npos) {
      return Unexpected{fmt::format("option {} takes no value", name)};
    }
    if (takes_value(*option) && equals == std::string::npos && i + 1 == words.size()) {
      return Unexpected{fmt::format("option {} needs a value ({})", name, *option)};
    }
    command.options[name] = !takes_value(*option)         ? std::string()
                            : equals == std::string::npos ? words[++i]
                                                          : word.substr(equals + 1);
  }
  return i;
}

// The words of a command that takes options among them.
Result<std::vector<std::string>, std::string> parse_mixed(std::span<const std::string> words, ParsedCommand& command) {
  std::vector<std::string> plain;
  for (size_t i = 0; i < words.size();) {
    const auto option_words = parse_options(words.subspan(i), command);
    if (!option_words) {
      return Unexpected{option_words.error()};
    }
    i += *option_words;
    if (i < words.size()) {
      plain.push_back(words[i++]);
    }
  }
  return plain;
}

Result<ParsedCommand, std::string> parse_command(std::span<const std::string> words) {
  ParsedCommand command{};
  const auto option_words = parse_options(words, command);
  if (!option_words) {
    return Unexpected{option_words.error()};
  }
  const size_t i = *option_words;
  if (i == words.size()) {
    return Unexpected{std::string("a command is missing (--help lists them)")};
  }
  command.spec = find_command(words[i]);
  if (command.spec == nullptr) {
    return Unexpected{unknown_command(words[i])};
  }
  const std::span<const std::string> rest = words.subspan(i + 1);
  command.words.assign(rest.begin(), rest.end());
  if (command.spec->takes_options_behind) {
    auto plain = parse_mixed(rest, command);
    if (!plain) {
      return Unexpected{plain.error()};
    }
    command.words = std::move(*plain);
  }
  for (const auto& [name, value] : command.options) {
    if (!find_option_of(*command.spec, name)) {
      return Unexpected{fmt::format("\"{}\" command has no \"{}\" option", command.spec->name, name)};
    }
  }
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
    std::string left = "  ";
    for (const auto option : spec.options) {
      left += fmt::format("[{}] ", option);
    }
    left += fmt::format("{} {}", spec.name, spec.usage);
    out += left.size() < 44 ? fmt::format("{:<44}{}\n", left, spec.help)
                            : fmt::format("{}\n{:44}{}\n", left, "", spec.help);
  }
  out += "\nOptions:\n";
  for (const auto& option : global_options()) {
    const std::string left = fmt::format("  {}{}{}{}{}", option.short_name, option.short_name.empty() ? "" : ", ",
                                         option.name, option.value.empty() ? "" : "=", option.value);
    out += fmt::format("{:<32}{}\n", left, option.help);
  }
  std::vector<std::string> tables;
  std::ranges::transform(management::tables(), std::back_inserter(tables),
                         [](const auto& table) { return std::string(table.name); });
  return out + "\nAll commands of a run are one transaction: they happen together or not at all.\nTABLE is one of " +
         join(tables, ", ") +
         ".\nRECORD is a name, a UUID, or `.` for Open_vSwitch and SSL; a port's name stands for its QoS, a bridge's "
         "for "
         "its controller.\n"
         "A controller's TARGET is tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:FILE, or, to wait for it,\n"
         "ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:FILE. A command's own options stand before it.\n"
         "Exit status: 0 done, 1 refused, 2 br-exists found none, 142 the timeout ran out.\n";
}

}  // namespace weft::vsctl
