// weft-vsctl: fetch the state, work out the change, send it as one transaction; start over when somebody was faster.

#include <fmt/format.h>

#include "lib/management/client.h"
#include "lib/management/convert.h"
#include "utilities/vsctl/command_line.h"

namespace weft::vsctl {
namespace {

namespace pb = management::pb;

constexpr int exit_refused = 1;
constexpr int exit_timed_out = 142;  // what a shell shows for ovs-vsctl's SIGALRM
constexpr int max_attempts = 100;    // conflicts with other writers, one after the other

int fail(const std::string& message, int status = exit_refused) {
  fmt::print(stderr, "weft-vsctl: {}\n", message);
  return status;
}

int fail(const management::Client& client, const std::string& message) {
  return fail(message, client.is_timed_out() ? exit_timed_out : exit_refused);
}

Result<Database, std::string> fetch(management::Client& client) {
  pb::Request request;
  request.mutable_get_state();
  auto response = client.call(request);
  if (!response) {
    return Unexpected{response.error()};
  }
  return management::from_wire(response->state());
}

pb::Request transaction(const CommandLine& line, const Database& base, const Run& run) {
  pb::Request request;
  auto& out = *request.mutable_transaction();
  out.set_base_version(base.version());
  out.set_wait(line.waits);
  for (const auto& operation : run.draft.operations()) {
    *out.add_operations() = management::to_wire(operation);
  }
  return request;
}

// `a\nb\n` on one line, as --oneline asks.
std::string on_one_line(std::string_view output) {
  std::string out;
  for (const char c : output.substr(0, output.ends_with('\n') ? output.size() - 1 : output.size())) {
    out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  }
  return out + '\n';
}

// Runs all commands on a fresh draft; the error is what to print.
Result<void, std::string> run_commands(const CommandLine& line, Run& run) {
  run.format = line.format;
  run.has_headings = line.has_headings;
  std::string output;
  for (const auto& command : line.commands) {
    Invocation call{run, command.words, command.options};
    run.output.clear();
    if (auto done = command.spec->run(call); !done) {
      return Unexpected{render(command, done.error())};
    }
    output += line.is_oneline ? on_one_line(run.output) : run.output;
  }
  run.output = std::move(output);
  return {};
}

// Ports that were wanted and could not be set up; the status stays 0, as scripts written for ovs-vsctl expect.
void report_failed_ports(const Run& run, const pb::State& wire) {
  const auto state = management::from_wire(wire);
  if (!state) {
    return;
  }
  for (const auto& name : run.added_interfaces) {
    const Row* row = state->find_by_name("Interface", name);
    if (row != nullptr && (*row)["ofport"].integer().value_or(-1) == -1) {
      fmt::print(stderr, "weft-vsctl: Error detected while setting up '{}': {}\n", name,
                 (*row)["error"].string().value_or("the switch gave no reason"));
    }
  }
}

int execute(const CommandLine& line) {
  auto client = management::Client::connect(management::run_directory(line.rundir), line.timeout);
  if (!client) {
    return fail(client.error());
  }
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    const auto base = fetch(*client);
    if (!base) {
      return fail(*client, base.error());
    }
    Run run(*base);
    if (auto done = run_commands(line, run); !done) {
      return fail(done.error());
    }
    if (!run.draft.operations().empty() && !line.is_dry_run) {
      const auto response = client->call(transaction(line, *base, run));
      if (!response) {
        return fail(*client, response.error());
      }
      if (response->status() == pb::Response::CONFLICT) {
        continue;
      }
      if (response->status() == pb::Response::REFUSED) {
        return fail(response->error());
      }
      report_failed_ports(run, response->state());
    }
    fmt::print("{}", run.output);
    return run.exit_status;
  }
  return fail("the state kept changing under the command; nothing was done");
}

}  // namespace
}  // namespace weft::vsctl

int main(int argc, char** argv) {
  using namespace weft::vsctl;
  const auto line = parse_command_line({argv + 1, argv + argc});
  if (!line) {
    return fail(line.error());
  }
  if (line->wants_help) {
    fmt::print("{}", help_text());
    return 0;
  }
  if (line->wants_version) {
    fmt::print("weft-vsctl (weft) {}\n", WEFT_VERSION);
    return 0;
  }
  return execute(*line);
}
