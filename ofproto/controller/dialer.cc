#include "ofproto/controller/dialer.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <optional>
#include <vector>

namespace weft::ofproto {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr unsigned dscp_shift = 2;  // above the two bits of ECN

// A mark that could not be set is no reason not to connect.
void mark(tcp::socket& socket, uint8_t dscp) {
  const int value = dscp << dscp_shift;
  const int fd = socket.native_handle();
  ::setsockopt(fd, IPPROTO_IP, IP_TOS, &value, sizeof value);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value);
}

}  // namespace

// Shared with the operation under way; `done` is empty when nobody waits any more.
struct Dialer::State : std::enable_shared_from_this<State> {
  State(EventLoop& the_loop, TlsKeeper& keeper, bool with_tls, uint8_t mark_with, Done call)
      : loop(the_loop),
        tls(keeper),
        is_tls(with_tls),
        dscp(mark_with),
        done(std::move(call)),
        resolver(loop.context()),
        socket(loop.context()),
        local(loop.context()) {}

  void start(const ControllerTarget& target) {
    if (target.transport == Transport::local) {
      return local.async_connect(asio::local::stream_protocol::endpoint(target.host),
                                 [self = shared_from_this()](error_code error) {
                                   const EventLoop::Handler handler;
                                   self->connected(error, self->local);
                                 });
    }
    // An address needs no look-up, which would be done by a thread that cannot be stopped.
    error_code is_name;
    if (const auto address = asio::ip::make_address(target.host, is_name); !is_name) {
      endpoints.emplace_back(address, target.port);
      return loop.post([self = shared_from_this()] { self->connect_next({}); });
    }
    resolver.async_resolve(target.host, std::to_string(target.port), asio::ip::resolver_base::numeric_service,
                           [self = shared_from_this()](error_code error, const auto& found) {
                             const EventLoop::Handler handler;
                             for (const auto& entry : found) {
                               self->endpoints.push_back(entry.endpoint());
                             }
                             self->connect_next(error);
                           });
  }

  // To the first of the endpoints that takes it; `error` is of the one before.
  void connect_next(error_code error) {
    if (!done) {
      return;
    }
    if (endpoints.empty()) {
      return finish(Unexpected{error.message()});
    }
    const tcp::endpoint endpoint = endpoints.front();
    endpoints.erase(endpoints.begin());
    error_code ignored;
    socket.close(ignored);
    if (socket.open(endpoint.protocol(), error); error) {
      return connect_next(error);
    }
    mark(socket, dscp);
    socket.async_connect(endpoint, [self = shared_from_this()](error_code failure) {
      const EventLoop::Handler handler;
      if (failure) {
        return self->connect_next(failure);
      }
      self->socket.set_option(tcp::no_delay(true), failure);
      self->connected({}, self->socket);
    });
  }

  template <typename Socket>
  void connected(error_code error, Socket& from) {
    if (!done) {
      return;
    }
    if (error) {
      return finish(Unexpected{error.message()});
    }
    if (!is_tls) {
      return finish(make_plain_stream(StreamSocket(std::move(from))));
    }
    handshake.emplace(loop, StreamSocket(std::move(from)), tls, TlsSide::client,
                      [this](Result<std::unique_ptr<Stream>, std::string> result) { finish(std::move(result)); });
  }

  // Who is told may destroy the dialer.
  void finish(Result<std::unique_ptr<Stream>, std::string> result) {
    if (const auto call = std::exchange(done, nullptr)) {
      call(std::move(result));
    }
  }

  void abandon() {
    done = nullptr;
    handshake.reset();
    error_code ignored;
    resolver.cancel();
    socket.close(ignored);
    local.close(ignored);
  }

  EventLoop& loop;
  TlsKeeper& tls;
  const bool is_tls;
  const uint8_t dscp;
  Done done;
  tcp::resolver resolver;
  std::vector<tcp::endpoint> endpoints;  // not tried yet
  tcp::socket socket;
  asio::local::stream_protocol::socket local;
  std::optional<TlsHandshake> handshake;
};

Dialer::Dialer(EventLoop& loop, TlsKeeper& tls, const ControllerTarget& target, uint8_t dscp, Done done)
    : state_(std::make_shared<State>(loop, tls, target.transport == Transport::ssl, dscp, std::move(done))) {
  state_->start(target);
}

Dialer::~Dialer() { state_->abandon(); }

}  // namespace weft::ofproto
