// TraceListener: writes what a translation does, as it does it, in the words of ofproto/trace.
//
// A table is a line with the rule that was found, its actions are indented below it, and what an action led to stands
// behind "->": notes of the translation, and fields that have another value now unless the action says so itself.
//
// Threads: the translating thread; with `explains` the control thread (why_not.h). Not here: the first and last lines.
#pragma once

#include <string>
#include <vector>

#include "ofproto/translate/listener.h"

namespace weft::ofproto {

// One look at the packet: as it came, or as it came back from the datapath.
struct TracePass {
  FrozenStatePtr state;  // null: the first
  Flow flow;
};

class TraceListener final : public TranslationListener {
 public:
  // `later` gains the passes that follow from `pass`. `explains`: tell why no better rule was found.
  TraceListener(std::string& out, const TracePass& pass, std::vector<TracePass>& later, uint64_t version, bool explains)
      : out_(out), start_(pass.flow), later_(later), version_(version), explains_(explains) {}

  void enter_bridge(const BridgeView& bridge, const Flow& flow) override;
  void leave_bridge() override;
  void begin_egress(uint8_t first_table, const PortView& port, const Flow& flow) override;
  void end_egress(const Flow& flow) override;
  void begin_table(uint8_t table_id, const FlowRule* rule, const Flow& flow) override;
  void end_table() override { --depth_; }
  void action(const openflow::Action& action) override;
  void action_done(const openflow::Action& action, const Flow& flow) override;
  void instruction(const openflow::Instructions& what) override;
  void note(std::string_view text) override { line(" -> " + std::string(text)); }
  void recirculate(const FrozenStatePtr& state, const Flow& flow, const datapath::Hash* hash) override;
  void end(const Flow& flow) override;

  const Flow& final_flow() const { return final_; }

 private:
  void tell_changes(const Flow& flow);
  void line(const std::string& text);

  static constexpr size_t max_passes = 64;

  std::string& out_;
  const Flow start_;
  std::vector<TracePass>& later_;
  const uint64_t version_;
  const bool explains_;
  size_t depth_ = 0;
  size_t egress_depth_ = 0;
  std::vector<const BridgeView*> bridges_;
  Flow last_;  // as it was told last
  Flow final_;
};

}  // namespace weft::ofproto
