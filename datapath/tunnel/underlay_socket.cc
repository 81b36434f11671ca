#include "datapath/tunnel/underlay_socket.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include "lib/base/hash.h"
#include "lib/os/netlink/link_lookup.h"
#include "lib/os/socket.h"

namespace weft::datapath {

namespace {

// Options with a number; the first that fails is the error.
class OptionSetter {
 public:
  explicit OptionSetter(const Fd& socket) : socket_(socket) {}

  OptionSetter& set(int level, int option, int value, const char* name) {
    if (result_) {
      result_ = set_socket_option(socket_, level, option, value, name);
    }
    return *this;
  }
  const Result<void, OsError>& result() const { return result_; }

 private:
  const Fd& socket_;
  Result<void, OsError> result_;
};

IpAddress any_address(bool ipv6) { return ipv6 ? IpAddress(Ipv6Address{}) : IpAddress(Ipv4Address{}); }

Result<Fd, OsError> open_udp_socket(bool ipv6) {
  auto socket = open_socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, IPPROTO_UDP, "a UDP socket");
  if (socket && ipv6) {
    if (auto set = OptionSetter(*socket).set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY").result(); !set) {
      return Unexpected(set.error());
    }
  }
  return socket;
}

Result<void, OsError> bind_to(const Fd& socket, const IpAddress& local, uint16_t port) {
  const SocketAddress address(local, port);
  if (::bind(socket.get(), address.get(), address.size()) != 0) {
    return Unexpected(last_os_error("bind UDP port " + std::to_string(port)));
  }
  return {};
}

Result<void, OsError> bind_socket(const Fd& socket, bool ipv6, uint16_t port) {
  return bind_to(socket, any_address(ipv6), port);
}

void ask_for_info(OptionSetter& options, bool ipv6) {
  options.set(SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
  if (ipv6) {
    options.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO")
        .set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT")
        .set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS")
        .set(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL");
  } else {
    options.set(IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO")
        .set(IPPROTO_IP, IP_RECVTTL, 1, "IP_RECVTTL")
        .set(IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS")
        .set(IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
  }
}

void ask_for_udp(OptionSetter& options, bool ipv6) {
  options.set(IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
  if (ipv6) {
    options.set(IPPROTO_UDP, UDP_NO_CHECK6_RX, 1, "UDP_NO_CHECK6_RX");
  }
}

Result<Fd, OsError> open_raw_socket(bool ipv6) {
  return open_socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_GRE, "a raw socket for GRE");
}

Result<void, OsError> join_group(const Fd& socket, const IpAddress& group) {
  group_req request{};
  const SocketAddress address(group, 0);
  std::memcpy(&request.gr_group, address.get(), address.size());
  return set_socket_option(socket, group.is_v6() ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP, request,
                           "join " + group.to_string());
}

// How a socket that sends is to send.
void ask_for_sending(OptionSetter& setter, const SourcePorts::Kind& kind) {
  if (kind.ipv6) {
    setter.set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, kind.dont_fragment ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT, "DF")
        .set(IPPROTO_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR")
        .set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP");
  } else {
    setter.set(IPPROTO_IP, IP_MTU_DISCOVER, kind.dont_fragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT, "DF")
        .set(IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR")
        .set(IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP");
  }
  if (kind.is_gre) {
    return;
  }
  if (kind.ipv6) {
    setter.set(IPPROTO_UDP, UDP_NO_CHECK6_TX, kind.checksum ? 0 : 1, "UDP_NO_CHECK6_TX");
  } else {
    setter.set(SOL_SOCKET, SO_NO_CHECK, kind.checksum ? 0 : 1, "SO_NO_CHECK");
  }
}

template <class T>
T read_control(const cmsghdr* control) {
  T value{};
  std::memcpy(&value, CMSG_DATA(control), std::min<size_t>(sizeof value, control->cmsg_len - CMSG_LEN(0)));
  return value;
}

void read_ipv4_info(const cmsghdr* control, OuterHeader& outer) {
  switch (control->cmsg_type) {
    case IP_PKTINFO:
      outer.local = Ipv4Address::from_be(Be32::from_wire(read_control<in_pktinfo>(control).ipi_addr.s_addr));
      break;
    case IP_TTL:
      outer.ttl = static_cast<uint8_t>(read_control<int>(control));
      break;
    case IP_TOS:
      outer.tos = read_control<uint8_t>(control);
      break;
    default:
      break;
  }
}

void read_ipv6_info(const cmsghdr* control, OuterHeader& outer) {
  switch (control->cmsg_type) {
    case IPV6_PKTINFO: {
      const auto info = read_control<in6_pktinfo>(control);
      Ipv6Address local;
      std::memcpy(local.bytes.data(), &info.ipi6_addr, 16);
      outer.local = local;
      break;
    }
    case IPV6_HOPLIMIT:
      outer.ttl = static_cast<uint8_t>(read_control<int>(control));
      break;
    case IPV6_TCLASS:
      outer.tos = static_cast<uint8_t>(read_control<int>(control));
      break;
    default:
      break;
  }
}

}  // namespace

Result<void, PortError> check_port_is_free(bool ipv6, uint16_t port) {
  // Without SO_REUSEPORT, which would let us share the port with another program unnoticed.
  const auto probe = open_udp_socket(ipv6);
  if (!probe) {
    return Unexpected(PortError{PortError::Kind::system, probe.error().to_string()});
  }
  const auto bound = bind_socket(*probe, ipv6, port);
  if (bound) {
    return {};
  }
  if (bound.error().code != std::errc::address_in_use) {
    return Unexpected(PortError{PortError::Kind::system, bound.error().to_string()});
  }
  const std::string what = "UDP port " + std::to_string(port) + " is held by ";
  const auto device = netlink::find_tunnel_device(port);
  return Unexpected(
      PortError{PortError::Kind::held,
                device ? what + "the kernel's tunnel device " + *device + ": delete it, or set options:dst_port"
                       : what + "another program: stop it, or set options:dst_port"});
}

Result<Fd, OsError> open_receive_socket(bool ipv6, uint16_t port, const UnderlayOptions& options) {
  auto socket = open_udp_socket(ipv6);
  if (!socket) {
    return socket;
  }
  OptionSetter setter(*socket);
  setter.set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
  ask_for_info(setter, ipv6);
  ask_for_udp(setter, ipv6);
  if (!setter.result()) {
    return Unexpected(setter.result().error());
  }
  set_socket_buffers(*socket, options.receive_buffer, 0);
  if (auto bound = bind_socket(*socket, ipv6, port); !bound) {
    return Unexpected(bound.error());
  }
  return socket;
}

Result<Fd, OsError> open_gre_socket(bool ipv6, const UnderlayOptions& options) {
  auto socket = open_raw_socket(ipv6);
  if (!socket) {
    return socket;
  }
  OptionSetter setter(*socket);
  ask_for_info(setter, ipv6);
  if (!setter.result()) {
    return Unexpected(setter.result().error());
  }
  set_socket_buffers(*socket, options.receive_buffer, 0);
  return socket;
}

Result<Fd, OsError> open_group_socket(const IpAddress& group, uint16_t port, const UnderlayOptions& options) {
  auto socket = open_udp_socket(group.is_v6());
  if (!socket) {
    return socket;
  }
  OptionSetter setter(*socket);
  setter.set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR").set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
  ask_for_info(setter, group.is_v6());
  ask_for_udp(setter, group.is_v6());
  if (!setter.result()) {
    return Unexpected(setter.result().error());
  }
  set_socket_buffers(*socket, options.receive_buffer, 0);
  for (const auto& done : {bind_to(*socket, group, port), join_group(*socket, group)}) {
    if (!done) {
      return Unexpected(done.error());
    }
  }
  return socket;
}

DatagramInfo read_datagram_info(const msghdr& message) {
  DatagramInfo info;
  SocketAddress from;
  std::memcpy(from.get(), message.msg_name, std::min<size_t>(message.msg_namelen, sizeof(sockaddr_in6)));
  info.outer.remote = from.address();
  for (const cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(control))) {
    if (control->cmsg_level == IPPROTO_IP) {
      read_ipv4_info(control, info.outer);
    } else if (control->cmsg_level == IPPROTO_IPV6) {
      read_ipv6_info(control, info.outer);
    } else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      info.gro_size = static_cast<size_t>(read_control<int>(control));
    } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
      info.overrun_count = read_control<uint32_t>(control);
    }
  }
  return info;
}

bool drain_error_queue(int socket) {
  bool had_errors = false;
  uint8_t control[256];
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  while (::recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
    had_errors = true;
    message.msg_controllen = sizeof control;
  }
  int pending = 0;
  socklen_t size = sizeof pending;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &pending, &size);
  return had_errors || pending != 0;
}

namespace {

// Where a block of `count` ports begins; 0: there is no place for one.
uint16_t choose_port_block(unsigned count) {
  unsigned first = 0, last = 0;
  std::string reserved;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first >> last;
  std::ifstream("/proc/sys/net/ipv4/ip_local_reserved_ports") >> reserved;
  const unsigned block = std::bit_ceil(count);
  const unsigned begin = (first + block - 1) / block * block;
  if (first == 0 || last > 0xffff || begin + block > last + 1 || !reserved.empty()) {
    return 0;
  }
  return static_cast<uint16_t>(begin + std::random_device()() % ((last + 1 - begin) / block) * block);
}

}  // namespace

SourcePorts::SourcePorts(Kind kind, const UnderlayOptions& options)
    : kind_(kind),
      count_(kind.is_gre ? 1 : options.source_port_count),
      first_port_(kind.is_gre ? uint16_t{0} : choose_port_block(count_)),
      options_(options),
      sockets_(std::make_unique<std::atomic<int>[]>(count_)) {
  for (unsigned i = 0; i < count_; ++i) {
    sockets_[i].store(-1, std::memory_order_relaxed);
  }
}

SourcePorts::~SourcePorts() {
  for (unsigned i = 0; i < count_; ++i) {
    const Fd closed(sockets_[i].load());
  }
}

int SourcePorts::socket(uint64_t flow_hash) {
  const uint64_t spread = hash_finish(flow_hash, 0);
  const auto index = static_cast<unsigned>(spread % count_);
  if (const int socket = sockets_[index].load(std::memory_order_acquire); socket >= 0) {
    return socket;
  }
  if (const int socket = open(index); socket >= 0) {
    return socket;
  }
  // Out of descriptors or ports: entropy is lost, packets are not.
  for (unsigned i = 0; i < count_; ++i) {
    if (const int socket = sockets_[i].load(std::memory_order_acquire); socket >= 0) {
      return socket;
    }
  }
  return -1;
}

Result<void, OsError> SourcePorts::bind_source(const Fd& socket, unsigned index) const {
  if (first_port_ != 0 && bind_socket(socket, kind_.ipv6, static_cast<uint16_t>(first_port_ + index))) {
    return {};
  }
  return bind_socket(socket, kind_.ipv6, 0);
}

Result<Fd, OsError> SourcePorts::open_socket(unsigned index) const {
  auto socket = kind_.is_gre ? open_raw_socket(kind_.ipv6) : open_udp_socket(kind_.ipv6);
  if (!socket) {
    return socket;
  }
  OptionSetter setter(*socket);
  ask_for_sending(setter, kind_);
  set_socket_buffers(*socket, 0, options_.send_buffer);
  if (!setter.result()) {
    return Unexpected(setter.result().error());
  }
  if (auto filtered = drop_all_input(*socket); !filtered) {
    return Unexpected(filtered.error());
  }
  if (kind_.is_gre) {
    return socket;
  }
  if (auto bound = bind_source(*socket, index); !bound) {
    return Unexpected(bound.error());
  }
  return socket;
}

int SourcePorts::open(unsigned index) const {
  auto socket = open_socket(index);
  if (!socket) {
    return -1;
  }
  int nobody = -1;
  const int mine = socket->get();
  if (sockets_[index].compare_exchange_strong(nobody, mine, std::memory_order_acq_rel)) {
    return socket->release();
  }
  return nobody;  // another worker was first
}

}  // namespace weft::datapath
