// NeighbourTable: which Ethernet address an IP address of a segment has, as ARP and neighbour discovery have told, so that
// whoever asks can be answered without asking everybody.
//
// An entry says nothing of where its MAC address is, and has no age: it counts only while the MacTable knows its address
// in that segment. What is left behind by an address that went is swept. A fixed entry neither moves nor is swept.
//
// The last one who claims an address has it, as in any host's own ARP cache. But a claim that took it from another MAC
// address must be heard again after `settle_time` before anybody is answered by it: requests are flooded meanwhile, so that
// who was robbed hears them, and his own answer takes the address back. One that moved `max_moves` times within `quiet_time`
// is disputed, and left to its claimants until that time is over (the counts are those of RFC 9161 section 3.7 for
// duplicate addresses). The table is bounded, and
// so is what one local port may claim (an eighth), and one segment (a half). What does not fit is not learned: requests for it are flooded.
//
// The table is an array of constant sorted lists that are replaced as a whole, so that a reader takes no lock.
//
// Threads:   lookup and count_answers by any thread under RCU, learn by any thread, the rest by the control thread. Writers
//            hold one lock: they come only when something is new, moves or goes.
// Ownership: lists are retired by RCU.
// Cost:      lookup: a hash and a binary search in a short list. A change copies that list: some 64 bytes for each
//            1,024th of the table's entries.
// Not here:  what a packet must look like to be believed or answered (neighbour.cc).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/base/mutex.h"
#include "ofproto/overlay/domain.h"
#include "ofproto/translate/dependency_id.h"
#include "ofproto/translate/mac_table.h"

namespace weft::ofproto {

// What is said of an address.
struct Neighbour {
  MacAddress mac;
  bool is_router = false;  // of IPv6: hosts take one that says no longer for none (RFC 4861 section 7.2.5)
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

class NeighbourTable {
 public:
  static constexpr unsigned max_moves = 5;
  static constexpr Duration settle_time = std::chrono::seconds(10);
  static constexpr Duration quiet_time = std::chrono::seconds(180);

  struct Key {
    Domain domain;
    IpAddress address;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  // Who said it: a local port, or others behind tunnels (of_port::none).
  struct Entry {
    Key key;
    Neighbour neighbour;
    OfPort teller{};
    bool is_fixed = false;
    bool is_disputed = false;
    bool is_settled = true;
    uint8_t move_count = 0;  // since `since`
    TimePoint since{};
    TimePoint moved{};

    bool may_be_answered() const { return !is_disputed && is_settled; }
  };
  struct Counts {
    size_t entries = 0;
    size_t disputed = 0;
    uint64_t answers = 0;
    uint64_t refused = 0;  // not learned for want of room
  };

  // `limit`: of entries.
  NeighbourTable(BridgeId bridge_id, size_t limit);
  ~NeighbourTable();
  NeighbourTable(const NeighbourTable&) = delete;
  NeighbourTable& operator=(const NeighbourTable&) = delete;

  std::optional<Entry> lookup(const Key& key) const;

  // Notes that `teller` said so. The id of what changed when it is new, has moved, or is to be answered
  // otherwise from now on.
  std::optional<DependencyId> learn(const Key& key, const Neighbour& neighbour, OfPort teller, TimePoint now)
      EXCLUDES(mutex_);
  // An entry that stays, in place of one that may be there. Nothing: there is no room.
  std::optional<DependencyId> fix(const Key& key, const Neighbour& neighbour, TimePoint now) EXCLUDES(mutex_);
  // Nothing: there is no such entry.
  std::optional<DependencyId> remove(const Key& key) EXCLUDES(mutex_);
  // All of a segment, fixed ones too, or what was learned: nobody listens there any more.
  std::vector<DependencyId> flush(Domain domain) EXCLUDES(mutex_);
  std::vector<DependencyId> flush_learned(Domain domain) EXCLUDES(mutex_);

  // Removes what is left behind by addresses that `macs` does not know, of a part of the table; is_sweeping() says
  // whether there are more parts.
  std::vector<DependencyId> sweep(const MacTable& macs) EXCLUDES(mutex_);
  bool is_sweeping() const { return next_swept_ != 0; }
  void set_limit(size_t limit) { limit_.store(limit, std::memory_order_relaxed); }

  // Packets were answered from the table.
  void count_answers(Domain domain, uint64_t count) const EXCLUDES(mutex_);
  Counts counts_of(Domain domain) const EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);
  std::vector<Entry> entries() const EXCLUDES(mutex_);  // by domain and address

 private:
  static constexpr size_t list_count = 1024;
  static constexpr size_t lists_a_sweep = 16;
  using List = std::vector<Entry>;  // by key

  size_t place_of(const Key& key) const;
  DependencyId id_of(const Key& key) const { return dependency::neighbour(bridge_id_, key.domain, key.address); }
  static const Entry* find_in(const List* list, const Key& key);
  const Entry* find(const Key& key) const;
  bool has_room(Domain domain) const REQUIRES(mutex_);
  bool may_claim_more(OfPort teller) const REQUIRES(mutex_);
  void put(const Entry& entry) REQUIRES(mutex_);
  void count(const Entry& entry, bool is_added) REQUIRES(mutex_);
  template <class Drop>
  std::vector<DependencyId> remove_if(Domain domain, Drop&& drop) REQUIRES(mutex_);
  template <class Drop>
  void remove_if(size_t place, Drop&& drop, std::vector<DependencyId>& removed) REQUIRES(mutex_);

  const BridgeId bridge_id_;
  const uint64_t seed_;
  const std::unique_ptr<std::atomic<const List*>[]> lists_;
  std::atomic<size_t> limit_;
  size_t next_swept_ = 0;
  mutable Mutex mutex_;
  size_t size_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<uint16_t, size_t> told_by_port_ GUARDED_BY(mutex_);  // entries that are not fixed
  mutable std::unordered_map<uint32_t, Counts> counts_ GUARDED_BY(mutex_);
};

}  // namespace weft::ofproto
