#include "datapath/tunnel/group_queue.h"

#include <sys/epoll.h>

#include <algorithm>
#include <set>

#include "lib/base/rcu.h"

namespace weft::datapath {
namespace {

constexpr Duration look_interval = std::chrono::seconds(1);
constexpr size_t looked_at_once = 500;  // 5 ms

}  // namespace

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
  for (auto it = memberships_.begin(); it != memberships_.end();) {
    it = wanted.contains(it->first) ? std::next(it) : leave(it);
  }
  if (!routes_ && !wanted.empty()) {
    if (auto opened = netlink::RouteLookup::open()) {
      routes_ = std::move(*opened);
    }
  }
  leave_moved();
  Result<void, OsError> result;
  for (const IpAddress& group : wanted) {
    if (!memberships_.contains(group)) {
      if (auto joined = join(group); !joined) {
        result = joined;
      }
    }
  }
  return result;
}

GroupQueue::Memberships::iterator GroupQueue::leave(Memberships::iterator it) {
  ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, it->second.socket->fd.get(), nullptr);
  rcu::retire(it->second.socket.release());
  return memberships_.erase(it);
}

// A device that was deleted takes its memberships along, and the sockets never hear of it. While there is no way to a
// group at all its membership stays: what is sent to it may still arrive.
void GroupQueue::leave_moved() {
  if (!routes_ || memberships_.empty() || clock_.now() - looked_at_ < look_interval) {
    return;
  }
  looked_at_ = clock_.now();
  const size_t count = std::min(memberships_.size(), looked_at_once);
  auto it = memberships_.upper_bound(last_looked_at_);
  for (size_t i = 0; i < count && !memberships_.empty(); ++i) {
    if (it == memberships_.end()) {
      it = memberships_.begin();
    }
    last_looked_at_ = it->first;
    const auto way = routes_->lookup(it->first);
    it = way && way->ifindex != it->second.ifindex ? leave(it) : std::next(it);
  }
}

Result<void, OsError> GroupQueue::join(const IpAddress& group) {
  const auto way = routes_ ? routes_->lookup(group) : Unexpected(OsError{});
  auto fd = open_group_socket(group, udp_port_, options_);
  if (!fd) {
    const bool has_no_way = routes_ && !way;
    return Unexpected(has_no_way
                          ? OsError{fd.error().code, "join " + group.to_string() + ", to which there is no route"}
                          : fd.error());
  }
  auto socket = std::make_unique<TunnelSocket>();
  socket->fd = std::move(*fd);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = socket.get();
  if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, socket->fd.get(), &event) != 0) {
    return Unexpected(last_os_error("watch the socket of group " + group.to_string()));
  }
  memberships_[group] = {std::move(socket), way ? way->ifindex : 0};
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
