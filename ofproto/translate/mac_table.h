// MacTable: which port each MAC address of each VLAN was last seen on.
//
// Workers look addresses up while they translate and learn when something is new or has moved; a lookup takes no
// lock. An entry lives until it has not been used for the ageing time; use is what packets and credited megaflows
// report (refresh). The table is bounded, and so is each port's part of it: what does not fit is not learned, its
// packets flood, and nobody's entry is evicted by somebody else's flood.
//
// Threads:   lookup, learn and refresh by any thread under RCU; expire, flush and for_each by the control thread.
//            Writers hold the lock of one of 64 shards, and a second one for the counts when an entry comes or goes.
// Ownership: entries are retired by RCU. Cost: lookup: a hash and a short chain.
// Not here:  who is told about a change: learn(), expire() and flush() return what the caller publishes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/mac_address.h"
#include "lib/base/mutex.h"
#include "ofproto/translate/dependency_id.h"

namespace weft::ofproto {

struct MacTableOptions {
  Duration aging = std::chrono::seconds(300);
  size_t limit = 8192;
  friend bool operator==(const MacTableOptions&, const MacTableOptions&) = default;
};

class MacTable {
 public:
  // What an address is looked up by.
  struct Key {
    uint16_t vlan = 0;
    MacAddress mac;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    Key key;
    OfPort port{};
    TimePoint used;
  };

  MacTable(BridgeId bridge_id, const MacTableOptions& options);
  ~MacTable();
  MacTable(const MacTable&) = delete;
  MacTable& operator=(const MacTable&) = delete;

  std::optional<OfPort> lookup(const Key& key) const;

  // Notes that `key` was seen on `port`. The id of what changed when it is new or has moved; nothing when it was
  // there already or there is no room.
  std::optional<DependencyId> learn(const Key& key, OfPort port, TimePoint now);
  // Packets of a remembered decision came from there: keeps the entry alive if it still says so.
  void refresh(const Key& key, OfPort port, TimePoint used) const;

  // Removes what has not been used for the ageing time; flush removes all, or what was learned on one port.
  std::vector<DependencyId> expire(TimePoint now);
  std::vector<DependencyId> flush();
  std::vector<DependencyId> flush(OfPort port);
  // The earliest time at which some entry may expire.
  std::optional<TimePoint> next_due() const;
  void set_options(const MacTableOptions& options);

  std::vector<Entry> entries() const;  // by VLAN and address
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  uint64_t refused_count() const { return refused_count_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t shard_count = 64;
  static constexpr size_t buckets_per_shard = 128;

  struct Node {
    uint64_t key;
    std::atomic<uint16_t> port;
    mutable std::atomic<Duration::rep> used;
    std::atomic<Node*> next{nullptr};
  };
  struct Shard {
    mutable Mutex mutex;
    std::array<std::atomic<Node*>, buckets_per_shard> buckets{};
  };

  static uint64_t packed(const Key& key) { return uint64_t{key.vlan} << 48 | key.mac.to_uint64(); }
  static Key unpacked(uint64_t key);
  const Node* find(uint64_t key) const;
  Shard& shard_of(uint64_t hash) const { return shards_[hash % shard_count]; }
  static std::atomic<Node*>& bucket_of(Shard& shard, uint64_t hash) {
    return shard.buckets[hash / shard_count % buckets_per_shard];
  }
  std::optional<DependencyId> move(Node& node, OfPort port, TimePoint now);
  bool reserve(OfPort port);
  void release(OfPort port);
  template <class Drop>
  std::vector<DependencyId> remove_if(Drop&& drop);
  template <class Visit>
  void for_each(Visit&& visit) const;

  const BridgeId bridge_id_;
  const uint64_t seed_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<Duration::rep> aging_;
  std::atomic<size_t> limit_;
  std::atomic<size_t> size_{0};
  std::atomic<uint64_t> refused_count_{0};
  Mutex counts_mutex_;
  std::unordered_map<uint16_t, size_t> port_counts_ GUARDED_BY(counts_mutex_);
};

}  // namespace weft::ofproto
