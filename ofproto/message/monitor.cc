// Flow monitors: what a session watches, and how it is told as far as it reads (ofproto/bridge/flow_monitors.h).

#include <algorithm>
#include <chrono>

#include "lib/base/clock.h"
#include "ofproto/message/list_reply.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

using Updates = FlowMonitors::Updates;

constexpr uint32_t unasked_xid = 0;

void send(Session& session, const Updates& updates, Form form) {
  if (updates.empty()) {
    return;
  }
  MultipartEncoder encoder(
      session.version(), unasked_xid, MultipartType::flow_monitor, [&](Bytes part) { session.send(std::move(part)); },
      form);
  for (const FlowUpdate& update : updates) {
    encoder.add(update);
  }
  encoder.finish();
}

// Paused or resumed, for which an extension has messages of their own.
void send(Session& session, FlowUpdateEvent event, Form form) {
  FlowUpdate update;
  update.event = event;
  session.send(encode(session.version(), unasked_xid, FlowMonitorReply{{std::move(update)}}, false, form));
}

// Tells what was missed, each slice when the peer has taken the one before. `is_told`: that it was paused, so that it is
// told when that ends.
void catch_up(const std::weak_ptr<Session>& weak, Form form, bool is_told) {
  const auto session = weak.lock();
  if (!session || !session->is_open() || !session->monitors) {
    return;
  }
  const auto end = std::chrono::steady_clock::now() + slice_time;
  Updates updates;
  bool has_more = true;
  while (has_more && updates.empty() && std::chrono::steady_clock::now() < end) {
    has_more = session->monitors->catch_up(updates);
  }
  send(*session, updates, form);
  if (has_more) {
    session->when_writable([weak, form, is_told] { catch_up(weak, form, is_told); });
  } else if (is_told) {
    send(*session, FlowUpdateEvent::resumed, form);
  }
}

void catch_up_later(Session& session, const std::weak_ptr<Session>& weak, Form form, bool is_told) {
  session.when_writable([weak, form, is_told] { catch_up(weak, form, is_told); });
}

bool tell(const std::weak_ptr<Session>& weak, Form form, const Updates& updates) {
  const auto session = weak.lock();
  if (!session || !session->is_open()) {
    return true;
  }
  if (updates.empty()) {
    catch_up_later(*session, weak, form, false);
    return false;
  }
  if (!session->has_room()) {
    send(*session, FlowUpdateEvent::paused, form);
    catch_up_later(*session, weak, form, true);
    return false;
  }
  send(*session, updates, form);
  return true;
}

// What is there goes into the reply; what changes meanwhile follows it.
ListReply::Step initial_updates(const std::shared_ptr<Session>& session, Form form) {
  return [weak = std::weak_ptr(session), form](Bridge&, MultipartEncoder& out) {
    const auto open = weak.lock();
    Updates updates;
    const bool has_more = open && open->monitors && open->monitors->next_initial(updates);
    for (const FlowUpdate& update : updates) {
      out.add(update);
    }
    if (!has_more && open && open->monitors->is_behind()) {
      catch_up_later(*open, weak, form, false);
    }
    return has_more;
  };
}

// Open vSwitch's ovs-ofctl says ONLY_OWN for "my own changes in full", which the specification calls NO_ABBREV. On service
// connections, by which that tool comes, ONLY_OWN without NO_ABBREV is understood so.
std::vector<FlowMonitor> meant(const Session& session, std::vector<FlowMonitor> monitors) {
  constexpr uint16_t both = monitor_flag::only_own | monitor_flag::no_abbrev;
  for (FlowMonitor& monitor : monitors) {
    if (session.is_service() && (monitor.flags & both) == monitor_flag::only_own) {
      monitor.flags ^= both;
    }
  }
  return monitors;
}

// An extension cancels by a message of its own, which has no answer.
bool is_cancellation(const FlowMonitorRequest& message, Form form) {
  const auto is_removal = [](const FlowMonitor& monitor) { return monitor.command == FlowMonitorCommand::remove; };
  return form != Form::standard && std::all_of(message.monitors.begin(), message.monitors.end(), is_removal);
}

}  // namespace

Outcome on_flow_monitor(const RequestPtr& request, const FlowMonitorRequest& message, Form form) {
  const auto session = request->session();
  if (!session->monitors) {
    session->monitors = session->bridge().make_monitors(
        session.get(),
        [weak = std::weak_ptr(session), form](const Updates& updates) { return tell(weak, form, updates); });
  }
  if (auto changed = session->monitors->change(meant(*session, message.monitors)); !changed) {
    return Unexpected{changed.error()};
  }
  if (is_cancellation(message, form)) {
    return Progress::done;
  }
  ListReply::start(request, MultipartType::flow_monitor, initial_updates(session, form), form);
  return Progress::pending;
}

}  // namespace weft::ofproto
