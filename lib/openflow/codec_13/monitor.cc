// Flow monitors: OpenFlow 1.4.1 section 7.3.5.18, 1.5.1 section 7.3.5.20; in 1.3 the multipart of ONF extension 187, whose
// layout and numbers are those of Nicira's extension.
#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr auto monitor_layout = [](auto& io, auto& monitor) {
  io.u32(monitor.id);
  io.port32(monitor.out_port);
  io.u32(monitor.out_group);
  io.u16(monitor.flags);
  io.u8(monitor.table_id);
  io.u8(monitor.command);
};

constexpr auto update_layout = [](auto& io, auto& update) {
  io.u8(update.table_id);
  io.u8(update.reason);
  io.u16(update.idle_timeout);
  io.u16(update.hard_timeout);
  io.u16(update.priority);
  io.pad(4);
  io.u64(update.cookie);
};

bool is_tagged(const Match& match) { return match.meets_prerequisite(Prerequisite::vlan); }

void read_rule(Reader& entry, FlowUpdate& update) {
  read_match_into(entry, update.match);
  if (!entry.failed()) {
    take_result(entry, read_instructions(entry.take_rest(), entry.version()), update.instructions);
  }
}

void check(Reader& in, const FlowMonitor& monitor) {
  if (monitor.command > FlowMonitorCommand::remove) {
    in.fail({ErrorCode::ofpmofc_bad_command, fmt::format("command {}", static_cast<unsigned>(monitor.command))});
  } else if ((monitor.flags & ~monitor_flag::all) != 0) {
    in.fail({ErrorCode::ofpmofc_bad_flags, fmt::format("flags {:#06x}", monitor.flags)});
  }
}

// --- ONF: "initial, added, deleted, modified, actions" have the bits of 1.4, "own" means the others are not abbreviated.
namespace onf_flag {
constexpr uint16_t all = 0x3f;
constexpr uint16_t own = 0x20;
constexpr uint16_t common = 0x1f;
}  // namespace onf_flag

// Events: no "initial" of its own, which is told as an added rule; "paused" and "resumed" are messages.
enum class OnfEvent : uint16_t { added = 0, removed = 1, modified = 2, abbreviated = 3 };

OnfEvent onf_event(FlowUpdateEvent event) {
  switch (event) {
    case FlowUpdateEvent::removed:
      return OnfEvent::removed;
    case FlowUpdateEvent::modified:
      return OnfEvent::modified;
    case FlowUpdateEvent::abbreviated:
      return OnfEvent::abbreviated;
    default:
      return OnfEvent::added;
  }
}

std::optional<FlowUpdateEvent> event_of(OnfEvent event) {
  switch (event) {
    case OnfEvent::added:
      return FlowUpdateEvent::added;
    case OnfEvent::removed:
      return FlowUpdateEvent::removed;
    case OnfEvent::modified:
      return FlowUpdateEvent::modified;
    case OnfEvent::abbreviated:
      return FlowUpdateEvent::abbreviated;
  }
  return std::nullopt;
}

constexpr auto onf_update_layout = [](auto& io, auto& update, auto& match_length) {
  io.u16(update.reason);
  io.u16(update.priority);
  io.u16(update.idle_timeout);
  io.u16(update.hard_timeout);
  io.u16(match_length);
  io.u8(update.table_id);
  io.pad(1);
  io.u64(update.cookie);
};

FlowMonitor read_onf_monitor(Reader& in) {
  FlowMonitor monitor;
  in.u32(monitor.id);
  const uint16_t flags = in.u16();
  in.pad(2);  // the length of the match, which the match says itself
  in.port32(monitor.out_port);
  in.u8(monitor.table_id);
  in.pad(3);
  if ((flags & ~onf_flag::all) != 0) {
    in.fail({ErrorCode::ofpmofc_bad_flags, fmt::format("flags {:#06x}", flags)});
  }
  monitor.flags = flags & onf_flag::common;
  monitor.flags |= (flags & onf_flag::own) != 0 ? monitor_flag::no_abbrev : 0;
  return monitor;
}

// The length of a match stands before it, once more than in the match itself.
void write_match_and_length(Writer& out, const Match& match, size_t length_at) {
  constexpr size_t length_in_match = 2;
  const size_t begin = out.size();
  write_match(out, match, out.version());
  out.patch_u16(length_at, load_be16(&out.out()[begin + length_in_match]));
}

void write_onf_monitor(Writer& out, const FlowMonitor& monitor) {
  out.u32(monitor.id);
  const bool is_told_own = (monitor.flags & monitor_flag::no_abbrev) != 0;
  out.u16((monitor.flags & onf_flag::common) | (is_told_own ? onf_flag::own : 0));
  const size_t length_at = out.size();
  out.u16(0);
  out.port32(monitor.out_port);
  out.u8(monitor.table_id);
  out.pad(3);
  write_match_and_length(out, monitor.match, length_at);
}

void read_onf_update(Reader& entry, FlowUpdate& update) {
  const auto event = event_of(static_cast<OnfEvent>(entry.u16()));
  if (!event) {
    return entry.fail({ErrorCode::ofpbrc_bad_type, "event of a flow monitor"});
  }
  update.event = *event;
  if (update.event == FlowUpdateEvent::abbreviated) {
    entry.u32(update.xid);
    return;
  }
  uint16_t match_length = 0;
  onf_update_layout(entry, update, match_length);
  read_rule(entry, update);
}

void write_onf_update(Writer& out, const FlowUpdate& update) {
  const OnfEvent event = onf_event(update.event);
  out.u16(event);
  if (event == OnfEvent::abbreviated) {
    out.u32(update.xid);
    return;
  }
  constexpr size_t length_offset = 8;
  const size_t begin = out.size();
  const uint16_t known_later = 0;
  onf_update_layout(out, update, known_later);
  write_match_and_length(out, update.match, begin + length_offset);
  write_instructions(out, update.instructions, out.version(), is_tagged(update.match));
}

// --- 1.4 and 1.5

void read_update(Reader& entry, FlowUpdate& update) {
  entry.u16(update.event);
  if (update.event > FlowUpdateEvent::resumed) {
    entry.fail({ErrorCode::ofpbrc_bad_type, "event of a flow monitor"});
  } else if (update.event == FlowUpdateEvent::abbreviated) {
    entry.u32(update.xid);
  } else if (update.event > FlowUpdateEvent::abbreviated) {
    entry.pad(4);
  } else {
    update_layout(entry, update);
    read_rule(entry, update);
  }
}

void write_update(Writer& out, const FlowUpdate& update) {
  out.u16(update.event);
  if (update.event == FlowUpdateEvent::abbreviated) {
    out.u32(update.xid);
  } else if (update.event > FlowUpdateEvent::abbreviated) {
    out.pad(4);
  } else {
    update_layout(out, update);
    write_match(out, update.match, out.version());
    write_instructions(out, update.instructions, out.version(), is_tagged(update.match));
  }
}

FlowUpdate read_entry_of(Reader& in) {
  FlowUpdate update;
  read_sized(in, [&](Reader& entry) {
    if (entry.version() == Version::v1_3) {
      read_onf_update(entry, update);
    } else {
      read_update(entry, update);
    }
    if (update.reason > FlowRemovedReason::eviction) {
      entry.fail({ErrorCode::ofpbrc_bad_type, "flow-removed reason"});
    }
  });
  return update;
}

FlowMonitor read_monitor(Reader& in) {
  FlowMonitor monitor;
  if (in.version() == Version::v1_3) {
    monitor = read_onf_monitor(in);
  } else {
    monitor_layout(in, monitor);
    check(in, monitor);
  }
  read_match_into(in, monitor.match);
  return monitor;
}

}  // namespace

DecodedMessage read_flow_monitor_request(Reader& in) {
  FlowMonitorRequest request;
  while (in.remaining() > 0 && !in.failed()) {
    request.monitors.push_back(read_monitor(in));
  }
  return finished(in, std::move(request));
}

void write(Writer& out, const FlowMonitorRequest& request) {
  for (const FlowMonitor& monitor : request.monitors) {
    if (out.version() == Version::v1_3) {
      write_onf_monitor(out, monitor);
    } else {
      monitor_layout(out, monitor);
      write_match(out, monitor.match, out.version());
    }
  }
}

DecodedMessage read_flow_monitor_reply(Reader& in) { return read_entries<FlowUpdate>(in, read_entry_of); }

void write_entry(Writer& out, const FlowUpdate& update) {
  write_sized(out, [&] {
    if (out.version() == Version::v1_3) {
      write_onf_update(out, update);
    } else {
      write_update(out, update);
    }
  });
}

}  // namespace weft::openflow::codec_13
