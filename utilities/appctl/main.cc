// weft-appctl: sends one command to a running weft-vswitchd and prints the answer. `list-commands` says what it knows.

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lib/base/run_directory.h"
#include "lib/base/text.h"
#include "lib/management/client.h"
#include "utilities/capture/capture.h"

namespace weft::appctl {
namespace {

constexpr int exit_connection = 1;
constexpr int exit_usage = 1;
constexpr int exit_refused = 2;
constexpr int exit_timed_out = 142;

constexpr std::string_view help_text =
    "weft-appctl: ask a running weft-vswitchd\n"
    "usage: weft-appctl [OPTIONS] COMMAND [ARG...]\n\n"
    "Options:\n"
    "  --rundir=DIR        where the switch's sockets are (default $WEFT_RUNDIR or /run/weft)\n"
    "  -f, --format=FORMAT text or json, for a command that knows both\n"
    "  -T, --timeout=SECS  give up after so many seconds (0: never)\n"
    "  -h, --help          this text\n"
    "  -V, --version       print the version\n\n"
    "Behind a command that takes a packet:\n"
    "  --pcap=FILE         asks once for each packet of a capture, which stands in this place in hexadecimal\n"
    "  --packet=N          only the Nth of them\n\n"
    "`weft-appctl list-commands` prints what the switch can be asked.\n"
    "Exit status: 0 done, 1 a wrong command line or no connection, 2 refused, 142 the timeout ran out.\n";

struct CommandLine {
  std::optional<std::string> rundir;
  std::chrono::seconds timeout{0};
  std::optional<std::string> format;
  bool wants_help = false;
  bool wants_version = false;
  std::vector<std::string> words;  // the command and what follows it, options of its own included
  std::optional<std::string> capture;
  size_t capture_place = 0;  // in `words`, whose word there is a packet's
  std::optional<size_t> packet_number;
};

int fail(const std::string& message, int status) {
  fmt::print(stderr, "weft-appctl: {}\n", message);
  return status;
}

std::string unknown_option(const std::string& name) {
  static constexpr std::array<std::string_view, 5> known{"--rundir", "--format", "--timeout", "--help", "--version"};
  return TextError{fmt::format("unknown option \"{}\"", name), 0, 0, did_you_mean(name, known)}.to_string();
}

// `--timeout=5`, `-T5`, or a name whose value is the next word.
std::pair<std::string, std::optional<std::string>> split_option(const std::string& typed) {
  if (const auto parts = split_once(typed, '=')) {
    return {std::string(parts->first), std::string(parts->second)};
  }
  if (typed.starts_with("-T") && typed.size() > 2) {
    return {"-T", typed.substr(2)};
  }
  return {typed, std::nullopt};
}

bool set_option(CommandLine& line, const std::string& name, const std::string& value) {
  if (name == "--rundir") {
    line.rundir = value;
    return true;
  }
  if (name == "-f" || name == "--format") {
    line.format = value;
    return true;
  }
  const auto seconds = parse_unsigned(value, 1'000'000);
  line.timeout = std::chrono::seconds(seconds.value_or(0));
  return seconds.has_value();
}

// A word behind the command that is ours: a capture, and which packet of it. What else follows is the switch's to
// understand.
Result<bool, std::string> take_capture_word(CommandLine& line, const std::string& word) {
  const auto parts = split_once(word, '=');
  if (!parts || (parts->first != "--pcap" && parts->first != "--packet")) {
    return false;
  }
  if (parts->first == "--pcap") {
    if (line.capture) {
      return Unexpected{std::string("only one --pcap at a time")};
    }
    line.capture = parts->second;
    line.capture_place = line.words.size();
    line.words.emplace_back();
    return true;
  }
  line.packet_number = parse_unsigned(parts->second, 1'000'000'000);
  if (!line.packet_number || *line.packet_number == 0) {
    return Unexpected{fmt::format("{}: packets are counted from 1", word)};
  }
  return true;
}

Result<void, std::string> take_words(CommandLine& line, std::span<const std::string> words) {
  for (const std::string& word : words) {
    const auto is_taken = take_capture_word(line, word);
    if (!is_taken) {
      return Unexpected{is_taken.error()};
    }
    if (!*is_taken) {
      line.words.push_back(word);
    }
  }
  if (line.packet_number && !line.capture) {
    return Unexpected{std::string("--packet needs --pcap=FILE")};
  }
  if (line.words.empty() && !line.wants_help && !line.wants_version) {
    return Unexpected{std::string("a command is missing (list-commands prints them)")};
  }
  return {};
}

// Options of ours stand before the command.
Result<CommandLine, std::string> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  size_t i = 0;
  for (; i < arguments.size() && arguments[i].starts_with('-'); ++i) {
    auto [name, value] = split_option(arguments[i]);
    if (name == "-h" || name == "--help") {
      line.wants_help = true;
      continue;
    }
    if (name == "-V" || name == "--version") {
      line.wants_version = true;
      continue;
    }
    if (name != "--rundir" && name != "-T" && name != "--timeout" && name != "-f" && name != "--format") {
      return Unexpected{unknown_option(name)};
    }
    if (!value && i + 1 == arguments.size()) {
      return Unexpected{fmt::format("option {} needs a value", name)};
    }
    if (!value) {
      value = arguments[++i];
    }
    if (!set_option(line, name, *value)) {
      return Unexpected{fmt::format("option {}: \"{}\" is not a number of seconds", name, *value)};
    }
  }
  if (auto taken = take_words(line, std::span(arguments).subspan(i)); !taken) {
    return Unexpected{taken.error()};
  }
  if (line.format) {
    line.words.push_back("--format=" + *line.format);
  }
  return line;
}

// Sends the words and prints the answer; the exit status.
int ask(management::Client& client, const std::vector<std::string>& words) {
  management::pb::Request request;
  for (const auto& word : words) {
    request.mutable_command()->add_words(word);
  }
  const auto response = client.call(request);
  if (!response) {
    return fail(response.error(), client.is_timed_out() ? exit_timed_out : exit_connection);
  }
  if (response->status() != management::pb::Response::OK) {
    return fail(response->error(), exit_refused);
  }
  fmt::print("{}", response->text());
  return 0;
}

int ask_of_each(management::Client& client, const CommandLine& line,
                const std::vector<capture::CapturedFrame>& frames) {
  std::vector<std::string> words = line.words;
  for (const capture::CapturedFrame& frame : frames) {
    const std::string cut =
        frame.bytes.size() < frame.length ? fmt::format(", of which the file has {}", frame.bytes.size()) : "";
    fmt::print("{}Packet {}, {} bytes{}:\n", &frame == &frames.front() ? "" : "\n", frame.number, frame.length, cut);
    words[line.capture_place] = capture::to_hex(frame.bytes);
    if (const int status = ask(client, words); status != 0) {
      return status;
    }
  }
  return 0;
}

int run(const CommandLine& line) {
  auto client = management::Client::connect(line.rundir.value_or(default_run_directory()), line.timeout);
  if (!client) {
    return fail(client.error(), exit_connection);
  }
  if (!line.capture) {
    return ask(*client, line.words);
  }
  const auto frames = capture::read_capture(*line.capture, line.packet_number);
  return frames ? ask_of_each(*client, line, *frames) : fail(frames.error(), exit_usage);
}

}  // namespace
}  // namespace weft::appctl

int main(int argc, char** argv) {
  using namespace weft::appctl;
  const auto line = parse_command_line({argv + 1, argv + argc});
  if (!line) {
    return fail(line.error(), exit_usage);
  }
  if (line->wants_help) {
    fmt::print("{}", help_text);
    return 0;
  }
  if (line->wants_version) {
    fmt::print("weft-appctl (weft) {}\n", WEFT_VERSION);
    return 0;
  }
  return run(*line);
}
