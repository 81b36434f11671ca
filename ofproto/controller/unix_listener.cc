#include "ofproto/controller/unix_listener.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio.hpp>

namespace weft::ofproto {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {
constexpr auto pause_after_error = std::chrono::milliseconds(100);
}  // namespace

// Shared with the pending accept, which finds `accept` empty when the listener is gone.
struct UnixListener::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& loop, std::string file, Accept call)
      : path(std::move(file)), accept(std::move(call)), acceptor(loop.context()), pause(loop) {}

  error_code open() {
    error_code error;
    acceptor.open(stream_protocol(), error);
    if (!error) {
      ::unlink(path.c_str());  // of a run that was killed
      acceptor.bind(stream_protocol::endpoint(path), error);
    }
    if (!error) {
      ::chmod(path.c_str(), 0660);
      acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    return error;
  }

  void wait() {
    acceptor.async_accept([self = shared_from_this()](error_code error, stream_protocol::socket socket) {
      const EventLoop::Handler handler;
      if (!self->accept) {
        return;
      }
      if (error) {  // no descriptor left, for one: the same would come at once
        return self->pause.start(pause_after_error, [weak = self->weak_from_this()] { weak.lock()->wait(); });
      }
      self->accept(Connection::Socket(std::move(socket)));
      self->wait();
    });
  }

  const std::string path;
  Accept accept;
  stream_protocol::acceptor acceptor;
  Timer pause;
};

Result<std::unique_ptr<UnixListener>, std::string> UnixListener::listen(EventLoop& loop, const std::string& path,
                                                                        Accept accept) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Unexpected{fmt::format("{}: longer than a socket's path may be", path)};
  }
  auto impl = std::make_shared<Impl>(loop, path, std::move(accept));
  if (const auto error = impl->open()) {
    return Unexpected{fmt::format("listen on {}: {}", path, error.message())};
  }
  impl->wait();
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(impl)));
}

UnixListener::UnixListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

UnixListener::~UnixListener() {
  impl_->accept = nullptr;
  impl_->pause.cancel();
  error_code ignored;
  impl_->acceptor.close(ignored);
  ::unlink(impl_->path.c_str());
}

}  // namespace weft::ofproto
