#include "ofproto/table/timeouts.h"

#include <algorithm>
#include <chrono>

namespace weft::ofproto {

namespace {

// `used` comes from the coarse clock and may be this much too early.
constexpr Duration clock_error = std::chrono::milliseconds(10);
constexpr Duration retry_interval = std::chrono::seconds(1);

TimePoint hard_due(const FlowRule& rule) {
  return rule.hard_timeout() != 0 ? rule.hard_start() + std::chrono::seconds(rule.hard_timeout()) : TimePoint::max();
}

TimePoint idle_due(const FlowRule& rule) {
  return rule.idle_timeout() != 0 ? rule.active() + std::chrono::seconds(rule.idle_timeout()) + clock_error
                                  : TimePoint::max();
}

// Whether it was longer, or none.
bool shorten(std::atomic<uint16_t>& timeout, uint16_t limit) {
  uint16_t known = timeout.load(std::memory_order_relaxed);
  while (limit != 0 && (known == 0 || known > limit)) {
    if (timeout.compare_exchange_weak(known, limit, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

}  // namespace

TimePoint due_time(const FlowRule& rule) { return std::min(hard_due(rule), idle_due(rule)); }

void Timeouts::add(FlowRule& rule) {
  if (rule.timer_ != FlowRule::no_timer || due_time(rule) == TimePoint::max()) {
    return;
  }
  heap_.push_back({});
  move_up(heap_.size() - 1, {due_time(rule), &rule});
}

void Timeouts::remove(FlowRule& rule) {
  if (rule.timer_ == FlowRule::no_timer) {
    return;
  }
  const size_t gap = rule.timer_;
  rule.timer_ = FlowRule::no_timer;
  const Timer last = heap_.back();
  heap_.pop_back();
  if (gap < heap_.size()) {
    move(gap, last);
  }
}

std::optional<TimePoint> Timeouts::next_due() const {
  return heap_.empty() ? std::nullopt : std::optional(heap_.front().due);
}

std::vector<Expired> Timeouts::expired(TimePoint now, size_t limit) {
  std::vector<Expired> found;
  while (found.size() < limit && is_due(now)) {
    FlowRule& rule = *heap_.front().rule;
    if (hard_due(rule) <= now) {
      found.push_back({rule.shared_from_this(), openflow::FlowRemovedReason::hard_timeout});
    } else if (idle_due(rule) <= now) {
      found.push_back({rule.shared_from_this(), openflow::FlowRemovedReason::idle_timeout});
    }
    const bool is_expired = due_time(rule) <= now;
    move_down(0, {is_expired ? now + retry_interval : due_time(rule), &rule});
  }
  return found;
}

void Timeouts::reduce(const std::shared_ptr<const FlowRule>& rule, uint16_t idle_timeout, uint16_t hard_timeout) const {
  const bool idles_sooner = shorten(rule->idle_timeout_, idle_timeout);
  const bool ends_sooner = shorten(rule->hard_timeout_, hard_timeout);
  if (!idles_sooner && !ends_sooner) {
    return;
  }
  bool is_first = false;
  {
    MutexLock lock(reduced_mutex_);
    is_first = reduced_.empty();
    reduced_.push_back(rule);
  }
  if (is_first && has_reductions_) {
    has_reductions_();
  }
}

void Timeouts::take_reductions() {
  std::vector<std::shared_ptr<const FlowRule>> reduced;
  {
    MutexLock lock(reduced_mutex_);
    reduced.swap(reduced_);
  }
  for (const auto& shared : reduced) {
    auto& rule = const_cast<FlowRule&>(*shared);
    // One that has gone has no timer, and gets none.
    if (rule.is_linked() && rule.removed_version() == TableVersion::never) {
      remove(rule);
      add(rule);
    }
  }
}

void Timeouts::place(size_t i, const Timer& timer) {
  heap_[i] = timer;
  timer.rule->timer_ = static_cast<uint32_t>(i);
}

void Timeouts::move(size_t i, const Timer& timer) {
  const bool is_earlier = i > 0 && timer.due < heap_[(i - 1) / 2].due;
  is_earlier ? move_up(i, timer) : move_down(i, timer);
}

// Puts the timer at i, whose old content is forgotten, or nearer the root.
void Timeouts::move_up(size_t i, const Timer& timer) {
  while (i > 0 && timer.due < heap_[(i - 1) / 2].due) {
    place(i, heap_[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  place(i, timer);
}

void Timeouts::move_down(size_t i, const Timer& timer) {
  for (size_t child = 2 * i + 1; child < heap_.size(); child = 2 * i + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) {
      ++child;
    }
    if (timer.due <= heap_[child].due) {
      break;
    }
    place(i, heap_[child]);
    i = child;
  }
  place(i, timer);
}

}  // namespace weft::ofproto
