// Flow monitors as messages: what is asked of the bridge, and in what form and order a session is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/message/fake_session.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

struct Dialect {
  Version version;
  Form form;
};
constexpr Dialect dialects[] = {{Version::v1_0, Form::nicira},
                                {Version::v1_3, Form::onf},
                                {Version::v1_4, Form::standard},
                                {Version::v1_5, Form::standard}};

FlowUpdate update_of(FlowUpdateEvent event, uint64_t cookie) {
  FlowUpdate update;
  update.event = event;
  update.cookie = cookie;
  return update;
}

struct MonitorTest : testing::TestWithParam<Dialect> {
  MonitorTest() { session->speaks = GetParam().version; }

  void request(const FlowMonitor& monitor) {
    const FlowMonitorRequest message{{monitor}};
    const Dialect& said = GetParam();
    handle(session, {.version = said.version, .xid = 7, .message = message, .form = said.form},
           encode(said.version, 7, message, false, said.form));
  }
  void watch(uint16_t flags) {
    FlowMonitor monitor;
    monitor.id = 1;
    monitor.flags = flags;
    request(monitor);
  }
  // The events of each message, by number.
  std::vector<FlowUpdateEvent> told() {
    std::vector<FlowUpdateEvent> events;
    for (const Envelope& answer : session->answers()) {
      EXPECT_EQ(answer.form, GetParam().form);
      for (const FlowUpdate& update : std::get<FlowMonitorReply>(answer.message).entries) {
        events.push_back(update.event);
      }
    }
    return events;
  }

  std::shared_ptr<FakeSession> session = std::make_shared<FakeSession>();
  FakeBridge& bridge = session->the_bridge;
};

TEST_P(MonitorTest, WhatIsThereIsTheAnswer) {
  bridge.initial_updates = {update_of(FlowUpdateEvent::added, 5)};
  watch(monitor_flag::initial | monitor_flag::add);
  const auto answers = session->answers();
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers[0].xid, 7U);
  EXPECT_EQ(std::get<FlowMonitorReply>(answers[0].message).entries.at(0).cookie, 5U);
  EXPECT_EQ(session->finished, 1);
}

TEST_P(MonitorTest, WhatChangesIsToldUnasked) {
  watch(monitor_flag::add);
  session->answers();
  ASSERT_TRUE(bridge.tell_monitors({update_of(FlowUpdateEvent::added, 6)}));
  const auto answers = session->answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].xid, 0U);
  EXPECT_EQ(std::get<FlowMonitorReply>(answers[0].message).entries.at(0).cookie, 6U);
}

TEST_P(MonitorTest, WhoIsSlowIsToldThatHeIsAndTheDifferenceLater) {
  watch(monitor_flag::add);
  session->answers();
  session->room = false;
  EXPECT_FALSE(bridge.tell_monitors({update_of(FlowUpdateEvent::added, 6)}));
  bridge.missed_updates = {update_of(FlowUpdateEvent::modified, 4), update_of(FlowUpdateEvent::added, 6)};
  session->room = true;
  EXPECT_THAT(told(), ElementsAre(FlowUpdateEvent::paused, FlowUpdateEvent::modified, FlowUpdateEvent::added,
                                  FlowUpdateEvent::resumed));
}

TEST_P(MonitorTest, ALargeChangeIsNoPause) {
  watch(monitor_flag::add);
  session->answers();
  EXPECT_FALSE(bridge.tell_monitors({}));
  bridge.missed_updates = {update_of(FlowUpdateEvent::added, 6)};
  EXPECT_THAT(told(), ElementsAre(FlowUpdateEvent::added));
}

TEST_P(MonitorTest, OnlyAnExtensionCancelsWithoutAnAnswer) {
  watch(monitor_flag::add);
  session->answers();
  FlowMonitor removal;
  removal.id = 1;
  removal.command = FlowMonitorCommand::remove;
  request(removal);
  EXPECT_EQ(session->answers().empty(), GetParam().form != Form::standard);
  EXPECT_EQ(session->finished, 2);
}

// Stock `ovs-ofctl monitor SWITCH watch:` was told of nothing in 1.4 and 1.5.
TEST_P(MonitorTest, OnlyOwnMeansInFullToATool) {
  constexpr uint16_t both = monitor_flag::only_own | monitor_flag::no_abbrev;
  const auto meant = [&](bool is_of_a_tool, uint16_t flags) {
    session->is_of_a_tool = is_of_a_tool;
    watch(monitor_flag::add | flags);
    return bridge.monitors.at(0).flags & both;
  };
  EXPECT_EQ(meant(false, monitor_flag::only_own), monitor_flag::only_own);
  EXPECT_EQ(meant(true, monitor_flag::only_own), monitor_flag::no_abbrev);
  EXPECT_EQ(meant(true, both), both);
  EXPECT_EQ(meant(true, monitor_flag::no_abbrev), monitor_flag::no_abbrev);
  EXPECT_EQ(meant(true, 0), 0);
}

INSTANTIATE_TEST_SUITE_P(Dialects, MonitorTest, testing::ValuesIn(dialects),
                         [](const auto& dialect) { return std::string(to_string(dialect.param.version)); });

}  // namespace
}  // namespace weft::ofproto
