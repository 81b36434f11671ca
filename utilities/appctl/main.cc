// weft-appctl: sends one command to a running weft-vswitchd and prints the answer. `list-commands` says what it knows.

#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lib/base/run_directory.h"
#include "lib/management/client.h"

namespace {

constexpr int exit_connection = 1;
constexpr int exit_usage = 1;
constexpr int exit_refused = 2;
constexpr int exit_timed_out = 142;

int run(const std::optional<std::string>& rundir, std::chrono::seconds timeout,
        const weft::management::pb::Request& request) {
  auto client = weft::management::Client::connect(rundir.value_or(weft::default_run_directory()), timeout);
  if (!client) {
    fmt::print(stderr, "weft-appctl: {}\n", client.error());
    return exit_connection;
  }
  const auto response = client->call(request);
  if (!response) {
    fmt::print(stderr, "weft-appctl: {}\n", response.error());
    return client->is_timed_out() ? exit_timed_out : exit_connection;
  }
  if (response->status() != weft::management::pb::Response::OK) {
    fmt::print(stderr, "weft-appctl: {}\n", response->error());
    return exit_refused;
  }
  fmt::print("{}", response->text());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"weft-appctl: ask a running weft-vswitchd", "weft-appctl"};
  app.footer(
      "`weft-appctl list-commands` prints what the switch can be asked.\n"
      "Exit status: 0 done, 1 a wrong command line or no connection, 2 refused, 142 the timeout ran out.");
  std::optional<std::string> rundir;
  unsigned timeout = 0;
  std::vector<std::string> words;
  app.set_version_flag("-V,--version", std::string("weft-appctl (weft) ") + WEFT_VERSION);
  app.add_option("--rundir", rundir, "where the switch's sockets are (default $WEFT_RUNDIR or /run/weft)");
  app.add_option("-T,--timeout", timeout, "give up after so many seconds (0: never)");
  app.add_option("command", words, "the command and its words")->required();
  app.prefix_command();  // the command's own options are not ours
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;  // --help and --version come this way too
  }
  for (const auto& word : app.remaining()) {
    words.push_back(word);
  }

  weft::management::pb::Request request;
  for (const auto& word : words) {
    request.mutable_command()->add_words(word);
  }
  return run(rundir, std::chrono::seconds(timeout), request);
}
