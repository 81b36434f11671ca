#include "lib/openflow/text/packet_text.h"

#include <fmt/format.h>

#include "lib/flow/extract.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/packet/packet_pool.h"

namespace weft::openflow {
namespace {

// Enough for one packet at a time.
constexpr PacketPool::Limits one_packet{1, 1};

std::string with_newline(std::string text) { return text.empty() ? text : text + "\n"; }

}  // namespace

std::string_view to_string(PacketInReason reason) {
  switch (reason) {
    case PacketInReason::no_match:
      return "no_match";
    case PacketInReason::action:
      return "action";
    case PacketInReason::invalid_ttl:
      return "invalid_ttl";
    case PacketInReason::action_set:
      return "action_set";
    case PacketInReason::group:
      return "group";
    case PacketInReason::packet_out:
      return "packet_out";
  }
  return "?";
}

std::string format_packet(std::span<const uint8_t> frame) {
  PacketPool pool(one_packet);
  const PacketPtr packet = pool.copy_of(frame);
  FlowKey key;
  if (!packet || extract(*packet, key)) {
    return fmt::format("a frame of {} bytes", frame.size());
  }
  Match match = match_of(Flow(key));
  match.clear(field(FieldId::in_port));  // a frame alone came in by no port
  return format_match(match);
}

std::string format_packet_in(const PacketIn& message, const PortNames* ports) {
  std::string text;
  if (message.table_id != 0) {
    text += fmt::format("table_id={} ", message.table_id);
  }
  if (message.cookie != ~uint64_t{0}) {
    text += fmt::format("cookie={:#x} ", message.cookie);
  }
  text += fmt::format("total_len={} ", message.total_len);
  const std::string metadata = format_match(message.match, ports);
  text += metadata.empty() ? "" : metadata + " ";
  text += fmt::format("(via {}) data_len={}", to_string(message.reason), message.data.size());
  if (message.buffer_id == no_buffer) {
    text += " (unbuffered)";
  } else {
    text += fmt::format(" (buffer={:#010x})", message.buffer_id);
  }
  text += "\n";
  if (!message.userdata.empty()) {
    text += fmt::format(" userdata={:02x}\n", fmt::join(message.userdata, "."));
  }
  if (!message.continuation.empty()) {
    text += fmt::format(" continuation={} bytes\n", message.continuation.size());
  }
  return text + with_newline(message.data.empty() ? "" : format_packet(message.data));
}

std::string format_packet_out(const PacketOut& message, const PortNames* ports) {
  const std::string metadata = format_match(message.metadata, ports);
  std::string text = fmt::format("in_port={}{}{} actions={}", format_port(message.in_port, ports),
                                 metadata.empty() ? "" : ",", metadata, format_actions(message.actions, ports));
  if (message.buffer_id != no_buffer) {
    return text + fmt::format(" buffer={:#010x}\n", message.buffer_id);
  }
  text += fmt::format(" data_len={}\n", message.data.size());
  return text + with_newline(message.data.empty() ? "" : format_packet(message.data));
}

std::string format_hex_dump(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t line = 0; line < bytes.size(); line += 16) {
    std::string hex;
    std::string letters;
    for (size_t i = line; i < line + 16; ++i) {
      const bool is_there = i < bytes.size();
      hex += is_there ? fmt::format("{:02x}{}", bytes[i], i == line + 7 ? "-" : " ") : "   ";
      letters += !is_there ? ' ' : bytes[i] >= 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '.';
    }
    text += fmt::format("{:08x}  {}|{}|\n", line, hex, letters);
  }
  return text;
}

}  // namespace weft::openflow
