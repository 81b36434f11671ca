#include "ofproto/table/eviction_index.h"

#include "lib/openflow/table_message.h"
#include "ofproto/table/timeouts.h"

namespace weft::ofproto {

EvictionIndex::EvictionIndex(uint32_t flags) : by_importance_((flags & openflow::eviction_flag::importance) != 0) {}

EvictionIndex::Key EvictionIndex::key_of(FlowRule& rule) const {
  return {by_importance_ ? rule.importance() : uint16_t{0}, due_time(rule), &rule};
}

void EvictionIndex::add(FlowRule& rule) {
  if (!rule.is_hidden() && !keys_.contains(&rule)) {
    keys_[&rule] = order_.insert(key_of(rule)).first;
  }
}

void EvictionIndex::remove(const FlowRule& rule) {
  if (const auto found = keys_.find(&rule); found != keys_.end()) {
    order_.erase(found->second);
    keys_.erase(found);
  }
}

// A rule in use comes first again and again; after so many that were used the next is as good as any.
void EvictionIndex::put_first_in_its_place() {
  constexpr int max_moves = 64;
  for (int i = 0; i < max_moves; ++i) {
    FlowRule& first = *std::get<FlowRule*>(*order_.begin());
    if (*order_.begin() == key_of(first)) {
      return;
    }
    remove(first);
    add(first);
  }
}

FlowRule* EvictionIndex::candidate_for(const FlowRule& newcomer) {
  if (order_.empty()) {
    return nullptr;
  }
  put_first_in_its_place();
  FlowRule* rule = std::get<FlowRule*>(*order_.begin());
  const bool is_less_important = by_importance_ && rule->importance() < newcomer.importance();
  const bool is_as_important = !by_importance_ || rule->importance() == newcomer.importance();
  const bool would_expire = rule->idle_timeout() != 0 || rule->hard_timeout() != 0;
  return is_less_important || (is_as_important && would_expire) ? rule : nullptr;
}

}  // namespace weft::ofproto
