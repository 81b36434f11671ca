#include "lib/os/netlink/netlink_mirror.h"

#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/object.h>
#include <netlink/route/link.h>

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/os/netlink/nl_socket.h"
#include "lib/os/netlink/parse.h"

namespace weft::netlink {

namespace {

log::Logger& logger = log::get("netlink");

constexpr int event_buffer_bytes = 4 << 20;
// Datagrams in one go. A flood of events is worked off in turns with everything else on the control thread.
constexpr int read_at_once = 64;
constexpr int discarded_at_once = 16384;  // more than the buffer holds

}  // namespace

struct NetlinkMirror::Sockets {
  NlSocket events;
  NlSocket dumps;
};

NetlinkMirror::NetlinkMirror() : sockets_(std::make_unique<Sockets>()) {}
NetlinkMirror::~NetlinkMirror() = default;

Result<std::unique_ptr<NetlinkMirror>, OsError> NetlinkMirror::open(EventLoop& loop) {
  std::unique_ptr<NetlinkMirror> mirror(new NetlinkMirror);
  if (auto subscribed = mirror->subscribe(loop); !subscribed) {
    return Unexpected(subscribed.error());
  }
  if (auto synced = mirror->resync(); !synced) {
    return Unexpected(synced.error());
  }
  return mirror;
}

Result<void, OsError> NetlinkMirror::subscribe(EventLoop& loop) {
  auto dumps = open_nl_socket();
  auto events = open_nl_socket();
  if (!dumps || !events) {
    return Unexpected(!dumps ? dumps.error() : events.error());
  }
  sockets_->dumps = std::move(*dumps);
  sockets_->events = std::move(*events);
  nl_sock* socket = sockets_->events.get();
  nl_socket_disable_seq_check(socket);

  // An object parsed out of an event; the message's type says whether it came or went.
  const nl_recvmsg_msg_cb_t on_message = [](nl_msg* message, void* mirror) -> int {
    struct Event {
      NetlinkMirror* mirror;
      int type;
    } event{static_cast<NetlinkMirror*>(mirror), nlmsg_hdr(message)->nlmsg_type};
    nl_msg_parse(
        message,
        [](nl_object* object, void* argument) {
          const auto& [self, type] = *static_cast<Event*>(argument);
          if (self->is_discarding_ || (type != RTM_NEWLINK && type != RTM_DELLINK)) {
            return;
          }
          if (const auto link = parse_link(reinterpret_cast<rtnl_link*>(object))) {
            type == RTM_DELLINK ? self->remove(*link) : self->update(*link);
          }
        },
        &event);
    return NL_OK;
  };
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, this);
  nl_socket_set_nonblocking(socket);
  if (nl_socket_set_buffer_size(socket, event_buffer_bytes, 0) < 0) {
    logger.dbg("the kernel keeps its default buffer for netlink events");
  }
  const int error = nl_socket_add_membership(socket, RTNLGRP_LINK);
  if (error < 0) {
    return Unexpected(nl_error(error, "subscribe to netlink events"));
  }
  watch_ = std::make_unique<FdWatch>(loop, nl_socket_get_fd(socket), [this] { read_events(); });
  return {};
}

void NetlinkMirror::read_events() {
  for (int i = 0; i < read_at_once; ++i) {  // one datagram a call
    const int error = nl_recvmsgs_default(sockets_->events.get());
    if (error == -NLE_AGAIN) {
      return;
    }
    if (error < 0) {
      // -NLE_NOMEM is libnl's word for ENOBUFS; after any other error the mirror may be wrong as well.
      logger.warn("netlink events were lost ({}): reading all links again", nl_geterror(error));
      discard_events();
      if (auto synced = resync(); !synced) {
        logger.err("{}", synced.error().to_string());
      }
      return;
    }
  }
}

// What is queued from before the gap is older than the dump to come, and would overwrite it.
void NetlinkMirror::discard_events() {
  is_discarding_ = true;
  for (int i = 0; i < discarded_at_once && nl_recvmsgs_default(sockets_->events.get()) != -NLE_AGAIN; ++i) {
  }
  is_discarding_ = false;
}

Result<NetlinkMirror::Links, OsError> NetlinkMirror::dump() const {
  nl_cache* cache = nullptr;
  if (const int error = rtnl_link_alloc_cache(sockets_->dumps.get(), AF_UNSPEC, &cache); error < 0) {
    return Unexpected(nl_error(error, "dump links"));
  }
  Links links;
  for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
    if (const auto link = parse_link(reinterpret_cast<rtnl_link*>(object))) {
      links[link->ifindex] = *link;
    }
  }
  nl_cache_free(cache);
  return links;
}

Result<void, OsError> NetlinkMirror::resync() {
  const auto now = dump();
  if (!now) {
    return Unexpected(now.error());
  }
  // What is gone first: a link that came back under its old name is then gone before it is new.
  for (const auto& [ifindex, link] : Links(links_)) {
    if (!now->contains(ifindex)) {
      remove(link);
    }
  }
  for (const auto& [ifindex, link] : *now) {
    update(link);
  }
  return {};
}

template <class Call>
void NetlinkMirror::tell(Call&& call) {
  // A copy: a listener may leave while it is called. One that left is not called any more.
  for (NetlinkListener* listener : std::vector(listeners_)) {
    if (std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end()) {
      call(*listener);
    }
  }
}

void NetlinkMirror::remove_listener(NetlinkListener& listener) { std::erase(listeners_, &listener); }

void NetlinkMirror::update(Link link) {
  const auto found = links_.find(link.ifindex);
  if (found == links_.end()) {
    links_[link.ifindex] = link;
    tell([&](NetlinkListener& listener) { listener.on_link(link, nullptr); });
  } else if (found->second != link) {
    const Link before = std::exchange(found->second, link);
    tell([&](NetlinkListener& listener) { listener.on_link(link, &before); });
  }
}

void NetlinkMirror::remove(const Link& link) {
  if (links_.erase(link.ifindex) != 0) {
    tell([&](NetlinkListener& listener) { listener.on_link_removed(link); });
  }
}

const Link* NetlinkMirror::find_link(std::string_view name) const {
  const auto found =
      std::find_if(links_.begin(), links_.end(), [&](const auto& entry) { return entry.second.name == name; });
  return found == links_.end() ? nullptr : &found->second;
}

const Link* NetlinkMirror::find_link(uint32_t ifindex) const {
  const auto found = links_.find(ifindex);
  return found == links_.end() ? nullptr : &found->second;
}

}  // namespace weft::netlink
