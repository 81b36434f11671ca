// Room in a MacTable: its own bounds, those of operators, and who makes room.
#include <algorithm>

#include "ofproto/translate/mac_slot.h"
#include "ofproto/translate/mac_table.h"

namespace weft::ofproto {

using namespace mac_slot;

MacTable::Bounds MacTable::bounds_of(Domain domain, const MacLocation& location) const {
  return {.port = location.is_remote() ? nullptr : bounds_.find(MacScope::of(location.port)),
          .domain = bounds_.find(MacScope::of(domain))};
}

// One port may fill three quarters of the table, and so may one segment from its tunnels, where all remotes share a
// port: the rest is for the others. What moves has its place in the table and the domain already. `evicting`: a bound
// one of whose entries goes first.
bool MacTable::has_own_room(const Claim& claim, const MacBound* evicting) const {
  const size_t limit = limit_.load(std::memory_order_relaxed);
  const size_t share = std::max<size_t>(limit - limit / 4, 1);
  if ((claim.why == Why::learned || claim.why == Why::fixed) && size() - (evicting != nullptr ? 1 : 0) >= limit) {
    return false;
  }
  const bool is_remote = claim.location.is_remote();
  if (claim.why == Why::fixed || claim.why == Why::fixed_anew || (claim.why == Why::moved && is_remote)) {
    return true;
  }
  const auto in_domain = domain_counts_.find(claim.key.domain.bits());
  const auto at_port = places_.find(claim.location);
  const size_t count = is_remote ? (in_domain == domain_counts_.end() ? 0 : in_domain->second)
                                 : (at_port == places_.end() ? 0 : at_port->second->count);
  const bool goes_there = evicting != nullptr && evicting->scope().is_port() != is_remote;
  return count < share + (goes_there ? 1 : 0);
}

// A bound that refuses decides before one that makes room.
MacTable::Room MacTable::find_room(const Claim& claim) const {
  static const Place some{};
  if (claim.why == Why::fixed || claim.why == Why::fixed_anew) {
    return {.place = has_own_room(claim, nullptr) ? &some : nullptr};
  }
  const Bounds bounds = bounds_of(claim.key.domain, claim.location);
  MacBound* evicting = nullptr;
  for (MacBound* bound : {bounds.port, claim.why == Why::moved ? nullptr : bounds.domain}) {
    if (bound == nullptr) {
      continue;
    }
    const auto& ceiling = claim.ceilings[bound->scope().is_port() ? 0 : 1];
    if (bound->count() < std::max(bound->limit(), ceiling.first == bound ? ceiling.second : 0)) {
      continue;
    }
    if (bound->policy() != MacLimitPolicy::evict) {
      bound->note_refused();
      return {};
    }
    evicting = evicting == nullptr ? bound : evicting;
  }
  if (!has_own_room(claim, evicting)) {
    return {};
  }
  return evicting != nullptr ? Room{.must_evict = evicting} : Room{.place = &some};
}

const MacBound* MacTable::obstacle(const Key& key, const MacLocation& location, bool is_known) const {
  const Bounds bounds = bounds_of(key.domain, location);
  const MacBound* obstacle = nullptr;
  for (const MacBound* bound : {bounds.port, is_known ? nullptr : bounds.domain}) {
    const bool refuses = bound != nullptr && bound->is_full() && bound->policy() != MacLimitPolicy::evict;
    if (refuses && (obstacle == nullptr || bound->policy() == MacLimitPolicy::drop)) {
      obstacle = bound;
    }
  }
  return obstacle;
}

std::optional<MacTable::Key> MacTable::choose_victim(MacBound& bound) {
  MutexLock lock(counts_mutex_);
  return bound.queue().oldest([this](const Key& key) -> std::optional<EvictionQueue::Used> {
    const Slot* slot = find(key);
    const uint64_t state = slot == nullptr ? 0 : slot->state.load(std::memory_order_acquire);
    return slot == nullptr || is_fixed(state) ? std::nullopt : std::optional(used_of(state));
  });
}

// False: nothing of it may go. True: something went, by this call or at the same time by another thread.
bool MacTable::evict_from(MacBound& bound, std::vector<DependencyId>& changed) {
  const std::optional<Key> key = choose_victim(bound);
  if (!key) {
    return false;
  }
  const uint64_t hash = hash_of(*key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  Slot* slot = find_in(*shard.slots.load(std::memory_order_relaxed), hash, *key);
  const uint64_t state = slot == nullptr ? 0 : slot->state.load(std::memory_order_relaxed);
  const MacScope scope = bound.scope();
  const bool is_there =
      slot != nullptr && !is_fixed(state) && (!scope.is_port() || location_of(state) == MacLocation{scope.port(), {}});
  if (is_there) {
    remove_from(shard, *slot, *key, changed);
    bound.note_evicted();
  }
  return true;
}

void MacTable::keep_for_ever(const Key& key, const MacLocation& location) {
  MutexLock lock(counts_mutex_);
  const Bounds bounds = bounds_of(key.domain, location);
  for (MacBound* bound : {bounds.port, bounds.domain}) {
    if (bound != nullptr) {
      bound->queue().erase(key);
    }
  }
}

// --- limits

std::shared_ptr<MacBound> MacTable::make_bound(MacScope scope, const MacLimit& limit) const {
  size_t count = 0;
  if (scope.is_port()) {
    const auto found = places_.find(MacLocation{scope.port(), {}});
    count = found == places_.end() ? 0 : found->second->count;
  } else {
    const auto found = domain_counts_.find(scope.domain().bits());
    count = found == domain_counts_.end() ? 0 : found->second;
  }
  return std::make_shared<MacBound>(scope, limit, count);
}

// Whether its queue is to be filled with what there is.
bool MacTable::change_limit(MacBounds::Map& map, const LimitChange& change) const {
  if (!change.limit) {
    map.erase(change.scope.bits());
    return false;
  }
  auto& bound = map[change.scope.bits()];
  const bool had_queue = bound != nullptr && bound->policy() == MacLimitPolicy::evict;
  if (bound == nullptr) {
    bound = make_bound(change.scope, *change.limit);
  } else {
    bound->set_limit(*change.limit);
  }
  return change.limit->policy == MacLimitPolicy::evict && !had_queue;
}

std::vector<DependencyId> MacTable::set_limits(std::span<const LimitChange> changes) {
  std::vector<DependencyId> ids;
  const auto is_new = [this](const LimitChange& change) {
    const MacBound* known = bounds_.find(change.scope);
    return (known == nullptr ? std::nullopt : std::optional(known->as_limit())) != change.limit;
  };
  if (std::ranges::none_of(changes, is_new)) {
    return ids;
  }
  MacBounds::Map to_fill;
  {
    MutexLock lock(counts_mutex_);
    MacBounds::Map ports = bounds_.of_ports();
    MacBounds::Map domains = bounds_.of_domains();
    for (const LimitChange& change : changes) {
      if (is_new(change)) {
        ids.push_back(dependency::mac_room(bridge_id_, change.scope));
        MacBounds::Map& map = change.scope.is_port() ? ports : domains;
        if (change_limit(map, change)) {
          to_fill.insert(*map.find(change.scope.bits()));
        }
      }
    }
    bounds_.publish(std::move(ports), std::move(domains));
  }
  if (!to_fill.empty()) {
    fill_queues(to_fill);
  }
  return ids;
}

// What comes meanwhile queues by itself; what is in a shard cannot go while its lock is held.
void MacTable::fill_queues(const MacBounds::Map& bounds) {
  const auto push = [&](MacScope scope, const Key& key, EvictionQueue::Used used) {
    if (const auto found = bounds.find(scope.bits()); found != bounds.end()) {
      MutexLock lock(counts_mutex_);
      found->second->queue().push(key, used);
    }
  };
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    const Slots& slots = *shards_[s].slots.load(std::memory_order_relaxed);
    for (size_t i = 0; i < slots.count; ++i) {
      const uint64_t id = slots.slots[i].id.load(std::memory_order_relaxed);
      const uint64_t state = slots.slots[i].state.load(std::memory_order_relaxed);
      if (!is_taken(id) || is_fixed(state)) {
        continue;
      }
      const Key key = key_of(id, state);
      push(MacScope::of(key.domain), key, used_of(state));
      if (const MacLocation& location = location_of(state); !location.is_remote()) {
        push(MacScope::of(location.port), key, used_of(state));
      }
    }
  }
}

}  // namespace weft::ofproto
