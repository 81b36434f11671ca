// packet-out: sends frames through the switch's actions or tables.
#include <fmt/format.h>

#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/scanner.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

using openflow::PacketOut;

Result<std::vector<uint8_t>, TextError> parse_frame(const openflow::TextSource& source, std::string_view word) {
  return parse_hex_bytes(word).transform_error(
      [&](const TextError& error) { return shifted(error, static_cast<size_t>(word.data() - source.text.data())); });
}

Result<OfPort, TextError> parse_in_port(const openflow::TextSource& source, std::string_view word) {
  const auto port = parse_port(word, source.ports);
  if (!port) {
    return source.error(word.empty() ? source.text : word, "no such port: " + openflow::quoted(word));
  }
  return *port;
}

Result<openflow::ActionList, TextError> parse_actions_in(const openflow::TextSource& source, std::string_view word) {
  return openflow::parse_actions(word, source.ports).transform_error([&](const TextError& error) {
    return shifted(error, static_cast<size_t>(word.data() - source.text.data()));
  });
}

// "in_port=...,packet=...,actions=..."; actions come last.
Result<PacketOut, TextError> parse_packet_out(const openflow::TextSource& source) {
  PacketOut message;
  message.in_port = of_port::controller;
  const size_t actions_at = source.text.find("actions=");
  openflow::Scanner scanner(source, source.text.substr(0, actions_at));
  while (true) {
    const auto word = scanner.next();
    if (!word) {
      return Unexpected{word.error()};
    }
    if (!*word) {
      break;
    }
    if ((*word)->key == "in_port") {
      const auto port = parse_in_port(source, (*word)->value);
      if (!port) {
        return Unexpected{port.error()};
      }
      message.in_port = *port;
    } else if ((*word)->key == "packet") {
      auto frame = parse_frame(source, (*word)->value);
      if (!frame) {
        return Unexpected{frame.error()};
      }
      message.data = std::move(*frame);
    } else {
      constexpr std::string_view names[] = {"in_port", "packet", "actions"};
      return source.error((*word)->key, "unknown word " + openflow::quoted((*word)->key) + " in a packet-out",
                          did_you_mean((*word)->key, names));
    }
  }
  if (actions_at == std::string_view::npos || message.data.empty()) {
    return source.error(source.text, "a packet-out needs packet=... and actions=...");
  }
  constexpr size_t actions_size = 8;
  auto actions = parse_actions_in(source, source.text.substr(actions_at + actions_size));
  if (!actions) {
    return Unexpected{actions.error()};
  }
  message.actions = std::move(*actions);
  return message;
}

Outcome send_one(Invocation& call, const std::string& text) {
  const openflow::TextSource source{text, call.ports};
  const auto message = parse_packet_out(source);
  if (!message) {
    return Unexpected{bad_text(text, message.error())};
  }
  FlowBatch batch(call);
  const auto added = batch.add(*message, text);
  return added ? batch.commit() : added;
}

// "IN_PORT ACTIONS PACKET...", each an argument of its own.
Outcome send_many(Invocation& call) {
  const std::string port_text = call.argument(0);
  const std::string actions_text = call.argument(1);
  const auto port = parse_in_port({port_text, call.ports}, port_text);
  if (!port) {
    return Unexpected{bad_text(port_text, port.error())};
  }
  const auto actions = openflow::parse_actions(actions_text, call.ports);
  if (!actions) {
    return Unexpected{bad_text(actions_text, actions.error())};
  }
  FlowBatch batch(call);
  for (const std::string& packet : call.arguments.subspan(2)) {
    auto frame = parse_frame({packet, nullptr}, packet);
    if (!frame) {
      return Unexpected{bad_text(packet, frame.error())};
    }
    PacketOut message;
    message.in_port = *port;
    message.actions = *actions;
    message.data = std::move(*frame);
    if (auto added = batch.add(message, packet); !added) {
      return added;
    }
  }
  return batch.commit();
}

}  // namespace

Outcome packet_out(Invocation& call) {
  if (call.arguments.size() == 1) {
    return send_one(call, call.argument(0));
  }
  if (call.arguments.size() == 2) {
    return Unexpected{Failure{"packet-out IN_PORT ACTIONS needs at least one PACKET"}};
  }
  return send_many(call);
}

}  // namespace weft::ofctl
