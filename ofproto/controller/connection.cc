#include "ofproto/controller/connection.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "ofproto/controller/event_filter.h"
#include "ofproto/controller/logger.h"
#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using boost::system::error_code;
using openflow::Bytes;

namespace {

constexpr size_t chunk_size = 64 * 1024;
constexpr size_t max_request_bytes = 1024 * 1024;     // more are left in the socket
constexpr size_t writable_bytes = 256 * 1024;         // below: dumps go on
constexpr size_t message_overhead = 64;               // what a message in a queue costs besides its bytes
constexpr auto slice = std::chrono::milliseconds(1);  // so that fifty peers that flood delay another by 50 ms
constexpr auto hello_limit = std::chrono::seconds(10);
constexpr auto closing_time = std::chrono::seconds(2);  // for a peer to take the last words
constexpr uint8_t type_hello = 0;
constexpr uint8_t type_echo_request = 2;
constexpr uint16_t default_miss_send_len = 128;  // OFP_DEFAULT_MISS_SEND_LEN

uint8_t type_of(const Bytes& message) { return message[1]; }
size_t cost_of(const Bytes& message) { return message.size() + message_overhead; }

std::string names_of(openflow::VersionSet versions) {
  using enum openflow::Version;
  std::string names;
  for (const auto version : {v1_0, v1_1, v1_2, v1_3, v1_4, v1_5}) {
    if (versions.has(version)) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(version));
    }
  }
  return names.empty() ? "no known version" : names;
}

}  // namespace

Connection::Connection(ConnectionContext& context, std::unique_ptr<Stream> stream, ConnectionOptions options,
                       ConnectionHooks hooks)
    : Candidate(stream->peer()),
      context_(context),
      loop_(context.loop),
      stream_(std::move(stream)),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      chunk_(chunk_size),
      stall_timer_(loop_),
      packet_in_timer_(loop_),
      probe_timer_(loop_),
      bundle_timer_(loop_) {
  config.miss_send_len = options_.kind == ConnectionKind::controller ? default_miss_send_len : 0;
  if (options_.is_told) {
    async = default_async_config();
  }
  set_packet_in_limit(options_.packet_ins);
}

Connection::~Connection() = default;

// An auxiliary connection speaks what its main one does (OpenFlow 1.3.5 section 6.3.8).
openflow::VersionSet Connection::offered() const {
  return options_.main == nullptr ? context_.versions : openflow::VersionSet{options_.main->version()};
}

void Connection::start() {
  send(openflow::encode(*offered().highest(), 0, openflow::Hello{.wire_version = 0, .versions = offered()}));
  probe_timer_.start(hello_limit, [this] { close("no HELLO in time"); });
  read();
}

void Connection::close(const std::string& reason) {
  if (!is_open_) {
    return;
  }
  is_open_ = false;
  stream_->close();
  context_.election.leave(*this);
  probe_timer_.cancel();
  stall_timer_.cancel();
  packet_in_timer_.cancel();
  bundle_timer_.cancel();
  when_writable_.clear();
  bundles.clear();
  monitors.reset();
  dropped_events_ += misses_.drop_all() + actions_.drop_all();
  const auto closed = std::exchange(hooks_, {}).closed;
  if (closed) {
    closed(reason);
  }
}

void Connection::abandon(const std::string& reason) {
  hooks_ = {};
  close(reason);
}

// One that has not agreed on a version was offered others than these.
void Connection::close_unless(openflow::VersionSet versions) {
  if (!version_ || !versions.has(*version_)) {
    close("the bridge no longer speaks its OpenFlow version");
  }
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
  is_probing_ = false;
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
    is_probing_ = false;
  }
  const auto silence = now - last_heard_;
  if (silence < probe_interval_) {
    return probe_timer_.start(probe_interval_ - silence, [this] { probe(); });
  }
  if (is_probing_) {
    return close("no answer to an inactivity probe");
  }
  is_probing_ = true;
  probe_timer_.start(probe_interval_, [this] { probe(); });
  send(openflow::encode(*version_, 0, openflow::EchoRequest{}));
}

// --- in

void Connection::read() {
  if (is_reading_ || has_more_cut_ || !is_open_ || last_words_ || request_bytes_ > max_request_bytes ||
      output_bytes_ >= max_output_bytes) {
    return;
  }
  is_reading_ = true;
  stream_->read_some(boost::asio::buffer(chunk_), [self = shared_from_this()](error_code error, size_t count) {
    const EventLoop::Handler handler;
    self->is_reading_ = false;
    if (error) {
      return self->close(self->stream_->explain(error));
    }
    self->last_heard_ = std::chrono::steady_clock::now();
    self->is_probing_ = false;
    self->input_.insert(self->input_.end(), self->chunk_.begin(),
                        self->chunk_.begin() + static_cast<std::ptrdiff_t>(count));
    self->cut();
    self->handle_waiting();
  });
}

// Input into messages, for as long as a slice lasts: eight thousand echo requests fit one read.
void Connection::cut() {
  constexpr size_t between_looks = 32;  // messages; the clock costs as much as cutting one
  const auto end = std::chrono::steady_clock::now() + slice;
  size_t at = 0;
  size_t count = 0;
  has_more_cut_ = false;
  while (is_open_ && !last_words_ && !has_more_cut_) {
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
    has_more_cut_ = ++count % between_looks == 0 && std::chrono::steady_clock::now() > end;
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at));
  if (has_more_cut_) {
    come_again();
  }
}

// Later, behind the others.
void Connection::come_again() {
  if (!std::exchange(is_coming_, true)) {
    loop_.post([self = shared_from_this()] {
      self->is_coming_ = false;
      if (self->has_more_cut_ && self->is_open_) {
        self->cut();
      }
      self->handle_waiting();
    });
  }
}

void Connection::accept_message(Bytes message) {
  if (hooks_.message) {
    hooks_.message(message);
  }
  if (!version_) {
    return agree_on_version(message);
  }
  if (options_.kind == ConnectionKind::snoop && type_of(message) != type_echo_request) {
    return;
  }
  if (type_of(message) == type_echo_request) {
    return answer_echo(message);
  }
  request_bytes_ += cost_of(message);
  requests_.push_back(std::move(message));
}

void Connection::agree_on_version(const Bytes& message) {
  if (type_of(message) != type_hello) {
    return close(fmt::format("message type {} where HELLO was due", type_of(message)));
  }
  const auto hello = openflow::decode(*offered().highest(), message);
  const auto* body = hello ? std::get_if<openflow::Hello>(&hello->message) : nullptr;
  const auto agreed =
      body == nullptr ? std::nullopt : openflow::negotiate(offered(), body->wire_version, body->versions);
  if (!agreed) {
    return refuse_version(message, body);
  }
  probe_timer_.cancel();
  version_ = agreed;
  if (options_.kind != ConnectionKind::snoop && options_.main == nullptr) {
    context_.election.join(*this);
  }
  if (hooks_.ready) {
    hooks_.ready();
  }
}

// OpenFlow 1.3.5 section 6.3.1: the error's data is a text.
void Connection::refuse_version(const Bytes& message, const openflow::Hello* hello) {
  openflow::VersionSet theirs;
  if (hello != nullptr) {
    theirs = hello->versions.value_or(openflow::VersionSet::up_to(hello->wire_version));
  }
  const std::string text =
      fmt::format("this bridge speaks {}, you speak {}: no version in common", names_of(offered()), names_of(theirs));
  const auto header = openflow::parse_header(message);
  send(openflow::encode(*offered().highest(), header ? header->xid : 0,
                        openflow::Error{openflow::ErrorCode::ofphfc_incompatible, {text.begin(), text.end()}}));
  close_when_written("no OpenFlow version in common");
}

void Connection::handle_waiting() {
  if (is_in_loop_) {
    return;
  }
  is_in_loop_ = true;
  constexpr size_t between_looks = 4;  // messages
  size_t count = 0;
  const auto end = std::chrono::steady_clock::now() + slice;
  while (is_open_ && !is_handling_ && !requests_.empty() && output_bytes_ < max_output_bytes) {
    if (++count % between_looks == 0 && std::chrono::steady_clock::now() > end) {
      come_again();
      break;
    }
    Bytes message = std::move(requests_.front());
    requests_.pop_front();
    request_bytes_ -= cost_of(message);
    is_handling_ = true;
    handle_one(std::move(message));
  }
  is_in_loop_ = false;
  write_at_once();
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
  if (!envelope && openflow::is_from_switch(*version_, message)) {
    envelope = Unexpected{openflow::OpenFlowError(openflow::ErrorCode::ofpbrc_bad_type, "only a switch sends it")};
  }
  if (!envelope) {
    openflow_logger.dbg("{}: refused a message of type {}: {}", context_.bridge.name(), type_of(message),
                        to_string(envelope.error()));
    send(openflow::error_reply(*version_, envelope.error(), message));
    note_unreadable(*this, message);
    return finish_request();
  }
  handle(shared_from_this(), *envelope, std::move(message));
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
  output_bytes_ += cost_of(message);
  output_.push_back(std::move(message));
  // What is said while messages are handled goes together, when the last of them has been.
  if (!is_in_loop_) {
    write();
  }
}

// A peer that waits for an answer has it sooner, and for less, than by way of the event loop.
void Connection::write_at_once() {
  if (is_writing_ || output_.empty() || !is_open_ || last_words_) {
    return write();
  }
  take_chunk();
  const size_t count = stream_->write_at_once(boost::asio::buffer(being_written_));
  if (count == being_written_.size()) {
    chunk_went();
    return write();
  }
  being_written_.erase(being_written_.begin(), being_written_.begin() + static_cast<std::ptrdiff_t>(count));
  write_chunk();
}

void Connection::write() {
  if (!is_writing_ && !output_.empty() && is_open_) {
    take_chunk();
    write_chunk();
  }
}

void Connection::take_chunk() {
  being_written_.clear();
  being_written_bytes_ = 0;
  while (!output_.empty() && being_written_.size() < chunk_size) {
    being_written_.insert(being_written_.end(), output_.front().begin(), output_.front().end());
    being_written_bytes_ += cost_of(output_.front());
    output_.pop_front();
  }
}

void Connection::write_chunk() {
  is_writing_ = true;
  stall_timer_.start(stall_limit_, [this] { close_stalled(); });
  stream_->write(boost::asio::buffer(being_written_), [self = shared_from_this()](error_code error, size_t) {
    const EventLoop::Handler handler;
    self->is_writing_ = false;
    self->stall_timer_.cancel();
    if (error) {
      return self->close(self->stream_->explain(error));
    }
    self->written();
  });
}

// Whoever waits for room is told of it, whichever way the chunk went.
void Connection::chunk_went() {
  output_bytes_ -= being_written_bytes_;
  if (output_bytes_ < writable_bytes && !when_writable_.empty()) {
    run_tasks_later();
  }
}

void Connection::written() {
  chunk_went();
  if (last_words_ && output_bytes_ == 0) {
    return close(*last_words_);
  }
  write();
  handle_waiting();
}

// It is not enough to take a byte now and then: a whole chunk must go.
void Connection::close_stalled() {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(stall_limit_).count();
  const std::string reason = fmt::format("the peer has not taken what it was sent for {} s", limit / 1000.0);
  openflow_logger.warn("{}: {} bytes wait; {}", context_.bridge.name(), output_bytes_, reason);
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

}  // namespace weft::ofproto
