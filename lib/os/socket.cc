#include "lib/os/socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace weft {

Result<Fd, OsError> open_socket(int domain, int type, int protocol, std::string_view what) {
  Fd socket(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!socket.is_open()) {
    return Unexpected(last_os_error("open " + std::string(what)));
  }
  return socket;
}

Result<void, OsError> set_socket_option(const Fd& socket, int level, int option, const void* value, size_t size,
                                        std::string_view what) {
  if (::setsockopt(socket.get(), level, option, value, static_cast<socklen_t>(size)) != 0) {
    return Unexpected(last_os_error("set " + std::string(what)));
  }
  return {};
}

namespace {

void set_buffer(const Fd& socket, int forced, int polite, int bytes) {
  if (bytes <= 0) {
    return;
  }
  if (::setsockopt(socket.get(), SOL_SOCKET, forced, &bytes, sizeof bytes) != 0) {
    ::setsockopt(socket.get(), SOL_SOCKET, polite, &bytes, sizeof bytes);
  }
}

}  // namespace

void set_socket_buffers(const Fd& socket, int receive_bytes, int send_bytes) {
  set_buffer(socket, SO_RCVBUFFORCE, SO_RCVBUF, receive_bytes);
  set_buffer(socket, SO_SNDBUFFORCE, SO_SNDBUF, send_bytes);
}

Result<void, OsError> drop_all_input(const Fd& socket) {
  sock_filter keep_no_byte = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &keep_no_byte};
  return set_socket_option(socket, SOL_SOCKET, SO_ATTACH_FILTER, program, "a filter that drops all input");
}

uint64_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      return raised.rlim_cur;
    }
  }
  return limit.rlim_cur;
}

SocketAddress::SocketAddress(const IpAddress& address, uint16_t port, uint32_t scope_ifindex) {
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = Be16{port}.wire();
    in.sin_addr.s_addr = address.v4().be().wire();
    std::memcpy(&storage_, &in, sizeof in);
    size_ = sizeof in;
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = Be16{port}.wire();
    in6.sin6_scope_id = scope_ifindex;
    std::memcpy(&in6.sin6_addr, address.v6().bytes.data(), 16);
    std::memcpy(&storage_, &in6, sizeof in6);
    size_ = sizeof in6;
  }
}

IpAddress SocketAddress::address() const {
  if (storage_.ss_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &storage_, sizeof in6);
    Ipv6Address address;
    std::memcpy(address.bytes.data(), &in6.sin6_addr, 16);
    return address;
  }
  sockaddr_in in;
  std::memcpy(&in, &storage_, sizeof in);
  return Ipv4Address::from_be(Be32::from_wire(in.sin_addr.s_addr));
}

uint16_t SocketAddress::port() const {
  // The port stands at the same place in both families.
  sockaddr_in in;
  std::memcpy(&in, &storage_, sizeof in);
  return Be16::from_wire(in.sin_port).host();
}

std::string SocketAddress::to_string() const {
  const IpAddress ip = address();
  const std::string text = ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string();
  return text + ":" + std::to_string(port());
}

}  // namespace weft
