#include "lib/os/netlink/route_lookup.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "lib/os/netlink/nl_socket.h"

namespace weft::netlink {

namespace {

struct MessageDeleter {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

void put_address(nl_msg* message, int attribute, const IpAddress& address) {
  if (address.is_v4()) {
    nla_put(message, attribute, 4, address.v4().bytes.data());
  } else {
    nla_put(message, attribute, 16, address.v6().bytes.data());
  }
}

Message make_request(const IpAddress& remote, const std::optional<IpAddress>& source) {
  Message message(nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST));
  rtmsg header{};
  const auto bits = static_cast<unsigned char>(remote.is_v4() ? 32 : 128);
  header.rtm_family = remote.is_v4() ? AF_INET : AF_INET6;
  header.rtm_dst_len = bits;
  header.rtm_src_len = source ? bits : 0;
  nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO);
  put_address(message.get(), RTA_DST, remote);
  if (source) {
    put_address(message.get(), RTA_SRC, *source);
  }
  return message;
}

void take_metrics(nlattr* metrics, RouteAnswer& answer) {
  nlattr* table[RTAX_MAX + 1] = {};
  if (metrics != nullptr && nla_parse_nested(table, RTAX_MAX, metrics, nullptr) == 0 && table[RTAX_MTU] != nullptr &&
      nla_len(table[RTAX_MTU]) >= 4) {
    answer.mtu = nla_get_u32(table[RTAX_MTU]);
  }
}

std::optional<IpAddress> take_address(nlattr* attribute) {
  if (attribute != nullptr && nla_len(attribute) == 4) {
    Ipv4Address address;
    std::memcpy(address.bytes.data(), nla_data(attribute), 4);
    return address;
  }
  if (attribute != nullptr && nla_len(attribute) == 16) {
    Ipv6Address address;
    std::memcpy(address.bytes.data(), nla_data(attribute), 16);
    return address;
  }
  return std::nullopt;
}

// Of the other family than the route's, behind the number of its own (IPv4 by an IPv6 router, RFC 5549).
std::optional<IpAddress> take_via(nlattr* attribute) {
  constexpr int family_bytes = 2;
  if (attribute == nullptr || nla_len(attribute) != family_bytes + 16) {
    return std::nullopt;
  }
  Ipv6Address address;
  std::memcpy(address.bytes.data(), static_cast<const uint8_t*>(nla_data(attribute)) + family_bytes, 16);
  return address;
}

// What one request leaves behind: an answer, or the kernel's error number.
struct Reply {
  std::optional<RouteAnswer> answer;
  int error = 0;
};

int on_route(nl_msg* message, void* argument) {
  auto& reply = *static_cast<Reply*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  nlattr* table[RTA_MAX + 1] = {};
  if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_parse(header, sizeof(rtmsg), table, RTA_MAX, nullptr) < 0) {
    return NL_SKIP;
  }
  const auto* route = static_cast<const rtmsg*>(nlmsg_data(header));
  RouteAnswer answer;
  answer.ifindex = table[RTA_OIF] != nullptr && nla_len(table[RTA_OIF]) >= 4 ? nla_get_u32(table[RTA_OIF]) : 0;
  answer.is_local = route->rtm_type == RTN_LOCAL;
  answer.is_unicast = route->rtm_type == RTN_UNICAST;
  answer.gateway = table[RTA_VIA] != nullptr ? take_via(table[RTA_VIA]) : take_address(table[RTA_GATEWAY]);
  answer.source = take_address(table[RTA_PREFSRC]);
  take_metrics(table[RTA_METRICS], answer);
  // A route that says no is an answer, too.
  if (route->rtm_type != RTN_UNREACHABLE && route->rtm_type != RTN_BLACKHOLE && route->rtm_type != RTN_PROHIBIT) {
    reply.answer = answer;
  }
  return NL_OK;
}

}  // namespace

struct RouteLookup::Implementation {
  // By ioctl: cheaper than a netlink message about the whole link.
  uint32_t device_mtu(uint32_t ifindex) const {
    ifreq request{};
    request.ifr_ifindex = static_cast<int>(ifindex);
    const bool is_known =
        ::ioctl(control.get(), SIOCGIFNAME, &request) == 0 && ::ioctl(control.get(), SIOCGIFMTU, &request) == 0;
    return is_known ? static_cast<uint32_t>(request.ifr_mtu) : 0;
  }

  NlSocket socket;
  Fd control;
};

RouteLookup::RouteLookup(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
RouteLookup::RouteLookup(RouteLookup&&) noexcept = default;
RouteLookup& RouteLookup::operator=(RouteLookup&&) noexcept = default;
RouteLookup::~RouteLookup() = default;

Result<RouteLookup, OsError> RouteLookup::open() {
  auto implementation = std::make_unique<Implementation>();
  auto socket = open_nl_socket();
  if (!socket) {
    return Unexpected(socket.error());
  }
  implementation->socket = std::move(*socket);
  nl_socket_disable_auto_ack(implementation->socket.get());
  implementation->control = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!implementation->control.is_open()) {
    return Unexpected(last_os_error("open a socket to ask for devices"));
  }
  return RouteLookup(std::move(implementation));
}

Result<RouteAnswer, OsError> RouteLookup::lookup(const IpAddress& remote, const std::optional<IpAddress>& source) {
  const std::string what = "look up the route to " + remote.to_string();
  Reply reply;
  nl_sock* socket = implementation_->socket.get();
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_route, &reply);
  nl_socket_modify_err_cb(
      socket, NL_CB_CUSTOM,
      [](sockaddr_nl*, nlmsgerr* error, void* argument) -> int {
        static_cast<Reply*>(argument)->error = -error->error;
        return NL_STOP;
      },
      &reply);
  const Message request = make_request(remote, source);
  if (const int error = nl_send_auto(socket, request.get()); error < 0) {
    return Unexpected(nl_error(error, what));
  }
  const int received = nl_recvmsgs_default(socket);
  if (reply.answer) {
    if (reply.answer->mtu == 0) {
      reply.answer->mtu = implementation_->device_mtu(reply.answer->ifindex);
    }
    return *reply.answer;
  }
  if (reply.error == 0 && received < 0) {
    return Unexpected(nl_error(received, what));
  }
  return Unexpected(os_error(reply.error != 0 ? reply.error : EHOSTUNREACH, what));
}

}  // namespace weft::netlink
