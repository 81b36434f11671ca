// GroupQueue: the multicast groups of an endpoint, one socket bound to each, behind one rx queue.
//
// One queue, and so one worker, has them all: a flooded copy enters exactly once. The queue's descriptor is an epoll set
// of the sockets; a call reads one socket that is ready, and the set serves them in turn.
//
// Threads:   set() by the control thread, the rest by the worker that owns the queue, under RCU.
// Ownership: a socket that was left is closed after a grace period: the worker may be reading it.
// Cost:      one system call more than another queue's for a batch; 2.6 KB of kernel memory for a group.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datapath/port/port.h"
#include "datapath/tunnel/tunnel_reader.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/base/clock.h"
#include "lib/os/netlink/route_lookup.h"

namespace weft::datapath {

class GroupQueue final : public RxQueue {
 public:
  static Result<std::shared_ptr<GroupQueue>, OsError> open(PortType type, uint16_t udp_port,
                                                           std::shared_ptr<const TunnelTable> table, const Clock& clock,
                                                           const UnderlayOptions& options);
  ~GroupQueue() override;

  // Joins what is new, leaves what is not named any more. What cannot be joined is the error, after all others were;
  // the next call tries again. A call also looks at some that were joined before, once a second at most: where the
  // kernel's way to the group goes by another device now, that one is joined instead.
  Result<void, OsError> set(const std::vector<IpAddress>& groups);

  int fd() const override { return poller_.get(); }
  bool receive(PacketBatch& batch, RxContext& context) override;
  bool keeps_frames() const override { return reader_.keeps_frames(); }
  void discard(RxContext& context) override { reader_.discard(context); }

 private:
  GroupQueue(Fd poller, PortType type, uint16_t udp_port, std::shared_ptr<const TunnelTable> table, const Clock& clock,
             const UnderlayOptions& options)
      : poller_(std::move(poller)),
        udp_port_(udp_port),
        options_(options),
        clock_(clock),
        reader_(type, std::move(table), clock) {}
  struct Membership {
    std::unique_ptr<TunnelSocket> socket;
    uint32_t ifindex = 0;  // 0: not known
  };
  using Memberships = std::map<IpAddress, Membership>;
  Result<void, OsError> join(const IpAddress& group);
  Memberships::iterator leave(Memberships::iterator it);
  void leave_moved();

  const Fd poller_;
  const uint16_t udp_port_;
  const UnderlayOptions options_;
  const Clock& clock_;
  // The control thread's.
  Memberships memberships_;
  std::optional<netlink::RouteLookup> routes_;  // absent until the first group
  TimePoint looked_at_{};
  IpAddress last_looked_at_;
  TunnelReader reader_;
};

}  // namespace weft::datapath
