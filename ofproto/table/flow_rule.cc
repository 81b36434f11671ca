#include "ofproto/table/flow_rule.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace weft::ofproto {

openflow::Duration to_openflow(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {static_cast<uint32_t>(seconds.count()), static_cast<uint32_t>((duration - seconds).count())};
}

FlowRule::FlowRule(MiniMatch match, FlowRuleSpec spec)
    : ClassifierRule(std::move(match), spec.priority),
      cookie_(spec.cookie),
      instructions_(std::move(spec.instructions)),
      own_counters_(spec.created),
      others_counters_(std::move(spec.counters)),
      created_(spec.created),
      modified_(spec.modified),
      idle_timeout_(spec.idle_timeout),
      hard_timeout_(spec.hard_timeout),
      importance_(spec.importance),
      flags_(spec.flags),
      table_id_(spec.table_id) {
  assert(instructions_ != nullptr && "a rule says what to do, even if that is nothing");
}

std::shared_ptr<FlowCounters> FlowRule::shared_counters() const {
  return others_counters_ ? others_counters_ : std::shared_ptr<FlowCounters>(share_of_table_, &own_counters_);
}

void FlowRule::begin(TimePoint now, std::shared_ptr<FlowCounters> counters) {
  assert(!is_linked() && "nobody has it yet");
  created_ = modified_ = now;
  own_counters_.touch(now);
  others_counters_ = std::move(counters);
}

TimePoint FlowRule::active() const { return std::max(created_, counters().used()); }

FlowRuleSpec FlowRule::spec() const {
  return {.table_id = table_id_,
          .priority = priority(),
          .cookie = cookie_,
          .idle_timeout = idle_timeout_,
          .hard_timeout = hard_timeout_,
          .importance = importance_,
          .flags = flags_,
          .instructions = instructions_,
          .created = created_,
          .modified = modified_,
          .counters = shared_counters()};
}

openflow::FlowStats FlowRule::stats(TimePoint now) const {
  openflow::FlowStats stats;
  stats.table_id = table_id_;
  stats.priority = static_cast<uint16_t>(std::clamp(priority(), lowest_priority, highest_priority));
  stats.idle_timeout = idle_timeout_;
  stats.hard_timeout = hard_timeout_;
  stats.importance = importance_;
  stats.flags = flags_;
  stats.cookie = cookie_;
  stats.duration = to_openflow(now - created_);
  stats.idle_age = to_openflow(std::max(now - active(), Duration::zero()));
  stats.packet_count = counters().packet_count();
  stats.byte_count = counters().byte_count();
  stats.match = match().expand();
  stats.instructions = *instructions_;
  return stats;
}

openflow::FlowRemoved FlowRule::removed_message(openflow::FlowRemovedReason reason, TimePoint removed) const {
  openflow::FlowRemoved message;
  message.reason = reason;
  message.table_id = table_id_;
  message.priority = static_cast<uint16_t>(std::clamp(priority(), lowest_priority, highest_priority));
  message.cookie = cookie_;
  message.duration = to_openflow(removed - created_);
  message.idle_timeout = idle_timeout_;
  message.hard_timeout = hard_timeout_;
  message.packet_count = counters().packet_count();
  message.byte_count = counters().byte_count();
  message.match = match().expand();
  return message;
}

}  // namespace weft::ofproto
