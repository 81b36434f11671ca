// Daemon: where everything is wired together.
//
//     management socket -> database -> reconciler -> ofproto::Switch -> datapath
//                             |            ^
//                             v            | links that come and go
//                        state file     netlink mirror
//
// A transaction is checked, applied to the database, followed by the running switch and saved; then it is answered.
//
// Threads:   create(), run() and destruction on one thread, which becomes the control thread.
// Ownership: owns everything below it; on a clean stop ports are detached and sockets' files removed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"

namespace weft {

struct DaemonOptions {
  std::string rundir;
  std::string state_path;
  unsigned worker_count = 0;  // 0: chosen by the datapath
  std::string poll_policy = "adaptive";
  size_t megaflow_limit = 200000;
  std::string version;
  std::optional<std::string> log_file;  // already open
};

class Daemon {
 public:
  static Result<std::unique_ptr<Daemon>, std::string> create(const DaemonOptions& options);
  ~Daemon();

  // Calls `ready` when the saved state is followed and the management socket listens; returns after SIGTERM, SIGINT,
  // SIGHUP or the command `exit`.
  void run(const std::function<void()>& ready);

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft
