// Network namespaces for tests: hosts, guests and routers in one process, gone when the test is.
//
// A NetworkNamespace has no name and lives as long as the object (and sockets made inside it), so a test that
// crashes leaves nothing behind. Scope moves the calling thread inside and back. Shell commands run inside by run().
//
//     NetworkNamespace host, guest;
//     host.run("ip link add p1 type veth peer name eth0");
//     host.give("eth0", guest);
//
// Needs root: a test begins with WEFT_NEEDS_ROOT(), which skips it for others.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "lib/os/fd.h"

#define WEFT_NEEDS_ROOT()                                      \
  if (::geteuid() != 0) {                                      \
    GTEST_SKIP() << "needs root: it makes network namespaces"; \
  }

namespace weft::test {

class NetworkNamespace {
 public:
  class Scope {
   public:
    explicit Scope(const NetworkNamespace& inside) : before_(current()) { enter(inside.fd_); }
    ~Scope() { enter(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Fd before_;
  };

  NetworkNamespace() {
    const Fd before = current();
    if (::unshare(CLONE_NEWNET) != 0) {
      ADD_FAILURE() << "no new network namespace";
    }
    fd_ = current();
    enter(before);
    run("ip link set lo up");
  }

  // Runs a shell command inside; a failure fails the test.
  void run(const std::string& command) const { EXPECT_EQ(try_run(command), 0) << command; }
  // The command's exit status.
  int try_run(const std::string& command) const {
    const Scope scope(*this);
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // A link that has just come up drops what is sent until the kernel's link watch has seen it, up to a second later.
  void wait_until_up(const std::string& device) const {
    run("for i in $(seq 500); do ip link show " + device + " | grep -q 'state UP' && break; sleep 0.01; done");
  }

  // Moves a device of this namespace to another.
  void give(const std::string& device, const NetworkNamespace& to) const {
    run("ip link set " + device + " netns /proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(to.fd_.get()));
  }

 private:
  static Fd current() { return Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }
  static void enter(const Fd& fd) {
    if (::setns(fd.get(), CLONE_NEWNET) != 0) {
      ADD_FAILURE() << "cannot enter a network namespace";
    }
  }

  Fd fd_;
};

}  // namespace weft::test
