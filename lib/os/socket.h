// Sockets with words for their errors, and socket addresses from and to IpAddress.
//
// open_socket gives a non-blocking, close-on-exec socket. Errors name what was attempted, so that a message that
// reaches the user needs no more context than the caller's.
//
// Threads: any. Not here: asynchronous input and output (event_loop.h, the worker's own poll).
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/ip_address.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

namespace weft {

Result<Fd, OsError> open_socket(int domain, int type, int protocol, std::string_view what);

Result<void, OsError> set_socket_option(const Fd& socket, int level, int option, const void* value, size_t size,
                                        std::string_view what);

template <class T>
Result<void, OsError> set_socket_option(const Fd& socket, int level, int option, const T& value,
                                        std::string_view what) {
  return set_socket_option(socket, level, option, &value, sizeof value, what);
}

// Sets receive and send buffer in bytes, past net.core.*mem_max where we may (SO_*BUFFORCE), else as far as allowed.
// The kernel doubles the figure for its own bookkeeping. 0 leaves the default.
void set_socket_buffers(const Fd& socket, int receive_bytes, int send_bytes);

// A classic BPF filter that lets nothing through: the socket only sends.
Result<void, OsError> drop_all_input(const Fd& socket);

// Raises the soft limit of open files to the hard one; the limit in force afterwards.
uint64_t raise_open_file_limit();

// An IP address and UDP or TCP port as the kernel takes them.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const IpAddress& address, uint16_t port, uint32_t scope_ifindex = 0);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  // Before the kernel writes an address of its own.
  socklen_t* make_room() {
    size_ = sizeof storage_;
    return &size_;
  }

  IpAddress address() const;
  uint16_t port() const;
  std::string to_string() const;  // "192.0.2.1:4789", "[2001:db8::1]:4789"

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace weft
