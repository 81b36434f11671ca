// What a peer is told unasked.
#include <fmt/format.h>

#include "lib/base/clock.h"
#include "ofproto/controller/connection.h"
#include "ofproto/controller/event_filter.h"

namespace weft::ofproto {

using openflow::AsyncKind;
using openflow::Bytes;

namespace {

// The rest of a message's 64 KB is for header and match: a merged frame may be as long as a message.
constexpr size_t max_packet_in_data = openflow::max_message_size - 1024;
constexpr size_t packet_ins_at_once = 64;

}  // namespace

openflow::Role Connection::role() const { return options_.main == nullptr ? Candidate::role() : options_.main->role(); }

Result<openflow::RoleReply, openflow::OpenFlowError> Connection::request_role(const openflow::RoleRequest& request,
                                                                              bool has_generation) {
  if (options_.main != nullptr) {
    return options_.main->request_role(request, has_generation);
  }
  auto reply = context_.election.request(*this, request, has_generation);
  context_.settings_changed();
  return reply;
}

// In 1.3 an extension of the ONF says it.
void Connection::demoted(const openflow::RoleStatus& status) {
  tell(AsyncKind::role_status, static_cast<unsigned>(status.reason), status);
}

void Connection::hear(const openflow::ControllerStatus& status) {
  if (is_ready() && *version_ >= openflow::Version::v1_5) {
    tell(AsyncKind::controller_status, static_cast<unsigned>(status.reason), status);
  }
}

// A service connection asks for events with a non-zero miss_send_len; an auxiliary one leaves them to the main one.
bool Connection::wants(AsyncKind kind, unsigned reason) const {
  const bool is_asked = options_.kind == ConnectionKind::controller || config.miss_send_len != 0;
  return is_ready() && options_.kind != ConnectionKind::snoop && options_.main == nullptr && is_asked &&
         lets_through(async, Candidate::role(), kind, reason);
}

bool Connection::has_room_for_event() {
  if (output_bytes_ < max_output_bytes) {
    return true;
  }
  ++dropped_events_;
  return false;
}

void Connection::tell(AsyncKind kind, unsigned reason, const openflow::Message& event) {
  if (wants(kind, reason) && has_room_for_event()) {
    send_event(event, kind == AsyncKind::flow_removed ? flow_format : openflow::Form::standard);
  }
}

// An event that the version cannot say is not said.
void Connection::send_event(const openflow::Message& event, openflow::Form form) {
  if (auto bytes = openflow::try_encode(*version_, 0, event, form)) {
    send(std::move(*bytes));
  }
}

// A tool ends when it sees a message of another version than the one agreed on with it.
void Connection::copy(const Bytes& message) {
  if (is_ready() && message[0] == static_cast<uint8_t>(*version_) && has_room_for_event()) {
    send(message);
  }
}

// --- packet-ins

void Connection::set_packet_in_limit(const PacketInLimit& limit) {
  misses_.configure(limit);
  actions_.configure(limit);
}

void Connection::tell_packet_in(const PacketInEvent& event) {
  const auto reason = event.message.reason;
  if (event.is_implicit && version_ >= openflow::Version::v1_3) {
    return;
  }
  if (event.controller_id != controller_id || !is_ready() ||
      !wants(AsyncKind::packet_in, reason_in(*version_, reason))) {
    return;
  }
  auto& scheduler = reason == openflow::PacketInReason::no_match ? misses_ : actions_;
  const uint64_t dropped_before = scheduler.counters().dropped;
  if (scheduler.offer(steady_now(), event)) {
    return send_packet_in(event);
  }
  dropped_events_ += scheduler.counters().dropped - dropped_before;
  if (!packet_in_timer_.is_running()) {
    send_waiting_packet_ins();
  }
}

void Connection::send_packet_in(const PacketInEvent& event) {
  if (!has_room_for_event()) {
    return;
  }
  // The whole packet: there are no buffers to fetch the rest from (OpenFlow 1.3.5 section 6.1.2).
  if (event.message.data.size() <= max_packet_in_data) {
    return send_event(event.message, packet_in_format);
  }
  auto shortened = event.message;
  shortened.data.resize(max_packet_in_data);
  send_event(std::move(shortened), packet_in_format);
}

// As many as there are tokens for; then when there is one again.
void Connection::send_waiting_packet_ins() {
  std::optional<TimePoint> due;
  for (PacketInScheduler* scheduler : {&misses_, &actions_}) {
    size_t left = packet_ins_at_once;
    for (const PacketInEvent* event = nullptr; left > 0 && (event = scheduler->take(steady_now())) != nullptr; --left) {
      send_packet_in(*event);
    }
    const auto next = scheduler->next_due();
    due = due && next ? std::min(*due, *next) : due ? due : next;
  }
  if (due && is_open_) {
    packet_in_timer_.start(std::max(*due - steady_now(), Duration::zero()), [this] { send_waiting_packet_ins(); });
  }
}

}  // namespace weft::ofproto
