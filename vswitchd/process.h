// What makes a program a daemon: going to the background with word back to whoever started it, a pidfile, and locks
// on what only one daemon may use.
//
// Going to the background comes before any thread is made, and before any lock: a child inherits none.
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

// A file that is locked for as long as the process lives. The lock is the process's: taking it twice works, and closing
// any other descriptor of the file would let go of it. The file stays; only its lock means something.
class FileLock {
 public:
  // Makes the file and its directory where they are missing. Refused when a living process holds the lock, with a text
  // that begins with `what` and names the process where it is known.
  static Result<FileLock, std::string> take(const std::string& path, const std::string& what);
  int fd() const { return fd_; }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;  // stays open: it carries the lock
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
