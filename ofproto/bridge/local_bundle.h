// LocalBundle: the messages of a bundle, in little memory.
//
// An ADD is kept as the rule that it will be, and most of the work of adding that is done at once (TableSet::link_ahead):
// while its peer still sends there is time, after the commit somebody waits. Other flow-mods are kept as a rule and what
// selects, so that a bundle of a million flows takes hardly more than the flows will. The rest is kept as it is. Of each
// message's bytes as many are kept as an error shows.
//
// Threads: control thread; may be destroyed on any. Ownership: refers to the tables of the bridge, which outlives it
// (weakly: Bridge::commit).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ofproto/bridge/bridge.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

class LocalBundle final : public Bundle {
 public:
  // A flow-mod but an ADD: `rule` has its match, instructions, cookie, priority and flags.
  struct KeptFlowMod {
    FlowRulePtr rule;
    uint64_t cookie_mask;
    std::optional<uint64_t> new_cookie;
    uint32_t out_group;
    OfPort out_port;
    openflow::FlowModCommand command;
    bool modify_adds;

    openflow::FlowMod expand() const;
  };
  struct Kept {
    std::variant<FlowRulePtr, std::unique_ptr<KeptFlowMod>, std::unique_ptr<const openflow::Message>,
                 std::unique_ptr<const std::vector<Expired>>>
        message;
    uint32_t xid = 0;
    uint8_t byte_count = 0;
    std::array<uint8_t, 64> bytes{};
  };

  // Is given, on the thread on which the bundle goes, the rules of one that was not committed: TableSet::take_back_ahead.
  using GiveBack = std::function<void(std::vector<FlowRulePtr>)>;

  // Without `give_back` nothing is done ahead.
  LocalBundle(TableSet& tables, const FlowModRules& rules, GiveBack give_back = nullptr)
      : tables_(tables), rules_(rules), give_back_(std::move(give_back)) {}
  ~LocalBundle() override;
  LocalBundle(const LocalBundle&) = delete;
  LocalBundle& operator=(const LocalBundle&) = delete;

  Result<void, openflow::OpenFlowError> add(const openflow::Message& message, uint32_t xid,
                                            std::span<const uint8_t> bytes) override;
  // Rules that go because their time is up, as one message.
  void add(std::vector<Expired> expired);
  size_t message_count() const override { return message_count_; }
  size_t byte_count() const override { return byte_count_; }

  const FlowModRules& rules() const { return rules_; }
  // All of it is in the tables.
  void note_committed() { has_linked_ahead_ = false; }
  // By number; may be taken out of.
  Kept& at(size_t i) { return (*blocks_[i / block_size])[i % block_size]; }
  static BundleFailure failure_of(const Kept& kept, const openflow::OpenFlowError& error);

 private:
  // Large enough to be given back to the system when the bundle goes.
  static constexpr size_t block_size = 4096;
  using Block = std::array<Kept, block_size>;

  Kept& next_place();
  Result<void, openflow::OpenFlowError> keep(Kept& place, const openflow::Message& message);
  Result<void, openflow::OpenFlowError> keep_flow_mod(Kept& place, const openflow::FlowMod& flow_mod);

  TableSet& tables_;
  const FlowModRules rules_;
  const GiveBack give_back_;
  std::vector<std::unique_ptr<Block>> blocks_;
  size_t message_count_ = 0;
  size_t byte_count_ = 0;
  bool has_linked_ahead_ = false;
};

// What a flow-mod that names a packet in a buffer is told: there are none.
Result<void, openflow::OpenFlowError> check_buffer(const openflow::FlowMod& flow_mod);

}  // namespace weft::ofproto
