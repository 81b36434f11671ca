// NetlinkMirror: a live copy of the kernel's links.
//
// It subscribes first and dumps then, so nothing is missed; what changes later comes as events and is told to the
// listeners after the mirror has it. When the kernel could not queue all events (ENOBUFS) the links are dumped again
// and compared, and the listeners hear of the differences: they never learn that there was a gap. An event that
// changes nothing the mirror keeps is not passed on.
//
// What is queued from before a gap is older than the dump and discarded first, up to a bound, so that a flood cannot
// hold the control thread. Beyond the bound older states may be told once more; the flood's last event, which is the
// truth, comes last.
//
// Threads:   the control thread; listeners are called there and may add or remove listeners.
// Ownership: the loop outlives the mirror, the mirror its listeners' registration.
// Cost:      a change costs one message.
// Not here:  routes. Where a datagram would go is asked of the kernel (route_lookup.h), which knows policy rules,
//            learned path MTUs and everything else that a copy of tables does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "lib/os/netlink/types.h"

namespace weft::netlink {

// What a listener wants to hear it overrides.
class NetlinkListener {
 public:
  virtual ~NetlinkListener() = default;

  // `before` is null for a new link. A rename arrives as a change of the name.
  virtual void on_link(const Link& link, const Link* before) {
    (void)link;
    (void)before;
  }
  virtual void on_link_removed(const Link& link) { (void)link; }
};

class NetlinkMirror {
 public:
  static Result<std::unique_ptr<NetlinkMirror>, OsError> open(EventLoop& loop);
  ~NetlinkMirror();
  NetlinkMirror(const NetlinkMirror&) = delete;
  NetlinkMirror& operator=(const NetlinkMirror&) = delete;

  void add_listener(NetlinkListener& listener) { listeners_.push_back(&listener); }
  void remove_listener(NetlinkListener& listener);

  const std::map<uint32_t, Link>& links() const { return links_; }
  const Link* find_link(std::string_view name) const;
  const Link* find_link(uint32_t ifindex) const;

  // Takes in what the kernel has sent, without waiting. run by the loop; tests may call it.
  void read_events();
  // Dumps the links and tells the differences, as after lost events.
  Result<void, OsError> resync();

 private:
  using Links = std::map<uint32_t, Link>;
  struct Sockets;

  NetlinkMirror();
  Result<void, OsError> subscribe(EventLoop& loop);
  void discard_events();
  Result<Links, OsError> dump() const;

  void update(Link link);
  void remove(const Link& link);
  template <class Call>
  void tell(Call&& call);

  std::unique_ptr<Sockets> sockets_;
  Links links_;
  bool is_discarding_ = false;
  std::vector<NetlinkListener*> listeners_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace weft::netlink
