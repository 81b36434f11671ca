#include "vswitchd/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace weft {
namespace {

Unexpected<std::string> failed(const std::string& what) {
  return Unexpected{fmt::format("{}: {}", what, std::strerror(errno))};
}

}  // namespace

Result<Detached, std::string> Detached::detach() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return failed("pipe");
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return failed("fork");
  }
  if (child > 0) {
    ::close(ends[1]);
    char byte = 0;
    ssize_t count = 0;
    do {
      count = ::read(ends[0], &byte, 1);
    } while (count < 0 && errno == EINTR);
    // _exit: what the child shares must not be flushed or destroyed twice.
    ::_exit(count == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  ::close(ends[0]);
  ::setsid();
  return Detached(ends[1]);
}

void Detached::ready() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2 && null >= 0; ++fd) {
    ::dup2(null, fd);
  }
  ::close(null);
  [[maybe_unused]] const auto written = ::write(fd_, "", 1);
  ::close(fd_);
}

Result<FileLock, std::string> FileLock::take(const std::string& path, const std::string& what) {
  std::error_code ignored;  // a failure shows in open
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return failed(path);
  }
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_SETLK, &lock) == 0) {
    return FileLock(fd);
  }
  if (errno != EACCES && errno != EAGAIN) {
    const auto error = failed("lock " + path);
    ::close(fd);
    return error;
  }
  struct flock holder = lock;
  // 0: a process of another pid namespace.
  const bool is_known = ::fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0;
  ::close(fd);
  return Unexpected{fmt::format("{}{}", what, is_known ? fmt::format(", as process {}", holder.l_pid) : "")};
}

Result<Pidfile, std::string> Pidfile::create(const std::string& path) {
  const auto lock = FileLock::take(path, path + ": weft-vswitchd is running already");
  if (!lock) {
    return Unexpected{lock.error()};
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock->fd(), 0) != 0 ||
      ::write(lock->fd(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    return failed(path);
  }
  return Pidfile(path);
}

void Pidfile::remove() { ::unlink(path_.c_str()); }

}  // namespace weft
