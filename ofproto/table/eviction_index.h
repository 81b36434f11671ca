// EvictionIndex: which rule of a full table goes to make room for another.
//
// With eviction_flag::importance the least important rule goes, if it is less important than the new one; of equal
// importance, and without that flag in any case, the one that would expire first. A rule without timeouts goes for a more
// important one only. Hidden rules never go.
//
// A rule that was used since it was put in order is put back where it belongs when its turn comes, as in Timeouts.
//
// Threads:   control thread. Ownership: none; a rule is taken out before it goes. Made for tables that evict only.
// Cost:      logarithmic; some 140 bytes a rule.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_map>

#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

class EvictionIndex {
 public:
  explicit EvictionIndex(uint32_t flags);

  void add(FlowRule& rule);
  void remove(const FlowRule& rule);
  // Null: nothing may go for this rule.
  FlowRule* candidate_for(const FlowRule& newcomer);
  size_t count() const { return keys_.size(); }

 private:
  using Key = std::tuple<uint16_t, TimePoint, FlowRule*>;

  Key key_of(FlowRule& rule) const;
  void put_first_in_its_place();

  const bool by_importance_;
  std::set<Key> order_;
  std::unordered_map<const FlowRule*, std::set<Key>::iterator> keys_;
};

}  // namespace weft::ofproto
