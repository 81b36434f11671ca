// NXST_FLOW_MONITOR and what belongs to it: NXT_FLOW_MONITOR_CANCEL, _PAUSED and _RESUMED.
#include <fmt/format.h>

#include "lib/openflow/codec_10/nxm.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow::codec_10 {
namespace {

// NXFMF_*: the numbers of 1.4, without only_own. NXFME_*: 1.4's events less one, there is no "initial".
constexpr uint16_t known_monitor_flags = 0x3f;
constexpr uint16_t asks_something =
    monitor_flag::initial | monitor_flag::add | monitor_flag::removed | monitor_flag::modify;
constexpr uint16_t event_abbreviated = 3;

FlowUpdateEvent event_from_wire(uint16_t event) { return static_cast<FlowUpdateEvent>(event + 1); }
uint16_t event_to_wire(FlowUpdateEvent event) {
  return event == FlowUpdateEvent::initial ? uint16_t{0} : static_cast<uint16_t>(static_cast<uint16_t>(event) - 1);
}

FlowMonitor read_monitor(WireReader& in) {
  FlowMonitor monitor;
  in.u32(monitor.id);
  in.u16(monitor.flags);
  in.u16(monitor.out_port);
  const uint16_t match_size = in.u16();
  in.u8(monitor.table_id);
  for (const uint8_t byte : in.take(5)) {
    if (byte != 0) {
      in.fail(nicira_error(NiciraError::must_be_zero));
    }
  }
  if (!in.failed() && ((monitor.flags & ~known_monitor_flags) != 0 || (monitor.flags & asks_something) == 0)) {
    in.fail({ErrorCode::ofpmofc_bad_flags, fmt::format("flags {:#06x}", monitor.flags)});
  }
  read_nx_match(in, match_size, monitor.match);
  return monitor;
}

constexpr auto update_layout = [](auto& io, auto& update, auto& match_size) {
  io.u16(update.reason);
  io.u16(update.priority);
  io.u16(update.idle_timeout);
  io.u16(update.hard_timeout);
  io.u16(match_size);
  io.u8(update.table_id);
  io.pad(1);
  io.u64(update.cookie);
};
constexpr size_t update_match_size_offset = 12;  // length and event included

void read_rule(WireReader& in, FlowUpdate& update) {
  uint16_t match_size = 0;
  update_layout(in, update, match_size);
  if (update.event != FlowUpdateEvent::removed) {
    update.reason = FlowRemovedReason::idle_timeout;  // says nothing
  }
  read_nx_match(in, match_size, update.match);
  read_actions_into(in, update.match, update.instructions);
}

FlowUpdate read_update(WireReader& in) {
  constexpr size_t head_size = 4;
  FlowUpdate update;
  const uint16_t length = in.u16();
  const uint16_t event = in.u16();
  if (length < head_size || event > event_abbreviated) {
    in.fail(length < head_size ? OpenFlowError{ErrorCode::ofpbrc_bad_len}
                               : nicira_error(NiciraError::flow_monitor_bad_event, fmt::format("event {}", event)));
    return update;
  }
  WireReader entry(in.take(length - head_size));
  update.event = event_from_wire(event);
  if (event == event_abbreviated) {
    entry.u32(update.xid);
  } else {
    read_rule(entry, update);
  }
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return update;
}

DecodedMessage read_state(WireReader& in, FlowUpdateEvent event) {
  FlowUpdate update;
  update.event = event;
  return finish(in, FlowMonitorReply{{std::move(update)}});
}

}  // namespace

DecodedMessage read_nx_monitor_request(WireReader& in) {
  FlowMonitorRequest request;
  while (in.remaining() > 0 && !in.failed()) {
    request.monitors.push_back(read_monitor(in));
  }
  return finish(in, std::move(request));
}

DecodedMessage read_nx_monitor_reply(WireReader& in) { return read_entries<FlowUpdate>(in, read_update); }

DecodedMessage read_nx_monitor_cancel(WireReader& in, Version) {
  FlowMonitor monitor;
  monitor.command = FlowMonitorCommand::remove;
  in.u32(monitor.id);
  return finish(in, FlowMonitorRequest{{std::move(monitor)}});
}

DecodedMessage read_nx_monitor_paused(WireReader& in, Version) { return read_state(in, FlowUpdateEvent::paused); }
DecodedMessage read_nx_monitor_resumed(WireReader& in, Version) { return read_state(in, FlowUpdateEvent::resumed); }

void write_nicira(WireWriter& out, const FlowMonitorRequest& request) {
  for (const FlowMonitor& monitor : request.monitors) {
    out.u32(monitor.id);
    out.u16(monitor.flags & known_monitor_flags);
    out.u16(monitor.out_port);
    const size_t size_at = out.size();
    out.u16(0);
    out.u8(monitor.table_id);
    out.pad(5);
    out.patch_u16(size_at, write_nx_match(out, monitor.match));
  }
}

void write_nicira(WireWriter& out, const FlowMonitorReply& reply) {
  for (const FlowUpdate& update : reply.entries) {
    write_nicira_entry(out, update);
  }
}

// Paused and resumed are messages of their own (../extension/table.cc): no entry says them.
void write_nicira_entry(WireWriter& out, const FlowUpdate& update) {
  if (update.event > FlowUpdateEvent::abbreviated) {
    return;
  }
  const size_t begin = out.size();
  out.u16(0);
  out.u16(event_to_wire(update.event));
  if (update.event == FlowUpdateEvent::abbreviated) {
    out.u32(update.xid);
  } else {
    const uint16_t filled_in_later = 0;
    update_layout(out, update, filled_in_later);
    out.patch_u16(begin + update_match_size_offset, write_nx_match(out, update.match));
    write_as_actions(out, update.match, update.instructions);
  }
  out.patch_u16(begin, out.size() - begin);
}

}  // namespace weft::openflow::codec_10
