// show and dump-desc.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

void sort_ports(openflow::Message& message) {
  if (auto* ports = std::get_if<openflow::PortDescReply>(&message)) {
    std::sort(ports->entries.begin(), ports->entries.end(),
              [](const auto& a, const auto& b) { return a.port < b.port; });
  }
}

// What the text forms print one after the other.
Outcome show_as_json(Invocation& call) {
  const auto features = call.connection->ask<openflow::FeaturesReply>(openflow::FeaturesRequest{});
  if (!features) {
    return Unexpected{features.error()};
  }
  auto ports = call.connection->ask_list<openflow::PortDesc>(openflow::PortDescRequest{});
  if (!ports) {
    return Unexpected{ports.error()};
  }
  std::ranges::sort(*ports, {}, &openflow::PortDesc::port);
  const auto config = call.connection->ask<openflow::GetConfigReply>(openflow::GetConfigRequest{});
  if (!config) {
    return Unexpected{config.error()};
  }
  print_json(*features, *ports, config->config);
  return {};
}

}  // namespace

Outcome print_replies(Invocation& call, const openflow::Message& request) {
  auto replies = call.connection->request(request);
  if (!replies) {
    return Unexpected{replies.error()};
  }
  for (openflow::Envelope& reply : *replies) {
    sort_ports(reply.message);
    fmt::print("{}", format_message(reply, call.shown_ports()));
  }
  return {};
}

Outcome show(Invocation& call) {
  if (call.options.format == OutputFormat::json) {
    return show_as_json(call);
  }
  if (auto printed = print_replies(call, openflow::FeaturesRequest{}); !printed) {
    return printed;
  }
  if (call.connection->version() != openflow::Version::v1_0) {  // there the features list the ports
    if (auto printed = print_replies(call, openflow::PortDescRequest{}); !printed) {
      return printed;
    }
  }
  return print_replies(call, openflow::GetConfigRequest{});
}

Outcome dump_desc(Invocation& call) {
  if (call.options.format == OutputFormat::json) {
    return call.connection->ask<openflow::DescReply>(openflow::DescRequest{}).transform([](const auto& desc) {
      print_json(desc);
    });
  }
  return print_replies(call, openflow::DescRequest{});
}

}  // namespace weft::ofctl
