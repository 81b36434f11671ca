#include "datapath/tunnel/stt_socket.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "lib/os/device.h"
#include "lib/os/socket.h"

namespace weft::datapath {

namespace {

// Lets through TCP for `port` whose source port leaves `index` when divided by `count`. The kernel shows an IPv4 raw
// socket's filter the packet from its IP header on, an IPv6 one's from its TCP header on.
std::vector<sock_filter> receiver_filter(bool ipv6, uint16_t port, unsigned index, unsigned count) {
  constexpr uint32_t all = 0xffffffff;
  const uint16_t mode = ipv6 ? BPF_ABS : BPF_IND;
  std::vector<sock_filter> program;
  if (!ipv6) {
    program.push_back(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0));  // the IP header's size
  }
  const auto load_half = [&](uint32_t offset) {
    program.push_back(sock_filter{static_cast<uint16_t>(BPF_LD | BPF_H | mode), 0, 0, offset});
  };
  load_half(2);
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  if (count > 1) {
    load_half(0);
    program.push_back(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 1, 0));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, all));
  return program;
}

Result<void, OsError> set_stt_option(const Fd& socket, int level, int option, int value, const char* name) {
  return set_socket_option(socket, level, option, value, name);
}

Result<void, OsError> ask_for_outer_header(const Fd& socket, bool ipv6) {
  auto set = set_stt_option(socket, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
  if (!ipv6) {
    return set;  // the packet begins with it
  }
  return set.and_then([&] { return set_stt_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"); })
      .and_then([&] { return set_stt_option(socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"); })
      // Without it the kernel learns no path MTU from what ICMPv6 says to a raw socket.
      .and_then([&] { return set_stt_option(socket, IPPROTO_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR"); })
      .and_then([&] { return set_stt_option(socket, IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS"); });
}

// What came before the filter was there.
void discard_input(const Fd& socket) {
  uint8_t byte = 0;
  while (::recv(socket.get(), &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) >= 0) {
  }
}

}  // namespace

Result<Fd, PortError> open_stt_guard(bool ipv6, uint16_t port) {
  const std::string what = "TCP port " + std::to_string(port);
  const auto failed = [](const OsError& error) {
    return Unexpected(PortError{PortError::Kind::system, error.to_string()});
  };
  auto socket = open_socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP, "a TCP socket");
  if (!socket) {
    return failed(socket.error());
  }
  if (ipv6) {
    if (const auto set = set_stt_option(*socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"); !set) {
      return failed(set.error());
    }
  }
  if (const auto set = drop_all_input(*socket); !set) {
    return failed(set.error());
  }
  const SocketAddress address(ipv6 ? IpAddress(Ipv6Address{}) : IpAddress(Ipv4Address{}), port);
  if (::bind(socket->get(), address.get(), address.size()) != 0 || ::listen(socket->get(), 1) != 0) {
    if (errno == EADDRINUSE) {
      return Unexpected(
          PortError{PortError::Kind::held, what + " is held by another program: stop it, or set options:dst_port"});
    }
    return failed(last_os_error("listen on " + what));
  }
  return std::move(*socket);
}

Result<Fd, OsError> open_stt_receiver(bool ipv6, uint16_t port, unsigned index, unsigned count,
                                      const UnderlayOptions& options) {
  auto socket = open_socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_TCP, "a raw socket for TCP");
  if (!socket) {
    return socket;
  }
  std::vector<sock_filter> filter = receiver_filter(ipv6, port, index, count);
  const sock_fprog program{static_cast<uint16_t>(filter.size()), filter.data()};
  if (auto set = set_socket_option(*socket, SOL_SOCKET, SO_ATTACH_FILTER, program, "a filter for STT"); !set) {
    return Unexpected(set.error());
  }
  discard_input(*socket);
  if (auto set = ask_for_outer_header(*socket, ipv6); !set) {
    return Unexpected(set.error());
  }
  set_socket_buffers(*socket, options.receive_buffer, 0);
  return socket;
}

Result<Fd, OsError> open_stt_sender(const UnderlayOptions& options) {
  auto socket = open_socket(AF_PACKET, SOCK_RAW, 0, "a packet socket");
  if (!socket) {
    return socket;
  }
  if (auto set = set_stt_option(*socket, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR"); !set) {
    return Unexpected(set.error());
  }
  set_socket_buffers(*socket, 0, options.send_buffer);
  return socket;
}

bool is_invalid_to_conntrack() { return read_sysctl("net/netfilter/nf_conntrack_tcp_loose") == "0"; }

}  // namespace weft::datapath
