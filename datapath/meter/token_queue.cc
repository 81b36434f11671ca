#include "datapath/meter/token_queue.h"

#include <algorithm>

namespace weft::datapath {

TokenQueue::Limit::Limit(const RateLimit& limit, TimePoint now)
    : burst(limit.burst), bucket(static_cast<double>(limit.rate), static_cast<double>(limit.burst), now) {}

bool TokenQueue::Limit::take(const PacketCost& cost, TimePoint now) {
  return bucket.take(cost.all, std::min(cost.first_piece, burst), now);
}

TokenQueue::Limits::Limits(const QueueSpec& spec, TimePoint now) {
  if (spec.limit) {
    own.emplace(*spec.limit, now);
  }
  if (spec.guarantee) {
    guarantee.emplace(*spec.guarantee, now);
  }
}

TokenQueue::TokenQueue(const QueueSpec& spec, std::shared_ptr<Queue> whole, const Clock& clock)
    : clock_(clock), whole_(std::move(whole)), limits_(new Limits(spec, clock.now())) {}

TokenQueue::~TokenQueue() { delete limits_.load(); }

void TokenQueue::configure(const QueueSpec& spec) { rcu::retire(limits_.exchange(new Limits(spec, clock_.now()))); }

QueueCounters TokenQueue::counters() const {
  return {tx_packets_.load(std::memory_order_relaxed), tx_bytes_.load(std::memory_order_relaxed),
          tx_errors_.load(std::memory_order_relaxed)};
}

bool TokenQueue::has_room_for(const Packet& packet) {
  Limits& limits = *limits_.load();
  const PacketCost cost = bits_of(packet);
  const TimePoint now = clock_.now();
  if (limits.own && !limits.own->take(cost, now)) {
    return false;
  }
  if (whole_ == nullptr) {
    return true;
  }
  if (limits.guarantee && limits.guarantee->take(cost, now)) {
    whole_->charge(packet);
    return true;
  }
  return whole_->admit(packet);
}

void TokenQueue::count(const Packet& packet) {
  tx_packets_.fetch_add(1, std::memory_order_relaxed);
  tx_bytes_.fetch_add(packet.size(), std::memory_order_relaxed);
}

bool TokenQueue::admit(const Packet& packet) {
  if (!has_room_for(packet)) {
    tx_errors_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  count(packet);
  return true;
}

void TokenQueue::charge(const Packet& packet) {
  Limits& limits = *limits_.load();
  if (limits.own) {
    limits.own->bucket.take_always(bits_of(packet).all, clock_.now());
  }
  count(packet);
}

}  // namespace weft::datapath
