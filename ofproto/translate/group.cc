// Groups: every bucket is a branch of its own; liveness decides where only one is taken.
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

constexpr unsigned max_liveness_depth = 8;

}  // namespace

const Group* Translation::find_group(uint32_t group_id) {
  depend_on(dependency::group(place_.bridge->id, group_id));
  return place_.bridge->tables->find_group(group_id, in_.version);
}

void Translation::group(uint32_t group_id) {
  const Group* group = find_group(group_id);
  if (group == nullptr) {
    note("no such group");
    note_drop(DropReason::translation_error);
    return;
  }
  if (!enter_deeper()) {
    return;
  }
  out_.credits.groups.push_back(group->shared_from_this());
  const bool takes_one =
      group->type() == openflow::GroupType::select || group->type() == openflow::GroupType::fast_failover;
  const bool must_watch = group->type() == openflow::GroupType::fast_failover;
  for (size_t i = 0; i < group->buckets().size() && may_go_on(); ++i) {
    if (takes_one && !is_live(group->buckets()[i], must_watch, 0)) {
      continue;
    }
    run_bucket(*group, i);
    if (takes_one) {
      break;
    }
  }
  note_drop(DropReason::no_output);
  leave_deeper();
}

// A bucket is a step as a resubmit is one: a few groups that name each other twice would otherwise run 2^64 of them.
void Translation::run_bucket(const Group& group, size_t bucket) {
  if (!take_step()) {
    return;
  }
  out_.credits.buckets.push_back({group.shared_from_this(), bucket});
  isolated([&] {
    const bool was_in_group = place_.in_group;
    place_.in_group = true;
    execute_action_set(group.buckets()[bucket].actions);
    place_.in_group = was_in_group;
  });
}

// A bucket that watches nothing is live, except where watching is the point.
bool Translation::is_live(const openflow::Bucket& bucket, bool must_watch, unsigned depth) {
  if (bucket.watch_port != of_port::any) {
    const PortView* port = find_port(bucket.watch_port);
    if (port != nullptr && port->is_live) {
      return true;
    }
  }
  if (bucket.watch_group != openflow::any_group) {
    return is_live_group(bucket.watch_group, depth + 1);
  }
  return bucket.watch_port == of_port::any && !must_watch;
}

bool Translation::is_live_group(uint32_t group_id, unsigned depth) {
  const Group* group = find_group(group_id);
  if (group == nullptr || depth >= max_liveness_depth) {
    return false;
  }
  for (const openflow::Bucket& bucket : group->buckets()) {
    if (is_live(bucket, false, depth)) {
      return true;
    }
  }
  return false;
}

}  // namespace weft::ofproto
