#include "ofproto/translate/mac_table.h"

#include <algorithm>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

Duration::rep ticks(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint time_of(Duration::rep ticks_since_epoch) { return TimePoint(Duration(ticks_since_epoch)); }

}  // namespace

MacTable::MacTable(BridgeId bridge_id, const MacTableOptions& options)
    : bridge_id_(bridge_id),
      seed_(random_hash_seed()),
      shards_(std::make_unique<Shard[]>(shard_count)),
      aging_(options.aging.count()),
      limit_(options.limit) {}

MacTable::~MacTable() {
  for (size_t s = 0; s < shard_count; ++s) {
    for (std::atomic<Node*>& bucket : shards_[s].buckets) {
      for (Node* node = bucket.load(); node != nullptr;) {
        Node* next = node->next.load();
        delete node;
        node = next;
      }
    }
  }
}

MacTable::Key MacTable::unpacked(uint64_t key) {
  return {static_cast<uint16_t>(key >> 48), MacAddress::from_uint64(key & 0xffffffffffff)};
}

const MacTable::Node* MacTable::find(uint64_t key) const {
  const uint64_t hash = hash_add(seed_, key);
  const Node* node = bucket_of(shard_of(hash), hash).load(std::memory_order_acquire);
  while (node != nullptr && node->key != key) {
    node = node->next.load(std::memory_order_acquire);
  }
  return node;
}

std::optional<OfPort> MacTable::lookup(const Key& key) const {
  const Node* node = find(packed(key));
  return node == nullptr ? std::nullopt : std::optional(OfPort{node->port.load(std::memory_order_acquire)});
}

void MacTable::refresh(const Key& key, OfPort port, TimePoint used) const {
  const Node* node = find(packed(key));
  if (node == nullptr || node->port.load(std::memory_order_relaxed) != number(port)) {
    return;
  }
  Duration::rep known = node->used.load(std::memory_order_relaxed);
  while (known < ticks(used) && !node->used.compare_exchange_weak(known, ticks(used), std::memory_order_relaxed)) {
  }
}

std::optional<DependencyId> MacTable::move(Node& node, OfPort port, TimePoint now) {
  node.used.store(ticks(now), std::memory_order_relaxed);
  const OfPort old_port{node.port.load(std::memory_order_relaxed)};
  if (old_port == port) {
    return std::nullopt;
  }
  if (!reserve(port)) {
    return std::nullopt;
  }
  release(old_port);
  node.port.store(number(port), std::memory_order_release);
  const Key key = unpacked(node.key);
  return dependency::mac(bridge_id_, key.vlan, key.mac);
}

std::optional<DependencyId> MacTable::learn(const Key& key, OfPort port, TimePoint now) {
  const uint64_t wanted = packed(key);
  const uint64_t hash = hash_add(seed_, wanted);
  Shard& shard = shard_of(hash);
  MutexLock lock(shard.mutex);
  std::atomic<Node*>& bucket = bucket_of(shard, hash);
  for (Node* node = bucket.load(std::memory_order_relaxed); node != nullptr;
       node = node->next.load(std::memory_order_relaxed)) {
    if (node->key == wanted) {
      return move(*node, port, now);
    }
  }
  if (!reserve(port)) {
    return std::nullopt;
  }
  auto node = std::make_unique<Node>();
  node->key = wanted;
  node->port.store(number(port), std::memory_order_relaxed);
  node->used.store(ticks(now), std::memory_order_relaxed);
  node->next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
  bucket.store(node.release(), std::memory_order_release);
  return dependency::mac(bridge_id_, key.vlan, key.mac);
}

// One port may fill three quarters of the table: the rest is for the others.
bool MacTable::reserve(OfPort port) {
  MutexLock lock(counts_mutex_);
  const size_t limit = limit_.load(std::memory_order_relaxed);
  size_t& count = port_counts_[number(port)];
  if (size() >= limit || count >= std::max<size_t>(limit - limit / 4, 1)) {
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  ++count;
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void MacTable::release(OfPort port) {
  MutexLock lock(counts_mutex_);
  size_.fetch_sub(1, std::memory_order_relaxed);
  if (--port_counts_[number(port)] == 0) {
    port_counts_.erase(number(port));
  }
}

template <class Drop>
std::vector<DependencyId> MacTable::remove_if(Drop&& drop) {
  std::vector<DependencyId> removed;
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    for (std::atomic<Node*>& bucket : shards_[s].buckets) {
      std::atomic<Node*>* link = &bucket;
      while (Node* node = link->load(std::memory_order_relaxed)) {
        if (!drop(*node)) {
          link = &node->next;
          continue;
        }
        link->store(node->next.load(std::memory_order_relaxed), std::memory_order_release);
        release(OfPort{node->port.load(std::memory_order_relaxed)});
        const Key key = unpacked(node->key);
        removed.push_back(dependency::mac(bridge_id_, key.vlan, key.mac));
        rcu::retire(node);
      }
    }
  }
  return removed;
}

std::vector<DependencyId> MacTable::expire(TimePoint now) {
  const Duration::rep oldest = ticks(now) - aging_.load(std::memory_order_relaxed);
  return remove_if([&](const Node& node) { return node.used.load(std::memory_order_relaxed) <= oldest; });
}

std::vector<DependencyId> MacTable::flush() {
  return remove_if([](const Node&) { return true; });
}

std::vector<DependencyId> MacTable::flush(OfPort port) {
  return remove_if([&](const Node& node) { return node.port.load(std::memory_order_relaxed) == number(port); });
}

template <class Visit>
void MacTable::for_each(Visit&& visit) const {
  for (size_t s = 0; s < shard_count; ++s) {
    MutexLock lock(shards_[s].mutex);
    for (const std::atomic<Node*>& bucket : shards_[s].buckets) {
      for (const Node* node = bucket.load(); node != nullptr; node = node->next.load()) {
        visit(*node);
      }
    }
  }
}

std::optional<TimePoint> MacTable::next_due() const {
  std::optional<Duration::rep> oldest;
  for_each([&](const Node& node) {
    const Duration::rep used = node.used.load(std::memory_order_relaxed);
    oldest = oldest ? std::min(*oldest, used) : used;
  });
  return oldest ? std::optional(time_of(*oldest + aging_.load(std::memory_order_relaxed))) : std::nullopt;
}

void MacTable::set_options(const MacTableOptions& options) {
  aging_.store(options.aging.count(), std::memory_order_relaxed);
  limit_.store(options.limit, std::memory_order_relaxed);
}

std::vector<MacTable::Entry> MacTable::entries() const {
  std::vector<std::pair<uint64_t, Entry>> sorted;
  for_each([&](const Node& node) {
    sorted.emplace_back(node.key, Entry{unpacked(node.key), OfPort{node.port.load()}, time_of(node.used.load())});
  });
  std::ranges::sort(sorted, {}, [](const auto& entry) { return entry.first; });
  std::vector<Entry> entries;
  for (const auto& [key, entry] : sorted) {
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace weft::ofproto
