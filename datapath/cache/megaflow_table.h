// Megaflow table: a worker's memory of the decisions that translation has made.
//
// Maps a masked flow key to a Megaflow. Where two entries overlap both are right, so the first hit is good enough
// and no priority is kept. A lookup tries one hash table for each distinct mask of the packet's domain, the most useful
// mask first (by recent hits), and compares only the mask's words; its cost grows with the number of masks, not of
// entries.
//
// Megaflows are kept apart by domain, which is port and tunnel id (megaflow_domain.h): what one tenant makes never
// lengthens another's lookups. Masks and megaflows of a domain are bounded. A megaflow's mask may therefore be more
// specific than its decision's: in_port and the tunnel id are in it always, and it is rounded where masks are many.
//
// Entries live in slabs that are never given back, so that whoever remembers one (flow_cache.h) can tell that it is
// gone by its generation, without being told and without a search for what points to it.
//
// Threads:   everything but for_each: the owning worker. for_each: any thread under RCU.
// Ownership: the table owns its entries. A removed entry (is_dead) is freed after a grace period, with the
//            Installed that it points to then; who replaces or takes out the Installed owns the old one.
// Cost:      lookup: for each mask of the domain a hash and a probe, prefetched over the batch; no allocation. insert: one
//            allocation now and then (slabs, table growth). remove: one deferred call.
// Not here:  choosing masks (ofproto/translate), timeouts (ofproto/upcall), counting (the worker).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "datapath/api/domain.h"
#include "datapath/api/megaflow.h"
#include "lib/base/clock.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

class DomainTable;
class MegaflowDomain;
class MegaflowSlabs;

struct MegaflowTableOptions {
  unsigned worker = 0;
  size_t limit = 200000;  // entries, those waiting for their grace period included
  uint64_t hash_seed = 0;
  DomainLimits domains{};
};

class MegaflowTable {
 public:
  explicit MegaflowTable(const MegaflowTableOptions& options);
  ~MegaflowTable();
  MegaflowTable(const MegaflowTable&) = delete;
  MegaflowTable& operator=(const MegaflowTable&) = delete;

  // The domain of packets with this key; made when it is new. It lives until some 256 others have been asked for.
  MegaflowDomain& domain_of(const FlowKey& key);

  // The live megaflow that covers this packet, or null.
  Megaflow* lookup(const FlowKey& key);
  // The same for each packet whose found[i] is null yet; the others are left alone. At most 64 packets.
  void lookup(std::span<const FlowKey> keys, std::span<Megaflow*> found);
  // Looks for packet i in domains[i], which is the packet's; where that is null it is left alone.
  void lookup(std::span<const FlowKey> keys, std::span<MegaflowDomain* const> domains, std::span<Megaflow*> found);

  // Remembers a decision for every packet that agrees with `key` under the megaflow's mask, which is decision.mask or
  // a narrower one. There should be no live megaflow that covers `key`. Null when the table is full, or its part for
  // this domain; `installed` is then untouched.
  Megaflow* insert(const FlowKey& key, std::unique_ptr<Installed>&& installed, TimePoint now);
  // How many were ever inserted: as long as it is the same, what was not found is not there.
  uint64_t insertion_count() const { return last_id_; }
  bool is_full() const;

  // Marks it dead and forgets it; it stays readable until the grace period is over. One that is dead is left alone.
  void remove(Megaflow& megaflow);

  // Puts the decision in force from the next packet on and gives back the old one, with its final counters. The
  // replacement's mask is the old one's.
  static Installed* replace(Megaflow& megaflow, std::unique_ptr<Installed> replacement);

  size_t size() const { return live_count_; }
  size_t mask_count() const { return mask_count_; }  // of all domains together
  size_t domain_count() const;

  void set_limits(const DomainLimits& limits);
  // The port is gone: what was counted of it is forgotten. Between batches.
  void forget_port(PortId port);
  const DomainLimits& limits() const { return limits_; }
  // In no order.
  void for_each_domain(const std::function<void(MegaflowDomain&)>& visit);

  // Every live megaflow, in no order. One that is inserted or removed meanwhile may be visited or not.
  void for_each(const std::function<void(Megaflow&)>& visit) const;

 private:
  size_t room_for(const MegaflowDomain& domain) const;

  const MegaflowTableOptions options_;
  std::shared_ptr<MegaflowSlabs> slabs_;
  DomainLimits limits_;
  std::unique_ptr<DomainTable> domains_;
  size_t live_count_ = 0;
  size_t mask_count_ = 0;
  uint64_t last_id_ = 0;
};

}  // namespace weft::datapath
