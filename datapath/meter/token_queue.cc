#include "datapath/meter/token_queue.h"

#include <algorithm>

#include "datapath/meter/packet_cost.h"

namespace weft::datapath {

TokenQueue::Limit::Limit(const RateLimit& limit, TimePoint now)
    : burst(limit.burst), bucket(static_cast<double>(limit.rate), static_cast<double>(limit.burst), now) {}

TokenQueue::TokenQueue(const std::optional<RateLimit>& limit, std::shared_ptr<Queue> whole, const Clock& clock)
    : clock_(clock), whole_(std::move(whole)) {
  limit_.store(make_limit(limit).release());
}

TokenQueue::~TokenQueue() { delete limit_.load(); }

std::unique_ptr<TokenQueue::Limit> TokenQueue::make_limit(const std::optional<RateLimit>& limit) const {
  return limit ? std::make_unique<Limit>(*limit, clock_.now()) : nullptr;
}

void TokenQueue::configure(const std::optional<RateLimit>& limit) {
  rcu::retire(limit_.exchange(make_limit(limit).release()));
}

QueueCounters TokenQueue::counters() const {
  return {tx_packets_.load(std::memory_order_relaxed), tx_bytes_.load(std::memory_order_relaxed),
          tx_errors_.load(std::memory_order_relaxed)};
}

bool TokenQueue::has_room_for(const Packet& packet) {
  Limit* limit = limit_.load();
  if (limit != nullptr) {
    const PacketCost cost = bits_of(packet);
    if (!limit->bucket.take(cost.all, std::min(cost.first_piece, limit->burst), clock_.now())) {
      return false;
    }
  }
  return whole_ == nullptr || whole_->admit(packet);
}

bool TokenQueue::admit(const Packet& packet) {
  if (!has_room_for(packet)) {
    tx_errors_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  tx_packets_.fetch_add(1, std::memory_order_relaxed);
  tx_bytes_.fetch_add(packet.size(), std::memory_order_relaxed);
  return true;
}

}  // namespace weft::datapath
