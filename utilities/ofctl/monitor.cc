// monitor and snoop: print what comes, until interrupted or the timeout.
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/watch_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/printing.h"

namespace weft::ofctl {
namespace {

constexpr std::string_view watch_prefix = "watch:";
constexpr std::string_view invalid_ttl = "invalid_ttl";
constexpr uint32_t monitor_id = 1;

struct Wishes {
  std::optional<uint16_t> miss_length;
  bool wants_invalid_ttl = false;
  std::optional<openflow::FlowMonitor> watch;
};

Outcome add_wish(Invocation& call, const std::string& word, Wishes& wishes) {
  if (word == invalid_ttl) {
    wishes.wants_invalid_ttl = true;
  } else if (word.starts_with(watch_prefix)) {
    const std::string text = word.substr(watch_prefix.size());
    auto watch = openflow::parse_watch(text, call.ports);
    if (!watch) {
      return Unexpected{bad_text(text, watch.error())};
    }
    wishes.watch = std::move(*watch);
    wishes.watch->id = monitor_id;
  } else if (const auto length = parse_unsigned(word, 0xffff)) {
    wishes.miss_length = static_cast<uint16_t>(*length);
  } else {
    return Unexpected{
        Failure{fmt::format("\"{}\" is not a number of bytes (0 to 65535), nor invalid_ttl, nor watch:...", word)}};
  }
  return {};
}

Outcome send(Invocation& call, const openflow::Message& message) {
  return call.connection->send(encode(call.connection->version(), call.connection->next_xid(), message));
}

// A switch sends packets to a connection like ours only after it asked for them.
Outcome ask_for_packets(Invocation& call, const Wishes& wishes) {
  auto config = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!config) {
    return Unexpected{config.error()};
  }
  config->config.miss_send_len = wishes.miss_length.value_or(config->config.miss_send_len);
  config->config.invalid_ttl_to_controller = wishes.wants_invalid_ttl;
  return send(call, openflow::SetConfig{config->config});
}

Outcome ask(Invocation& call, const Wishes& wishes) {
  if (wishes.miss_length || wishes.wants_invalid_ttl) {
    if (auto asked = ask_for_packets(call, wishes); !asked) {
      return asked;
    }
  }
  if (call.options.packet_in_format) {
    if (auto sent = send(call, openflow::SetPacketInFormat{*call.options.packet_in_format}); !sent) {
      return sent;
    }
  }
  if (wishes.watch) {
    if (auto sent = send(call, openflow::FlowMonitorRequest{{*wishes.watch}}); !sent) {
      return sent;
    }
  }
  const auto errors = call.connection->barrier();
  if (!errors) {
    return Unexpected{errors.error()};
  }
  return errors->empty() ? Outcome{} : Outcome(Unexpected{refusal(std::get<openflow::Error>(errors->front().message))});
}

Outcome print_all(Invocation& call) {
  while (true) {
    const auto message = call.connection->next_message();
    if (!message) {
      return Unexpected{message.error()};
    }
    if (call.options.shows_time) {
      print_time(std::chrono::system_clock::now());
    }
    // Names as they were at the start: asking again would mix with what is monitored.
    fmt::print("{}", format_message(*message, call.shown_ports()));
    std::fflush(stdout);
  }
}

}  // namespace

Outcome monitor(Invocation& call) {
  Wishes wishes;
  for (const std::string& word : call.arguments) {
    if (auto added = add_wish(call, word, wishes); !added) {
      return added;
    }
  }
  const auto asked = ask(call, wishes);
  return asked ? print_all(call) : asked;
}

Outcome snoop(Invocation& call) { return print_all(call); }

}  // namespace weft::ofctl
