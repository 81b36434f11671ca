// dump-ports, dump-ports-desc, mod-port, queue-stats.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/port_text.h"
#include "utilities/ofctl/command.h"
#include "utilities/ofctl/flow_batch.h"
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

struct PortAction {
  std::string_view name;
  uint32_t bit;
  bool sets;
};
constexpr PortAction port_actions[] = {
    {"up", openflow::port_config::down, false},
    {"down", openflow::port_config::down, true},
    {"receive", openflow::port_config::no_recv, false},
    {"no-receive", openflow::port_config::no_recv, true},
    {"forward", openflow::port_config::no_fwd, false},
    {"no-forward", openflow::port_config::no_fwd, true},
    {"flood", openflow::port_config::no_flood, false},
    {"no-flood", openflow::port_config::no_flood, true},
    {"packet-in", openflow::port_config::no_packet_in, false},
    {"no-packet-in", openflow::port_config::no_packet_in, true},
};

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
  return print_replies(call, request);
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

Result<openflow::PortMod, Failure> port_mod(Invocation& call, const std::string& port_text, const std::string& name) {
  const auto port = parse_port(port_text, call.ports);
  const Failure no_port{fmt::format("the switch has no port \"{}\"", port_text)};
  if (!port) {
    return Unexpected{no_port};
  }
  const auto* action = std::ranges::find(port_actions, name, &PortAction::name);
  if (action == std::end(port_actions)) {
    std::vector<std::string_view> names;
    std::ranges::transform(port_actions, std::back_inserter(names), &PortAction::name);
    const std::string nearest = did_you_mean(name, names);
    return Unexpected{
        Failure{fmt::format("\"{}\" is nothing that a port can be told{}", name,
                            nearest.empty() ? " (see --help)" : fmt::format(", did you mean \"{}\"?", nearest))}};
  }
  // The switch wants to hear the port's address too.
  const auto ports = call.connection->ask_list<openflow::PortDesc>(openflow::PortDescRequest{*port});
  if (!ports) {
    return Unexpected{ports.error()};
  }
  const auto desc = std::ranges::find(*ports, *port, &openflow::PortDesc::port);
  if (desc == ports->end()) {
    return Unexpected{no_port};
  }
  return openflow::PortMod{
      .port = *port, .hw_addr = desc->hw_addr, .config = action->sets ? action->bit : 0, .mask = action->bit};
}

Outcome mod_port(Invocation& call) {
  const auto mod = port_mod(call, call.argument(0), call.argument(1));
  if (!mod) {
    return Unexpected{mod.error()};
  }
  FlowBatch batch(call);
  const auto added = batch.add(*mod, call.argument(0) + " " + call.argument(1));
  return added ? batch.commit() : added;
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
  if (call.options.format == OutputFormat::json) {
    return call.connection->ask_list<openflow::QueueStats>(request).transform(
        [&](const auto& stats) { print_json(stats, call.ports); });
  }
  return print_replies(call, request);
}

}  // namespace weft::ofctl
