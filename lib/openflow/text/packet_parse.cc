// Reading a packet-out: packet_text.h.
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/match_parse.h"
#include "lib/openflow/text/packet_text.h"
#include "lib/openflow/text/scanner.h"
#include "lib/packet/ethernet.h"

namespace weft::openflow {
namespace {

constexpr std::string_view actions_word = "actions=";

class PacketOutParser {
 public:
  explicit PacketOutParser(const TextSource& source) : source_(source) {}

  Result<PacketOut, TextError> parse() {
    const size_t actions_at = source_.text.find(actions_word);
    const OtherWords others{names, [this](const Word& word) { return take(word); }};
    auto metadata = parse_match_words(source_, source_.text.substr(0, actions_at), true, others);
    if (!metadata) {
      return Unexpected{metadata.error()};
    }
    if (message_.data.empty()) {
      return source_.error(source_.text, "a packet-out needs packet=...");
    }
    message_.metadata = std::move(*metadata);
    if (actions_at != std::string_view::npos) {
      const std::string_view part = source_.text.substr(actions_at + actions_word.size());
      auto actions = parse_actions(part, source_.ports);
      if (!actions) {
        return source_.inside(part, actions.error());
      }
      message_.actions = std::move(*actions);
    }
    return std::move(message_);
  }

 private:
  static constexpr std::string_view names[] = {"in_port", "packet", "actions"};

  Result<bool, TextError> take(const Word& word) {
    if (word.key == "in_port") {
      return take_in_port(word).transform([] { return true; });
    }
    if (word.key == "packet") {
      return take_frame(word).transform([] { return true; });
    }
    Match keyword;
    const Field* f = find_field(word.key);
    if (f != nullptr ? !is_pipeline_field(*f) : add_keyword(keyword, word.key)) {
      return source_.error(word.whole,
                           fmt::format("{} is a part of the packet itself, which packet= says whole", word.key));
    }
    return false;
  }

  Parsed take_in_port(const Word& word) {
    const auto port = parse_port(word.value, source_.ports);
    if (!port) {
      return source_.error(word.place(), "no such port: " + quoted(word.value));
    }
    message_.in_port = *port;
    return {};
  }

  Parsed take_frame(const Word& word) {
    auto frame = parse_frame(word.value);
    if (!frame) {
      return source_.inside(word.place(), frame.error());
    }
    message_.data = std::move(*frame);
    return {};
  }

  const TextSource& source_;
  PacketOut message_;
};

}  // namespace

Result<std::vector<uint8_t>, TextError> parse_frame(std::string_view text) {
  auto frame = weft::parse_hex_bytes(text);
  if (frame && frame->size() < ethernet_header_bytes) {
    return Unexpected{error_at(text, text,
                               fmt::format("a frame of {} bytes is too short: an Ethernet header has {}", frame->size(),
                                           ethernet_header_bytes))};
  }
  return frame;
}

Result<PacketOut, TextError> parse_packet_out(std::string_view text, const PortNames* ports) {
  const TextSource source{text, ports};
  return PacketOutParser(source).parse();
}

}  // namespace weft::openflow
