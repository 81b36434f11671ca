// One connection over a socket pair, with a bridge that answers when the test says so.
#include "ofproto/controller/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/ofproto/controller/connection_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;

struct ConnectionTest : testing::Test {
  explicit ConnectionTest(ConnectionKind kind = ConnectionKind::controller) { connect(kind); }
  ~ConnectionTest() override {
    if (connection) {
      connection->abandon("test over");
    }
    connection.reset();
    while (loop.poll() != 0) {
    }
  }

  void connect(ConnectionKind kind) {
    const auto fds = socket_pair();
    ConnectionHooks hooks;
    hooks.ready = [this] { is_ready = true; };
    hooks.closed = [this](const std::string& why) { reason = why; };
    hooks.message = [this](const Bytes&) { ++messages; };
    ConnectionOptions options;
    options.kind = kind;
    connection = std::make_shared<Connection>(context, stream_of(loop, fds[0]), options, std::move(hooks));
    peer.emplace(loop, fds[1]);
    connection->start();
  }
  void shake_hands() {
    peer->receive<Hello>();
    peer->hello();
    ASSERT_TRUE(turn_until(loop, [&] { return is_ready; }));
  }
  void tell_port_status() { connection->tell(AsyncKind::port_status, 0, PortStatus{}); }
  // Everything sent so far has been read and handled.
  void settle() {
    while (loop.poll() != 0) {
    }
  }

  EventLoop loop;
  FakeBridge bridge;
  ConnectionContext context = context_of(loop, bridge);
  std::shared_ptr<Connection> connection;
  std::optional<Peer> peer;
  bool is_ready = false;
  std::optional<std::string> reason;
  int messages = 0;
};

TEST_F(ConnectionTest, SaysHelloWithItsVersions) {
  const auto hello = peer->receive<Hello>();
  ASSERT_TRUE(hello.versions);
  EXPECT_TRUE(hello.versions->has(Version::v1_3));
  EXPECT_FALSE(is_ready);
  peer->hello();
  EXPECT_TRUE(turn_until(loop, [&] { return is_ready; }));
  EXPECT_EQ(connection->version(), Version::v1_3);
}

TEST_F(ConnectionTest, AgreesWithoutABitmap) {
  peer->receive<Hello>();
  peer->send(Bytes{6, 0, 0, 8, 0, 0, 0, 1});  // 1.5 or anything below
  ASSERT_TRUE(turn_until(loop, [&] { return is_ready || reason; }));
  EXPECT_TRUE(is_ready);
}

TEST_F(ConnectionTest, APeerWithoutACommonVersionIsTold) {
  peer->receive<Hello>();
  peer->send(Bytes{2, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 4});  // a bitmap of 1.1 alone
  const auto error = peer->receive<Error>();
  EXPECT_EQ(error.error, OpenFlowError(ErrorCode::ofphfc_incompatible));
  const std::string text(error.data.begin(), error.data.end());
  EXPECT_NE(text.find("OpenFlow13"), std::string::npos) << text;
  EXPECT_NE(text.find("you speak OpenFlow11: no version in common"), std::string::npos) << text;
  EXPECT_TRUE(peer->is_at_end());
  EXPECT_EQ(reason, "no OpenFlow version in common");
  EXPECT_FALSE(is_ready);
}

TEST_F(ConnectionTest, SomethingElseThanHelloEndsIt) {
  peer->send(1, FeaturesRequest{});
  EXPECT_TRUE(turn_until(loop, [&] { return reason.has_value(); }));
  EXPECT_EQ(reason, "message type 5 where HELLO was due");
}

TEST_F(ConnectionTest, GarbageEndsIt) {
  shake_hands();
  peer->send(Bytes{'G', 'E', 0, 3, ' ', '/', ' ', 'H'});
  ASSERT_TRUE(turn_until(loop, [&] { return reason.has_value(); }));
  EXPECT_NE(reason->find("bad length"), std::string::npos) << *reason;
}

// The loop kept them, and outlived the bridge whose tables they were walking.
TEST_F(ConnectionTest, WhatWasToBeDoneLaterGoesWithTheConnection) {
  shake_hands();
  auto walk = std::make_shared<int>();
  const std::weak_ptr<int> watched = walk;
  connection->when_writable([walk = std::move(walk)] { ADD_FAILURE() << "runs although the connection has gone"; });
  EXPECT_FALSE(watched.expired());
  connection->abandon("the bridge is going");
  EXPECT_TRUE(watched.expired());
  settle();
}

TEST_F(ConnectionTest, AMessageOfAnotherVersionIsRefused) {
  shake_hands();
  peer->send(Bytes{1, 5, 0, 8, 0, 0, 0, 9});
  const auto error = peer->receive<Error>();
  EXPECT_EQ(error.error, OpenFlowError(ErrorCode::ofpbrc_bad_version));
  EXPECT_FALSE(reason);
}

TEST_F(ConnectionTest, WhatOnlyASwitchSendsIsRefusedAsSuch) {
  shake_hands();
  peer->send(Bytes{4, 10, 0, 16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0});  // a packet-in, and a bad one
  EXPECT_EQ(peer->receive<Error>().error, OpenFlowError(ErrorCode::ofpbrc_bad_type));
}

TEST_F(ConnectionTest, AnUnknownTypeIsRefusedWithItsBytes) {
  shake_hands();
  const Bytes unknown{4, 99, 0, 12, 0, 0, 0, 9, 1, 2, 3, 4};
  peer->send(unknown);
  const auto envelope = peer->receive();
  EXPECT_EQ(envelope.xid, 9u);
  const auto& error = std::get<Error>(envelope.message);
  EXPECT_EQ(error.error, OpenFlowError(ErrorCode::ofpbrc_bad_type));
  EXPECT_EQ(error.data, unknown);
}

TEST_F(ConnectionTest, ALengthThatLiesIsRefused) {
  shake_hands();
  peer->send(Bytes{4, 14, 0, 16, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8});  // a flow-mod of 16 bytes
  EXPECT_EQ(peer->receive<Error>().error, OpenFlowError(ErrorCode::ofpbrc_bad_len));
  peer->send(2, FeaturesRequest{});
  peer->receive<FeaturesReply>();
}

TEST_F(ConnectionTest, MessagesComeInPieces) {
  shake_hands();
  for (const uint8_t byte : encode(Version::v1_3, 3, EchoRequest{{1, 2, 3}})) {
    peer->send(Bytes{byte});
    settle();
  }
  EXPECT_EQ(peer->receive<EchoReply>().data, (std::vector<uint8_t>{1, 2, 3}));
}

TEST_F(ConnectionTest, RequestsAreHandledInOrder) {
  shake_hands();
  peer->send(1, flow_with_cookie(1));
  peer->send(2, flow_with_cookie(2));
  peer->send(3, BarrierRequest{});
  peer->send(4, flow_with_cookie(3));
  EXPECT_TRUE(peer->is_silent());
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 1", "flow_mod 2", "barrier"));
  bridge.answer_barrier();
  EXPECT_EQ(peer->receive().xid, 3u);
  settle();
  EXPECT_THAT(bridge.asked, ElementsAre("flow_mod 1", "flow_mod 2", "barrier", "flow_mod 3"));
}

TEST_F(ConnectionTest, AnEchoDoesNotWaitForABarrier) {
  shake_hands();
  peer->send(1, BarrierRequest{});
  peer->send(2, EchoRequest{});
  EXPECT_EQ(peer->receive().xid, 2u);
  bridge.answer_barrier();
  EXPECT_EQ(peer->receive().xid, 1u);
}

TEST_F(ConnectionTest, WhatWaitsIsBounded) {
  shake_hands();
  peer->send(1, BarrierRequest{});
  settle();
  // 16 MB of requests behind a barrier: most of them stay in the socket.
  const auto flow = encode(Version::v1_3, 2, flow_with_cookie(1));
  int rejected = 0;
  for (size_t sent = 0; sent < 16u << 20 && rejected < 100; sent += flow.size()) {
    if (::send(peer->fd(), flow.data(), flow.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      ++rejected;
      settle();
    }
  }
  EXPECT_EQ(rejected, 100);
  EXPECT_FALSE(reason);
}

// Replies to echo requests were queued without a bound.
TEST_F(ConnectionTest, AnEchoFloodIsNotReadWhileRepliesAreNotTaken) {
  shake_hands();
  const auto echo = encode(Version::v1_3, 2, EchoRequest{std::vector<uint8_t>(4096)});
  int rejected = 0;
  for (size_t sent = 0; sent < 64u << 20 && rejected < 100; sent += echo.size()) {
    if (::send(peer->fd(), echo.data(), echo.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      ++rejected;
      settle();
    }
  }
  EXPECT_EQ(rejected, 100);
}

TEST_F(ConnectionTest, APacketInCarriesTheWholePacket) {
  shake_hands();
  connection->tell_packet_in(packet_in(1500));
  EXPECT_EQ(peer->receive<PacketIn>().data.size(), 1500u);
}

// A merged frame is as long as the longest message, which then has no room for its header.
TEST_F(ConnectionTest, APacketInFitsOneMessage) {
  shake_hands();
  connection->tell_packet_in(packet_in(65535));
  const auto message = peer->receive<PacketIn>();
  EXPECT_EQ(message.total_len, 65535);
  EXPECT_GT(message.data.size(), 60000u);
}

TEST_F(ConnectionTest, EventsAreDroppedWhenThePeerDoesNotRead) {
  shake_hands();
  constexpr size_t count = 1000;
  for (size_t i = 0; i < count; ++i) {
    connection->tell_packet_in(packet_in(60000));
    settle();
  }
  const auto dropped = connection->dropped_event_count();
  EXPECT_GT(dropped, count * 8 / 10) << "about 4 MB are kept";
  for (size_t i = dropped; i < count; ++i) {
    peer->receive<PacketIn>();
  }
  EXPECT_TRUE(peer->is_silent());
  connection->tell_packet_in(packet_in(60));
  EXPECT_EQ(peer->receive<PacketIn>().data.size(), 60u);
}

TEST_F(ConnectionTest, PacketInsAreLimited) {
  shake_hands();
  connection->set_packet_in_limit({.rate = 1, .burst = 3, .queue_size = 1});
  for (int i = 0; i < 10; ++i) {
    connection->tell_packet_in(packet_in(60));
  }
  EXPECT_EQ(connection->dropped_event_count(), 6u) << "one waits";
}

TEST_F(ConnectionTest, ALongDumpWaitsForThePeer) {
  shake_hands();
  for (uint64_t cookie = 0; cookie < 50'000; ++cookie) {
    FlowStats flow;
    flow.cookie = cookie;
    bridge.flows.push_back(flow);
  }
  peer->send(1, FlowStatsRequest{});
  settle();
  size_t entries = 0;
  for (bool more = true; more && !HasFailure();) {
    const auto envelope = peer->receive();
    more = envelope.more;
    entries += std::get<FlowStatsReply>(envelope.message).entries.size();
  }
  EXPECT_EQ(entries, 50'000u);
}

TEST_F(ConnectionTest, ASilentPeerIsProbedAndThenLetGo) {
  shake_hands();
  connection->set_inactivity_probe(std::chrono::milliseconds(200));
  peer->receive<EchoRequest>();
  peer->send(0, EchoReply{});
  peer->receive<EchoRequest>();
  EXPECT_FALSE(reason);
  EXPECT_TRUE(peer->is_at_end());
  EXPECT_EQ(reason, "no answer to an inactivity probe");
}

// A timer that came later than the answer had taken saw a whole interval of silence, and took it for the probe's.
TEST_F(ConnectionTest, APeerThatAnsweredIsProbedAgainHoweverLateTheTimer) {
  shake_hands();
  const auto interval = std::chrono::milliseconds(200);
  connection->set_inactivity_probe(interval);
  peer->receive<EchoRequest>();
  peer->send(0, EchoReply{});
  while (loop.poll() != 0) {
  }
  std::this_thread::sleep_for(interval + std::chrono::milliseconds(20));  // the loop does not turn
  peer->receive<EchoRequest>();
  EXPECT_FALSE(reason);
}

// It took up to three intervals: the silence was rounded up to whole ones.
TEST_F(ConnectionTest, AProbeComesAfterOneIntervalOfSilence) {
  shake_hands();
  const auto interval = std::chrono::milliseconds(200);
  const auto begin = std::chrono::steady_clock::now();
  connection->set_inactivity_probe(interval);
  peer->send(1, EchoRequest{});  // in the first interval
  peer->receive<EchoReply>();
  const auto heard = std::chrono::steady_clock::now();
  peer->receive<EchoRequest>();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, interval);
  EXPECT_TRUE(peer->is_at_end());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2 * interval);
  EXPECT_LT(std::chrono::steady_clock::now() - heard, 2 * interval + std::chrono::milliseconds(150));
}

TEST_F(ConnectionTest, APeerThatLeavesIsNoticed) {
  shake_hands();
  peer->close();
  EXPECT_TRUE(turn_until(loop, [&] { return reason.has_value(); }));
  EXPECT_FALSE(connection->is_ready());
}

// The bridge and the connection's owner go while callbacks are pending.
TEST_F(ConnectionTest, NothingIsReachedAfterTheEnd) {
  shake_hands();
  bridge.collects_at_once = false;
  peer->send(1, AggregateStatsRequest{});
  ASSERT_TRUE(turn_until(loop, [&] { return !bridge.collects.empty(); }));
  const auto done = bridge.collects.front();
  connection->abandon("the bridge is going");
  done();
  EXPECT_FALSE(reason) << "an abandoned connection tells nobody";
  connection.reset();
  settle();
  done();
}

struct ServiceConnectionTest : ConnectionTest {
  ServiceConnectionTest() : ConnectionTest(ConnectionKind::service) {}
};

TEST_F(ServiceConnectionTest, EventsComeOnlyAfterAMissSendLen) {
  shake_hands();
  connection->tell_packet_in(packet_in(60));
  tell_port_status();
  EXPECT_TRUE(peer->is_silent());
  SetConfig change;
  change.config.miss_send_len = 128;
  peer->send(1, change);
  peer->send(2, BarrierRequest{});
  ASSERT_TRUE(turn_until(loop, [&] { return !bridge.barriers.empty(); }));
  connection->tell_packet_in(packet_in(60));
  peer->receive<PacketIn>();
}

// Such a dump kept its version of the tables for ever.
TEST_F(ServiceConnectionTest, APeerThatDoesNotReadItsDumpIsLetGo) {
  shake_hands();
  connection->set_stall_limit(std::chrono::milliseconds(50));
  for (uint64_t cookie = 0; cookie < 50'000; ++cookie) {
    FlowStats flow;
    flow.cookie = cookie;
    bridge.flows.push_back(flow);
  }
  peer->send(1, FlowStatsRequest{});
  ASSERT_TRUE(turn_until(loop, [&] { return reason.has_value(); }));
  EXPECT_EQ(reason, "the peer has not taken what it was sent for 0.05 s");
  settle();
  EXPECT_EQ(bridge.dumps_in_progress.use_count(), 1) << "what the dump held is free";
  EXPECT_TRUE(peer->receive().more) << "it had begun";
}

TEST_F(ServiceConnectionTest, APeerThatReadsItsDumpMayTakeItsTime) {
  shake_hands();
  connection->set_stall_limit(std::chrono::seconds(1));
  peer->send(1, EchoRequest{});
  peer->receive<EchoReply>();
  loop.run_for(std::chrono::milliseconds(1200));
  EXPECT_FALSE(reason) << "nothing waits for the peer";
}

struct SnoopTest : ConnectionTest {
  SnoopTest() : ConnectionTest(ConnectionKind::snoop) {}
};

TEST_F(SnoopTest, GetsCopiesAndIsNotListenedTo) {
  shake_hands();
  peer->send(1, flow_with_cookie(1));
  peer->send(2, EchoRequest{});
  EXPECT_EQ(peer->receive().xid, 2u);
  EXPECT_TRUE(bridge.asked.empty());
  connection->tell_packet_in(packet_in(60));
  connection->copy(encode(Version::v1_3, 77, BarrierRequest{}));
  EXPECT_EQ(peer->receive().xid, 77u);
}

}  // namespace
}  // namespace weft::ofproto
