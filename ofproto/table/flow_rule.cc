#include "ofproto/table/flow_rule.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace weft::ofproto {

openflow::Duration to_openflow(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {static_cast<uint32_t>(seconds.count()), static_cast<uint32_t>((duration - seconds).count())};
}

namespace {

bool has_conjunction(const openflow::Instructions& instructions) {
  return instructions.apply && std::ranges::any_of(*instructions.apply, [](const openflow::Action& action) {
           return std::holds_alternative<openflow::ConjunctionAction>(action);
         });
}

}  // namespace

void clauses_of(const ClassifierRule& rule, std::vector<ConjunctionClause>& clauses) {
  for (const openflow::Action& action : *static_cast<const FlowRule&>(rule).instructions().apply) {
    if (const auto* conjunction = std::get_if<openflow::ConjunctionAction>(&action)) {
      clauses.push_back({conjunction->id, conjunction->clause, conjunction->clause_count});
    }
  }
}

FlowRule::FlowRule(MiniMatch match, FlowRuleSpec spec)
    : ClassifierRule(std::move(match), spec.priority, has_conjunction(*spec.instructions)),
      cookie_(spec.cookie),
      instructions_(std::move(spec.instructions)),
      own_counters_(spec.created),
      others_counters_(std::move(spec.counters)),
      created_(spec.created),
      modified_(spec.modified.time_since_epoch().count()),
      idle_timeout_(spec.idle_timeout),
      hard_timeout_(spec.hard_timeout),
      importance_(spec.importance),
      flags_(spec.flags),
      table_id_(spec.table_id),
      is_refreshed_(spec.is_refreshed) {
  assert(instructions_ != nullptr && "a rule says what to do, even if that is nothing");
}

std::shared_ptr<FlowCounters> FlowRule::shared_counters() const {
  return others_counters_ ? others_counters_ : std::shared_ptr<FlowCounters>(share_of_table_, &own_counters_);
}

void FlowRule::begin(TimePoint now, std::shared_ptr<FlowCounters> counters) {
  assert(added_version() == TableVersion::never && "nobody sees it yet");
  created_ = now;
  modified_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  own_counters_.touch(now);
  others_counters_ = std::move(counters);
}

TimePoint FlowRule::active() const { return std::max(created_, counters().used()); }

void FlowRule::refresh(TimePoint used) const {
  counters().touch(used);
  const Duration::rep time = used.time_since_epoch().count();
  Duration::rep known = modified_.load(std::memory_order_relaxed);
  while (known < time && !modified_.compare_exchange_weak(known, time, std::memory_order_relaxed)) {
  }
  is_refreshed_.store(true, std::memory_order_relaxed);
}

FlowRuleSpec FlowRule::spec() const {
  return {.table_id = table_id_,
          .priority = priority(),
          .cookie = cookie_,
          .idle_timeout = idle_timeout(),
          .hard_timeout = hard_timeout(),
          .importance = importance_,
          .flags = flags_,
          .instructions = instructions_,
          .created = created_,
          .modified = modified(),
          .is_refreshed = is_refreshed_.load(std::memory_order_relaxed),
          .counters = shared_counters()};
}

openflow::FlowStats FlowRule::stats(TimePoint now) const {
  openflow::FlowStats stats;
  stats.table_id = table_id_;
  stats.priority = static_cast<uint16_t>(std::clamp(priority(), lowest_priority, highest_priority));
  stats.idle_timeout = idle_timeout();
  stats.hard_timeout = hard_timeout();
  stats.importance = importance_;
  stats.flags = flags_;
  stats.cookie = cookie_;
  stats.duration = to_openflow(now - created_);
  stats.idle_age = to_openflow(std::max(now - active(), Duration::zero()));
  stats.hard_age = to_openflow(now - modified());
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
  message.idle_timeout = idle_timeout();
  message.hard_timeout = hard_timeout();
  message.packet_count = counters().packet_count();
  message.byte_count = counters().byte_count();
  message.match = match().expand();
  return message;
}

}  // namespace weft::ofproto
