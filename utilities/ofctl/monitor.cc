// monitor: prints what the switch sends, until interrupted or the timeout.
#include <cstdio>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "utilities/ofctl/command.h"

namespace weft::ofctl {
namespace {

// A switch sends packets to a connection like ours only after it asked for them.
Outcome ask_for_packets(Invocation& call, const std::string& argument) {
  const auto miss_length = parse_unsigned(argument, 0xffff);
  if (!miss_length) {
    return Unexpected{Failure{fmt::format("\"{}\" is not a number of bytes (0 to 65535)", argument)}};
  }
  auto config = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!config) {
    return Unexpected{config.error()};
  }
  config->config.miss_send_len = static_cast<uint16_t>(*miss_length);
  const openflow::SetConfig message{config->config};
  if (auto sent = call.connection->send(
          encode(openflow::Version::v1_3, call.connection->next_xid(), openflow::Message(message)));
      !sent) {
    return sent;
  }
  const auto errors = call.connection->barrier();
  if (!errors) {
    return Unexpected{errors.error()};
  }
  return errors->empty() ? Outcome{} : Outcome(Unexpected{refusal(std::get<openflow::Error>(errors->front().message))});
}

}  // namespace

Outcome monitor(Invocation& call) {
  if (!call.arguments.empty()) {
    if (auto asked = ask_for_packets(call, call.argument(0)); !asked) {
      return asked;
    }
  }
  while (true) {
    const auto message = call.connection->next_message();
    if (!message) {
      return Unexpected{message.error()};
    }
    // Names as they were at the start: asking again would mix with what is monitored.
    fmt::print("{}", format_message(*message, call.shown_ports()));
    std::fflush(stdout);
  }
}

}  // namespace weft::ofctl
