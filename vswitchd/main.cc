// weft-vswitchd: options, background, pidfile; the rest is Daemon's.

#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lib/base/log.h"
#include "lib/base/run_directory.h"
#include "lib/base/text.h"
#include "vswitchd/daemon.h"
#include "vswitchd/process.h"

namespace {

using namespace weft;

struct Options {
  DaemonOptions daemon;
  bool detaches = false;
  std::optional<std::string> pidfile;
  std::vector<std::string> log_levels;
};

int fail(const std::string& message) {
  fmt::print(stderr, "weft-vswitchd: {}\n", message);
  return EXIT_FAILURE;
}

void add_options(CLI::App& app, Options& options) {
  options.daemon.rundir = default_run_directory();
  options.daemon.state_path = "/var/lib/weft/state";
  options.daemon.version = WEFT_VERSION;
  app.set_version_flag("-V,--version", std::string("weft-vswitchd (weft) ") + WEFT_VERSION);
  app.add_option("--rundir", options.daemon.rundir, "where sockets are made (default $WEFT_RUNDIR or /run/weft)");
  app.add_option("--state", options.daemon.state_path, "the file that keeps the wanted state")->capture_default_str();
  app.add_flag("--detach", options.detaches, "go to the background once the saved state is in force");
  app.add_option("--pidfile", options.pidfile, "write the process id there (default RUNDIR/weft-vswitchd.pid)");
  app.add_option("--log-file", options.daemon.log_file, "also log to this file");
  app.add_option("-v,--verbose", options.log_levels, "log levels, as `weft-appctl vlog/set` takes them");
  app.add_option("--workers", options.daemon.worker_count, "threads that forward packets (default: by cores)")
      ->check(CLI::Range(1, 64));
  app.add_option("--poll", options.daemon.poll_policy,
                 "adaptive: spin briefly after traffic; sleep: never; busy: always")
      ->check(CLI::IsMember({"adaptive", "sleep", "busy"}))
      ->capture_default_str();
  app.add_option("--megaflow-limit", options.daemon.megaflow_limit, "megaflows a worker keeps at most")
      ->check(CLI::Range(1000, 10'000'000))
      ->capture_default_str();
}

Result<void, std::string> set_up_log(const Options& options) {
  if (options.daemon.log_file) {
    if (const auto opened = log::open_file(*options.daemon.log_file); !opened) {
      return Unexpected{opened.error().to_string()};
    }
  }
  for (const auto& spec : options.log_levels) {
    if (const auto done = log::configure(spec); !done) {
      return Unexpected{render(spec, done.error())};
    }
  }
  return {};
}

// In one line, with the word at fault.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto words = app.remaining();
  if (words.empty()) {
    return fail(error.what());
  }
  const auto option = std::ranges::find_if(words, [](const auto& word) { return word.starts_with('-'); });
  if (option == words.end()) {
    return fail(fmt::format("unexpected word \"{}\"", words.front()));
  }
  std::vector<std::string> names;
  for (const auto* known : app.get_options()) {
    names.push_back(known->get_name());
  }
  const std::string name = option->substr(0, option->find('='));
  return fail(TextError{fmt::format("unknown option \"{}\"", name), 0, 0, did_you_mean(name, names)}.to_string());
}

int run(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads standard error may go, the switch stays
  std::optional<Detached> background;
  if (options.detaches) {
    auto detached = Detached::detach();
    if (!detached) {
      return fail(detached.error());
    }
    background = *detached;
  }
  if (const auto logging = set_up_log(options); !logging) {
    return fail(logging.error());
  }
  auto pidfile = Pidfile::create(options.pidfile.value_or(options.daemon.rundir + "/weft-vswitchd.pid"));
  if (!pidfile) {
    return fail(pidfile.error());
  }
  auto daemon = Daemon::create(options.daemon);
  if (!daemon) {
    pidfile->remove();
    return fail(daemon.error());
  }
  (*daemon)->run([&background] {
    if (background) {
      background->ready();
    }
  });
  daemon->reset();
  pidfile->remove();
  return EXIT_SUCCESS;
}

// Large blocks (messages of a bundle, tables that have grown) are given back to the system when they are freed. Left to
// itself the C library takes a large block that was freed once for a sign to keep those that come later.
void give_back_large_blocks() {
  constexpr int large = 128 * 1024;  // its own default, before it adapts
  static_cast<void>(mallopt(M_MMAP_THRESHOLD, large));
}

}  // namespace

int main(int argc, char** argv) {
  give_back_large_blocks();
  CLI::App app{"weft-vswitchd: a programmable virtual switch in user space", "weft-vswitchd"};
  app.footer(
      "weft-vsctl configures it, weft-ofctl programs its flows, weft-appctl asks what it does.\n"
      "SIGTERM, SIGINT and SIGHUP stop it cleanly: ports are detached, the state is kept.");
  Options options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  }
  return run(options);
}
