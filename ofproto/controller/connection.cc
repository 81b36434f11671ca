#include "ofproto/controller/connection.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "lib/base/log.h"
#include "ofproto/message/handlers.h"

namespace weft::ofproto {

namespace asio = boost::asio;
using boost::system::error_code;
using openflow::Bytes;

namespace {

constexpr size_t chunk_size = 64 * 1024;
constexpr size_t max_request_bytes = 1024 * 1024;     // more are left in the socket
constexpr size_t writable_bytes = 256 * 1024;         // below: dumps go on
constexpr size_t max_output_bytes = 4 * 1024 * 1024;  // above: no request is handled, events are dropped
constexpr auto slice = std::chrono::milliseconds(5);
constexpr auto closing_time = std::chrono::seconds(2);  // for a peer to take the last words
// The rest of a message's 64 KB is for header and match: a merged frame may be as long as a message.
constexpr size_t max_packet_in_data = openflow::max_message_size - 1024;
constexpr uint8_t type_hello = 0;
constexpr uint8_t type_echo_request = 2;
constexpr uint16_t default_miss_send_len = 128;  // OFP_DEFAULT_MISS_SEND_LEN

log::Logger& logger = log::get("openflow");

uint8_t type_of(const Bytes& message) { return message[1]; }

}  // namespace

Connection::Connection(EventLoop& loop, Socket socket, Bridge& bridge, const SwitchDescription& description,
                       ConnectionKind kind, ConnectionHooks hooks)
    : loop_(loop),
      socket_(std::move(socket)),
      bridge_(bridge),
      description_(description),
      kind_(kind),
      hooks_(std::move(hooks)),
      chunk_(chunk_size),
      stall_timer_(loop),
      probe_timer_(loop),
      bundle_timer_(loop) {
  config.miss_send_len = kind == ConnectionKind::controller ? default_miss_send_len : 0;
}

Connection::~Connection() = default;

void Connection::start() {
  const auto versions = openflow::supported_versions();
  send(openflow::encode(*versions.highest(), 0, openflow::Hello{.wire_version = 0, .versions = versions}));
  read();
}

void Connection::close(const std::string& reason) {
  if (!is_open_) {
    return;
  }
  is_open_ = false;
  error_code ignored;
  socket_.close(ignored);
  probe_timer_.cancel();
  stall_timer_.cancel();
  bundle_timer_.cancel();
  when_writable_.clear();
  bundles.clear();
  monitors.reset();
  const auto closed = std::exchange(hooks_, {}).closed;
  if (closed) {
    closed(reason);
  }
}

void Connection::abandon(const std::string& reason) {
  hooks_ = {};
  close(reason);
}

void Connection::close_when_written(const std::string& reason) {
  if (output_bytes_ == 0) {
    return close(reason);
  }
  last_words_ = reason;
  probe_timer_.start(closing_time, [this, reason] { close(reason); });
}

void Connection::set_inactivity_probe(Duration interval) {
  probe_interval_ = interval;
  last_heard_ = std::chrono::steady_clock::now();
  if (interval > Duration::zero()) {
    probe_timer_.start(interval, [this] { probe(); });
  } else {
    probe_timer_.cancel();
  }
}

void Connection::probe() {
  const auto now = std::chrono::steady_clock::now();
  // What is not read because earlier requests are still at work is no silence of the peer.
  if (!is_reading_ && output_bytes_ < max_output_bytes) {
    last_heard_ = now;
  }
  const auto silence = now - last_heard_;
  if (silence < probe_interval_) {
    is_probing_ = false;
    return probe_timer_.start(probe_interval_ - silence, [this] { probe(); });
  }
  if (is_probing_) {
    return close("no answer to an inactivity probe");
  }
  is_probing_ = true;
  probe_timer_.start(probe_interval_, [this] { probe(); });
  send(openflow::encode(*version_, 0, openflow::EchoRequest{}));
}

void Connection::set_packet_in_limit(std::optional<uint32_t> rate, std::optional<uint32_t> burst) {
  packet_ins_.configure(rate, burst);
}

// --- in

void Connection::read() {
  if (is_reading_ || !is_open_ || last_words_ || request_bytes_ > max_request_bytes ||
      output_bytes_ >= max_output_bytes) {
    return;
  }
  is_reading_ = true;
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, size_t count) {
    const EventLoop::Handler handler;
    self->is_reading_ = false;
    if (error) {
      return self->close(error == asio::error::eof ? "closed by the peer" : error.message());
    }
    self->take(count);
    self->read();
  });
}

void Connection::take(size_t count) {
  last_heard_ = std::chrono::steady_clock::now();
  input_.insert(input_.end(), chunk_.begin(), chunk_.begin() + static_cast<std::ptrdiff_t>(count));
  size_t at = 0;
  while (is_open_ && !last_words_) {
    const auto rest = std::span(input_).subspan(at);
    const auto length = openflow::frame_length(rest);
    if (!length) {
      return close(fmt::format("a message of bad length ({})", to_string(length.error())));
    }
    if (*length == 0 || *length > rest.size()) {
      break;
    }
    accept_message(Bytes(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(*length)));
    at += *length;
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at));
  handle_waiting();
}

void Connection::accept_message(Bytes message) {
  if (hooks_.message) {
    hooks_.message(message);
  }
  if (!version_) {
    return agree_on_version(message);
  }
  if (kind_ == ConnectionKind::snoop && type_of(message) != type_echo_request) {
    return;
  }
  if (type_of(message) == type_echo_request) {
    return answer_echo(message);
  }
  request_bytes_ += message.size();
  requests_.push_back(std::move(message));
}

void Connection::agree_on_version(const Bytes& message) {
  const auto ours = openflow::supported_versions();
  if (type_of(message) != type_hello) {
    return close(fmt::format("message type {} where HELLO was due", type_of(message)));
  }
  const auto hello = openflow::decode(*ours.highest(), message);
  const auto* body = hello ? std::get_if<openflow::Hello>(&hello->message) : nullptr;
  const auto agreed = body == nullptr ? std::nullopt : openflow::negotiate(ours, body->wire_version, body->versions);
  if (!agreed) {
    send(openflow::error_reply(*ours.highest(), openflow::ErrorCode::ofphfc_incompatible, message));
    return close_when_written("no OpenFlow version in common");
  }
  version_ = agreed;
  if (hooks_.ready) {
    hooks_.ready();
  }
}

void Connection::handle_waiting() {
  if (is_in_loop_) {
    return;
  }
  is_in_loop_ = true;
  const auto end = std::chrono::steady_clock::now() + slice;
  while (is_open_ && !is_handling_ && !requests_.empty() && output_bytes_ < max_output_bytes) {
    if (std::chrono::steady_clock::now() > end) {
      if (!std::exchange(is_posted_, true)) {
        loop_.post([self = shared_from_this()] {
          self->is_posted_ = false;
          self->handle_waiting();
        });
      }
      break;
    }
    Bytes message = std::move(requests_.front());
    requests_.pop_front();
    request_bytes_ -= message.size();
    is_handling_ = true;
    handle_one(std::move(message));
  }
  is_in_loop_ = false;
  read();
}

// Past the queue: how late it is says how late everything is.
void Connection::answer_echo(const Bytes& message) {
  const auto envelope = openflow::decode(*version_, message);
  const auto* echo = envelope ? std::get_if<openflow::EchoRequest>(&envelope->message) : nullptr;
  send(echo == nullptr ? openflow::error_reply(*version_, envelope.error(), message)
                       : openflow::encode(*version_, envelope->xid, openflow::EchoReply{echo->data}));
}

void Connection::handle_one(Bytes message) {
  auto envelope = openflow::decode(*version_, message);
  if (!envelope) {
    logger.dbg("{}: refused a message of type {}: {}", bridge_.name(), type_of(message), to_string(envelope.error()));
    send(openflow::error_reply(*version_, envelope.error(), message));
    note_unreadable(*this, message);
    return finish_request();
  }
  handle(std::make_shared<const Request>(shared_from_this(), envelope->xid, std::move(message)), *envelope);
}

bool Connection::has_room() const { return output_bytes_ < max_output_bytes; }

// A bundle that its peer has forgotten is memory.
void Connection::watch_bundles() {
  if (bundles.empty() || is_watching_bundles_ || !is_open_) {
    return;
  }
  is_watching_bundles_ = true;
  bundle_timer_.start(std::chrono::seconds(1), [this] {
    is_watching_bundles_ = false;
    expire_bundles(*this);
    watch_bundles();
  });
}

void Connection::finish_request() {
  is_handling_ = false;
  watch_bundles();
  if (!is_in_loop_) {
    handle_waiting();
  }
}

// --- out

void Connection::send(Bytes message) {
  if (!is_open_) {
    return;
  }
  if (hooks_.message) {
    hooks_.message(message);
  }
  output_bytes_ += message.size();
  output_.push_back(std::move(message));
  write();
}

void Connection::write() {
  if (is_writing_ || output_.empty() || !is_open_) {
    return;
  }
  is_writing_ = true;
  stall_timer_.start(stall_limit_, [this] { close_stalled(); });
  being_written_.clear();
  while (!output_.empty() && being_written_.size() < chunk_size) {
    being_written_.insert(being_written_.end(), output_.front().begin(), output_.front().end());
    output_.pop_front();
  }
  asio::async_write(socket_, asio::buffer(being_written_), [self = shared_from_this()](error_code error, size_t) {
    const EventLoop::Handler handler;
    self->is_writing_ = false;
    self->stall_timer_.cancel();
    if (error) {
      return self->close(error.message());
    }
    self->written();
  });
}

void Connection::written() {
  output_bytes_ -= being_written_.size();
  if (last_words_ && output_bytes_ == 0) {
    return close(*last_words_);
  }
  write();
  if (output_bytes_ < writable_bytes && !when_writable_.empty()) {
    run_tasks_later();
  }
  handle_waiting();
}

// It is not enough to take a byte now and then: a whole chunk must go.
void Connection::close_stalled() {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(stall_limit_).count();
  const std::string reason = fmt::format("the peer has not taken what it was sent for {} s", limit / 1000.0);
  logger.warn("{}: {} bytes wait; {}", bridge_.name(), output_bytes_, reason);
  close(reason);
}

void Connection::when_writable(std::function<void()> task) {
  if (!is_open_) {
    return;
  }
  when_writable_.push_back(std::move(task));
  if (output_bytes_ < writable_bytes) {
    run_tasks_later();
  }
}

// The loop knows of the tasks only here: they hold what they walk in the tables of the bridge, which outlives the
// connection, but not the loop.
void Connection::run_tasks_later() {
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    for (auto& task : self ? std::exchange(self->when_writable_, {}) : std::deque<std::function<void()>>()) {
      task();
    }
  });
}

// --- events

bool Connection::wants_events() const {
  return is_ready() && kind_ != ConnectionKind::snoop &&
         (kind_ == ConnectionKind::controller || config.miss_send_len != 0);
}

bool Connection::has_room_for_event() {
  if (output_bytes_ < max_output_bytes) {
    return true;
  }
  ++dropped_events_;
  return false;
}

void Connection::tell_packet_in(const PacketInEvent& event) {
  if (!wants_events()) {
    return;
  }
  if (!packet_ins_.admit(std::chrono::steady_clock::now())) {
    ++dropped_events_;
    return;
  }
  // The whole packet: there are no buffers to fetch the rest from (OpenFlow 1.3.5 section 6.1.2).
  if (event.message.data.size() <= max_packet_in_data) {
    return tell(event.message);
  }
  auto shortened = event.message;
  shortened.data.resize(max_packet_in_data);
  tell(std::move(shortened));
}

void Connection::tell(const openflow::Message& event) {
  if (wants_events() && has_room_for_event()) {
    send(openflow::encode(*version_, 0, event));
  }
}

void Connection::copy(const Bytes& message) {
  if (is_ready() && has_room_for_event()) {
    send(message);
  }
}

}  // namespace weft::ofproto
