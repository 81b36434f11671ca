// LocalFlowMonitors: FlowMonitors over a bridge's tables (flow_monitors.h).
//
// What has changed between two versions is found by two walks: over the rules of the old version, for those that are gone,
// and over those of the new one, for those that came or took another's place. The walks keep their versions' rules.
//
// Threads: control thread. Ownership: leaves the bridge's list when it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ofproto/bridge/flow_monitors.h"
#include "ofproto/table/change.h"
#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

class LocalFlowMonitors final : public FlowMonitors {
 public:
  // `owner`: who its own changes come from. `left` is called when it goes.
  LocalFlowMonitors(std::shared_ptr<TableSet*> tables, const void* owner, Tell tell, std::function<void()> left);
  ~LocalFlowMonitors() override;

  Result<void, openflow::OpenFlowError> change(const std::vector<openflow::FlowMonitor>& monitors) override;
  bool empty() const override { return monitors_.empty(); }
  bool is_behind() const override { return behind_ != nullptr; }
  bool next_initial(Updates& updates) override;
  bool catch_up(Updates& updates) override;

  // Rules have changed, at the version that is published now.
  void changed(const std::vector<RuleChange>& rules, const void* by);
  // So many that they are found by comparing.
  void missed();
  // Nothing more is told.
  void abandon();

 private:
  struct Monitor {
    openflow::FlowMonitor wanted;
    openflow::FlowFilter filter;
    MiniMatch match;
    bool is_new = false;  // what is there has not been told

    bool selects(const FlowRule& rule) const;
    bool selects(const RuleChange& change) const;
    bool wants(uint16_t flag) const { return (wanted.flags & flag) != 0; }
  };
  // Whose change it is. Nobody keeps that of rules that are there already, or of what a slow reader has missed.
  enum class Origin { own, other, not_known };
  using Monitors = std::map<uint32_t, Monitor>;
  // A version that is not let go, and how far the walk over its rules has come.
  struct Walk;

  static Result<Monitor, openflow::OpenFlowError> make(const openflow::FlowMonitor& wanted);
  static Result<void, openflow::OpenFlowError> apply(Monitors& monitors, const openflow::FlowMonitor& wanted);
  uint16_t flags_for(openflow::FlowUpdateEvent event, const RuleChange& change, Origin origin) const;
  void note(Updates& updates, openflow::FlowUpdateEvent event, const RuleChange& change, Origin origin) const;
  FlowRulePtr at_version(const FlowRule& rule, uint64_t version) const;
  void compare_old(const FlowRulePtr& rule, Updates& updates) const;
  void compare_new(const FlowRulePtr& rule, Updates& updates) const;
  void fall_behind(uint64_t known_version);

  const std::shared_ptr<TableSet*> tables_;  // null inside: the bridge is gone
  const void* const owner_;
  Tell tell_;
  std::function<void()> left_;
  Monitors monitors_;
  std::unique_ptr<Walk> initial_;  // while new monitors are told what is there
  std::unique_ptr<Walk> behind_;   // the version that is known
  std::unique_ptr<Walk> present_;  // the one that is being compared with it
};

}  // namespace weft::ofproto
