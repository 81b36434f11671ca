// ManagementServer: listens on <rundir>/weft.sock and answers tools.
//
// Connections are served in order, each one request at a time; a connection that sends garbage or a frame that is
// too large is closed, and costs nobody else anything. What a request means is the handler's business.
//
// Threads:   control thread.
// Ownership: connections live while an operation or an answer of theirs is pending, and reach no handler when the
//            server is gone; the socket's file is removed on destruction.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/management/management.pb.h"
#include "lib/os/event_loop.h"

namespace weft::control {

class ManagementServer {
 public:
  using Answer = std::function<void(management::pb::Response)>;
  using Handler = std::function<void(management::pb::Request, Answer)>;

  static Result<std::unique_ptr<ManagementServer>, std::string> listen(EventLoop& loop, const std::string& path,
                                                                       Handler handler);
  ~ManagementServer();

 private:
  struct Impl;
  explicit ManagementServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace weft::control
