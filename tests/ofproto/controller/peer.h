// The other end of an OpenFlow connection: a blocking socket, and a loop that is turned while waiting.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "lib/openflow/codec.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/connection.h"

namespace weft::ofproto {

inline constexpr auto patience = std::chrono::seconds(20);

// Turns the loop until `is_done`; false when patience is over.
template <typename Done>
bool turn_until(EventLoop& loop, Done is_done) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    if (loop.poll() == 0) {
      loop.run_for(std::chrono::milliseconds(1));
    }
  }
  return true;
}

// A bridge's, with nobody else on it.
inline ConnectionContext context_of(EventLoop& loop, Bridge& bridge) {
  return {.loop = loop,
          .bridge = bridge,
          .description = {},
          .versions = openflow::supported_versions(),
          .election = {},
          .settings_changed = [] {},
          .forward = [](const Session&, const openflow::Envelope&) {}};
}

inline std::unique_ptr<Stream> stream_of(EventLoop& loop, int fd) {
  return make_plain_stream(StreamSocket(loop.context(), boost::asio::generic::stream_protocol(AF_UNIX, 0), fd));
}

class Peer {
 public:
  Peer(EventLoop& loop, int fd, openflow::Version speaks = openflow::Version::v1_3)
      : loop_(loop), fd_(fd), speaks_(speaks) {}
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void close() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
  }

  // All of it, as the connection takes it.
  void send(const openflow::Bytes& bytes) {
    size_t at = 0;
    EXPECT_TRUE(turn_until(loop_, [&] {
      const auto count = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
      at += count > 0 ? static_cast<size_t>(count) : 0;
      return at == bytes.size();
    }));
  }
  void send(uint32_t xid, const openflow::Message& message) { send(openflow::encode(speaks_, xid, message)); }
  void hello() { send(0, openflow::Hello{.wire_version = 0, .versions = openflow::VersionSet{speaks_}}); }

  int fd() const { return fd_; }

  // The next message's bytes; empty when the connection has ended.
  openflow::Bytes receive_bytes() {
    EXPECT_TRUE(turn_until(loop_, [&] { return is_whole() || !read_some(); }));
    if (!is_whole()) {
      return {};
    }
    const size_t length = *openflow::frame_length(input_);
    openflow::Bytes message(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(length));
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(length));
    return message;
  }
  openflow::Envelope receive() {
    const auto bytes = receive_bytes();
    auto envelope = openflow::decode(speaks_, bytes);
    EXPECT_TRUE(envelope.has_value()) << bytes.size() << " bytes";
    return envelope ? *envelope : openflow::Envelope{};
  }
  template <typename Expected>
  Expected receive() {
    const auto envelope = receive();
    const auto* message = std::get_if<Expected>(&envelope.message);
    EXPECT_NE(message, nullptr) << openflow::message_name(envelope.message);
    return message == nullptr ? Expected{} : *message;
  }
  bool is_at_end() { return receive_bytes().empty(); }
  // Nothing has arrived when the loop has nothing left to do.
  bool is_silent() {
    while (loop_.poll() != 0) {
    }
    read_some();
    return input_.empty();
  }

 private:
  bool is_whole() const {
    const auto length = openflow::frame_length(input_);
    return length && *length != 0 && *length <= input_.size();
  }
  // False at the end of the stream.
  bool read_some() {
    uint8_t chunk[65536];
    const auto count = ::recv(fd_, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (count > 0) {
      input_.insert(input_.end(), chunk, chunk + count);
    }
    return count > 0 || (count < 0 && errno == EAGAIN);
  }

  EventLoop& loop_;
  int fd_;
  const openflow::Version speaks_;
  openflow::Bytes input_;
};

}  // namespace weft::ofproto
