// Preparation: many flow-mods and group-mods made ready for one version, a little at a time.
//
//     Preparation bundle(tables, now);
//     for each message:
//         if (auto begun = bundle.begin(message); !begun) -> take back, report
//         while (bundle.step()) ... let others in ...
//     while (bundle.step_orphans()) ... let others in ...
//     bundle.publish();                            // readers see all of it, or
//     while (bundle.take_back()) ... let others in ...
//
// A message sees what those before it did. Each call of begin(), step() and take_back() does a bounded amount of work
// (well under a millisecond): a non-strict modify or removal, or a group that takes rules with it, is begun, then looks
// for its rules and changes them in steps. Between them nobody else may prepare on the tables' version.
//
// Threads:   control thread.
// Ownership: the tables outlive it. Goes when it has been published or taken back whole (take_back_all() does that at
//            once); the parts may live on.
// Cost:      56 bytes for each rule changed until it goes.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

class Preparation {
 public:
  using Outcome = Result<void, openflow::OpenFlowError>;

  Preparation(TableSet& tables, TimePoint now, const FlowModRules& rules = {});
  ~Preparation();
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  // An error says that this message changed nothing; those before it stand. `rule` is make_rule()'s.
  Outcome begin(const FlowRulePtr& rule);
  // It will be begun soon.
  void expect(const FlowRule& rule) const;
  Outcome begin(const openflow::FlowMod& flow_mod);
  Outcome begin(const openflow::GroupMod& group_mod);
  // About a thousand at most: they go at once.
  void begin(const std::vector<Expired>& rules);
  // Goes on with the message begun. False: it is through.
  bool step();
  // Behind the last message: removes some of what nothing learns any more (delete_learned). False: nothing is left.
  bool step_orphans();
  // An error that only shows at the end of a message: the whole must be taken back.
  const std::optional<openflow::OpenFlowError>& failure() const { return failure_; }

  void publish();
  // Takes back some of what was prepared, the last first. False: nothing is left.
  bool take_back();
  void take_back_all();

  // What was done, in order, in parts of bounded size.
  std::vector<Change>& parts() { return parts_; }

 private:
  static constexpr size_t part_size = 4096;  // rules
  static constexpr size_t step_size = 128;   // rules changed at once
  static constexpr size_t look_size = 1024;  // rules looked at

  void keep(Change change);
  Change& open_part();
  bool choose();
  void change_chosen();
  bool change_rules_of_group();
  void end_message();
  void end();

  TableSet& tables_;
  const TimePoint now_;
  const FlowModRules rules_;
  std::vector<Change> parts_;
  bool is_published_ = false;
  bool has_ended_ = false;
  std::optional<openflow::OpenFlowError> failure_;

  // The message begun, when it takes steps.
  std::optional<openflow::FlowMod> flow_mod_;
  TableSet::ChangeOne change_one_;
  std::optional<FlowSelection> selection_;
  std::deque<FlowRulePtr> chosen_;
  bool has_chosen_ = false;
  std::optional<openflow::GroupMod> group_mod_;
  uint32_t next_group_ = 0;  // of a removal of all: those before it have no rules left
};

}  // namespace weft::ofproto
