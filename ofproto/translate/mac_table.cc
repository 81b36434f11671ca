#include "ofproto/translate/mac_table.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

constexpr Duration::rep never = std::numeric_limits<Duration::rep>::max();

Duration::rep ticks(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint time_of(Duration::rep ticks_since_epoch) { return TimePoint(Duration(ticks_since_epoch)); }

}  // namespace

MacTable::Buckets::Buckets(size_t bucket_count)
    : count(bucket_count), heads(std::make_unique<std::atomic<Node*>[]>(bucket_count)) {}

MacTable::Buckets::~Buckets() {
  for (size_t b = 0; b < count; ++b) {
    for (Node* node = heads[b].load(std::memory_order_relaxed); node != nullptr;) {
      Node* next = node->next.load(std::memory_order_relaxed);
      delete node;
      node = next;
    }
  }
}

MacTable::MacTable(BridgeId bridge_id, const MacTableOptions& options)
    : bridge_id_(bridge_id),
      seed_(random_hash_seed()),
      shards_(std::make_unique<Shard[]>(shard_count)),
      aging_(options.aging.count()),
      limit_(options.limit) {
  for (size_t s = 0; s < shard_count; ++s) {
    shards_[s].buckets.store(new Buckets(first_bucket_count));
    shards_[s].oldest = never;
  }
}

MacTable::~MacTable() {
  for (size_t s = 0; s < shard_count; ++s) {
    delete shards_[s].buckets.load();
  }
}

// --- looking

const MacTable::Node* MacTable::find(const Key& key) const {
  const uint64_t hash = hash_of(key);
  const Buckets& buckets = *shard_of(hash).buckets.load(std::memory_order_acquire);
  const Node* node = bucket_of(buckets, hash).load(std::memory_order_acquire);
  while (node != nullptr && !node->has(key)) {
    node = node->next.load(std::memory_order_acquire);
  }
  return node;
}

std::optional<MacLocation> MacTable::lookup(const Key& key) const {
  const Node* node = find(key);
  return node == nullptr ? std::nullopt : std::optional(node->place.load(std::memory_order_acquire)->location);
}

void MacTable::refresh(const Key& key, const MacLocation& location, TimePoint used) const {
  const Node* node = find(key);
  if (node == nullptr || node->place.load(std::memory_order_acquire)->location != location) {
    return;
  }
  Duration::rep known = node->used.load(std::memory_order_relaxed);
  while (known < ticks(used) && !node->used.compare_exchange_weak(known, ticks(used), std::memory_order_relaxed)) {
  }
}

// --- learning

// Under the shard's lock.
MacTable::Node* MacTable::find_in(Shard& shard, uint64_t hash, const Key& key) {
  Node* node = bucket_of(*shard.buckets.load(std::memory_order_relaxed), hash).load(std::memory_order_relaxed);
  while (node != nullptr && !node->has(key)) {
    node = node->next.load(std::memory_order_relaxed);
  }
  return node;
}

void MacTable::insert(Shard& shard, uint64_t hash, const Key& key, const Place* place, bool is_fixed, TimePoint now) {
  if (shard.node_count >= shard.buckets.load(std::memory_order_relaxed)->count) {
    grow(shard);
  }
  auto node = std::make_unique<Node>();
  node->mac = key.mac.to_uint64();
  node->domain = key.domain.bits();
  node->is_fixed.store(is_fixed, std::memory_order_relaxed);
  node->place.store(place, std::memory_order_relaxed);
  node->used.store(ticks(now), std::memory_order_relaxed);
  std::atomic<Node*>& bucket = bucket_of(*shard.buckets.load(std::memory_order_relaxed), hash);
  node->next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
  bucket.store(node.release(), std::memory_order_release);
  ++shard.node_count;
  if (!is_fixed && ticks(now) < shard.oldest.load(std::memory_order_relaxed)) {
    shard.oldest.store(ticks(now), std::memory_order_relaxed);
  }
}

// A node cannot be in two chains, and readers walk the old ones: the new chains are of copies.
void MacTable::grow(Shard& shard) {
  Buckets* old = shard.buckets.load(std::memory_order_relaxed);
  auto larger = std::make_unique<Buckets>(old->count * 2);
  for (size_t b = 0; b < old->count; ++b) {
    for (const Node* node = old->heads[b].load(std::memory_order_relaxed); node != nullptr;
         node = node->next.load(std::memory_order_relaxed)) {
      auto copy = std::make_unique<Node>();
      copy->mac = node->mac;
      copy->domain = node->domain;
      copy->is_fixed.store(node->is_fixed.load(std::memory_order_relaxed), std::memory_order_relaxed);
      copy->place.store(node->place.load(std::memory_order_relaxed), std::memory_order_relaxed);
      copy->used.store(node->used.load(std::memory_order_relaxed), std::memory_order_relaxed);
      std::atomic<Node*>& bucket = bucket_of(*larger, hash_of(node->key()));
      copy->next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
      bucket.store(copy.release(), std::memory_order_relaxed);
    }
  }
  shard.buckets.store(larger.release(), std::memory_order_release);
  rcu::retire(old);
}

bool MacTable::move(Node& node, const MacLocation& location) {
  const Place* before = node.place.load(std::memory_order_relaxed);
  if (before->location == location) {
    return false;
  }
  const Domain domain = Domain::from_bits(node.domain);
  const bool is_fixed = node.is_fixed.load(std::memory_order_relaxed);
  const Place* after = reserve(domain, location, is_fixed ? Why::fixed_anew : Why::moved);
  if (after == nullptr) {
    return false;
  }
  node.place.store(after, std::memory_order_release);
  release(domain, before);
  return true;
}

std::optional<DependencyId> MacTable::learn(const Key& key, const MacLocation& location, TimePoint now) {
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  if (Node* node = find_in(shard, hash, key)) {
    if (node->is_fixed.load(std::memory_order_relaxed)) {
      return std::nullopt;
    }
    node->used.store(ticks(now), std::memory_order_relaxed);
    return move(*node, location) ? std::optional(id_of(key)) : std::nullopt;
  }
  const Place* place = reserve(key.domain, location, Why::learned);
  if (place == nullptr) {
    return std::nullopt;
  }
  insert(shard, hash, key, place, false, now);
  return id_of(key);
}

std::optional<DependencyId> MacTable::fix(const Key& key, const MacLocation& location, TimePoint now) {
  const uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  if (Node* node = find_in(shard, hash, key)) {
    node->is_fixed.store(true, std::memory_order_relaxed);
    move(*node, location);
    return id_of(key);
  }
  const Place* place = reserve(key.domain, location, Why::fixed);
  if (place == nullptr) {
    return std::nullopt;
  }
  insert(shard, hash, key, place, true, now);
  return id_of(key);
}

// --- bounds

// One port may fill three quarters of the table, and so may one segment from its tunnels, where all remotes share a
// port: the rest is for the others. What moves has its place in the table and the domain already.
bool MacTable::has_room(Domain domain, const MacLocation& location, Why why) const {
  const size_t limit = limit_.load(std::memory_order_relaxed);
  const size_t share = std::max<size_t>(limit - limit / 4, 1);
  if ((why == Why::learned || why == Why::fixed) && size() >= limit) {
    return false;
  }
  if (why == Why::fixed || why == Why::fixed_anew || (why == Why::moved && location.is_remote())) {
    return true;
  }
  if (location.is_remote()) {
    const auto found = domain_counts_.find(domain.bits());
    return found == domain_counts_.end() || found->second < share;
  }
  const auto found = places_.find(location);
  return found == places_.end() || found->second->count < share;
}

const MacTable::Place* MacTable::reserve(Domain domain, const MacLocation& location, Why why) {
  MutexLock lock(counts_mutex_);
  if (!has_room(domain, location, why)) {
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto& place = places_[location];
  if (!place) {
    place = std::make_unique<Place>(Place{location, 0});
  }
  ++place->count;
  ++domain_counts_[domain.bits()];
  size_.fetch_add(1, std::memory_order_relaxed);
  return place.get();
}

void MacTable::release(Domain domain, const Place* place) {
  MutexLock lock(counts_mutex_);
  size_.fetch_sub(1, std::memory_order_relaxed);
  const auto counted = domain_counts_.find(domain.bits());
  if (--counted->second == 0) {
    domain_counts_.erase(counted);
  }
  const auto found = places_.find(place->location);
  if (--found->second->count == 0) {
    rcu::retire(std::move(found->second));
    places_.erase(found);
  }
}

size_t MacTable::count_of(Domain domain) const {
  MutexLock lock(counts_mutex_);
  const auto found = domain_counts_.find(domain.bits());
  return found == domain_counts_.end() ? 0 : found->second;
}

std::vector<std::pair<MacLocation, size_t>> MacTable::places() const {
  MutexLock lock(counts_mutex_);
  std::vector<std::pair<MacLocation, size_t>> places;
  for (const auto& [location, place] : places_) {
    places.emplace_back(location, place->count);
  }
  return places;
}

// --- removing

// Under the shard's lock. Also finds anew how old the oldest one left is.
template <class Drop>
void MacTable::sweep(Shard& shard, Drop&& drop, std::vector<DependencyId>& removed) {
  Buckets& buckets = *shard.buckets.load(std::memory_order_relaxed);
  Duration::rep oldest = never;
  for (size_t b = 0; b < buckets.count; ++b) {
    std::atomic<Node*>* link = &buckets.heads[b];
    while (Node* node = link->load(std::memory_order_relaxed)) {
      if (!drop(*node)) {
        if (!node->is_fixed.load(std::memory_order_relaxed)) {
          oldest = std::min(oldest, node->used.load(std::memory_order_relaxed));
        }
        link = &node->next;
        continue;
      }
      link->store(node->next.load(std::memory_order_relaxed), std::memory_order_release);
      --shard.node_count;
      removed.push_back(id_of(node->key()));
      release(Domain::from_bits(node->domain), node->place.load(std::memory_order_relaxed));
      rcu::retire(node);
    }
  }
  shard.oldest.store(oldest, std::memory_order_relaxed);
}

template <class Drop>
std::vector<DependencyId> MacTable::remove_if(Drop&& drop) {
  std::vector<DependencyId> removed;
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    if (shards_[s].node_count != 0) {
      sweep(shards_[s], drop, removed);
    }
  }
  return removed;
}

std::optional<DependencyId> MacTable::remove(const Key& key) {
  Shard& shard = shard_of(hash_of(key));
  std::vector<DependencyId> removed;
  MutexLock lock(shard.mutex);
  sweep(
      shard, [&](const Node& node) { return node.has(key); }, removed);
  return removed.empty() ? std::nullopt : std::optional(removed.front());
}

std::vector<DependencyId> MacTable::expire(TimePoint now) {
  const Duration::rep oldest = ticks(now) - aging_.load(std::memory_order_relaxed);
  std::vector<DependencyId> removed;
  size_t looked_at = 0;
  for (; next_swept_ < shard_count && looked_at < sweep_count; ++next_swept_) {
    Shard& shard = shards_[next_swept_];
    MutexLock lock(shard.mutex);
    if (shard.oldest.load(std::memory_order_relaxed) <= oldest) {
      looked_at += shard.node_count;
      sweep(
          shard,
          [&](const Node& node) {
            return !node.is_fixed.load(std::memory_order_relaxed) &&
                   node.used.load(std::memory_order_relaxed) <= oldest;
          },
          removed);
    }
  }
  next_swept_ = next_swept_ == shard_count ? 0 : next_swept_;
  return removed;
}

std::vector<DependencyId> MacTable::flush() {
  return remove_if([](const Node& node) { return !node.is_fixed.load(std::memory_order_relaxed); });
}

std::vector<DependencyId> MacTable::flush(OfPort port) {
  return remove_if([&](const Node& node) { return node.place.load(std::memory_order_relaxed)->location.port == port; });
}

std::vector<DependencyId> MacTable::flush(Domain domain) {
  return remove_if([&](const Node& node) { return node.domain == domain.bits(); });
}

std::vector<DependencyId> MacTable::flush(const IpAddress& remote) {
  return remove_if([&](const Node& node) {
    return !node.is_fixed.load(std::memory_order_relaxed) &&
           node.place.load(std::memory_order_relaxed)->location.remote == remote;
  });
}

std::optional<TimePoint> MacTable::next_due() const {
  Duration::rep oldest = never;
  for (size_t s = 0; s < shard_count; ++s) {
    oldest = std::min(oldest, shards_[s].oldest.load(std::memory_order_relaxed));
  }
  return oldest == never ? std::nullopt : std::optional(time_of(oldest + aging_.load(std::memory_order_relaxed)));
}

void MacTable::set_options(const MacTableOptions& options) {
  aging_.store(options.aging.count(), std::memory_order_relaxed);
  limit_.store(options.limit, std::memory_order_relaxed);
}

// --- showing

template <class Visit>
void MacTable::for_each(Visit&& visit) const {
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    const Buckets& buckets = *shards_[s].buckets.load(std::memory_order_relaxed);
    for (size_t b = 0; b < buckets.count; ++b) {
      for (const Node* node = buckets.heads[b].load(); node != nullptr; node = node->next.load()) {
        visit(Entry{node->key(), node->place.load(std::memory_order_relaxed)->location, time_of(node->used.load()),
                    node->is_fixed.load(std::memory_order_relaxed)});
      }
    }
  }
}

std::vector<MacTable::Entry> MacTable::entries() const {
  std::vector<Entry> entries;
  for_each([&](const Entry& entry) { entries.push_back(entry); });
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::tuple(entry.key.domain, entry.key.mac.to_uint64()); });
  return entries;
}

std::vector<MacTable::Entry> MacTable::entries(Domain domain) const {
  std::vector<Entry> entries;
  for_each([&](const Entry& entry) {
    if (entry.key.domain == domain) {
      entries.push_back(entry);
    }
  });
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.key.mac.to_uint64(); });
  return entries;
}

}  // namespace weft::ofproto
