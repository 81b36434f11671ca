#include "vswitchd/control/management_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "lib/base/log.h"
#include "lib/management/framing.h"

namespace weft::control {
namespace {

namespace asio = boost::asio;
namespace pb = management::pb;
using asio::local::stream_protocol;
using boost::system::error_code;

log::Logger& logger = log::get("management");

constexpr auto pause_after_error = std::chrono::milliseconds(100);

// Null when the server is gone.
using SharedHandler = std::shared_ptr<ManagementServer::Handler>;

// One tool. Lives as long as an operation or an answer refers to it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(stream_protocol::socket socket, const SharedHandler& handler)
      : socket_(std::move(socket)), handler_(handler) {}

  void read_header() {
    buffer_.resize(management::frame_header_bytes);
    read([self = shared_from_this()] { self->read_body(); });
  }

 private:
  // Fills the buffer, then calls `next`; an error ends the connection by letting go of it.
  template <typename Next>
  void read(Next next) {
    asio::async_read(socket_, asio::buffer(buffer_), [next = std::move(next)](error_code error, size_t) {
      if (!error) {
        next();
      }
    });
  }

  void read_body() {
    const auto size = management::frame_size(buffer_);
    if (!size) {
      logger.warn("management connection closed: {}", size.error());
      return;
    }
    buffer_.resize(**size);
    read([self = shared_from_this()] { self->handle(); });
  }

  void handle() {
    pb::Request request;
    if (!request.ParseFromString(buffer_)) {
      logger.warn("management connection closed: a request of {} bytes cannot be decoded", buffer_.size());
      return;
    }
    const EventLoop::Handler online;
    if (const auto handle_request = handler_.lock()) {
      (*handle_request)(std::move(request),
                        [self = shared_from_this()](const pb::Response& response) { self->write(response); });
    }
  }

  void write(const pb::Response& response) {
    buffer_ = management::framed(response.SerializeAsString());
    asio::async_write(socket_, asio::buffer(buffer_), [self = shared_from_this()](error_code error, size_t) {
      if (!error) {
        self->read_header();
      }
    });
  }

  stream_protocol::socket socket_;
  std::weak_ptr<ManagementServer::Handler> handler_;
  std::string buffer_;
};

}  // namespace

// Shared with the pending accept, which finds no handler when the server is gone.
struct ManagementServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& loop, std::string socket_path, Handler h)
      : path(std::move(socket_path)),
        handler(std::make_shared<Handler>(std::move(h))),
        acceptor(loop.context()),
        pause(loop) {}

  error_code open() {
    error_code error;
    acceptor.open(stream_protocol(), error);
    if (!error) {
      ::unlink(path.c_str());  // left over from a run that was killed; the run directory's lock keeps live ones apart
      acceptor.bind(stream_protocol::endpoint(path), error);
    }
    if (!error) {
      ::chmod(path.c_str(), 0660);
      acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    return error;
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, stream_protocol::socket socket) {
      if (!self->handler) {
        return;
      }
      if (error) {  // no descriptor left, for one: the same would come at once
        return self->pause.start(pause_after_error, [weak = self->weak_from_this()] { weak.lock()->accept(); });
      }
      std::make_shared<Connection>(std::move(socket), self->handler)->read_header();
      self->accept();
    });
  }

  void close() {
    handler.reset();
    pause.cancel();
    error_code ignored;
    acceptor.close(ignored);
    ::unlink(path.c_str());
  }

  const std::string path;
  SharedHandler handler;
  stream_protocol::acceptor acceptor;
  Timer pause;
};

Result<std::unique_ptr<ManagementServer>, std::string> ManagementServer::listen(EventLoop& loop,
                                                                                const std::string& path,
                                                                                Handler handler) {
  auto impl = std::make_shared<Impl>(loop, path, std::move(handler));
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Unexpected{fmt::format("{}: longer than a socket's path may be", path)};
  }
  if (const auto error = impl->open()) {
    return Unexpected{fmt::format("listen on {}: {}", path, error.message())};
  }
  impl->accept();
  return std::unique_ptr<ManagementServer>(new ManagementServer(std::move(impl)));
}

ManagementServer::ManagementServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ManagementServer::~ManagementServer() { impl_->close(); }

}  // namespace weft::control
