#include "utilities/vsctl/run.h"

namespace weft::vsctl {
namespace {

// `a\nb\n` on one line, as --oneline asks.
std::string on_one_line(std::string_view output) {
  std::string out;
  for (const char c : output.substr(0, output.ends_with('\n') ? output.size() - 1 : output.size())) {
    out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  }
  return out + '\n';
}

}  // namespace

Result<void, std::string> run_commands(const CommandLine& line, Run& run) {
  run.format = line.format;
  run.data = line.data;
  run.has_headings = line.has_headings;
  std::string output;
  for (const auto& command : line.commands) {
    Invocation call{run, command.words, command.options};
    run.output.clear();
    if (auto done = command.spec->run(call); !done) {
      return Unexpected{render(command, done.error())};
    }
    if (run.must_wait) {
      return {};
    }
    output += line.is_oneline ? on_one_line(run.output) : run.output;
  }
  run.output = std::move(output);
  if (auto problem = unbound_symbol(run)) {
    return Unexpected{std::move(*problem)};
  }
  return {};
}

}  // namespace weft::vsctl
