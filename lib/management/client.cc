#include "lib/management/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "lib/management/framing.h"

namespace weft::management {
namespace {

std::string describe_errno(const char* what) { return fmt::format("{}: {}", what, std::strerror(errno)); }

}  // namespace

Result<Client, std::string> Client::connect(const std::string& rundir, std::chrono::seconds timeout) {
  const std::string path = rundir + "/weft.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Unexpected{
        fmt::format("{}: longer than a socket's path may be ({} bytes)", path, sizeof(address.sun_path) - 1)};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return Unexpected{describe_errno("socket")};
  }
  Client client(fd, timeout);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Unexpected{
        fmt::format("{}: {} (is weft-vswitchd running with --rundir {}?)", path, std::strerror(errno), rundir)};
  }
  return client;
}

Client::Client(int fd, std::chrono::seconds timeout) : fd_(fd) {
  if (timeout.count() > 0) {
    deadline_ = std::chrono::steady_clock::now() + timeout;
  }
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), deadline_(other.deadline_), is_timed_out_(other.is_timed_out_) {}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(fd_, other.fd_);
  deadline_ = other.deadline_;
  is_timed_out_ = other.is_timed_out_;
  return *this;
}

Client::~Client() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Result<pb::Response, std::string> Client::call(const pb::Request& request) {
  if (auto sent = send_all(framed(request.SerializeAsString())); !sent) {
    return Unexpected{sent.error()};
  }
  std::string buffer;
  if (auto header = receive(buffer, frame_header_bytes); !header) {
    return Unexpected{header.error()};
  }
  const auto size = frame_size(buffer);
  if (!size) {
    return Unexpected{size.error()};
  }
  buffer.clear();
  if (auto body = receive(buffer, **size); !body) {
    return Unexpected{body.error()};
  }
  pb::Response response;
  if (!response.ParseFromString(buffer)) {
    return Unexpected{std::string("the switch's answer cannot be read")};
  }
  return response;
}

Result<void, std::string> Client::wait_for(short events) {
  int wait_ms = -1;
  if (deadline_) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(*deadline_ - std::chrono::steady_clock::now());
    wait_ms = static_cast<int>(std::max<int64_t>(left.count(), 0));
  }
  pollfd wanted{fd_, events, 0};
  const int ready = ::poll(&wanted, 1, wait_ms);
  if (ready == 0) {
    is_timed_out_ = true;
    return Unexpected{std::string("the switch did not answer in time")};
  }
  if (ready < 0 && errno != EINTR) {
    return Unexpected{describe_errno("poll")};
  }
  return {};
}

Result<void, std::string> Client::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (auto ready = wait_for(POLLOUT); !ready) {
      return ready;
    }
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EAGAIN && errno != EINTR) {
      return Unexpected{describe_errno("send to the switch")};
    }
  }
  return {};
}

Result<void, std::string> Client::receive(std::string& buffer, size_t wanted) {
  std::array<char, 65536> chunk;
  while (buffer.size() < wanted) {
    if (auto ready = wait_for(POLLIN); !ready) {
      return ready;
    }
    const size_t room = std::min(chunk.size(), wanted - buffer.size());
    const auto count = ::recv(fd_, chunk.data(), room, MSG_DONTWAIT);
    if (count > 0) {
      buffer.append(chunk.data(), static_cast<size_t>(count));
    } else if (count == 0) {
      return Unexpected{std::string("the switch closed the connection")};
    } else if (errno != EAGAIN && errno != EINTR) {
      return Unexpected{describe_errno("receive from the switch")};
    }
  }
  return {};
}

}  // namespace weft::management
