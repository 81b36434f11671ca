// weft-vsctl: fetch the state, work out the change, send it as one transaction; start over when somebody was faster.

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "lib/base/run_directory.h"
#include "lib/management/client.h"
#include "lib/management/convert.h"
#include "utilities/vsctl/run.h"

namespace weft::vsctl {
namespace {

namespace pb = management::pb;

constexpr int exit_refused = 1;
constexpr int exit_timed_out = 142;                          // what a shell shows for ovs-vsctl's SIGALRM
constexpr int max_attempts = 100;                            // conflicts with other writers, one after the other
constexpr auto look_again = std::chrono::milliseconds(100);  // wait-until

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
  out.set_comment(run.comment);
  for (const auto& operation : run.draft.operations()) {
    *out.add_operations() = management::to_wire(operation);
  }
  return request;
}

// The status stays 0, as scripts written for ovs-vsctl expect. With --no-wait there is no state to look at.
void report_new_problems(const Database& base, const pb::Response& response) {
  if (!response.has_state()) {
    return;
  }
  if (const auto state = management::from_wire(response.state())) {
    for (const auto& line : new_problems(base, *state)) {
      fmt::print(stderr, "weft-vsctl: {}\n", line);
    }
    for (const auto& line : new_warnings(base, *state)) {
      fmt::print(stderr, "weft-vsctl: {}\n", line);
    }
  }
}

// Whether a command of the run is one that changes things, though it may have found them as they should be: the switch
// then says whether they are saved.
bool means_to_change(const CommandLine& line) {
  return std::ranges::any_of(line.commands, [](const auto& command) {
    static constexpr std::array verbs{"add", "br-set", "clear", "create", "del", "destroy", "remove", "set"};
    return std::ranges::any_of(verbs, [&](const char* verb) { return command.spec->name.starts_with(verb); });
  });
}

bool has_something_to_send(const CommandLine& line, const Run& run) {
  return !run.draft.operations().empty() || !run.comment.empty() || means_to_change(line);
}

// Prints what the switch says to the run's questions.
std::optional<std::string> ask(management::Client& client, const Run& run) {
  for (const auto& words : run.questions) {
    pb::Request request;
    for (const auto& word : words) {
      request.mutable_command()->add_words(word);
    }
    const auto response = client.call(request);
    if (!response) {
      return response.error();
    }
    if (response->status() != pb::Response::OK) {
      return response->error();
    }
    fmt::print("{}", response->text());
  }
  return std::nullopt;
}

int execute(const CommandLine& line) {
  auto client = management::Client::connect(line.rundir.value_or(default_run_directory()), line.timeout);
  if (!client) {
    return fail(client.error());
  }
  bool is_waiting = false;
  for (int attempt = 0; attempt < max_attempts;) {
    const auto base = fetch(*client);
    if (!base && is_waiting && client->is_timed_out()) {
      return fail("what wait-until waits for did not come true in time", exit_timed_out);
    }
    if (!base) {
      return fail(*client, base.error());
    }
    Run run(*base);
    if (auto done = run_commands(line, run); !done) {
      return fail(done.error());
    }
    is_waiting = run.must_wait;
    if (is_waiting) {
      std::this_thread::sleep_for(look_again);  // the client's deadline ends it
      continue;
    }
    if (has_something_to_send(line, run) && !line.is_dry_run) {
      const auto response = client->call(transaction(line, *base, run));
      if (!response) {
        return fail(*client, response.error());
      }
      if (response->status() == pb::Response::CONFLICT) {
        ++attempt;
        continue;
      }
      if (response->status() == pb::Response::REFUSED) {
        return fail(response->error());
      }
      report_new_problems(*base, *response);
    }
    fmt::print("{}", run.output);
    if (const auto problem = ask(*client, run)) {
      return fail(*client, *problem);
    }
    for (const auto& warning : useless_records(run)) {
      fmt::print(stderr, "weft-vsctl: {}\n", warning);
    }
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
