// Group: a set of buckets, each a list of actions, that rules and other groups refer to by number.
//
// Like a rule it is immutable but for its counters: group-mod puts a new Group in the old one's place at the next
// version. A modified group keeps its own counters and duration. Its buckets are new and begin to count; those that an
// insert_bucket or remove_bucket left alone go on counting.
//
// Every bucket has an id that no other of its group has.
//
// Threads:   any reader under RCU; counters from any thread. Made on the control thread.
// Ownership: shared, as FlowRule.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lib/base/clock.h"
#include "lib/classifier/table_version.h"
#include "lib/openflow/group_message.h"
#include "ofproto/table/flow_counters.h"

namespace weft::ofproto {

class Group final : public std::enable_shared_from_this<Group> {
 public:
  enum class BucketCounters : uint8_t { begin, go_on };
  // `previous`: the group that this one takes the place of, or null.
  Group(const openflow::GroupMod& group_mod, TimePoint now, const Group* previous,
        BucketCounters of_same_id = BucketCounters::begin);

  uint32_t group_id() const { return group_id_; }
  openflow::GroupType type() const { return type_; }
  std::span<const openflow::Bucket> buckets() const { return buckets_; }
  const openflow::GroupSelection& selection() const { return selection_; }
  TimePoint created() const { return created_; }

  FlowCounters& counters() const { return *counters_; }
  FlowCounters& bucket_counters(size_t bucket) const { return *bucket_counters_[bucket]; }

  bool is_visible(uint64_t version) const {
    return added_version_.load(std::memory_order_relaxed) <= version &&
           version < removed_version_.load(std::memory_order_relaxed);
  }
  uint64_t removed_version() const { return removed_version_.load(std::memory_order_relaxed); }

  openflow::GroupDesc desc() const;
  openflow::GroupStats stats(TimePoint now) const;  // ref_count is GroupTable's to fill in

 private:
  friend class GroupTable;

  const uint32_t group_id_;
  const openflow::GroupType type_;
  const std::vector<openflow::Bucket> buckets_;
  const openflow::GroupSelection selection_;
  const TimePoint created_;
  const std::shared_ptr<FlowCounters> counters_;
  std::vector<std::shared_ptr<FlowCounters>> bucket_counters_;
  std::atomic<uint64_t> added_version_{TableVersion::never};
  std::atomic<uint64_t> removed_version_{TableVersion::never};
  std::atomic<Group*> next_{nullptr};  // another version of the same number
  bool is_linked_ = false;             // control thread
};

using GroupPtr = std::shared_ptr<Group>;

}  // namespace weft::ofproto
