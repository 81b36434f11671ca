// MacBounds: how many addresses operators let a port or a domain have (ofproto/overlay/mac_limit.h), and who is next to
// go where one that is full makes room.
//
// A bound counts what there is, fixed entries too. Under the policy `evict` it also keeps its entries, but fixed ones, in
// the order of their last use as it was when it last looked: it cannot be told of every use. Whoever comes first and has
// been used since is put where it belongs and the next one is looked at, up to `looks_per_eviction`. So the one that goes
// is the one that was unused longest, unless more than that many in front of it were used meanwhile; then it is the
// longest unused of those. Nothing of another port or domain is ever looked at. Uses by packets of cached decisions are
// known when counters are collected, about once a second.
//
// Threads:   find() and what MacBound says of itself by any thread under RCU; the rest under MacTable's lock of counts.
// Ownership: bounds belong to the published maps, which are retired by RCU.
// Cost:      a look-up in a hash table; entering, leaving and choosing: logarithmic in the bound's entries, whatever the
//            limit. Memory: about 150 bytes an entry of a bound with `evict`, none for others. A change copies pointers to
//            all bounds.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/mac_address.h"
#include "lib/base/rcu.h"
#include "ofproto/overlay/domain.h"
#include "ofproto/overlay/mac_limit.h"

namespace weft::ofproto {

// What an address is looked up by.
struct MacKey {
  Domain domain;
  MacAddress mac;
  friend bool operator==(const MacKey&, const MacKey&) = default;
};

struct MacKeyHash {
  uint64_t seed = random_hash_seed();  // addresses are strangers'
  size_t operator()(const MacKey& key) const { return hash_add(seed, key.mac.to_uint64(), key.domain.bits()); }
};

class EvictionQueue {
 public:
  using Used = Duration::rep;
  static constexpr unsigned looks_per_eviction = 8;

  void push(const MacKey& key, Used used);  // one that is there stays as it is
  void erase(const MacKey& key);
  void clear();

  // `used_now(key)` says when the entry was last used; nothing: it is not to go, or is not in its place yet.
  template <class UsedNow>
  std::optional<MacKey> oldest(UsedNow&& used_now) {
    std::optional<std::pair<Used, MacKey>> best;
    auto at = by_use_.begin();
    for (unsigned looks = 0; looks < looks_per_eviction && at != by_use_.end(); ++looks) {
      const auto [noted, key] = *at;
      const std::optional<Used> used = used_now(key);
      if (!used) {
        ++at;
        continue;
      }
      if (*used <= noted) {
        return key;
      }
      if (!best || *used < best->first) {
        best = {*used, key};
      }
      at = by_use_.erase(at);
      const auto later = by_use_.emplace(*used, key);
      by_key_.insert_or_assign(key, later);
      at = at == by_use_.end() || later->first < at->first ? later : at;  // it may still be the first
    }
    return best ? std::optional(best->second) : std::nullopt;
  }

 private:
  using ByUse = std::multimap<Used, MacKey>;

  ByUse by_use_;
  std::unordered_map<MacKey, ByUse::iterator, MacKeyHash> by_key_;
};

class MacBound {
 public:
  MacBound(MacScope scope, const MacLimit& limit, size_t count) : scope_(scope), count_(count) { set_limit(limit); }

  MacScope scope() const { return scope_; }
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  MacLimitPolicy policy() const { return policy_.load(std::memory_order_relaxed); }
  size_t count() const { return count_.load(std::memory_order_relaxed); }
  MacLimit as_limit() const { return {limit(), policy()}; }
  bool is_full() const { return count() >= limit(); }
  uint64_t refused_count() const { return refused_count_.load(std::memory_order_relaxed); }
  uint64_t evicted_count() const { return evicted_count_.load(std::memory_order_relaxed); }

  // --- under the lock of counts
  void set_limit(const MacLimit& limit);
  void enter(const MacKey& key, EvictionQueue::Used used, bool is_fixed);
  // True: decisions that rested on there being no room are wrong now.
  bool leave(const MacKey& key);
  EvictionQueue& queue() { return queue_; }
  void note_refused() { refused_count_.fetch_add(1, std::memory_order_relaxed); }
  void note_evicted() { evicted_count_.fetch_add(1, std::memory_order_relaxed); }

 private:
  const MacScope scope_;
  std::atomic<size_t> limit_{0};
  std::atomic<MacLimitPolicy> policy_{MacLimitPolicy::flood};
  std::atomic<size_t> count_;
  std::atomic<uint64_t> refused_count_{0};
  std::atomic<uint64_t> evicted_count_{0};
  EvictionQueue queue_;
};

class MacBounds {
 public:
  using Map = std::unordered_map<uint64_t, std::shared_ptr<MacBound>>;  // by MacScope::bits()

  MacBounds() = default;
  ~MacBounds();
  MacBounds(const MacBounds&) = delete;
  MacBounds& operator=(const MacBounds&) = delete;

  // Null: there is none.
  MacBound* find(MacScope scope) const;
  // What there is, to be changed and given back.
  Map of_ports() const { return maps_.load() == nullptr ? Map() : maps_.load()->ports; }
  Map of_domains() const { return maps_.load() == nullptr ? Map() : maps_.load()->domains; }
  void publish(Map ports, Map domains);

 private:
  struct Maps {
    Map ports;
    Map domains;
  };

  RcuPtr<const Maps> maps_;  // null: no bounds
};

}  // namespace weft::ofproto
