// A bridge's tables and a clock. Flows are written as operators type them; what the parser would refuse itself, and
// what a loop makes, is built by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/rcu.h"
#include "lib/flow/field.h"
#include "lib/openflow/text/flow_text.h"
#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::FlowMod;
using openflow::FlowModCommand;
using openflow::FlowRemovedReason;
using openflow::GroupMod;
using openflow::GroupModCommand;
using openflow::GroupType;
namespace flow_flag = openflow::flow_flag;

using Fields = std::initializer_list<std::pair<FieldId, uint64_t>>;

inline Match match_of(Fields fields) {
  Match match;
  for (const auto& [id, value] : fields) {
    match.set(id, value);
  }
  return match;
}

inline Flow packet_of(Fields fields) {
  Flow flow;
  for (const auto& [id, value] : fields) {
    set(flow, id, FieldValue{0, value});
  }
  return flow;
}

inline Match port(uint64_t in_port) { return match_of({{FieldId::in_port, in_port}}); }
inline Match mac(uint64_t address) { return match_of({{FieldId::eth_dst, address}}); }
inline Match port_and_mac(uint64_t in_port, uint64_t address) {
  return match_of({{FieldId::in_port, in_port}, {FieldId::eth_dst, address}});
}

inline openflow::Instructions output(uint16_t of_port) {
  openflow::Instructions instructions;
  instructions.apply = openflow::ActionList{openflow::OutputAction{.port = OfPort{of_port}, .max_len = 0}};
  return instructions;
}
inline openflow::Instructions to_group(uint32_t group_id) {
  openflow::Instructions instructions;
  instructions.write = openflow::ActionList{openflow::GroupAction{group_id}};
  return instructions;
}
inline openflow::Instructions goto_table(uint8_t table_id) {
  openflow::Instructions instructions;
  instructions.goto_table = table_id;
  return instructions;
}

inline FlowMod flow_mod(FlowModCommand command, const Match& match, const openflow::Instructions& instructions = {}) {
  FlowMod message;
  message.command = command;
  message.priority = 100;
  message.match = match;
  message.instructions = instructions;
  return message;
}
inline FlowMod add(const Match& match, const openflow::Instructions& instructions = output(1)) {
  return flow_mod(FlowModCommand::add, match, instructions);
}

// A match, or a packet that has its values and nothing else.
inline Match match(std::string_view text) {
  const auto parsed = openflow::parse_match(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().to_string();
  return parsed ? *parsed : Match();
}

inline FlowMod flow_mod(FlowModCommand command, std::string_view text) {
  const auto parsed = openflow::parse_flow(text, command);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().to_string();
  return parsed ? *parsed : FlowMod();
}
inline FlowMod add(std::string_view text) { return flow_mod(FlowModCommand::add, text); }
inline FlowMod modify(std::string_view text) { return flow_mod(FlowModCommand::modify, text); }
inline FlowMod modify_strict(std::string_view text) { return flow_mod(FlowModCommand::modify_strict, text); }
inline FlowMod remove(std::string_view text) { return flow_mod(FlowModCommand::remove, text); }
inline FlowMod remove_strict(std::string_view text) { return flow_mod(FlowModCommand::remove_strict, text); }

inline openflow::Bucket bucket(openflow::ActionList actions) {
  openflow::Bucket result;
  result.actions = std::move(actions);
  return result;
}
inline openflow::Bucket bucket_to_port(uint16_t of_port) {
  return bucket({openflow::OutputAction{.port = OfPort{of_port}, .max_len = 0}});
}
inline openflow::Bucket bucket_to_group(uint32_t group_id) { return bucket({openflow::GroupAction{group_id}}); }

inline GroupMod group_mod(GroupModCommand command, uint32_t group_id, std::vector<openflow::Bucket> buckets = {},
                          GroupType type = GroupType::all) {
  GroupMod message;
  message.command = command;
  message.type = type;
  message.group_id = group_id;
  message.buckets = std::move(buckets);
  for (size_t i = 0; i < message.buckets.size(); ++i) {
    message.buckets[i].bucket_id = static_cast<uint32_t>(i);
  }
  return message;
}

class TableTest : public testing::Test {
 protected:
  ~TableTest() override {
    rcu::OfflineScope offline;
    rcu::barrier();
  }

  using Prepared = Result<Change, openflow::OpenFlowError>;

  Prepared prepare(const FlowMod& message) { return tables_.prepare(message, clock_.now(), rules_); }
  Prepared prepare(const GroupMod& message) { return tables_.prepare(message, clock_.now()); }

  // Prepared and published; an error fails the test.
  template <class Message>
  Change apply(const Message& message) {
    auto change = prepare(message);
    EXPECT_TRUE(change) << to_string(change.error());
    if (!change) {
      return {};
    }
    tables_.publish(*change);
    return *change;
  }
  template <class Message>
  openflow::OpenFlowError refusal(const Message& message) {
    const auto change = prepare(message);
    EXPECT_FALSE(change) << "it was not refused";
    return change ? openflow::OpenFlowError() : change.error();
  }

  const FlowRule* find(const Flow& packet, uint8_t table_id = 0) const {
    return tables_.lookup(table_id, packet, version_.current(), nullptr);
  }
  const FlowRule* find(const Match& like, uint8_t table_id = 0) const { return find(like.value(), table_id); }
  const FlowRule* find(std::string_view like, uint8_t table_id = 0) const { return find(match(like), table_id); }
  // The port that the rule which decides for such a packet outputs to; 0: none.
  uint16_t output_of(std::string_view like, uint8_t table_id = 0) const { return output_of(match(like), table_id); }
  uint16_t output_of(const Match& like, uint8_t table_id = 0) const {
    const FlowRule* rule = find(like, table_id);
    return rule != nullptr ? number(std::get<openflow::OutputAction>(rule->instructions().apply->front()).port)
                           : uint16_t{0};
  }

  std::vector<FlowRulePtr> select(const openflow::FlowFilter& filter = {}) {
    FlowSelection selection(tables_, filter, version_.current());
    return selection.next(10000, 10000);
  }
  // What a dump with these words shows, as it prints flows, in their order.
  std::vector<std::string> dump(std::string_view filter = {}) {
    const auto parsed = openflow::parse_flow_filter(filter);
    EXPECT_TRUE(parsed) << filter << ": " << parsed.error().to_string();
    std::vector<std::string> lines;
    for (const FlowRulePtr& rule : parsed ? select(*parsed) : std::vector<FlowRulePtr>()) {
      lines.push_back(format_flow(rule->stats(clock_.now()), nullptr, {.show_statistics = false}));
    }
    return lines;
  }
  // The cookies of the rules that are selected: how these tests name rules.
  std::multiset<uint64_t> cookies(const openflow::FlowFilter& filter = {}) {
    std::multiset<uint64_t> found;
    for (const FlowRulePtr& rule : select(filter)) {
      found.insert(rule->cookie());
    }
    return found;
  }

  static void settle() {
    rcu::OfflineScope offline;
    rcu::barrier();
  }

  rcu::ThreadScope rcu_;
  ManualClock clock_;
  TableVersion version_;
  FlowModRules rules_;
  TableSet tables_{version_,
                   {.hash_seed = 5, .max_entries = 20, .groups = {.types = 0xf, .max_groups = 10, .max_buckets = 4}}};
};

}  // namespace weft::ofproto
