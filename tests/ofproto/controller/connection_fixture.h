// Connections of one bridge over socket pairs, each with the peer at its other end.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "tests/ofproto/controller/peer.h"
#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {

inline std::array<int, 2> socket_pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  return fds;
}

// A connection and its peer, hands shaken.
struct Line {
  Line(EventLoop& loop, ConnectionContext& context, const ConnectionOptions& options = {}) : Line(loop, socket_pair()) {
    ConnectionHooks hooks;
    hooks.closed = [this](const std::string& why) { reason = why; };
    hooks.message = [this](const openflow::Bytes&) { ++messages; };
    connection = std::make_shared<Connection>(context, stream_of(loop, fds[0]), options, std::move(hooks));
    connection->start();
    peer.receive<openflow::Hello>();
    peer.hello();
    EXPECT_TRUE(turn_until(loop, [&] { return connection->is_ready(); }));
  }
  ~Line() { connection->abandon("test over"); }

  const std::array<int, 2> fds;
  Peer peer;
  std::shared_ptr<Connection> connection;
  std::optional<std::string> reason;
  size_t messages = 0;  // both ways

 private:
  Line(EventLoop& loop, std::array<int, 2> pair) : fds(pair), peer(loop, pair[1]) {}
};

struct LinesTest : testing::Test {
  ~LinesTest() override { settle(); }
  void settle() {
    while (loop.poll() != 0) {
    }
  }

  EventLoop loop;
  FakeBridge bridge;
  ConnectionContext context = context_of(loop, bridge);
};

inline PacketInEvent packet_in(size_t size) {
  PacketInEvent event;
  event.message.match.set(FieldId::in_port, 1);
  event.message.data.resize(size);
  event.message.total_len = static_cast<uint16_t>(size);
  return event;
}

}  // namespace weft::ofproto
