#include "ofproto/controller/stream.h"

#include <cstring>

#include <fmt/format.h>
#include <boost/asio.hpp>

namespace weft::ofproto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(StreamSocket socket) : socket_(std::move(socket)), peer_(peer_of(socket_, "tcp")) {}

  void read_some(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
  void write(asio::const_buffer from, Done done) override { asio::async_write(socket_, from, std::move(done)); }
  size_t write_at_once(asio::const_buffer from) override {
    error_code error;
    if (!socket_.non_blocking()) {
      socket_.non_blocking(true, error);
    }
    return error ? 0 : socket_.write_some(from, error);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  const std::string& peer() const override { return peer_; }
  std::string explain(error_code error) const override {
    return error == asio::error::eof ? "closed by the peer" : error.message();
  }

 private:
  StreamSocket socket_;
  const std::string peer_;
};

}  // namespace

std::string peer_of(const StreamSocket& socket, std::string_view protocol) {
  error_code error;
  const auto generic = socket.remote_endpoint(error);
  const int family = error ? AF_UNSPEC : generic.protocol().family();
  if (family != AF_INET && family != AF_INET6) {
    return "unix";
  }
  asio::ip::tcp::endpoint endpoint;
  endpoint.resize(generic.size());
  std::memcpy(endpoint.data(), generic.data(), generic.size());
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const std::string text = address.to_string();
  return fmt::format("{}:{}:{}", protocol, address.is_v6() ? "[" + text + "]" : text, endpoint.port());
}

std::unique_ptr<Stream> make_plain_stream(StreamSocket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace weft::ofproto
