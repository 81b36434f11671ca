#include "ofproto/bridge/change_run.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/counter.h"
#include "lib/base/rcu.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/bridge/port_mod.h"

namespace weft::ofproto {

using openflow::OpenFlowError;

ChangeRun::ChangeRun(std::unique_ptr<LocalBundle> bundle, Done done, const void* by, bool is_quiet)
    : bundle_(std::move(bundle)), done_(std::move(done)), by_(by), is_quiet_(is_quiet) {}

bool ChangeRun::slice(LocalBridge& bridge) {
  if (bundle_ == nullptr) {  // abandoned
    return false;
  }
  if (!preparation_) {
    preparation_.emplace(bridge.tables(), bridge.now(), bundle_->rules());
  }
  const auto end = std::chrono::steady_clock::now() + slice_time;
  while (failure_ ? take_back_some() : prepare_some(bridge)) {
    if (std::chrono::steady_clock::now() > end) {
      return true;
    }
  }
  if (failure_) {
    done_(std::move(*failure_));
  } else {
    publish(bridge);
    done_(std::nullopt);
  }
  rcu::retire(std::move(bundle_));  // not a million rules at once on this thread
  return false;
}

// Some messages, or a step of one.
bool ChangeRun::prepare_some(LocalBridge& bridge) {
  constexpr size_t messages_at_once = 32;
  for (size_t i = 0; i < messages_at_once; ++i) {
    if (preparation_->step()) {
      note_complete_parts(bridge);
      return true;
    }
    if (preparation_->failure()) {
      fail(*preparation_->failure());
      return true;
    }
    if (next_ == bundle_->message_count()) {
      if (preparation_->step_orphans()) {
        return true;
      }
      note_parts(bridge, preparation_->parts().size());
      return false;
    }
    expect_after(next_);
    LocalBundle::Kept& kept = bundle_->at(next_++);
    if (auto begun = begin_message(bridge, kept); !begun) {
      fail(begun.error());
      return true;
    }
  }
  note_complete_parts(bridge);
  return true;
}

// A rule, and what it will meet in the tables, are mostly in no cache.
void ChangeRun::expect_after(size_t message) const {
  const auto rule_at = [&](size_t at) -> const FlowRule* {
    const bool is_there = at < bundle_->message_count();
    const auto* rule = is_there ? std::get_if<FlowRulePtr>(&bundle_->at(at).message) : nullptr;
    return rule != nullptr ? rule->get() : nullptr;
  };
  if (const FlowRule* rule = rule_at(message + 3 * messages_ahead)) {
    for (size_t at = 0; at < sizeof(FlowRule); at += cache_line_bytes) {
      __builtin_prefetch(reinterpret_cast<const char*>(rule) + at);
    }
  }
  if (const FlowRule* rule = rule_at(message + 2 * messages_ahead)) {
    __builtin_prefetch(rule->match().values().data());
  }
  if (const FlowRule* rule = rule_at(message + messages_ahead); rule != nullptr && !rule->is_linked()) {
    preparation_->expect(*rule);
  }
}

Result<void, OpenFlowError> ChangeRun::begin_message(LocalBridge& bridge, LocalBundle::Kept& kept) {
  bridge.tables().note_request(kept.xid);
  if (const auto* rule = std::get_if<FlowRulePtr>(&kept.message)) {
    return preparation_->begin(*rule);
  }
  if (const auto* flow_mod = std::get_if<std::unique_ptr<LocalBundle::KeptFlowMod>>(&kept.message)) {
    return preparation_->begin((*flow_mod)->expand());
  }
  if (const auto* expired = std::get_if<std::unique_ptr<const std::vector<Expired>>>(&kept.message)) {
    preparation_->begin(**expired);
    return {};
  }
  return begin_other(bridge, *std::get<std::unique_ptr<const openflow::Message>>(kept.message));
}

// What is not in the tables is checked in its turn and done when they are published.
Result<void, OpenFlowError> ChangeRun::begin_other(LocalBridge& bridge, const openflow::Message& message) {
  if (const auto* group_mod = std::get_if<openflow::GroupMod>(&message)) {
    return preparation_->begin(*group_mod);
  }
  if (const auto* port_mod = std::get_if<openflow::PortMod>(&message)) {
    port_mods_.push_back(*port_mod);
    return check_port_mod(bridge, *port_mod);
  }
  const auto& packet_out = std::get<openflow::PacketOut>(message);
  packet_outs_.push_back(packet_out);
  return bridge.check_bundled(packet_out);
}

void ChangeRun::fail(const OpenFlowError& error) { failure_ = LocalBundle::failure_of(bundle_->at(next_ - 1), error); }

bool ChangeRun::take_back_some() { return preparation_->take_back(); }

void ChangeRun::abandon() {
  if (bundle_ != nullptr && preparation_) {
    preparation_->take_back_all();
  }
  bundle_.reset();
}

// All but the last, to which more may come.
void ChangeRun::note_complete_parts(LocalBridge& bridge) {
  note_parts(bridge, std::max<size_t>(preparation_->parts().size(), 1) - 1);
}

// As the revalidator will hear of them.
void ChangeRun::note_parts(LocalBridge& bridge, size_t end) {
  for (; noted_parts_ < end; ++noted_parts_) {
    touches_.add(bridge.id(), preparation_->parts()[noted_parts_]);
  }
}

void ChangeRun::publish(LocalBridge& bridge) {
  bundle_->note_committed();
  preparation_->publish();
  for (const openflow::PortMod& port_mod : port_mods_) {
    static_cast<void>(bridge.set_port_config(port_mod.port, port_mod.config, port_mod.mask, {.by = by_}));
  }
  bridge.published(std::move(preparation_->parts()), std::move(touches_), by_, is_quiet_);
  for (const openflow::PacketOut& packet_out : packet_outs_) {
    static_cast<void>(bridge.packet_out(packet_out, Misfits::passed_over));
  }
}

}  // namespace weft::ofproto
