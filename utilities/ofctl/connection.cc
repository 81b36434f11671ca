#include "utilities/ofctl/connection.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/openflow/text/message_text.h"

namespace weft::ofctl {
namespace {

using openflow::Envelope;
using openflow::Version;

constexpr size_t send_chunk = 64 * 1024;
constexpr std::string_view default_port = "6653";
constexpr std::string_view ssl_prefix = "ssl:";

std::string reason(int error) { return std::strerror(error); }

Result<Fd, Failure> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Unexpected{Failure{fmt::format("{}: the path is too long for a socket", path)}};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open() || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return Unexpected{Failure{fmt::format("cannot connect to {}: {}", path, reason(errno))}};
  }
  return fd;
}

// "HOST", "HOST:PORT", "[HOST]:PORT".
std::pair<std::string, std::string> split_host(std::string_view target) {
  if (target.starts_with('[')) {
    const size_t end = target.find(']');
    const std::string_view rest = end == std::string_view::npos ? "" : target.substr(end + 1);
    return {std::string(target.substr(1, end - 1)), std::string(rest.starts_with(':') ? rest.substr(1) : default_port)};
  }
  const auto parts = split_once(target, ':');
  return parts ? std::pair(std::string(parts->first), std::string(parts->second))
               : std::pair(std::string(target), std::string(default_port));
}

Result<Fd, Failure> connect_tcp(std::string_view target) {
  const auto [host, port] = split_host(target);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return Unexpected{Failure{fmt::format("{}: {}", target, ::gai_strerror(error))}};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Fd fd(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (fd.is_open() && ::connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0) {
      return fd;
    }
    error = errno;
  }
  return Unexpected{Failure{fmt::format("cannot connect to {}: {}", target, reason(error))}};
}

Result<Fd, Failure> open_target(const std::string& target, const std::string& rundir, std::string_view kind) {
  constexpr std::string_view unix_prefix = "unix:";
  constexpr std::string_view tcp_prefix = "tcp:";
  if (target.starts_with(unix_prefix)) {
    return connect_unix(target.substr(unix_prefix.size()));
  }
  if (target.starts_with(tcp_prefix)) {
    return connect_tcp(std::string_view(target).substr(tcp_prefix.size()));
  }
  if (target.starts_with(ssl_prefix)) {
    return connect_tcp(std::string_view(target).substr(ssl_prefix.size()));
  }
  if (target.find('/') != std::string::npos) {
    return connect_unix(target);
  }
  const std::string path = fmt::format("{}/{}.{}", rundir, target, kind);
  auto fd = connect_unix(path);
  if (!fd && errno == ENOENT) {
    return Unexpected{Failure{fmt::format("{} is not a bridge (there is no {})", target, path)}};
  }
  return fd;
}

}  // namespace

Version spoken_version(std::span<const uint8_t> message, Version otherwise) {
  const auto header = openflow::parse_header(message);
  const Version said = header ? static_cast<Version>(header->version) : otherwise;
  const bool is_known = openflow::VersionSet::up_to(static_cast<uint8_t>(Version::v1_5)).has(said);
  return is_known && openflow::supported_versions().has(said) ? said : otherwise;
}

Failure refusal(const openflow::Error& error) {
  return {fmt::format("the switch refused: {} ({})", error.error.name(), error.error.type_name())};
}

Connection::Connection(Fd fd, std::string name, std::optional<std::chrono::milliseconds> timeout)
    : fd_(std::move(fd)), name_(std::move(name)) {
  if (timeout && timeout->count() != 0) {
    deadline_ = std::chrono::steady_clock::now() + *timeout;
  }
}

Result<Connection, Failure> Connection::open(const std::string& target, const ConnectionSettings& settings,
                                             std::string_view kind) {
  std::optional<TlsSession> tls;
  if (target.starts_with(ssl_prefix)) {
    auto begun = TlsSession::begin(settings.tls);
    if (!begun) {
      return Unexpected{Failure{fmt::format("{}: {}", target, begun.error())}};
    }
    tls = std::move(*begun);
  }
  auto fd = open_target(target, settings.rundir, kind);
  if (!fd) {
    return Unexpected{fd.error()};
  }
  Connection connection(std::move(*fd), target, settings.timeout);
  if (tls) {
    connection.tls_ = std::move(tls);
    if (auto shaken = connection.shake_hands(); !shaken) {
      return Unexpected{shaken.error()};
    }
  }
  return connection;
}

Result<Connection, Failure> Connection::connect(const std::string& target, const ConnectionSettings& settings,
                                                openflow::VersionSet versions) {
  auto connection = open(target, settings, "mgmt");
  if (!connection) {
    return connection;
  }
  if (auto done = connection->exchange_hello(versions); !done) {
    return Unexpected{done.error()};
  }
  if (connection->version_ == Version::v1_0) {
    if (auto done = connection->prepare_10(); !done) {
      return Unexpected{done.error()};
    }
  }
  return connection;
}

Result<Connection, Failure> Connection::connect_snoop(const std::string& target, const ConnectionSettings& settings) {
  auto connection = open(target, settings, "snoop");
  if (!connection) {
    return connection;
  }
  if (auto done = connection->exchange_hello(openflow::supported_versions()); !done) {
    return Unexpected{done.error()};
  }
  connection->takes_any_version_ = true;
  return connection;
}

Result<void, Failure> Connection::shake_hands() {
  tls_->take_output(out_);
  while (!tls_->is_established()) {
    short ready = 0;
    auto done = flush();
    done = done ? wait_for(POLLIN, ready) : done;
    done = done ? read_some() : done;
    if (!done) {
      (void)flush();  // the alert that tells the switch why
      return done;
    }
  }
  return flush();
}

Failure Connection::lost(const std::string& why) const { return {fmt::format("{}: {}", name_, why)}; }

Failure Connection::unexpected(const Envelope& reply) const {
  return lost(fmt::format("unexpected reply {}", openflow::message_name(reply.message)));
}

Result<void, Failure> Connection::exchange_hello(openflow::VersionSet versions) {
  version_ = versions.highest().value_or(version_);
  if (auto sent = send(encode(version_, next_xid(), openflow::Hello{0, versions})); !sent) {
    return sent;
  }
  const auto first = receive();
  if (!first) {
    return Unexpected{first.error()};
  }
  if (const auto* error = std::get_if<openflow::Error>(&first->message)) {
    return Unexpected{refusal(*error)};
  }
  const auto* hello = std::get_if<openflow::Hello>(&first->message);
  if (hello == nullptr) {
    return Unexpected{unexpected(*first)};
  }
  const auto agreed = negotiate(versions, hello->wire_version, hello->versions);
  if (!agreed) {
    return Unexpected{lost(
        fmt::format("the switch speaks no OpenFlow version in common (its highest is {:#x})", hello->wire_version))};
  }
  version_ = *agreed;
  return {};
}

// Without this extension the switch would take every flow-mod to mean all tables, or the first.
Result<void, Failure> Connection::prepare_10() {
  if (auto sent = send(encode(version_, next_xid(), openflow::FlowModTableId{true})); !sent) {
    return sent;
  }
  const auto errors = barrier();
  if (!errors) {
    return Unexpected{errors.error()};
  }
  return errors->empty() ? Result<void, Failure>{}
                         : Unexpected{refusal(std::get<openflow::Error>(errors->front().message))};
}

Result<void, Failure> Connection::wait_for(short events, short& ready) {
  while (true) {
    int timeout = -1;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        return Unexpected{Failure{fmt::format("{}: timed out", name_), status_timed_out}};
      }
      timeout = static_cast<int>(std::min<int64_t>(left.count(), 1'000'000));
    }
    pollfd one{fd_.get(), events, 0};
    const int count = ::poll(&one, 1, timeout);
    if (count > 0) {
      ready = one.revents;
      return {};
    }
    if (count < 0 && errno != EINTR) {
      return Unexpected{lost(reason(errno))};
    }
  }
}

Result<void, Failure> Connection::read_some() {
  if (in_begin_ == in_.size()) {
    in_.clear();
    in_begin_ = 0;
  } else if (in_begin_ > send_chunk) {
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_begin_));
    in_begin_ = 0;
  }
  openflow::Bytes cipher;
  openflow::Bytes& wire = tls_ ? cipher : in_;
  const size_t had = wire.size();
  wire.resize(had + send_chunk);
  const ssize_t count = ::recv(fd_.get(), wire.data() + had, send_chunk, MSG_DONTWAIT);
  const int error = errno;
  wire.resize(had + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count == 0) {
    return Unexpected{lost("the switch closed the connection")};
  }
  if (count < 0) {
    return error == EINTR || error == EAGAIN ? Result<void, Failure>{} : Unexpected{lost(reason(error))};
  }
  if (!tls_) {
    return {};
  }
  const auto received = tls_->receive(cipher, in_);
  tls_->take_output(out_);
  return received ? Result<void, Failure>{} : Unexpected{lost(received.error())};
}

Result<void, Failure> Connection::send(const openflow::Bytes& bytes) {
  if (tls_) {
    if (auto said = tls_->send(bytes); !said) {
      return Unexpected{lost(said.error())};
    }
    tls_->take_output(out_);
  } else {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  return out_.size() < send_chunk ? Result<void, Failure>{} : flush();
}

// Reads while it writes: a switch that answers at once must not be kept from writing.
Result<void, Failure> Connection::flush() {
  size_t sent = 0;
  while (sent < out_.size()) {
    short ready = 0;
    if (auto waited = wait_for(POLLOUT | POLLIN, ready); !waited) {
      return waited;
    }
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
      if (auto read = read_some(); !read) {
        return read;
      }
    }
    if ((ready & POLLOUT) == 0) {
      continue;
    }
    const ssize_t count = ::send(fd_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      return Unexpected{lost(reason(errno))};
    }
    sent += static_cast<size_t>(std::max<ssize_t>(count, 0));
  }
  out_.clear();
  return {};
}

Result<std::optional<Envelope>, Failure> Connection::take_message() {
  const auto pending = std::span(in_).subspan(in_begin_);
  const auto length = openflow::frame_length(pending);
  if (!length) {
    return Unexpected{lost("what the switch sends is not OpenFlow")};
  }
  if (*length == 0 || pending.size() < *length) {
    return std::optional<Envelope>{};
  }
  auto message =
      openflow::decode(takes_any_version_ ? spoken_version(pending, version_) : version_, pending.first(*length));
  if (!message) {
    return Unexpected{lost(fmt::format("a message that cannot be read: {}\n{}", to_string(message.error()),
                                       "(is the switch of another OpenFlow version?)"))};
  }
  in_begin_ += *length;
  return std::optional(std::move(*message));
}

Result<Envelope, Failure> Connection::receive() {
  if (auto flushed = flush(); !flushed) {
    return Unexpected{flushed.error()};
  }
  while (true) {
    auto message = take_message();
    if (!message) {
      return Unexpected{message.error()};
    }
    if (*message) {
      if (const auto* echo = std::get_if<openflow::EchoRequest>(&(*message)->message)) {
        auto answered = send(encode(version_, (*message)->xid, openflow::EchoReply{echo->data}));
        if (answered) {
          answered = flush();
        }
        if (!answered) {
          return Unexpected{answered.error()};
        }
        continue;
      }
      return std::move(**message);
    }
    short ready = 0;
    if (auto waited = wait_for(POLLIN, ready); !waited) {
      return Unexpected{waited.error()};
    }
    if (auto read = read_some(); !read) {
      return Unexpected{read.error()};
    }
  }
}

Result<Envelope, Failure> Connection::next_message() {
  if (kept_.empty()) {
    return receive();
  }
  Envelope first = std::move(kept_.front());
  kept_.pop_front();
  return first;
}

Result<std::vector<Envelope>, Failure> Connection::request(const openflow::Message& message) {
  const uint32_t xid = next_xid();
  const auto bytes = try_encode(version_, xid, message, form());
  if (!bytes) {
    return Unexpected{lost(fmt::format("{} has no {}", to_string(version_), message_name(message)))};
  }
  if (auto sent = send(*bytes); !sent) {
    return Unexpected{sent.error()};
  }
  std::vector<Envelope> parts;
  while (true) {
    auto reply = receive();
    if (!reply) {
      return Unexpected{reply.error()};
    }
    if (reply->xid != xid) {
      kept_.push_back(std::move(*reply));
      continue;
    }
    if (const auto* error = std::get_if<openflow::Error>(&reply->message)) {
      return Unexpected{refusal(*error)};
    }
    const bool more = reply->more;
    parts.push_back(std::move(*reply));
    if (!more) {
      return parts;
    }
  }
}

Result<std::vector<Envelope>, Failure> Connection::barrier() {
  auto reply = request(openflow::BarrierRequest{});
  if (!reply) {
    return Unexpected{reply.error()};
  }
  std::vector<Envelope> errors;
  std::deque<Envelope> others;
  for (Envelope& message : kept_) {
    if (std::holds_alternative<openflow::Error>(message.message)) {
      errors.push_back(std::move(message));
    } else {
      others.push_back(std::move(message));
    }
  }
  kept_ = std::move(others);
  return errors;
}

}  // namespace weft::ofctl
