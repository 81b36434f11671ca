// Groups: every bucket is a branch of its own. Which of them run is up to the group's type: all, one chosen by a hash
// among those that are live, or the first that is live.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ofproto/translate/hash_slots.h"
#include "ofproto/translate/rendezvous.h"
#include "ofproto/translate/select_hash.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {

using openflow::GroupType;

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
  if ((group->type() == GroupType::select && must_wait(*group)) || !enter_deeper()) {
    return;
  }
  out_.credits.groups.push_back(group->shared_from_this());
  switch (group->type()) {
    case GroupType::select:
      run_one_bucket(*group, select_bucket(*group));
      break;
    case GroupType::fast_failover:
      run_one_bucket(*group, first_live_bucket(*group));
      break;
    default:
      run_all_buckets(*group);
  }
  leave_deeper();
}

void Translation::run_all_buckets(const Group& group) {
  for (size_t i = 0; i < group.buckets().size() && may_go_on(); ++i) {
    if (in_.listener != nullptr) {
      note(fmt::format("bucket {} of {}", i, group.buckets().size()));
    }
    run_bucket(group, i);
  }
  note_drop(DropReason::no_output);
}

void Translation::run_one_bucket(const Group& group, std::optional<size_t> bucket) {
  if (!bucket) {
    note(explain(DropReason::no_live_bucket));
    note_drop(DropReason::no_live_bucket);
    return;
  }
  run_bucket(group, *bucket);
  note_drop(DropReason::no_output);
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

// --- choosing

std::optional<size_t> Translation::first_live_bucket(const Group& group) {
  for (size_t i = 0; i < group.buckets().size(); ++i) {
    if (is_live(group.buckets()[i])) {
      if (in_.listener != nullptr) {
        note(fmt::format("bucket {} of {}: the first that is live", i, group.buckets().size()));
      }
      return i;
    }
    note_dead(group, i);
  }
  return std::nullopt;
}

Translation::Chosen Translation::live_buckets(const Group& group) {
  Chosen live;
  for (size_t i = 0; i < group.buckets().size(); ++i) {
    const openflow::Bucket& bucket = group.buckets()[i];
    if (is_live(bucket)) {
      live.candidates.push_back({bucket.bucket_id, bucket.weight});
      live.places.push_back(i);
    }
  }
  return live;
}

// The choice cannot be made yet: what is to be hashed is not known, or it is the datapath that hashes.
bool Translation::must_wait(const Group& group) {
  if (!packet_.is_parsed(looked_at_)) {
    freeze(Freeze::recirculate, true);
    return true;
  }
  if (hashed_group_ == group.group_id() || group.selection().method != "dp_hash") {
    return false;
  }
  const Chosen live = live_buckets(group);
  if (!is_hashed_by_datapath(group, live)) {
    return false;
  }
  note("hashed by the datapath, and looked up again");
  hash_ = datapath::Hash{group.selection().param, hash_slots(live.candidates)};
  frozen_.hashed_group = group.group_id();
  freeze(Freeze::recirculate, true);
  return true;
}

bool Translation::is_hashed_by_datapath(const Group& group, const Chosen& live) const {
  return group.selection().method == "dp_hash" && live.candidates.size() >= 2 &&
         live.candidates.size() <= max_hashed_candidates;
}

// Where only one could be chosen the packet is not looked at.
std::optional<size_t> Translation::select_bucket(const Group& group) {
  const Chosen live = live_buckets(group);
  if (in_.listener != nullptr) {
    for (size_t i = 0; i < group.buckets().size(); ++i) {
      if (std::ranges::find(live.places, i) == live.places.end()) {
        note_dead(group, i);
      }
    }
  }
  if (std::exchange(hashed_group_, std::nullopt) == group.group_id() && is_hashed_by_datapath(group, live)) {
    return hashed_bucket(group, live);
  }
  std::string hashed;
  const uint64_t hash = live.candidates.size() < 2 ? 0
                                                   : select_hash(group.selection(), packet_, looked_at_,
                                                                 in_.listener != nullptr ? &hashed : nullptr);
  const std::optional<size_t> chosen = rendezvous(live.candidates, hash);
  if (!chosen) {
    return std::nullopt;
  }
  if (in_.listener != nullptr) {
    note_selection(group, live.candidates, *chosen, live.places[*chosen], hash, hashed);
  }
  return live.places[*chosen];
}

// What the datapath chose may have died since: then what it chose is hashed again.
std::optional<size_t> Translation::hashed_bucket(const Group& group, const Chosen& live) {
  const auto slot = static_cast<uint32_t>(packet_.read(FieldId::dp_hash, looked_at_).lo);
  const auto named = std::ranges::find(live.candidates, slot, [](const Candidate& c) { return slot_of(c); });
  const std::optional<size_t> chosen = named != live.candidates.end()
                                           ? static_cast<size_t>(named - live.candidates.begin())
                                           : rendezvous(live.candidates, slot);
  if (in_.listener != nullptr) {
    note(fmt::format("bucket {} of {}: chosen by the datapath", live.places[*chosen], group.buckets().size()));
  }
  return live.places[*chosen];
}

void Translation::note_selection(const Group& group, std::span<const Candidate> candidates, size_t chosen,
                                 size_t bucket, uint64_t hash, const std::string& hashed) {
  uint64_t weights = 0;
  for (const Candidate& candidate : candidates) {
    weights += candidate.weight;
  }
  const std::string which = fmt::format("bucket {} of {}", bucket, group.buckets().size());
  if (candidates.size() == 1) {
    note(which + ": the only one that is live");
  } else {
    note(fmt::format("{}: chosen by hash {:#018x} of {}, weight {} of {}", which, hash,
                     hashed.empty() ? "nothing" : hashed, candidates[chosen].weight, weights));
  }
}

}  // namespace weft::ofproto
