// Connection: one OpenFlow peer over a stream, from HELLO to the end.
//
// Bytes come in, are cut into messages and handled in order (ofproto/message); an echo request is answered when it is
// read, whatever else waits. Reading and handling stop after a millisecond to let others in, and while the peer does not
// take what it was sent: then nothing more is read, and events (packet-in, flow-removed, port-status ...) are dropped
// and counted. A peer that for a minute does not take what it was sent is let go, so that a dump that nobody reads does
// not hold on to the versions of the tables that it shows. So a peer that floods, stalls or sends garbage costs a bounded
// amount of memory for a bounded time, and only itself time.
//
// connection.cc has the way in and out, connection_events.cc what the peer is told unasked.
//
// Threads:   control thread.
// Ownership: shared with its own pending operations; close() ends them. Hooks are not called after close(). What is in
//            ConnectionContext outlives it, or it is closed before.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/openflow/codec.h"
#include "lib/os/event_loop.h"
#include "ofproto/bridge/bridge_listener.h"
#include "ofproto/controller/election.h"
#include "ofproto/controller/packet_in_scheduler.h"
#include "ofproto/controller/stream.h"
#include "ofproto/message/request.h"

namespace weft::ofproto {

// A controller is told everything; a service connection asks for events with a non-zero miss_send_len; a snoop gets
// copies of what controllers send and receive, and its requests are ignored.
enum class ConnectionKind : uint8_t { controller, service, snoop };

// What the connections of a bridge have in common.
struct ConnectionContext {
  EventLoop& loop;
  Bridge& bridge;
  SwitchDescription description;
  openflow::VersionSet versions;  // that may be spoken
  Election election;
  std::function<void()> settings_changed;                                     // somebody wants other events now
  std::function<void(const Session& by, const openflow::Envelope&)> forward;  // to all but `by`
};

struct ConnectionOptions {
  ConnectionKind kind = ConnectionKind::controller;
  bool is_told = true;  // false: of events only what it asks for by asynchronous configuration
  PacketInLimit packet_ins = {};
  Session* main = nullptr;  // of an auxiliary connection: the main one, which outlives it
  uint8_t auxiliary_id = 0;
};

struct ConnectionHooks {
  std::function<void()> ready;                          // a version is agreed
  std::function<void(const std::string&)> closed;       // with the reason
  std::function<void(const openflow::Bytes&)> message;  // each one, both ways
};

class Connection : public Session, private Candidate, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionContext& context, std::unique_ptr<Stream> stream, ConnectionOptions options,
             ConnectionHooks hooks);
  ~Connection() override;

  void start();  // sends HELLO
  void close(const std::string& reason);
  void abandon(const std::string& reason);  // close() that tells nobody

  // Zero: never. After so long a silence an echo request goes out, after twice that the connection ends. When ready.
  void set_inactivity_probe(Duration interval);
  // How long the peer may leave output untaken: a minute, unless told otherwise.
  void set_stall_limit(Duration limit) { stall_limit_ = limit; }
  void set_packet_in_limit(const PacketInLimit& limit);

  bool is_ready() const { return was_ready() && is_open_; }
  bool was_ready() const { return version_.has_value(); }
  const std::string& peer() const { return uri(); }
  void close_unless(openflow::VersionSet versions);  // ends it, unless it speaks one of these
  ConnectionKind kind() const { return options_.kind; }
  uint64_t dropped_event_count() const { return dropped_events_; }
  // Of table misses, and of all other reasons.
  const PacketInCounters& miss_counters() const { return misses_.counters(); }
  const PacketInCounters& action_counters() const { return actions_.counters(); }

  // Above: no request is handled, events are dropped.
  static constexpr size_t max_output_bytes = 4 * 1024 * 1024;

  // Whether an event of this kind and reason is told: the connection is ready, main, asked for it, and has the role.
  bool wants(openflow::AsyncKind kind, unsigned reason) const;
  void tell_packet_in(const PacketInEvent& event);
  void tell(openflow::AsyncKind kind, unsigned reason, const openflow::Message& event);
  void copy(const openflow::Bytes& message);  // to a snoop

  bool is_open() const override { return is_open_; }
  Bridge& bridge() override { return context_.bridge; }
  openflow::Version version() const override { return *version_; }
  const SwitchDescription& description() const override { return context_.description; }
  void send(openflow::Bytes message) override;
  void when_writable(std::function<void()> task) override;
  bool has_room() const override;
  void finish_request() override;
  bool is_service() const override { return options_.kind == ConnectionKind::service; }
  openflow::Role role() const override;
  Result<openflow::RoleReply, openflow::OpenFlowError> request_role(const openflow::RoleRequest& request,
                                                                    bool has_generation) override;
  uint8_t auxiliary_id() const override { return options_.auxiliary_id; }
  std::vector<openflow::ControllerStatus> controllers() const override { return context_.election.statuses(); }
  void forward(const openflow::Envelope& request) override { context_.forward(*this, request); }
  void settings_changed() override { context_.settings_changed(); }

 private:
  openflow::VersionSet offered() const;
  void read();
  void cut();
  void accept_message(openflow::Bytes message);
  void agree_on_version(const openflow::Bytes& message);
  void refuse_version(const openflow::Bytes& message, const openflow::Hello* hello);
  void handle_waiting();
  void come_again();
  void close_when_written(const std::string& reason);
  void answer_echo(const openflow::Bytes& message);
  void handle_one(openflow::Bytes message);
  void write();
  void written();
  void write_at_once();
  void take_chunk();
  void chunk_went();
  void write_chunk();
  void close_stalled();
  void run_tasks_later();
  void probe();
  void watch_bundles();

  void demoted(const openflow::RoleStatus& status) override;
  void hear(const openflow::ControllerStatus& status) override;
  bool has_room_for_event();
  void send_event(const openflow::Message& event, openflow::Form form = openflow::Form::standard);
  void send_packet_in(const PacketInEvent& event);
  void send_waiting_packet_ins();

  ConnectionContext& context_;
  EventLoop& loop_;
  std::unique_ptr<Stream> stream_;
  const ConnectionOptions options_;
  ConnectionHooks hooks_;

  std::optional<openflow::Version> version_;
  bool is_open_ = true;
  std::optional<std::string> last_words_;  // why it closes when all is written

  openflow::Bytes chunk_;                 // what one read fills
  openflow::Bytes input_;                 // not cut into messages yet
  std::deque<openflow::Bytes> requests_;  // whole ones, not handled yet
  size_t request_bytes_ = 0;
  bool is_reading_ = false;
  bool is_handling_ = false;   // a request has not finished
  bool is_in_loop_ = false;    // handle_waiting is on the stack
  bool is_coming_ = false;     // come_again has been posted
  bool has_more_cut_ = false;  // input_ may hold whole messages

  std::deque<openflow::Bytes> output_;
  size_t output_bytes_ = 0;  // with what each message costs besides its bytes
  size_t being_written_bytes_ = 0;
  openflow::Bytes being_written_;
  bool is_writing_ = false;
  Duration stall_limit_ = std::chrono::minutes(1);
  Timer stall_timer_;
  std::deque<std::function<void()>> when_writable_;  // a closed connection has none

  PacketInScheduler misses_;
  PacketInScheduler actions_;
  Timer packet_in_timer_;
  uint64_t dropped_events_ = 0;
  Duration probe_interval_{};
  std::chrono::steady_clock::time_point last_heard_;
  bool is_probing_ = false;
  Timer probe_timer_;
  bool is_watching_bundles_ = false;
  Timer bundle_timer_;
};

}  // namespace weft::ofproto
