// Commands about queues: what a port is limited to, and what each of its queues has counted.

#include <fmt/format.h>

#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

std::string limit_lines(const std::optional<datapath::RateLimit>& limit, std::string_view indent) {
  return limit ? fmt::format("{0}max-rate: {1}\n{0}burst: {2}\n", indent, limit->rate, limit->burst) : std::string();
}

std::string spec_lines(const ofproto::QosConfig& qos, uint32_t queue_id) {
  const auto found = qos.queues.find(queue_id);
  if (found == qos.queues.end()) {
    return {};
  }
  const auto& [limit, guarantee] = found->second;
  return limit_lines(limit, "  ") + (guarantee ? fmt::format("  min-rate: {}\n", guarantee->rate) : "");
}

std::string queue_text(const ofproto::QosConfig& qos, const openflow::QueueStats& stats) {
  const std::string title = stats.queue_id == 0 ? "Default" : fmt::format("Queue {}", stats.queue_id);
  return fmt::format("\n{}:\n{}  tx_packets: {}\n  tx_bytes: {}\n  tx_errors: {}\n", title,
                     spec_lines(qos, stats.queue_id), stats.tx_packets, stats.tx_bytes, stats.tx_errors);
}

}  // namespace

void qos_show(CommandContext& context, const Words& words, Answer answer) {
  for (const auto* bridge : context.the_switch.bridges()) {
    const auto port = bridge->port(words[0]);
    if (!port) {
      continue;
    }
    const std::vector<uint32_t> queues = bridge->queue_numbers(port->of_port);
    if (queues.empty()) {
      return answer(Unexpected{fmt::format("QoS not configured on {}", words[0])});
    }
    std::string out = fmt::format("QoS: {}\n{}", port->name, limit_lines(port->qos->limit, ""));
    for (const uint32_t id : queues) {
      out += queue_text(*port->qos, *bridge->queue_stats(port->of_port, id));
    }
    return answer(std::move(out));
  }
  answer(Unexpected{fmt::format("no interface named {}", words[0])});
}

}  // namespace weft::control
