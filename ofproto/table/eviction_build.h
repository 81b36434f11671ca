// EvictionBuild: puts the rules of a table that has begun to evict in order, a little at a time.
//
// Rules that come or go between two steps are put in order or taken out by the table itself.
//
// Threads: control thread. Ownership: refers to the table, which outlives it.
#pragma once

#include "lib/classifier/classifier_cursor.h"
#include "ofproto/table/flow_table.h"

namespace weft::ofproto {

class EvictionBuild {
 public:
  explicit EvictionBuild(FlowTable& table) : table_(table), cursor_(table.classifier()) {}

  // `version`: the published one. False: all are in order.
  bool step(uint64_t version) {
    constexpr size_t step_size = 256;
    size_t budget = step_size;
    while (table_.eviction() != nullptr && budget > 0) {
      auto* rule = static_cast<FlowRule*>(cursor_.next(version, budget));
      if (rule == nullptr) {
        break;
      }
      table_.eviction()->add(*rule);
    }
    return table_.eviction() != nullptr && !cursor_.is_done();
  }

 private:
  FlowTable& table_;
  ClassifierCursor cursor_;
};

}  // namespace weft::ofproto
