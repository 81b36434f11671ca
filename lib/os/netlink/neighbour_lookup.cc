#include "lib/os/netlink/neighbour_lookup.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "lib/os/netlink/nl_socket.h"

namespace weft::netlink {

namespace {

struct NeighbourMessageDeleter {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using NeighbourMessage = std::unique_ptr<nl_msg, NeighbourMessageDeleter>;

NeighbourMessage make_neighbour_message(int type, int flags, uint32_t ifindex, const IpAddress& address,
                                        uint8_t neighbour_flags) {
  NeighbourMessage message(nlmsg_alloc_simple(type, flags));
  ndmsg header{};
  header.ndm_family = address.is_v4() ? AF_INET : AF_INET6;
  header.ndm_ifindex = static_cast<int>(ifindex);
  header.ndm_flags = neighbour_flags;
  nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO);
  if (address.is_v4()) {
    nla_put(message.get(), NDA_DST, 4, address.v4().bytes.data());
  } else {
    nla_put(message.get(), NDA_DST, 16, address.v6().bytes.data());
  }
  return message;
}

// What one request leaves behind.
struct NeighbourReply {
  std::optional<Neighbour> neighbour;
  int error = 0;
};

int on_neighbour(nl_msg* message, void* argument) {
  nlmsghdr* header = nlmsg_hdr(message);
  nlattr* table[NDA_MAX + 1] = {};
  if (header->nlmsg_type != RTM_NEWNEIGH || nlmsg_parse(header, sizeof(ndmsg), table, NDA_MAX, nullptr) < 0) {
    return NL_SKIP;
  }
  const unsigned state = static_cast<const ndmsg*>(nlmsg_data(header))->ndm_state;
  constexpr unsigned with_address = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
  Neighbour neighbour;
  if ((state & with_address) != 0 && table[NDA_LLADDR] != nullptr && nla_len(table[NDA_LLADDR]) == 6) {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), nla_data(table[NDA_LLADDR]), 6);
    neighbour.mac = mac;
  }
  neighbour.wants_use = (state & (with_address & ~NUD_STALE)) == 0 && (state & NUD_INCOMPLETE) == 0;
  static_cast<NeighbourReply*>(argument)->neighbour = neighbour;
  return NL_OK;
}

}  // namespace

struct NeighbourLookup::Implementation {
  // Sends, and takes in the answer or the acknowledgement.
  NeighbourReply exchange(nl_msg* request) const {
    NeighbourReply reply;
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, on_neighbour, &reply);
    nl_socket_modify_err_cb(
        socket.get(), NL_CB_CUSTOM,
        [](sockaddr_nl*, nlmsgerr* error, void* argument) -> int {
          static_cast<NeighbourReply*>(argument)->error = -error->error;
          return NL_STOP;
        },
        &reply);
    if (nl_send_auto(socket.get(), request) < 0) {
      reply.error = EIO;
      return reply;
    }
    if (nl_recvmsgs_default(socket.get()) < 0 && reply.error == 0) {
      reply.error = EIO;
    }
    return reply;
  }

  NlSocket socket;
};

NeighbourLookup::NeighbourLookup(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
NeighbourLookup::NeighbourLookup(NeighbourLookup&&) noexcept = default;
NeighbourLookup& NeighbourLookup::operator=(NeighbourLookup&&) noexcept = default;
NeighbourLookup::~NeighbourLookup() = default;

Result<NeighbourLookup, OsError> NeighbourLookup::open() {
  auto socket = open_nl_socket();
  if (!socket) {
    return Unexpected(socket.error());
  }
  auto implementation = std::make_unique<Implementation>();
  implementation->socket = std::move(*socket);
  nl_socket_disable_auto_ack(implementation->socket.get());
  return NeighbourLookup(std::move(implementation));
}

Result<Neighbour, OsError> NeighbourLookup::find(uint32_t ifindex, const IpAddress& address) {
  const auto request = make_neighbour_message(RTM_GETNEIGH, NLM_F_REQUEST, ifindex, address, 0);
  const NeighbourReply reply = implementation_->exchange(request.get());
  if (reply.neighbour) {
    return *reply.neighbour;
  }
  if (reply.error == ENOENT) {
    return Neighbour{};
  }
  return Unexpected(os_error(reply.error != 0 ? reply.error : EIO, "look up the neighbour " + address.to_string()));
}

Result<void, OsError> NeighbourLookup::use(uint32_t ifindex, const IpAddress& address) {
  const auto request =
      make_neighbour_message(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK, ifindex, address, NTF_USE);
  const NeighbourReply reply = implementation_->exchange(request.get());
  if (reply.error != 0) {
    return Unexpected(os_error(reply.error, "have the neighbour " + address.to_string() + " resolved"));
  }
  return {};
}

}  // namespace weft::netlink
