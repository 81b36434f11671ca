// Random bundles of flow-mods and group-mods, some of them taken back, against a list that follows the specification
// sentence by sentence: the same refusals, the same flows, the same counters, the same lookups.
#include <array>
#include <vector>

#include "lib/openflow/text/flow_text.h"
#include "ofproto/table/preparation.h"
#include "tests/ofproto/table/table_support.h"
#include "tests/reference/flow_tables.h"
#include "tests/reference/random_flow.h"

namespace weft::ofproto {
namespace {

class TableRandomTest : public TableTest, public testing::WithParamInterface<uint32_t> {
 protected:
  uint16_t small_number() { return static_cast<uint16_t>(random_.below(4)); }

  FlowMod random_flow_mod() {
    constexpr std::array commands = {
        FlowModCommand::add,           FlowModCommand::add,    FlowModCommand::add,
        FlowModCommand::modify,        FlowModCommand::remove, FlowModCommand::modify_strict,
        FlowModCommand::remove_strict, FlowModCommand::add,    FlowModCommand::add};
    const FlowModCommand command = commands[random_.below(commands.size())];
    const bool is_removal = command == FlowModCommand::remove || command == FlowModCommand::remove_strict;
    FlowMod message = flow_mod(command, random_.match(2));
    if (random_.one_in(3) && !twin_.flows().empty()) {
      message.match = twin_.flows()[random_.below(twin_.flows().size())].match;
    }
    message.instructions =
        random_.one_in(3) ? to_group(small_number()) : output(static_cast<uint16_t>(1 + small_number()));
    message.table_id = static_cast<uint8_t>(random_.below(3));
    message.table_id = is_removal && random_.one_in(3) ? openflow::all_tables : message.table_id;
    message.priority = small_number();
    message.cookie = random_.below(16);
    message.cookie_mask = random_.one_in(2) ? random_.below(16) : 0;
    message.flags = static_cast<uint16_t>((random_.one_in(4) ? flow_flag::check_overlap : 0) |
                                          (random_.one_in(4) ? flow_flag::reset_counts : 0));
    message.out_port = random_.one_in(3) ? OfPort{static_cast<uint16_t>(1 + small_number())} : of_port::any;
    message.out_group = random_.one_in(6) ? small_number() : openflow::any_group;
    return message;
  }

  GroupMod random_group_mod() {
    constexpr std::array commands = {GroupModCommand::add, GroupModCommand::add, GroupModCommand::modify,
                                     GroupModCommand::remove};
    return group_mod(commands[random_.below(commands.size())], small_number(), {bucket_to_port(1)});
  }

  // Prepares on top of the bundle; the twin must say the same.
  template <class Put>
  void put(Put put) {
    const bool is_group = random_.one_in(8);
    const FlowMod flow = random_flow_mod();
    const GroupMod group = random_group_mod();
    const auto refusal = is_group ? put(group) : put(flow);
    const auto expected = is_group ? twin_.apply_group(group) : twin_.apply(flow, clock_.now());
    ASSERT_EQ(refusal.has_value(), expected.has_value());
    if (refusal) {
      ASSERT_TRUE(refusal->is(*expected)) << to_string(*refusal);
    }
  }
  using Refusal = std::optional<openflow::OpenFlowError>;

  void run_bundle() {
    const reference::FlowTables before = twin_;
    Change bundle;
    for (uint64_t n = 1 + random_.below(4); n > 0; --n) {
      put([&](const auto& message) {
        auto change = prepare(message);
        if (!change) {
          return Refusal(change.error());
        }
        bundle.append(std::move(*change));
        return Refusal();
      });
    }
    if (random_.one_in(4)) {
      tables_.revert(bundle);
      twin_ = before;
    } else {
      tables_.publish(bundle);
    }
  }

  // The same in steps; flow-mods as rules that were made before, or as they are.
  void run_preparation() {
    const reference::FlowTables before = twin_;
    Preparation bundle(tables_, clock_.now());
    for (uint64_t n = 1 + random_.below(4); n > 0; --n) {
      put([&](const auto& message) {
        const auto begun = begin(bundle, message);
        while (bundle.step()) {
        }
        return begun ? bundle.failure() : Refusal(begun.error());
      });
    }
    if (random_.one_in(4)) {
      bundle.take_back_all();
      twin_ = before;
    } else {
      bundle.publish();
    }
    if (random_.one_in(2)) {
      tables_.take_back_ahead(ahead_);
      ahead_.clear();
    }
  }
  Preparation::Outcome begin(Preparation& bundle, const FlowMod& message) {
    if (message.command != FlowModCommand::add || random_.one_in(2)) {
      return bundle.begin(message);
    }
    const auto rule = tables_.make_rule(message);
    if (rule && random_.one_in(2)) {
      tables_.link_ahead(*rule);
      ahead_.push_back(*rule);
    }
    return rule ? bundle.begin(*rule) : Preparation::Outcome(Unexpected{rule.error()});
  }
  static Preparation::Outcome begin(Preparation& bundle, const GroupMod& message) { return bundle.begin(message); }

  // Match, priority and table name a flow; there is no second of that name.
  void compare_flows() {
    const std::vector<FlowRulePtr> rules = select();
    ASSERT_EQ(rules.size(), twin_.flows().size());
    ASSERT_EQ(tables_.flow_count(), rules.size());
    for (const FlowRulePtr& rule : rules) {
      const openflow::FlowStats found = rule->stats(clock_.now());
      const auto* expected = twin_.find(found.table_id, found.match, found.priority);
      ASSERT_NE(expected, nullptr) << format_flow(found);
      ASSERT_EQ(found.cookie, expected->cookie) << format_flow(found);
      ASSERT_EQ(found.instructions, expected->instructions) << format_flow(found);
      ASSERT_EQ(found.packet_count, expected->packet_count) << format_flow(found);
      ASSERT_EQ(found.duration, to_openflow(clock_.now() - expected->created)) << format_flow(found);
    }
  }

  void run_packet() {
    const Flow packet = random_.packet();
    for (uint8_t table_id = 0; table_id < 3; ++table_id) {
      const FlowRule* rule = find(packet, table_id);
      const auto expected = twin_.best(table_id, packet);
      ASSERT_EQ(rule != nullptr, expected.has_value());
      if (rule != nullptr) {
        ASSERT_EQ(rule->priority(), *expected);
        auto* flow = twin_.find(table_id, rule->match().expand(), *expected);
        ASSERT_NE(flow, nullptr);
        ASSERT_TRUE(flow->match.matches(packet));
        rule->counters().credit(1, 100, clock_.now());
        ++flow->packet_count;
      }
    }
  }

  reference::RandomFlow random_{GetParam()};
  reference::FlowTables twin_{20};
  std::vector<FlowRulePtr> ahead_;  // linked; some were added and some were not
};

TEST_P(TableRandomTest, FollowsTheSpecification) {
  for (int round = 0; round < 1000 && !HasFatalFailure(); ++round) {
    random_.one_in(2) ? run_bundle() : run_preparation();
    compare_flows();
    for (int i = 0; i < 3 && !HasFatalFailure(); ++i) {
      run_packet();
    }
    clock_.advance(Duration(1000));
    rcu::quiescent();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableRandomTest, testing::Range(1u, 7u));

}  // namespace
}  // namespace weft::ofproto
