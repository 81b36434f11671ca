// Connection: one OpenFlow peer over a stream socket, from HELLO to the end.
//
// Bytes come in, are cut into messages and handled in order (ofproto/message); an echo request is answered when it is
// read, whatever else waits. Handling stops after 5 ms to let others in, and while the peer does not take what it was
// sent: then nothing more is read, and events (packet-in, flow-removed, port-status) are dropped and counted. A peer
// that for a minute does not take what it was sent is let go, so that a dump that nobody reads does not hold on to the
// versions of the tables that it shows. So a peer that floods, stalls or sends garbage costs a bounded amount of memory
// for a bounded time, and only itself time.
//
// Threads:   control thread.
// Ownership: shared with its own pending operations; close() ends them. Hooks are not called after close().
#pragma once

// Asio of Boost 1.74 uses std::exchange without including it.
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/openflow/codec.h"
#include "lib/os/event_loop.h"
#include "ofproto/bridge/bridge_listener.h"
#include "ofproto/controller/token_bucket.h"
#include "ofproto/message/request.h"

namespace weft::ofproto {

// A controller is told everything; a service connection asks for events with a non-zero miss_send_len; a snoop gets
// copies of what controllers send and receive, and its requests are ignored.
enum class ConnectionKind : uint8_t { controller, service, snoop };

struct ConnectionHooks {
  std::function<void()> ready;                          // a version is agreed
  std::function<void(const std::string&)> closed;       // with the reason
  std::function<void(const openflow::Bytes&)> message;  // each one, both ways
};

class Connection : public Session, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(EventLoop& loop, Socket socket, Bridge& bridge, const SwitchDescription& description, ConnectionKind kind,
             ConnectionHooks hooks);
  ~Connection() override;

  void start();  // sends HELLO
  void close(const std::string& reason);
  void abandon(const std::string& reason);  // close() that tells nobody

  // Zero: never. After so long a silence an echo request goes out, after twice that the connection ends. When ready.
  void set_inactivity_probe(Duration interval);
  // How long the peer may leave output untaken: a minute, unless told otherwise.
  void set_stall_limit(Duration limit) { stall_limit_ = limit; }
  void set_packet_in_limit(std::optional<uint32_t> rate, std::optional<uint32_t> burst);

  bool is_ready() const { return version_.has_value() && is_open_; }
  uint64_t dropped_event_count() const { return dropped_events_; }

  void tell_packet_in(const PacketInEvent& event);
  void tell(const openflow::Message& event);  // flow-removed, port-status
  void copy(const openflow::Bytes& message);  // to a snoop

  bool is_open() const override { return is_open_; }
  Bridge& bridge() override { return bridge_; }
  openflow::Version version() const override { return *version_; }
  const SwitchDescription& description() const override { return description_; }
  void send(openflow::Bytes message) override;
  void when_writable(std::function<void()> task) override;
  bool has_room() const override;
  void finish_request() override;

 private:
  void read();
  void take(size_t count);
  void accept_message(openflow::Bytes message);
  void agree_on_version(const openflow::Bytes& message);
  void handle_waiting();
  void close_when_written(const std::string& reason);
  void answer_echo(const openflow::Bytes& message);
  void handle_one(openflow::Bytes message);
  void write();
  void written();
  void close_stalled();
  void run_tasks_later();
  void probe();
  void watch_bundles();
  bool wants_events() const;
  bool has_room_for_event();

  EventLoop& loop_;
  Socket socket_;
  Bridge& bridge_;
  const SwitchDescription& description_;
  const ConnectionKind kind_;
  ConnectionHooks hooks_;

  std::optional<openflow::Version> version_;
  bool is_open_ = true;
  std::optional<std::string> last_words_;  // why it closes when all is written

  openflow::Bytes chunk_;                 // what one read fills
  openflow::Bytes input_;                 // a message that is not whole yet
  std::deque<openflow::Bytes> requests_;  // whole ones, not handled yet
  size_t request_bytes_ = 0;
  bool is_reading_ = false;
  bool is_handling_ = false;  // a request has not finished
  bool is_in_loop_ = false;   // handle_waiting is on the stack
  bool is_posted_ = false;    // handle_waiting will be

  std::deque<openflow::Bytes> output_;
  size_t output_bytes_ = 0;
  openflow::Bytes being_written_;
  bool is_writing_ = false;
  Duration stall_limit_ = std::chrono::minutes(1);
  Timer stall_timer_;
  std::deque<std::function<void()>> when_writable_;  // a closed connection has none

  TokenBucket packet_ins_;
  uint64_t dropped_events_ = 0;
  Duration probe_interval_{};
  std::chrono::steady_clock::time_point last_heard_;
  bool is_probing_ = false;
  Timer probe_timer_;
  bool is_watching_bundles_ = false;
  Timer bundle_timer_;
};

}  // namespace weft::ofproto
