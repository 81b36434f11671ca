// FlowMonitors: what one session watches of a bridge's flows (OpenFlow 1.4.1 section 7.3.5.18), and what it is told.
//
// A monitor tells of rules that match it as they come, change and go. While the session takes what it is sent, updates
// follow each change at once. A session that is slow falls behind(): nothing is remembered of what it misses but the
// version of the tables that it knows; when it has room again, catch_up() compares that with the present and tells the
// difference. So a slow reader costs the memory of the rules that were removed meanwhile, and no more messages than there
// are rules. The rules that are there when a monitor is made are told the same way: as the difference from nothing.
//
// Of one's own changes the xid is told, unless some monitor that selects the rule wants them in full (NO_ABBREV, Nicira's
// OWN). Who wants only his own (ONLY_OWN) is told of rules that are there and of what he has missed whosever they are.
//
//     auto monitors = bridge.make_monitors(session, tell);
//     if (auto changed = monitors->change(request.monitors); !changed) -> refuse
//     while (monitors->next_initial(updates)) ... send, a slice at a time ...
//     while (monitors->catch_up(updates)) ... send: what changed while the others were told ...
//
// Threads:   control thread. Ownership: the session's; refers to the bridge, which outlives it or is asked no more.
// Cost:      a change: each monitor's match is compared with each changed rule.
#pragma once

#include <functional>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/monitor_message.h"

namespace weft::ofproto {

class FlowMonitors {
 public:
  using Updates = std::vector<openflow::FlowUpdate>;
  // Sends what has just changed. False, with nothing sent: the session has no room, and is behind from now on. Without
  // updates: more has changed than is told at once, so that the session is behind though it has room.
  using Tell = std::function<bool(const Updates&)>;

  virtual ~FlowMonitors() = default;

  // Adds, changes and removes monitors, or refuses all of it with OFPMOFC_*. With monitors that ask for what is there the
  // session is behind until next_initial() and catch_up() have been through.
  virtual Result<void, openflow::OpenFlowError> change(const std::vector<openflow::FlowMonitor>& monitors) = 0;
  virtual bool empty() const = 0;
  virtual bool is_behind() const = 0;

  // Some of what is asked for; false: that was all.
  virtual bool next_initial(Updates& updates) = 0;
  virtual bool catch_up(Updates& updates) = 0;
};

}  // namespace weft::ofproto
