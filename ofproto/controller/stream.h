// Stream: the bytes to and from one peer, over a socket with or without TLS on it.
//
// Threads:   control thread; `done` runs there, as the completion handler of an Asio object does, and not before the
//            call that it was given to has returned.
// Ownership: what `done` captures keeps the stream's owner alive: a stream is not destroyed while an operation is under
//            way. close() ends those with an error.
#pragma once

// Asio of Boost 1.74 uses std::exchange without including it.
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weft::ofproto {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

class Stream {
 public:
  using Done = std::function<void(boost::system::error_code error, size_t count)>;

  virtual ~Stream() = default;
  virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;  // at least a byte
  virtual void write(boost::asio::const_buffer from, Done done) = 0;        // all of it
  // How much of it goes without waiting, while no write is under way; an error shows when the rest is written.
  virtual size_t write_at_once(boost::asio::const_buffer) { return 0; }
  virtual void close() = 0;
  // The other end, as OpenFlow 1.5.1 section 6.3.1 spells it: "tcp:192.0.2.1:6653", "tls:...", "unix".
  virtual const std::string& peer() const = 0;
  // What went wrong, for a log.
  virtual std::string explain(boost::system::error_code error) const = 0;
};

std::unique_ptr<Stream> make_plain_stream(StreamSocket socket);
// Stream::peer() of a socket whose protocol is "tcp" or "tls".
std::string peer_of(const StreamSocket& socket, std::string_view protocol);

}  // namespace weft::ofproto
