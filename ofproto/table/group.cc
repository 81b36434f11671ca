#include "ofproto/table/group.h"

#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

Group::Group(const openflow::GroupMod& group_mod, TimePoint now, const Group* previous)
    : group_id_(group_mod.group_id),
      type_(group_mod.type),
      buckets_(group_mod.buckets),
      selection_(group_mod.selection),
      created_(previous != nullptr ? previous->created_ : now),
      counters_(previous != nullptr ? previous->counters_ : std::make_shared<FlowCounters>(now)),
      bucket_counters_(std::make_unique<FlowCounters[]>(buckets_.size())) {}

openflow::GroupDesc Group::desc() const {
  return {.type = type_, .group_id = group_id_, .buckets = buckets_, .selection = selection_};
}

openflow::GroupStats Group::stats(TimePoint now) const {
  openflow::GroupStats stats;
  stats.group_id = group_id_;
  stats.packet_count = counters_->packet_count();
  stats.byte_count = counters_->byte_count();
  stats.duration = to_openflow(now - created_);
  for (size_t i = 0; i < buckets_.size(); ++i) {
    stats.buckets.push_back({bucket_counters_[i].packet_count(), bucket_counters_[i].byte_count()});
  }
  return stats;
}

}  // namespace weft::ofproto
