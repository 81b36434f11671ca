// Masks of asynchronous configuration, and reasons as each version knows them.
#include "ofproto/controller/event_filter.h"

#include <gtest/gtest.h>

#include "lib/openflow/port_message.h"
#include "lib/openflow/table_message.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names

template <typename Reason>
bool is_told(Role role, AsyncKind kind, Reason reason) {
  return lets_through(default_async_config(), role, kind, static_cast<unsigned>(reason));
}

TEST(EventFilter, WhoIsToldOfWhatAtFirst) {
  for (const Role role : {Role::equal, Role::primary}) {
    EXPECT_TRUE(is_told(role, AsyncKind::packet_in, PacketInReason::no_match));
    EXPECT_TRUE(is_told(role, AsyncKind::packet_in, PacketInReason::packet_out));
    EXPECT_FALSE(is_told(role, AsyncKind::packet_in, PacketInReason::invalid_ttl));
    EXPECT_TRUE(is_told(role, AsyncKind::flow_removed, FlowRemovedReason::eviction));
    EXPECT_TRUE(is_told(role, AsyncKind::port_status, PortStatusReason::modified));
    EXPECT_TRUE(is_told(role, AsyncKind::table_status, TableStatusReason::vacancy_up));
    EXPECT_FALSE(is_told(role, AsyncKind::controller_status, ControllerStatusReason::role));
  }
  EXPECT_FALSE(is_told(Role::secondary, AsyncKind::packet_in, PacketInReason::action));
  EXPECT_FALSE(is_told(Role::secondary, AsyncKind::flow_removed, FlowRemovedReason::removed));
  EXPECT_TRUE(is_told(Role::secondary, AsyncKind::port_status, PortStatusReason::added));
  EXPECT_TRUE(is_told(Role::secondary, AsyncKind::role_status, RoleStatusReason::primary_request));
}

TEST(EventFilter, AReasonBeyondTheMaskIsNotTold) {
  AsyncConfig all;
  all.primary.fill(~0U);
  EXPECT_TRUE(lets_through(all, Role::primary, AsyncKind::packet_in, 31));
  EXPECT_FALSE(lets_through(all, Role::primary, AsyncKind::packet_in, 32));
}

TEST(EventFilter, EarlierVersionsKnowFewerReasons) {
  EXPECT_EQ(reason_in(Version::v1_3, PacketInReason::group), 1u);
  EXPECT_EQ(reason_in(Version::v1_4, PacketInReason::group), 4u);
  EXPECT_EQ(reason_in(Version::v1_3, PacketInReason::invalid_ttl), 2u);
  EXPECT_EQ(reason_in(Version::v1_0, FlowRemovedReason::group_removed), 2u);
  EXPECT_EQ(reason_in(Version::v1_3, FlowRemovedReason::group_removed), 3u);
  EXPECT_EQ(reason_in(Version::v1_3, FlowRemovedReason::eviction), 2u);
  EXPECT_EQ(reason_in(Version::v1_4, FlowRemovedReason::eviction), 5u);
}

}  // namespace
}  // namespace weft::ofproto
