// DomainTable: a worker's domains, found by a packet's in_port and tunnel id.
//
// A domain is made when its first packet misses, and forgotten, when room is wanted, once it has no megaflow and was
// not asked for between two searches for room. While there is no room, or its port has half of all domains, a new
// tunnel id shares a domain with the rest of its port, and where not even that one can be made, with the rest of all.
// A search for room comes once in as many refusals as there may be domains, so it costs a refused packet no more than
// one step.
//
// Threads:   the owning worker. Ownership: of its domains. One that is returned lives at least until of() has been
//            called 256 times more.
// Cost:      of: a hash and a probe; an allocation for a new domain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "datapath/cache/megaflow_domain.h"

namespace weft::datapath {

class DomainTable {
 public:
  DomainTable(size_t max_domains, uint64_t hash_seed);

  // The domain of a packet with this key.
  MegaflowDomain& of(const FlowKey& key);
  // The same, but makes none: the one where the packet's megaflows would be now.
  MegaflowDomain& find(const FlowKey& key);

  size_t size() const { return count_; }
  // Those that are more are kept until they are not used any more.
  void set_limit(size_t max_domains);
  // The port is gone: its domains that have no megaflow any more go too. None that was returned may be in hand.
  void forget_port(PortId port);

  // visit(MegaflowDomain&) for each, the rest of all included.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (const Slot& slot : slots_) {
      if (slot.domain != nullptr) {
        visit(*slot.domain);
      }
    }
    visit(rest_);
  }

 private:
  struct Slot {
    std::unique_ptr<MegaflowDomain> domain;
    bool was_asked_for = false;  // since the last search for room
  };

  size_t slot_of(const DomainKey& key) const;
  MegaflowDomain* find(const DomainKey& key) const;
  bool has_room_for(const DomainKey& key);
  MegaflowDomain& add(const DomainKey& key);
  void make_room();
  template <class Condition>
  void erase_unused(Condition&& is_meant);
  void rebuild(std::vector<Slot> slots);

  const uint64_t hash_seed_;
  size_t max_domains_;
  std::vector<Slot> slots_;  // open addressing; a power of two, at least twice as many as domains
  Slot* last_ = nullptr;     // the one found last: packets that come together are mostly of one domain
  size_t count_ = 0;
  std::unordered_map<PortId, size_t> count_of_port_;
  size_t refusals_ = 0;  // since the last search for room
  MegaflowDomain rest_;
};

}  // namespace weft::datapath
