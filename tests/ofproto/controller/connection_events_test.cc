// Roles, and what each controller is told unasked: two connections of one bridge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/controller/connection_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

struct EventsTest : LinesTest {
  RoleReply ask(Line& line, Role role, uint64_t generation) {
    line.peer.send(1, RoleRequest{.role = role, .generation_id = generation});
    return line.peer.receive<RoleReply>();
  }
  void tell_port_status(Line& line) { line.connection->tell(AsyncKind::port_status, 0, PortStatus{}); }
  void tell_flow_removed(Line& line) { line.connection->tell(AsyncKind::flow_removed, 0, FlowRemoved{}); }

  Line a{loop, context};
  Line b{loop, context};
};

TEST_F(EventsTest, RolesAreAskedForAndTold) {
  EXPECT_EQ(ask(a, Role::no_change, 0).role, Role::equal);
  EXPECT_EQ(ask(a, Role::primary, 7), (RoleReply{.role = Role::primary, .generation_id = 7}));
  b.peer.send(2, RoleRequest{.role = Role::primary, .generation_id = 6});
  EXPECT_EQ(b.peer.receive<Error>().error, OpenFlowError(ErrorCode::ofprrfc_stale));
  EXPECT_EQ(ask(b, Role::primary, 8).role, Role::primary);
  EXPECT_EQ(a.connection->role(), Role::secondary);
}

TEST_F(EventsTest, ASecondaryChangesNothing) {
  ask(a, Role::secondary, 1);
  const std::vector<Message> changes{flow_with_cookie(1),          GroupMod{}, PortMod{.port = OfPort{1}},
                                     PacketOut{.data = Bytes(60)}, TableMod{}, MeterMod{.meter = 1}};
  for (const Message& change : changes) {
    a.peer.send(5, change);
    EXPECT_EQ(a.peer.receive<Error>().error, OpenFlowError(ErrorCode::ofpbrc_is_secondary)) << message_name(change);
  }
  EXPECT_THAT(bridge.asked, IsEmpty());
  a.peer.send(6, FeaturesRequest{});
  a.peer.receive<FeaturesReply>();
  b.peer.send(7, flow_with_cookie(2));
  settle();
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 2"));
}

TEST_F(EventsTest, ASecondaryIsToldOfPortsOnly) {
  ask(a, Role::secondary, 1);
  a.connection->tell_packet_in(packet_in(60));
  tell_flow_removed(a);
  tell_port_status(a);
  a.peer.receive<PortStatus>();
  EXPECT_TRUE(a.peer.is_silent());
  tell_flow_removed(b);
  b.peer.receive<FlowRemoved>();
}

// The masks are of the role: they come back with it.
TEST_F(EventsTest, EachRoleHasItsOwnMasks) {
  SetAsync change;
  change.primary[static_cast<size_t>(AsyncKind::packet_in)] = 1U << static_cast<unsigned>(PacketInReason::invalid_ttl);
  change.secondary[static_cast<size_t>(AsyncKind::packet_in)] = 1U << static_cast<unsigned>(PacketInReason::no_match);
  change.primary[static_cast<size_t>(AsyncKind::port_status)] = 0;
  change.secondary[static_cast<size_t>(AsyncKind::port_status)] = 7;
  change.primary[static_cast<size_t>(AsyncKind::flow_removed)] = 0;
  change.secondary[static_cast<size_t>(AsyncKind::flow_removed)] = 0;
  a.connection->async = {};
  for (size_t kind = 0; kind < async_kind_count; ++kind) {
    a.connection->async.primary[kind] = change.primary[kind].value_or(0);
    a.connection->async.secondary[kind] = change.secondary[kind].value_or(0);
  }
  a.connection->tell_packet_in(packet_in(60));
  tell_port_status(a);
  EXPECT_TRUE(a.peer.is_silent());
  auto expired = packet_in(60);
  expired.message.reason = PacketInReason::invalid_ttl;
  a.connection->tell_packet_in(expired);
  EXPECT_EQ(a.peer.receive<PacketIn>().reason, PacketInReason::invalid_ttl);
  ask(a, Role::secondary, 1);
  a.connection->tell_packet_in(packet_in(60));
  EXPECT_EQ(a.peer.receive<PacketIn>().reason, PacketInReason::no_match);
  tell_port_status(a);
  a.peer.receive<PortStatus>();
}

TEST_F(EventsTest, TheControllerIdChooses) {
  a.connection->controller_id = 5;
  auto event = packet_in(60);
  event.controller_id = 5;
  a.connection->tell_packet_in(event);
  b.connection->tell_packet_in(event);
  EXPECT_EQ(a.peer.receive<PacketIn>().data.size(), 60u);
  EXPECT_TRUE(b.peer.is_silent());
  a.connection->tell_packet_in(packet_in(60));
  EXPECT_TRUE(a.peer.is_silent());
}

TEST_F(EventsTest, AControllerThatIsNotToldAsksFirst) {
  Line c(loop, context, {.is_told = false});
  tell_port_status(c);
  c.connection->tell_packet_in(packet_in(60));
  EXPECT_TRUE(c.peer.is_silent());
  c.connection->async.primary.fill(~0U);
  tell_port_status(c);
  c.peer.receive<PortStatus>();
}

TEST_F(EventsTest, AnAuxiliaryConnectionHasItsMainOnesRole) {
  Line aux(loop, context, {.main = a.connection.get(), .auxiliary_id = 3});
  aux.peer.send(1, FeaturesRequest{});
  EXPECT_EQ(aux.peer.receive<FeaturesReply>().auxiliary_id, 3);
  a.peer.send(1, FeaturesRequest{});
  EXPECT_EQ(a.peer.receive<FeaturesReply>().auxiliary_id, 0);
  EXPECT_EQ(ask(aux, Role::secondary, 1).role, Role::secondary);
  EXPECT_EQ(a.connection->role(), Role::secondary);
  aux.peer.send(2, flow_with_cookie(1));
  EXPECT_EQ(aux.peer.receive<Error>().error, OpenFlowError(ErrorCode::ofpbrc_is_secondary));
  tell_port_status(aux);
  EXPECT_TRUE(aux.peer.is_silent()) << "events go by the main connection";
}

TEST_F(EventsTest, WhatWaitsForTheRateComesLater) {
  a.connection->set_packet_in_limit({.rate = 100, .burst = 1, .queue_size = 10});
  for (int i = 0; i < 5; ++i) {
    a.connection->tell_packet_in(packet_in(60));
  }
  EXPECT_EQ(a.connection->miss_counters().backlog, 4u);
  for (int i = 0; i < 5; ++i) {
    a.peer.receive<PacketIn>();
  }
  EXPECT_EQ(a.connection->miss_counters().queued, 4u);
  EXPECT_EQ(a.connection->dropped_event_count(), 0u);
}

TEST_F(EventsTest, AnEndWithPacketInsWaiting) {
  a.connection->set_packet_in_limit({.rate = 1, .burst = 1, .queue_size = 10});
  for (int i = 0; i < 5; ++i) {
    a.connection->tell_packet_in(packet_in(60));
  }
  a.connection->close("test");
  EXPECT_EQ(a.connection->dropped_event_count(), 4u);
  EXPECT_EQ(a.connection->miss_counters().backlog, 0u);
}

// One that floods has a part of it handled, then it is the other's turn.
TEST_F(EventsTest, AFloodWaitsForTheOthersEcho) {
  const auto echo = encode(Version::v1_3, 1, EchoRequest{});
  Bytes flood;
  for (int i = 0; i < 100'000; ++i) {
    flood.insert(flood.end(), echo.begin(), echo.end());
  }
  const auto sent = ::send(a.peer.fd(), flood.data(), flood.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ASSERT_GT(sent, 128 * 1024) << "more than one read takes";
  ASSERT_EQ(::send(b.peer.fd(), echo.data(), echo.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
            static_cast<ssize_t>(echo.size()));
  const size_t before = a.messages;
  const size_t own = b.messages;
  while (b.messages < own + 2) {
    ASSERT_EQ(loop.context().poll_one(), 1u);
  }
  const size_t requests = (a.messages - before) / 2;
  EXPECT_LE(requests, 64 * 1024 / echo.size()) << "of " << static_cast<size_t>(sent) / echo.size();
}

}  // namespace
}  // namespace weft::ofproto
