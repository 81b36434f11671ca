// ofproto/trace and ofproto/trace-packet-out.

#include <algorithm>

#include <fmt/format.h>

#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

constexpr std::string_view why_option = "--why";

struct TraceWords {
  Words places;  // bridge, flow and so on, in their order
  bool explains = false;
};

Result<TraceWords, std::string> sort_words(const Words& words) {
  TraceWords sorted;
  for (const std::string& word : words) {
    if (word == why_option) {
      sorted.explains = true;
    } else if (word == "-generate" || word == "--generate") {
      return Unexpected{word +
                        ": a trace sends no packet; without it, or with a packet in hexadecimal, it tells the same"};
    } else if (word.starts_with("--")) {
      return Unexpected{fmt::format("unknown option {}, did you mean {}?", word, why_option)};
    } else {
      sorted.places.push_back(word);
    }
  }
  return sorted;
}

Result<std::vector<uint8_t>, std::string> packet_of(const std::string& text) {
  auto packet = parse_hex_bytes(text);
  if (packet && packet->empty()) {
    return Unexpected{std::string("the packet is empty")};
  }
  return packet.transform_error([&](const TextError& error) { return render(text, error); });
}

// `packet_place`, `actions_place`: which word it is, when there are so many.
void run_trace(CommandContext& context, const TraceWords& words, std::optional<size_t> packet_place,
               std::optional<size_t> actions_place, const Answer& answer) {
  if (const auto bridge = find_bridge(context, words.places[0]); !bridge) {
    return answer(Unexpected{bridge.error()});
  }
  ofproto::TraceRequest request{.bridge = words.places[0], .flow = words.places[1], .explains = words.explains};
  std::vector<uint8_t> packet;
  if (packet_place) {
    auto read = packet_of(words.places[*packet_place]);
    if (!read) {
      return answer(Unexpected{read.error()});
    }
    packet = std::move(*read);
    request.packet = packet;
  }
  if (actions_place) {
    request.actions = words.places[*actions_place];
  }
  answer(context.the_switch.trace(request).transform_error([](const auto& error) { return error.render(); }));
}

std::string usage(std::string_view command, std::string_view rest) {
  return fmt::format("usage: {} {}", command, rest);
}

}  // namespace

void ofproto_trace(CommandContext& context, const Words& words, Answer answer) {
  const auto sorted = sort_words(words);
  if (!sorted) {
    return answer(Unexpected{sorted.error()});
  }
  const size_t count = sorted->places.size();
  if (count < 2 || count > 3) {
    return answer(Unexpected{usage("ofproto/trace", "BRIDGE FLOW [PACKET] [--why]")});
  }
  run_trace(context, *sorted, count == 3 ? std::optional<size_t>(2) : std::nullopt, std::nullopt, answer);
}

void ofproto_trace_packet_out(CommandContext& context, const Words& words, Answer answer) {
  const auto sorted = sort_words(words);
  if (!sorted) {
    return answer(Unexpected{sorted.error()});
  }
  const size_t count = sorted->places.size();
  if (count < 3 || count > 4) {
    return answer(Unexpected{usage("ofproto/trace-packet-out", "BRIDGE FLOW [PACKET] ACTIONS [--why]")});
  }
  run_trace(context, *sorted, count == 4 ? std::optional<size_t>(2) : std::nullopt, count - 1, answer);
}

}  // namespace weft::control
