// A tool's connection to a switch: blocking, one deadline for its whole life.
//
// connect() exchanges HELLO. request() sends one message and collects its reply, all parts of a multipart one; echo
// requests of the switch are answered meanwhile, other messages kept for next_message(). Many changes are sent with
// send(), their errors read with the barrier() that ends them: replies are read while sending, so neither side's
// buffers can fill up and stall.
//
// Threads: one.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/codec.h"
#include "lib/os/fd.h"
#include "utilities/ofctl/tls.h"

namespace weft::ofctl {

// Why a command ended: what to print, and the exit status.
struct Failure {
  std::string message;
  int status = 1;
};
inline constexpr int status_timed_out = 142;  // what a shell shows for a tool ended by SIGALRM

struct ConnectionSettings {
  std::string rundir;
  std::optional<std::chrono::milliseconds> timeout;
  TlsFiles tls;  // for "ssl:"
};

class Connection {
 public:
  // "br0" (a socket in rundir), "unix:PATH", a path, "tcp:HOST[:PORT]", "ssl:HOST[:PORT]".
  // The highest version of `versions` that the switch speaks is spoken.
  static Result<Connection, Failure> connect(const std::string& target, const ConnectionSettings& settings,
                                             openflow::VersionSet versions);
  // Listens to what the bridge and its controllers say to each other (<rundir>/<bridge>.snoop), or to any target.
  static Result<Connection, Failure> connect_snoop(const std::string& target, const ConnectionSettings& settings);

  openflow::Version version() const { return version_; }
  // Of what is asked: 1.0 tells of flows with any match, and of their ages, in Nicira's form.
  openflow::Form form() const {
    return version_ == openflow::Version::v1_0 ? openflow::Form::nicira : openflow::Form::standard;
  }

  uint32_t next_xid() { return ++xid_; }
  uint32_t last_xid() const { return xid_; }

  // Sends and waits for the reply; the parts of a multipart reply in order. An error reply is a Failure.
  Result<std::vector<openflow::Envelope>, Failure> request(const openflow::Message& message);

  // A reply of one part, of the expected type.
  template <class Reply>
  Result<Reply, Failure> ask(const openflow::Message& message);
  // The entries of all parts of a list reply.
  template <class Entry>
  Result<std::vector<Entry>, Failure> ask_list(const openflow::Message& message);

  Result<void, Failure> send(const openflow::Bytes& bytes);
  Result<void, Failure> flush();  // what send() still holds back
  // Sends a barrier, waits for its reply; the errors that came before it.
  Result<std::vector<openflow::Envelope>, Failure> barrier();

  // Waits for the next message that is not an echo request.
  Result<openflow::Envelope, Failure> next_message();

 private:
  Connection(Fd fd, std::string name, std::optional<std::chrono::milliseconds> timeout);
  // `kind`: which of a bridge's sockets, "mgmt" or "snoop".
  static Result<Connection, Failure> open(const std::string& target, const ConnectionSettings& settings,
                                          std::string_view kind);
  Result<void, Failure> shake_hands();  // of TLS
  Result<void, Failure> exchange_hello(openflow::VersionSet versions);
  Result<void, Failure> prepare_10();  // flow-mods are to name tables
  Result<void, Failure> wait_for(short events, short& ready);
  Result<void, Failure> read_some();
  Result<std::optional<openflow::Envelope>, Failure> take_message();
  Result<openflow::Envelope, Failure> receive();  // from the socket, echo answered
  Failure lost(const std::string& why) const;
  Failure unexpected(const openflow::Envelope& reply) const;

  Fd fd_;
  std::optional<TlsSession> tls_;
  std::string name_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  openflow::Version version_ = openflow::Version::v1_3;
  bool takes_any_version_ = false;  // of each message: what its header says
  uint32_t xid_ = 0;
  openflow::Bytes out_;  // as it goes on the wire
  openflow::Bytes in_;
  size_t in_begin_ = 0;
  std::deque<openflow::Envelope> kept_;
};

Failure refusal(const openflow::Error& error);

// The version that a message's header names, if we speak it.
openflow::Version spoken_version(std::span<const uint8_t> message, openflow::Version otherwise);

template <class Reply>
Result<Reply, Failure> Connection::ask(const openflow::Message& message) {
  auto parts = request(message);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  if (auto* reply = std::get_if<Reply>(&parts->front().message)) {
    return std::move(*reply);
  }
  return Unexpected{unexpected(parts->front())};
}

template <class Entry>
Result<std::vector<Entry>, Failure> Connection::ask_list(const openflow::Message& message) {
  auto parts = request(message);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  std::vector<Entry> entries;
  for (openflow::Envelope& part : *parts) {
    auto* reply = std::get_if<openflow::MultipartReply<Entry>>(&part.message);
    if (reply == nullptr) {
      return Unexpected{unexpected(part)};
    }
    std::move(reply->entries.begin(), reply->entries.end(), std::back_inserter(entries));
  }
  return entries;
}

}  // namespace weft::ofctl
