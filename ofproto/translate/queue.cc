// Queues: which of a port's queues a packet leaves by. How much that lets through is the datapath's to say.
#include <fmt/format.h>

#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

std::string limit_text(const datapath::QueueSpec& spec) {
  const auto& [limit, guarantee] = spec;
  return (limit ? fmt::format("max-rate {} bit/s, burst {} bits", limit->rate, limit->burst) : "no limit of its own") +
         (guarantee ? fmt::format(", min-rate {} bit/s", guarantee->rate) : "");
}

}  // namespace

datapath::Output Translation::output_of(const PortView& port) {
  if (port.queues == nullptr) {
    return {.port = port.port_id};
  }
  const auto& [id, queue] = port.queues->chosen(packet_.queue_id());
  if (in_.listener != nullptr) {
    if (id != packet_.queue_id()) {
      note(fmt::format("port {} has no queue {}", port.name, packet_.queue_id()));
    }
    note(fmt::format("queue {} of port {}: {}", id, port.name, limit_text(queue.spec)));
    if (port.queues->whole.spec.limit) {
      note("all queues of the port together: " + limit_text(port.queues->whole.spec));
    }
  }
  return {.port = port.port_id, .queue = queue.queue, .queue_id = id};
}

// 1.0's output by way of a queue: what follows goes by the queue that was set before.
void Translation::enqueue(const openflow::EnqueueAction& action) {
  const uint32_t before = packet_.queue_id();
  packet_.set_queue_id(action.queue_id);
  output(openflow::OutputAction{.port = action.port});
  packet_.set_queue_id(before);
}

}  // namespace weft::ofproto
