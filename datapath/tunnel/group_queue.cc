#include "datapath/tunnel/group_queue.h"

#include <sys/epoll.h>

#include <set>

#include "lib/base/rcu.h"

namespace weft::datapath {

Result<std::shared_ptr<GroupQueue>, OsError> GroupQueue::open(PortType type, uint16_t udp_port,
                                                              std::shared_ptr<const TunnelTable> table,
                                                              const Clock& clock, const UnderlayOptions& options) {
  Fd poller(::epoll_create1(EPOLL_CLOEXEC));
  if (poller.get() < 0) {
    return Unexpected(last_os_error("make an epoll set for multicast groups"));
  }
  return std::shared_ptr<GroupQueue>(
      new GroupQueue(std::move(poller), type, udp_port, std::move(table), clock, options));
}

GroupQueue::~GroupQueue() = default;

Result<void, OsError> GroupQueue::set(const std::vector<IpAddress>& groups) {
  const std::set<IpAddress> wanted(groups.begin(), groups.end());
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    if (!wanted.contains(it->first)) {
      ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, it->second->fd.get(), nullptr);
      rcu::retire(it->second.release());
      it = sockets_.erase(it);
    } else {
      ++it;
    }
  }
  Result<void, OsError> result;
  for (const IpAddress& group : wanted) {
    if (!sockets_.contains(group)) {
      if (auto joined = join(group); !joined) {
        result = joined;
      }
    }
  }
  return result;
}

Result<void, OsError> GroupQueue::join(const IpAddress& group) {
  auto fd = open_group_socket(group, udp_port_, options_);
  if (!fd) {
    return Unexpected(fd.error());
  }
  auto socket = std::make_unique<TunnelSocket>();
  socket->fd = std::move(*fd);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = socket.get();
  if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, socket->fd.get(), &event) != 0) {
    return Unexpected(last_os_error("watch the socket of group " + group.to_string()));
  }
  sockets_.emplace(group, std::move(socket));
  return {};
}

bool GroupQueue::receive(PacketBatch& batch, RxContext& context) {
  if (reader_.hand_out_waiting(batch)) {
    return true;
  }
  epoll_event event{};
  if (::epoll_wait(poller_.get(), &event, 1, 0) != 1) {
    return false;
  }
  reader_.receive(*static_cast<TunnelSocket*>(event.data.ptr), batch, context);
  return true;  // there may be other sockets
}

}  // namespace weft::datapath
