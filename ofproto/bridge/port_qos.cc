#include "ofproto/bridge/port_qos.h"

#include <algorithm>

#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {
namespace {

PortQueue follow(const PortQueue* before, const std::optional<datapath::RateLimit>& limit,
                 const std::shared_ptr<datapath::Queue>& whole, TimePoint now, datapath::Datapath& datapath) {
  if (before == nullptr) {
    return {datapath.make_queue(limit, whole), limit, now};
  }
  if (before->limit != limit) {
    before->queue->configure(limit);
  }
  return {before->queue, limit, before->created};
}

}  // namespace

std::shared_ptr<const PortQueues> make_queues(const QosConfig& qos, const PortQueues* before, TimePoint now,
                                              datapath::Datapath& datapath) {
  auto made = std::make_shared<PortQueues>();
  made->whole = follow(before == nullptr ? nullptr : &before->whole, qos.limit, nullptr, now, datapath);
  auto wanted = qos.queues;
  wanted.try_emplace(0);
  for (const auto& [id, limit] : wanted) {
    const bool was_there = before != nullptr && before->queues.contains(id);
    const PortQueue* old = was_there ? &before->queues.at(id) : nullptr;
    made->queues.emplace(id, follow(old, limit, made->whole.queue, now, datapath));
  }
  return made;
}

openflow::QueueStats stats_of(OfPort of_port, uint32_t queue_id, const PortQueue& queue, TimePoint now) {
  const datapath::QueueCounters counters = queue.queue->counters();
  return {.port = of_port,
          .queue_id = queue_id,
          .tx_bytes = counters.tx_bytes,
          .tx_packets = counters.tx_packets,
          .tx_errors = counters.tx_errors,
          .duration = to_openflow(now - queue.created)};
}

// In 0.1 %; more than the port's speed is the port's speed, and the least that can be told is 1.
openflow::QueueDesc desc_of(OfPort of_port, uint32_t queue_id, const PortQueue& queue, uint64_t speed_bps) {
  constexpr double whole_speed = 1000;
  openflow::QueueDesc desc{.port = of_port, .queue_id = queue_id, .min_rate = {}, .max_rate = {}};
  if (queue.limit && speed_bps != 0) {
    const double part = static_cast<double>(queue.limit->rate) * whole_speed / static_cast<double>(speed_bps);
    desc.max_rate = static_cast<uint16_t>(std::clamp(part + 0.5, 1.0, whole_speed));
  }
  return desc;
}

}  // namespace weft::ofproto
