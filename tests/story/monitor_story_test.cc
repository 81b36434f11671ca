// Flow monitors: who watches is told of what comes, changes and goes, at once or as soon as there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/text/flow_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ofproto::FlowMonitors;
using openflow::FlowModCommand;
using openflow::FlowMonitor;
using openflow::FlowMonitorCommand;
using openflow::FlowUpdate;
using openflow::FlowUpdateEvent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
namespace monitor_flag = openflow::monitor_flag;

constexpr uint16_t all_events = monitor_flag::add | monitor_flag::removed | monitor_flag::modify;

openflow::FlowMod flow(std::string_view text, FlowModCommand command = FlowModCommand::add) {
  const auto parsed = openflow::parse_flow(text, command);
  EXPECT_TRUE(parsed) << render(text, parsed.error());
  return *parsed;
}

// "added 5": the event and the cookie of the flow, or the xid where there is no flow.
std::string words(const FlowUpdate& update) {
  constexpr const char* events[] = {"initial", "added", "removed", "modified", "own"};
  const bool is_own = update.event == FlowUpdateEvent::abbreviated;
  return std::string(events[static_cast<size_t>(update.event)]) + " " +
         std::to_string(is_own ? update.xid : update.cookie);
}

class MonitorStory : public testing::Test {
 protected:
  MonitorStory() {
    monitors_ = sw_.bridge().make_monitors(this, [this](const FlowMonitors::Updates& updates) {
      if (!has_room_ || updates.empty()) {
        return false;
      }
      for (const FlowUpdate& update : updates) {
        told_.push_back(words(update));
        last_ = update;
      }
      return true;
    });
  }

  void watch(uint16_t flags, const std::function<void(FlowMonitor&)>& more = {}, uint32_t id = 1) {
    FlowMonitor monitor;
    monitor.id = id;
    monitor.flags = flags;
    if (more) {
      more(monitor);
    }
    const auto changed = monitors_->change({monitor});
    EXPECT_TRUE(changed) << to_string(changed.error());
  }
  void change(std::string_view text, FlowModCommand command = FlowModCommand::add, const void* by = nullptr) {
    EXPECT_TRUE(sw_.bridge().apply(flow(text, command), {}, {by, 77}));
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }
  std::vector<std::string> rest(bool (FlowMonitors::*next)(FlowMonitors::Updates&)) {
    FlowMonitors::Updates updates;
    while ((*monitors_.*next)(updates)) {
    }
    std::vector<std::string> out;
    for (const FlowUpdate& update : updates) {
      out.push_back(words(update));
    }
    return out;
  }
  std::vector<std::string> missed() { return rest(&FlowMonitors::catch_up); }
  std::vector<std::string> initial() { return rest(&FlowMonitors::next_initial); }

  TestSwitch sw_{"p1", "p2"};
  std::unique_ptr<FlowMonitors> monitors_;
  bool has_room_ = true;
  std::vector<std::string> told_;
  FlowUpdate last_;
};

TEST_F(MonitorStory, TellsWhatComesChangesAndGoes) {
  watch(all_events | monitor_flag::instructions);
  change("cookie=1,in_port=1,actions=output:2");
  change("cookie=1,in_port=1,actions=output:1", FlowModCommand::modify);
  EXPECT_EQ(last_.instructions, flow("actions=output:1").instructions);
  change("cookie=2,in_port=1,actions=drop");
  change("in_port=1", FlowModCommand::remove);
  EXPECT_EQ(last_.reason, openflow::FlowRemovedReason::removed);
  EXPECT_THAT(told(), ElementsAre("added 1", "modified 1", "modified 2", "removed 2"));
}

TEST_F(MonitorStory, TellsOnlyWhatWasAskedFor) {
  watch(monitor_flag::removed, [](FlowMonitor& monitor) {
    monitor.table_id = 1;
    monitor.out_port = OfPort{2};
    monitor.match = flow("in_port=1,actions=drop").match;
  });
  change("cookie=1,in_port=1,actions=output:2");
  change("cookie=2,table=1,in_port=1,actions=output:2");
  change("cookie=3,table=1,in_port=1,ip,actions=output:2");
  change("cookie=4,table=1,in_port=1,arp,actions=output:1");
  change("cookie=5,table=1,in_port=2,actions=output:2");
  change("", FlowModCommand::remove);
  change("table=1", FlowModCommand::remove);
  EXPECT_THAT(told(), UnorderedElementsAre("removed 2", "removed 3"));
  EXPECT_TRUE(last_.instructions.empty()) << "not asked for";
}

// Stock ovs-ofctl asks so from 1.4 on when it wants every flow.
TEST_F(MonitorStory, OutPortZeroIsAnyPort) {
  watch(monitor_flag::add, [](FlowMonitor& monitor) { monitor.out_port = OfPort{0}; });
  change("cookie=1,in_port=1,actions=output:2");
  EXPECT_THAT(told(), ElementsAre("added 1"));
}

TEST_F(MonitorStory, ExpiryHasItsReason) {
  watch(all_events);
  change("cookie=1,hard_timeout=1,in_port=1,actions=drop");
  sw_.advance(3);
  EXPECT_THAT(told(), ElementsAre("added 1", "removed 1"));
  EXPECT_EQ(last_.reason, openflow::FlowRemovedReason::hard_timeout);
}

TEST_F(MonitorStory, OnesOwnChangesAreNamedByTheirXid) {
  watch(all_events);
  change("cookie=1,in_port=1,actions=drop", FlowModCommand::add, this);
  change("cookie=2,in_port=2,actions=drop");
  change("", FlowModCommand::remove, this);
  EXPECT_THAT(told(), ElementsAre("own 77", "added 2", "own 77")) << "once for a request";
  watch(all_events | monitor_flag::no_abbrev | monitor_flag::only_own,
        [](FlowMonitor& monitor) { monitor.command = FlowMonitorCommand::modify; });
  change("cookie=1,in_port=1,actions=drop", FlowModCommand::add, this);
  change("cookie=2,in_port=2,actions=drop");
  EXPECT_THAT(told(), ElementsAre("added 1"));
}

TEST_F(MonitorStory, OnlyOnesOwnAreAbbreviatedUnlessInFull) {
  watch(all_events | monitor_flag::only_own);
  change("cookie=1,in_port=1,actions=drop", FlowModCommand::add, this);
  change("cookie=2,in_port=2,actions=drop");
  EXPECT_THAT(told(), ElementsAre("own 77"));
}

// The first of the monitors that match decided alone.
TEST_F(MonitorStory, MonitorsOfOneRuleAddUp) {
  const auto watch_port = [&](uint32_t id, uint16_t flags) {
    watch(
        flags, [](FlowMonitor& monitor) { monitor.match = flow("in_port=1,actions=drop").match; }, id);
  };
  watch(all_events | monitor_flag::only_own);
  watch_port(2, all_events | monitor_flag::no_abbrev | monitor_flag::instructions);
  change("cookie=1,in_port=1,actions=output:2", FlowModCommand::add, this);
  EXPECT_EQ(last_.instructions, flow("actions=output:2").instructions);
  change("cookie=2,in_port=2,actions=output:2", FlowModCommand::add, this);
  change("cookie=1,in_port=1,actions=drop");
  change("cookie=2,in_port=2,actions=drop");
  EXPECT_THAT(told(), ElementsAre("added 1", "own 77", "modified 1"));
}

TEST_F(MonitorStory, ARuleThatTurnsAwayFromTheWatchedPortHasChanged) {
  watch(all_events, [](FlowMonitor& monitor) { monitor.out_port = OfPort{2}; });
  change("cookie=1,in_port=1,actions=output:1");
  change("cookie=1,in_port=1,actions=output:2", FlowModCommand::modify);
  change("cookie=1,in_port=1,actions=output:1", FlowModCommand::modify);
  change("in_port=1", FlowModCommand::remove);
  EXPECT_THAT(told(), ElementsAre("modified 1", "modified 1"));
}

// Nobody remembers whose they are.
TEST_F(MonitorStory, WhatIsThereAndWhatWasMissedIsToldToWhoWantsOnlyHisOwn) {
  change("cookie=1,in_port=1,actions=drop");
  watch(all_events | monitor_flag::initial | monitor_flag::only_own);
  EXPECT_THAT(initial(), ElementsAre("initial 1"));
  EXPECT_THAT(missed(), IsEmpty());
  has_room_ = false;
  change("cookie=2,in_port=2,actions=drop", FlowModCommand::add, this);
  has_room_ = true;
  EXPECT_THAT(missed(), ElementsAre("added 2"));
}

TEST_F(MonitorStory, WhatIsThereIsToldFirst) {
  change("cookie=1,in_port=1,actions=drop");
  change("cookie=2,in_port=2,actions=drop");
  watch(all_events | monitor_flag::initial);
  EXPECT_TRUE(monitors_->is_behind());
  change("cookie=3,in_port=3,actions=drop");
  change("in_port=2", FlowModCommand::remove_strict);
  EXPECT_THAT(told(), IsEmpty()) << "not before what was there";
  EXPECT_THAT(initial(), UnorderedElementsAre("initial 1", "initial 2"));
  EXPECT_THAT(missed(), UnorderedElementsAre("added 3", "removed 2"));
  EXPECT_FALSE(monitors_->is_behind());
  change("cookie=4,in_port=4,actions=drop");
  EXPECT_THAT(told(), ElementsAre("added 4"));
}

TEST_F(MonitorStory, WhoHasNoRoomIsToldTheDifferenceLater) {
  watch(all_events);
  change("cookie=1,in_port=1,actions=drop");
  change("cookie=2,in_port=2,actions=drop");
  told();
  has_room_ = false;
  change("cookie=3,in_port=3,actions=drop");
  change("cookie=1,in_port=1,actions=output:2", FlowModCommand::modify);
  change("in_port=2", FlowModCommand::remove_strict);
  change("cookie=4,in_port=4,actions=drop");
  change("in_port=4", FlowModCommand::remove_strict);
  sw_.settle();
  has_room_ = true;
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(missed(), UnorderedElementsAre("added 3", "modified 1", "removed 2"));
  change("cookie=5,in_port=5,actions=drop");
  EXPECT_THAT(told(), ElementsAre("added 5"));
}

TEST_F(MonitorStory, ManyChangesAtOnceAreFoundByComparing) {
  watch(all_events);
  auto bundle = sw_.bridge().make_bundle();
  for (uint32_t i = 0; i < 3000; ++i) {
    openflow::FlowMod message = flow("actions=drop");
    message.cookie = i;
    message.match.set(FieldId::metadata, i);
    ASSERT_TRUE(bundle->add(message, i, {}));
  }
  sw_.bridge().commit(std::move(bundle), [](const auto&) {});
  sw_.settle();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(missed(), testing::SizeIs(3000));
}

TEST_F(MonitorStory, RefusesWhatTheSpecificationSays) {
  using openflow::ErrorCode;
  const auto refusal = [&](FlowMonitor monitor) { return monitors_->change({std::move(monitor)}).error(); };
  watch(all_events);
  EXPECT_TRUE(refusal({.id = 1, .match = {}}).is(ErrorCode::ofpmofc_monitor_exists));
  EXPECT_TRUE(
      refusal({.id = 2, .command = FlowMonitorCommand::remove, .match = {}}).is(ErrorCode::ofpmofc_unknown_monitor));
  EXPECT_TRUE(refusal({.id = 2, .flags = 0x80, .match = {}}).is(ErrorCode::ofpmofc_bad_flags));
  EXPECT_TRUE(refusal({.id = 2, .table_id = 254, .match = {}}).is(ErrorCode::ofpmofc_bad_table_id));
  EXPECT_TRUE(monitors_->change({{.id = 1, .command = FlowMonitorCommand::remove, .match = {}}}));
  EXPECT_TRUE(monitors_->empty());
  change("cookie=1,in_port=1,actions=drop");
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(MonitorStory, OutlivesItsBridgeQuietly) {
  auto& bridge = sw_.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  auto monitors = bridge.make_monitors(this, [](const FlowMonitors::Updates&) { return true; });
  ASSERT_TRUE(monitors->change({{.id = 1, .flags = all_events | monitor_flag::initial, .match = {}}}));
  ASSERT_TRUE(sw_.the_switch().remove_bridge("br1"));
  sw_.settle();
  FlowMonitors::Updates updates;
  EXPECT_FALSE(monitors->next_initial(updates));
  EXPECT_FALSE(monitors->catch_up(updates));
  EXPECT_TRUE(monitors->change({{.id = 2, .match = {}}}));
}

}  // namespace
}  // namespace weft
