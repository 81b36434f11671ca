// dump-ports, dump-ports-desc, queue-stats.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/port_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

// The argument, or every port.
Result<OfPort, Failure> port_argument(Invocation& call) {
  if (call.arguments.empty()) {
    return of_port::any;
  }
  const auto port = parse_port(call.argument(0), call.ports);
  if (!port) {
    return Unexpected{Failure{fmt::format("the switch has no port \"{}\"", call.argument(0))}};
  }
  return *port;
}

}  // namespace

Outcome dump_ports(Invocation& call) {
  const auto port = port_argument(call);
  if (!port) {
    return Unexpected{port.error()};
  }
  const openflow::PortStatsRequest request{*port};
  if (call.options.format == OutputFormat::json) {
    const auto stats = call.connection->ask_list<openflow::PortStats>(request);
    if (!stats) {
      return Unexpected{stats.error()};
    }
    print_json(*stats, call.ports);
    return {};
  }
  const auto replies = call.connection->request(request);
  if (!replies) {
    return Unexpected{replies.error()};
  }
  for (const openflow::Envelope& reply : *replies) {
    fmt::print("{}", format_message(reply, call.shown_ports()));
  }
  return {};
}

Outcome dump_ports_desc(Invocation& call) {
  const auto port = port_argument(call);
  if (!port) {
    return Unexpected{port.error()};
  }
  auto ports = call.connection->ask_list<openflow::PortDesc>(openflow::PortDescRequest{*port});
  if (!ports) {
    return Unexpected{ports.error()};
  }
  std::sort(ports->begin(), ports->end(), [](const auto& a, const auto& b) { return a.port < b.port; });
  if (*port != of_port::any) {  // 1.3 always tells all
    std::erase_if(*ports, [&](const openflow::PortDesc& desc) { return desc.port != *port; });
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*ports);
    return {};
  }
  print_title<openflow::PortDesc>(call);
  for (const openflow::PortDesc& desc : *ports) {
    fmt::print("{}", format_port_desc(desc));
  }
  return {};
}

Outcome queue_stats(Invocation& call) {
  const auto port = port_argument(call);
  if (!port) {
    return Unexpected{port.error()};
  }
  openflow::QueueStatsRequest request{*port, openflow::all_queues};
  if (call.arguments.size() > 1) {
    const auto queue = parse_unsigned(call.argument(1), 0xffffffff);
    if (!queue) {
      return Unexpected{Failure{fmt::format("\"{}\" is not a queue number", call.argument(1))}};
    }
    request.queue_id = static_cast<uint32_t>(*queue);
  }
  const auto replies = call.connection->request(request);
  if (!replies) {
    return Unexpected{replies.error()};
  }
  for (const openflow::Envelope& reply : *replies) {
    fmt::print("{}", format_message(reply, call.shown_ports()));
  }
  return {};
}

}  // namespace weft::ofctl
