// MacTable: where each MAC address of each domain was last seen: on which port, behind which remote VTEP.
//
// Workers look addresses up while they translate and learn when something is new or has moved; a lookup takes no
// lock. An entry lives until it has not been used for the ageing time; use is what packets and credited megaflows
// report (refresh). A fixed entry neither ages nor moves. The table is bounded, and so is the part of it that a port
// may fill, or a segment from its tunnels: what does not fit is not learned, its packets flood, and nobody's entry is
// evicted by somebody else's flood. Operators may set a port or a domain a limit of its own, and what becomes of those for
// whom there is no room (mac_bounds.h); fixed entries count, and are refused by the table's limit alone. Entries beyond a
// limit that was lowered stay until they age; under `evict` a new one takes the place of one of them.
//
// The table has 256 shards, each a hash table of its own with linear probing, 16 bytes a slot: what a slot holds fits two
// words, so that a lookup is one cache miss. Within an array a slot is never given to another address: one that is removed
// leaves a mark, and when entries and marks fill three quarters, the entries are copied into a new array and the old one
// is retired, so that a reader in it is not disturbed. A refresh that hits the old copy is lost; the next one counts.
// Places are interned and numbered: an entry holds the number of one that all entries of that port and remote share.
//
// Threads:   lookup, learn and refresh by any thread under RCU; the rest by the control thread. Writers hold the lock of
//            one shard, and a second one for the counts when an entry comes, moves or goes; never of two shards: one that
//            makes room is removed while none is held, so that somebody else may take the room, and it is tried again.
// Ownership: arrays and places are retired by RCU; a place's number is given again after a grace period.
// Cost:      lookup: a hash and a short run of slots, one cache miss in a large table. Memory: 22 to 43 bytes an entry.
//            Times are kept to 10 ms. Making room is logarithmic in the entries of the port or domain, and tried
//            `max_attempts` times for a new address; setting a limit with `evict` is a walk. expire() looks at `sweep_count` entries at most; next_due() at one number a shard.
// Not here:  who is told about a change: learn(), expire() and flush() return what the caller publishes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/ids.h"
#include "lib/base/mac_address.h"
#include "lib/base/mutex.h"
#include "ofproto/overlay/domain.h"
#include "ofproto/translate/dependency_id.h"
#include "ofproto/translate/mac_bounds.h"

namespace weft::ofproto {

struct MacTableOptions {
  Duration aging = std::chrono::seconds(300);
  size_t limit = 8192;
  friend bool operator==(const MacTableOptions&, const MacTableOptions&) = default;
};

class MacTable {
 public:
  using Key = MacKey;
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

  //   known     it was there already, or is fixed
  //   changed   it is new or has moved
  //   refused   there is no room
  enum class Learned : uint8_t { known, changed, refused };
  // Notes that `key` was seen at `location`. Adds to `changed` the ids of all that did: its own, of one that made room for
  // it, of a port that it left. Group addresses are never learned, nor found.
  Learned learn(const Key& key, const MacLocation& location, TimePoint now, std::vector<DependencyId>& changed);
  // The limit of an operator for which it would not be learned; null: none. `is_known`: it is somewhere else now.
  const MacBound* obstacle(const Key& key, const MacLocation& location, bool is_known) const;
  // Packets of a remembered decision came from there: keeps the entry alive if it still says so.
  void refresh(const Key& key, const MacLocation& location, TimePoint used) const;

  // An entry that stays until it is removed, in place of one that may be there; bounded by the table's limit alone.
  // The ids of what changed. Nothing: there is no room.
  std::vector<DependencyId> fix(const Key& key, const MacLocation& location, TimePoint now);
  // The ids of what changed. Nothing: there is no such entry.
  std::vector<DependencyId> remove(const Key& key);

  // Removes what has not been used for the ageing time, of as many entries as one call may look at; is_sweeping() says
  // whether there are more to look at. flush removes all, or what was seen in one place; fixed entries stay unless their
  // port or segment is what goes.
  std::vector<DependencyId> expire(TimePoint now);
  bool is_sweeping() const { return next_swept_ != 0; }
  std::vector<DependencyId> flush();
  std::vector<DependencyId> flush(OfPort port);
  std::vector<DependencyId> flush(Domain domain);
  std::vector<DependencyId> flush(const IpAddress& remote);
  // Those that are not fixed and of which `is_unwanted` holds. Cost: a look at each entry.
  std::vector<DependencyId> flush_if(const std::function<bool(const Key&, const MacLocation&)>& is_unwanted);
  // A time before which no entry expires.
  std::optional<TimePoint> next_due() const;
  void set_options(const MacTableOptions& options);

  struct LimitChange {
    MacScope scope;
    std::optional<MacLimit> limit;  // nothing: no limit but the table's own
  };
  // In force when it returns. The ids that decisions which found no room depend on. A limit that is the same stays.
  std::vector<DependencyId> set_limits(std::span<const LimitChange> changes) EXCLUDES(counts_mutex_);
  // Null: it has no limit.
  const MacBound* bound(MacScope scope) const { return bounds_.find(scope); }

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
  // A port and a domain may have to make room, and somebody else may take it.
  static constexpr unsigned max_attempts = 4;

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
  void remove_from(Shard& shard, Slot& slot, const Key& key, std::vector<DependencyId>& changed);
  DependencyId id_of(const Key& key) const { return dependency::mac(bridge_id_, key.domain, key.mac); }

  enum class Why : uint8_t { learned, moved, fixed, fixed_anew };
  // What is wanted of the counts. `ceilings`: how many a bound had that is making room, if that is more than its limit.
  struct Claim {
    Key key;
    MacLocation location;
    Why why = Why::learned;
    TimePoint now;
    std::array<std::pair<const MacBound*, size_t>, 2> ceilings{};
  };
  // Neither: refused.
  struct Room {
    const Place* place = nullptr;  // of find_room: any, there is room
    MacBound* must_evict = nullptr;
  };
  struct Bounds {
    MacBound* port = nullptr;
    MacBound* domain = nullptr;
  };
  Learned learn(const Claim& claim, MacBound*& must_evict, std::vector<DependencyId>& changed);
  Room move(Slot& slot, const Claim& claim, std::vector<DependencyId>& changed);
  // Those that an entry there counts for.
  Bounds bounds_of(Domain domain, const MacLocation& location) const;
  bool evict_from(MacBound& bound, std::vector<DependencyId>& changed) EXCLUDES(counts_mutex_);
  std::optional<Key> choose_victim(MacBound& bound) EXCLUDES(counts_mutex_);
  Room reserve(const Claim& claim) EXCLUDES(counts_mutex_);
  Room find_room(const Claim& claim) const REQUIRES(counts_mutex_);
  bool has_own_room(const Claim& claim, const MacBound* evicting) const REQUIRES(counts_mutex_);
  Place* place_for(const MacLocation& location) REQUIRES(counts_mutex_);
  void release(const Key& key, uint32_t place, bool is_move, std::vector<DependencyId>& changed)
      EXCLUDES(counts_mutex_);
  void leave(MacBound* bound, const Key& key, std::vector<DependencyId>& changed) REQUIRES(counts_mutex_);
  void keep_for_ever(const Key& key, const MacLocation& location) EXCLUDES(counts_mutex_);
  std::shared_ptr<MacBound> make_bound(MacScope scope, const MacLimit& limit) const REQUIRES(counts_mutex_);
  bool change_limit(MacBounds::Map& map, const LimitChange& change) const REQUIRES(counts_mutex_);
  void fill_queues(const MacBounds::Map& bounds) EXCLUDES(counts_mutex_);
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
  MacBounds bounds_;  // counted under counts_mutex_
};

}  // namespace weft::ofproto
