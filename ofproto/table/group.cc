#include "ofproto/table/group.h"

#include <map>

#include "ofproto/table/bucket_list.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

namespace {

// What the rest of a version's life does not change: an id for every bucket.
std::vector<openflow::Bucket> numbered(std::vector<openflow::Bucket> buckets, const Group* previous) {
  if (previous != nullptr) {
    inherit_bucket_ids(buckets, previous->buckets());
  }
  openflow::number_buckets(buckets);
  return buckets;
}

}  // namespace

Group::Group(const openflow::GroupMod& group_mod, TimePoint now, const Group* previous, BucketCounters of_same_id)
    : group_id_(group_mod.group_id),
      type_(group_mod.type),
      buckets_(numbered(group_mod.buckets, previous)),
      selection_(group_mod.selection),
      created_(previous != nullptr ? previous->created_ : now),
      counters_(previous != nullptr ? previous->counters_ : std::make_shared<FlowCounters>(now)) {
  std::map<uint32_t, std::shared_ptr<FlowCounters>> counting;
  if (previous != nullptr && of_same_id == BucketCounters::go_on) {
    for (size_t i = 0; i < previous->buckets_.size(); ++i) {
      counting[previous->buckets_[i].bucket_id] = previous->bucket_counters_[i];
    }
  }
  for (const openflow::Bucket& bucket : buckets_) {
    const auto found = counting.find(bucket.bucket_id);
    bucket_counters_.push_back(found != counting.end() ? found->second : std::make_shared<FlowCounters>());
  }
}

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
    stats.buckets.push_back({bucket_counters_[i]->packet_count(), bucket_counters_[i]->byte_count()});
  }
  return stats;
}

}  // namespace weft::ofproto
