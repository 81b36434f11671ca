#include "ofproto/bridge/port_qos.h"

#include <algorithm>

#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {
namespace {

PortQueue follow(const PortQueue* before, const datapath::QueueSpec& spec,
                 const std::shared_ptr<datapath::Queue>& whole, TimePoint now, datapath::Datapath& datapath) {
  if (before == nullptr) {
    return {datapath.make_queue(spec, whole), spec, now};
  }
  if (before->spec != spec) {
    before->queue->configure(spec);
  }
  return {before->queue, spec, before->created};
}

}  // namespace

std::shared_ptr<const PortQueues> make_queues(const QosConfig& qos, const PortQueues* before, TimePoint now,
                                              datapath::Datapath& datapath) {
  auto made = std::make_shared<PortQueues>();
  made->whole = follow(before == nullptr ? nullptr : &before->whole, {.limit = qos.limit}, nullptr, now, datapath);
  auto wanted = qos.queues;
  wanted.try_emplace(0);
  for (const auto& [id, spec] : wanted) {
    const bool was_there = before != nullptr && before->queues.contains(id);
    const PortQueue* old = was_there ? &before->queues.at(id) : nullptr;
    made->queues.emplace(id, follow(old, spec, made->whole.queue, now, datapath));
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

namespace {

// In 0.1 %; more than the port's speed is the port's speed, and the least that can be told is 1.
std::optional<uint16_t> part_of_speed(const std::optional<datapath::RateLimit>& limit, uint64_t speed_bps) {
  constexpr double whole_speed = 1000;
  if (!limit || speed_bps == 0) {
    return std::nullopt;
  }
  const double part = static_cast<double>(limit->rate) * whole_speed / static_cast<double>(speed_bps);
  return static_cast<uint16_t>(std::clamp(part + 0.5, 1.0, whole_speed));
}

}  // namespace

openflow::QueueDesc desc_of(OfPort of_port, uint32_t queue_id, const PortQueue& queue, uint64_t speed_bps) {
  return {.port = of_port,
          .queue_id = queue_id,
          .min_rate = part_of_speed(queue.spec.guarantee, speed_bps),
          .max_rate = part_of_speed(queue.spec.limit, speed_bps)};
}

}  // namespace weft::ofproto
