// What makes a program a daemon: going to the background with word back to whoever started it, and a pidfile.
//
// Both before any thread is made.
#pragma once

#include <optional>
#include <string>

#include "lib/base/result.h"

namespace weft {

// Forks. The parent waits until the child calls ready() and then exits with 0, or with 1 when the child ends first;
// the child goes on, in a session of its own.
class Detached {
 public:
  static Result<Detached, std::string> detach();
  // From here on standard input, output and error are /dev/null.
  void ready();

 private:
  explicit Detached(int fd) : fd_(fd) {}
  int fd_;
};

// The process's id in a file, locked for as long as the process lives. Removed by remove().
class Pidfile {
 public:
  // Refused when a living process holds it.
  static Result<Pidfile, std::string> create(const std::string& path);
  void remove();

 private:
  explicit Pidfile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace weft
