// compose-packet: the frame that a flow describes.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lib/flow/compose.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/packet_text.h"
#include "lib/openflow/text/scanner.h"
#include "utilities/capture/capture.h"
#include "utilities/ofctl/command.h"

namespace weft::ofctl {
namespace {

// A frame has one value of each field. Of flags those that are asked for are set, and no others.
bool says_one_value(const Match& match, const Field& f) {
  return match.is_wild(f) || match.is_exact(f) || f.format == FieldFormat::tcp_flags;
}

Result<Match, TextError> parse_exact_match(const std::string& text, const PortNames* ports) {
  auto match = openflow::parse_match(text, ports);
  if (!match) {
    return match;
  }
  const openflow::TextSource source{text, ports};
  openflow::Scanner scanner(source, text);
  for (auto word = scanner.next(); word && *word; word = scanner.next()) {
    const Field* f = (*word)->has_value() ? resolve_field((*word)->key, *match) : nullptr;
    if (f != nullptr && !says_one_value(*match, *f)) {
      return source.error((*word)->place(), fmt::format("a frame has one {}: a value without a mask", f->name));
    }
  }
  return match;
}

Result<std::optional<std::vector<uint8_t>>, Failure> parse_payload(const Invocation& call) {
  if (call.arguments.size() < 2) {
    return std::nullopt;
  }
  const std::string text = call.argument(1);
  auto payload = parse_hex_bytes(text);
  if (!payload) {
    return Unexpected{bad_text(text, payload.error())};
  }
  if (payload->size() > max_composed_payload) {
    return Unexpected{
        Failure{fmt::format("a payload of {} bytes is too long: at most {}", payload->size(), max_composed_payload)}};
  }
  return std::optional(std::move(*payload));
}

void print_hex_lines(std::span<const uint8_t> bytes) {
  constexpr size_t per_line = 16;
  for (size_t line = 0; line < bytes.size(); line += per_line) {
    std::string text;
    for (size_t i = line; i < std::min(line + per_line, bytes.size()); ++i) {
      text += fmt::format("{}{:02x}", i == line ? "" : i == line + per_line / 2 ? "-" : " ", bytes[i]);
    }
    fmt::print("{:08x}  {}\n", line, text);
  }
}

}  // namespace

Outcome compose_packet(Invocation& call) {
  const std::string text = call.argument(0);
  const auto match = parse_exact_match(text, call.ports);
  if (!match) {
    return Unexpected{bad_text(text, match.error())};
  }
  const auto payload = parse_payload(call);
  if (!payload) {
    return Unexpected{payload.error()};
  }
  const auto frame = *payload ? compose_frame(*match, **payload) : compose_frame(*match);
  if (call.options.is_bare) {
    fmt::print("{}\n", capture::to_hex(frame));
  } else {
    print_hex_lines(frame);
  }
  const std::string unsaid = format_match(find_unsaid(*match, frame));
  return unsaid.empty() ? Outcome{} : Outcome(Unexpected{Failure{"the frame does not say " + unsaid}});
}

}  // namespace weft::ofctl
