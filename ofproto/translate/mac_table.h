// MacTable: where each MAC address of each domain was last seen: on which port, behind which remote VTEP.
//
// Workers look addresses up while they translate and learn when something is new or has moved; a lookup takes no
// lock. An entry lives until it has not been used for the ageing time; use is what packets and credited megaflows
// report (refresh). A fixed entry neither ages nor moves. The table is bounded, and so is the part of it that a port
// may fill, or a segment from its tunnels: what does not fit is not learned, its packets flood, and nobody's entry is
// evicted by somebody else's flood.
//
// The table has 256 shards, each a hash table of its own with linear probing, 16 bytes a slot: what a slot holds fits two
// words, so that a lookup is one cache miss. Within an array a slot is never given to another address: one that is removed
// leaves a mark, and when entries and marks fill three quarters, the entries are copied into a new array and the old one
// is retired, so that a reader in it is not disturbed. A refresh that hits the old copy is lost; the next one counts.
// Places are interned and numbered: an entry holds the number of one that all entries of that port and remote share.
//
// Threads:   lookup, learn and refresh by any thread under RCU; the rest by the control thread. Writers hold the lock of
//            one shard, and a second one for the counts when an entry comes, moves or goes.
// Ownership: arrays and places are retired by RCU; a place's number is given again after a grace period.
// Cost:      lookup: a hash and a short run of slots, one cache miss in a large table. Memory: 22 to 43 bytes an entry.
//            Times are kept to 10 ms. expire() looks at `sweep_count` entries at most; next_due() at one number a shard.
// Not here:  who is told about a change: learn(), expire() and flush() return what the caller publishes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/ids.h"
#include "lib/base/mac_address.h"
#include "lib/base/mutex.h"
#include "ofproto/overlay/domain.h"
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
    Domain domain;
    MacAddress mac;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    Key key;
    MacLocation location;
    TimePoint used;
    bool is_fixed = false;
  };

  MacTable(BridgeId bridge_id, const MacTableOptions& options);
  ~MacTable();
  MacTable(const MacTable&) = delete;
  MacTable& operator=(const MacTable&) = delete;

  std::optional<MacLocation> lookup(const Key& key) const;

  // Notes that `key` was seen at `location`. The id of what changed when it is new or has moved; nothing when it was
  // there already, is fixed, or there is no room. Group addresses are never learned, nor found.
  std::optional<DependencyId> learn(const Key& key, const MacLocation& location, TimePoint now);
  // Packets of a remembered decision came from there: keeps the entry alive if it still says so.
  void refresh(const Key& key, const MacLocation& location, TimePoint used) const;

  // An entry that stays until it is removed, in place of one that may be there; bounded by the table's limit alone.
  // Nothing: there is no room.
  std::optional<DependencyId> fix(const Key& key, const MacLocation& location, TimePoint now);
  // Nothing: there is no such entry.
  std::optional<DependencyId> remove(const Key& key);

  // Removes what has not been used for the ageing time, of as many entries as one call may look at; is_sweeping() says
  // whether there are more to look at. flush removes all, or what was seen in one place; fixed entries stay unless their
  // port or segment is what goes.
  std::vector<DependencyId> expire(TimePoint now);
  bool is_sweeping() const { return next_swept_ != 0; }
  std::vector<DependencyId> flush();
  std::vector<DependencyId> flush(OfPort port);
  std::vector<DependencyId> flush(Domain domain);
  std::vector<DependencyId> flush(const IpAddress& remote);
  // A time before which no entry expires.
  std::optional<TimePoint> next_due() const;
  void set_options(const MacTableOptions& options);

  std::vector<Entry> entries() const;  // by domain and address
  std::vector<Entry> entries(Domain domain) const;
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  size_t count_of(Domain domain) const EXCLUDES(counts_mutex_);
  // Entries by place, of all domains.
  std::vector<std::pair<MacLocation, size_t>> places() const EXCLUDES(counts_mutex_);
  uint64_t refused_count() const { return refused_count_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t shard_count = 256;
  static constexpr size_t first_slot_count = 32;
  static constexpr size_t sweep_count = 20'000;

  class PlaceNumbers;
  struct Place {
    MacLocation location;
    size_t count = 0;  // of entries, under counts_mutex_
    uint32_t number = 0;
  };
  // The state holds the upper half of the domain, the place's number, whether the entry is fixed, and when it was used.
  struct Slot {
    std::atomic<uint64_t> id{0};
    mutable std::atomic<uint64_t> state{0};
  };
  struct Slots {
    explicit Slots(size_t n) : count(n), slots(std::make_unique<Slot[]>(n)) {}
    const size_t count;  // a power of two
    const std::unique_ptr<Slot[]> slots;
  };
  struct Shard {
    mutable Mutex mutex;
    std::atomic<Slots*> slots{nullptr};
    size_t entry_count = 0;
    size_t marked_count = 0;  // entries, and what removed ones left
    // No entry that ages was last used before; TimePoint::max: there is none. Written under the lock.
    std::atomic<Duration::rep> oldest;
  };

  uint64_t hash_of(const Key& key) const { return hash_add(seed_, key.mac.to_uint64(), key.domain.bits()); }
  Shard& shard_of(uint64_t hash) const { return shards_[hash % shard_count]; }
  static uint64_t slot_id(const Key& key);
  static Key key_of(uint64_t id, uint64_t state);
  const MacLocation& location_of(uint64_t state) const;
  static Slot* find_in(const Slots& slots, uint64_t hash, const Key& key);
  const Slot* find(const Key& key) const;
  void insert(Shard& shard, uint64_t hash, const Key& key, uint32_t place, bool is_to_stay, TimePoint now);
  static void put(Slots& slots, uint64_t hash, uint64_t id, uint64_t state);
  void rebuild(Shard& shard);
  void remove_from(Shard& shard, Slot& slot, const Key& key);
  DependencyId id_of(const Key& key) const { return dependency::mac(bridge_id_, key.domain, key.mac); }
  enum class Why : uint8_t { learned, moved, fixed, fixed_anew };
  bool move(Slot& slot, const Key& key, const MacLocation& location);
  const Place* reserve(Domain domain, const MacLocation& location, Why why) EXCLUDES(counts_mutex_);
  bool has_room(Domain domain, const MacLocation& location, Why why) const REQUIRES(counts_mutex_);
  void release(Domain domain, uint32_t place) EXCLUDES(counts_mutex_);
  template <class Drop>
  void sweep(Shard& shard, Drop&& drop, std::vector<DependencyId>& removed);
  template <class Drop>
  std::vector<DependencyId> remove_if(Drop&& drop);
  template <class Visit>
  void for_each(Visit&& visit) const;

  const BridgeId bridge_id_;
  const uint64_t seed_;
  const std::shared_ptr<PlaceNumbers> places_by_number_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<Duration::rep> aging_;
  std::atomic<size_t> limit_;
  std::atomic<size_t> size_{0};
  std::atomic<uint64_t> refused_count_{0};
  size_t next_swept_ = 0;  // shard
  mutable Mutex counts_mutex_;
  std::map<MacLocation, std::unique_ptr<Place>> places_ GUARDED_BY(counts_mutex_);
  std::unordered_map<uint32_t, size_t> domain_counts_ GUARDED_BY(counts_mutex_);
};

}  // namespace weft::ofproto
