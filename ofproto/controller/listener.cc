#include "ofproto/controller/listener.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio.hpp>

namespace weft::ofproto {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto pause_after_error = std::chrono::milliseconds(100);
constexpr mode_t owner_and_group = 0660;

bool is_socket(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

std::string name_of(const ControllerTarget& where) {
  if (where.transport == Transport::local) {
    return where.host;
  }
  return where.host.empty() ? fmt::format("port {}", where.port) : fmt::format("{} port {}", where.host, where.port);
}

}  // namespace

// Shared with the pending accept, which finds `accept` empty when the listener is gone.
struct Listener::State : std::enable_shared_from_this<State> {
  State(EventLoop& loop, Accept call) : accept(std::move(call)), acceptor(loop.context()), pause(loop) {}

  error_code open(const ControllerTarget& where) {
    if (where.transport == Transport::local) {
      return open_file(where.host);
    }
    error_code error;
    if (!where.host.empty()) {
      return open_port(tcp::endpoint(asio::ip::make_address(where.host, error), where.port));
    }
    // One socket for both families, or for IPv4 where the host has no IPv6.
    error = open_port(tcp::endpoint(tcp::v6(), where.port));
    return error == asio::error::address_family_not_supported ? open_port(tcp::endpoint(tcp::v4(), where.port)) : error;
  }

  error_code open_port(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor.close(error);
    acceptor.open({endpoint.protocol().family(), IPPROTO_TCP}, error);
    if (!error) {
      acceptor.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error && endpoint.address().is_v6()) {
      acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
    }
    if (!error) {
      acceptor.bind(endpoint, error);
    }
    if (!error) {
      acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    return error;
  }

  error_code open_file(const std::string& path) {
    error_code error;
    acceptor.open({AF_UNIX, 0}, error);
    if (!error) {
      if (is_socket(path)) {
        ::unlink(path.c_str());
      }
      acceptor.bind(asio::local::stream_protocol::endpoint(path), error);
    }
    if (!error) {
      file = path;
      ::chmod(path.c_str(), owner_and_group);
      acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    return error;
  }

  void wait() {
    acceptor.async_accept([self = shared_from_this()](error_code error, StreamSocket socket) {
      const EventLoop::Handler handler;
      if (!self->accept) {
        return;
      }
      if (error) {  // no descriptor left, for one: the same would come at once
        return self->pause.start(pause_after_error, [weak = self->weak_from_this()] { weak.lock()->wait(); });
      }
      if (self->file.empty()) {
        socket.set_option(tcp::no_delay(true), error);
      }
      const Accept call = self->accept;  // which may end the listener
      call(std::move(socket));
      if (self->accept) {
        self->wait();
      }
    });
  }

  void close() {
    accept = nullptr;
    pause.cancel();
    error_code ignored;
    acceptor.close(ignored);
    if (!file.empty()) {
      ::unlink(file.c_str());
    }
  }

  Accept accept;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor;
  Timer pause;
  std::string file;  // made by this listener
};

Result<std::unique_ptr<Listener>, std::string> Listener::listen(EventLoop& loop, const ControllerTarget& where,
                                                                Accept accept) {
  if (where.transport == Transport::local && where.host.size() >= sizeof(sockaddr_un::sun_path)) {
    return Unexpected{fmt::format("{}: longer than a socket's path may be", where.host)};
  }
  auto state = std::make_shared<State>(loop, std::move(accept));
  if (const auto error = state->open(where)) {
    return Unexpected{fmt::format("listen on {}: {}", name_of(where), error.message())};
  }
  state->wait();
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::~Listener() { state_->close(); }

}  // namespace weft::ofproto
