#include "ofproto/translate/mac_bounds.h"

namespace weft::ofproto {

void EvictionQueue::push(const MacKey& key, Used used) {
  const auto [known, is_new] = by_key_.try_emplace(key, by_use_.end());
  if (is_new) {
    known->second = by_use_.emplace(used, key);
  }
}

void EvictionQueue::erase(const MacKey& key) {
  if (const auto known = by_key_.extract(key)) {
    by_use_.erase(known.mapped());
  }
}

void EvictionQueue::clear() {
  by_key_.clear();
  by_use_.clear();
}

void MacBound::set_limit(const MacLimit& limit) {
  limit_.store(limit.count, std::memory_order_relaxed);
  policy_.store(limit.policy, std::memory_order_relaxed);
  if (limit.policy != MacLimitPolicy::evict) {
    queue_.clear();
  }
}

void MacBound::enter(const MacKey& key, EvictionQueue::Used used, bool is_fixed) {
  count_.fetch_add(1, std::memory_order_relaxed);
  if (policy() == MacLimitPolicy::evict && !is_fixed) {
    queue_.push(key, used);
  }
}

bool MacBound::leave(const MacKey& key) {
  const size_t before = count_.fetch_sub(1, std::memory_order_relaxed);
  if (policy() == MacLimitPolicy::evict) {
    queue_.erase(key);
    return false;
  }
  return before == limit();
}

MacBounds::~MacBounds() { delete maps_.load(); }

MacBound* MacBounds::find(MacScope scope) const {
  const Maps* maps = maps_.load();
  if (maps == nullptr) {
    return nullptr;
  }
  const Map& map = scope.is_port() ? maps->ports : maps->domains;
  const auto found = map.find(scope.bits());
  return found == map.end() ? nullptr : found->second.get();
}

void MacBounds::publish(Map ports, Map domains) {
  const bool is_empty = ports.empty() && domains.empty();
  rcu::retire(maps_.exchange(is_empty ? nullptr : new Maps{std::move(ports), std::move(domains)}));
}

}  // namespace weft::ofproto
