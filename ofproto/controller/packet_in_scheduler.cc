#include "ofproto/controller/packet_in_scheduler.h"

#include <algorithm>
#include <utility>

namespace weft::ofproto {
namespace {

OfPort in_port_of(const PacketInEvent& event) {
  return OfPort{static_cast<uint16_t>(event.message.match.value(field(FieldId::in_port)).lo)};
}

}  // namespace

PacketInCounters& PacketInCounters::operator+=(const PacketInCounters& other) {
  bypassed += other.bypassed;
  queued += other.queued;
  dropped += other.dropped;
  backlog += other.backlog;
  return *this;
}

void PacketInScheduler::configure(const PacketInLimit& limit) {
  tokens_.configure(limit.rate, limit.burst);
  queue_size_ = limit.queue_size;
  while (counters_.backlog > queue_size_) {
    drop_one(longest());
  }
}

bool PacketInScheduler::offer(TimePoint now, const PacketInEvent& event) {
  if (queues_.empty() && tokens_.admit(now)) {
    ++counters_.bypassed;
    return true;
  }
  const OfPort port = in_port_of(event);
  if (counters_.backlog < queue_size_) {
    enqueue(port, event);
    return false;
  }
  const auto longest_queue = longest();
  const auto own = queues_.find(port);
  // What would be dropped next is not copied first.
  if (own != queues_.end() && own->second.size() >= longest_queue->second.size()) {
    ++counters_.dropped;
    return false;
  }
  drop_one(longest_queue);
  enqueue(port, event);
  return false;
}

void PacketInScheduler::enqueue(OfPort port, const PacketInEvent& event) {
  queues_[port].push_back(event);
  ++counters_.queued;
  ++counters_.backlog;
}

PacketInScheduler::Queues::iterator PacketInScheduler::longest() {
  return std::ranges::max_element(queues_, {}, [](const auto& entry) { return entry.second.size(); });
}

// The oldest: the controller's answer to it would come latest.
void PacketInScheduler::drop_one(Queues::iterator queue) {
  queue->second.pop_front();
  --counters_.backlog;
  ++counters_.dropped;
  if (queue->second.empty()) {
    queues_.erase(queue);
  }
}

size_t PacketInScheduler::drop_all() {
  const size_t count = std::exchange(counters_.backlog, 0);
  counters_.dropped += count;
  queues_.clear();
  return count;
}

const PacketInEvent* PacketInScheduler::take(TimePoint now) {
  if (queues_.empty() || !tokens_.admit(now)) {
    return nullptr;
  }
  auto turn = queues_.upper_bound(last_port_);
  if (turn == queues_.end()) {
    turn = queues_.begin();
  }
  last_port_ = turn->first;
  taken_ = std::move(turn->second.front());
  turn->second.pop_front();
  --counters_.backlog;
  if (turn->second.empty()) {
    queues_.erase(turn);
  }
  return &taken_;
}

std::optional<TimePoint> PacketInScheduler::next_due() const {
  return queues_.empty() ? std::nullopt : std::optional(tokens_.next_due());
}

}  // namespace weft::ofproto
