// UnixListener: accepts connections on a socket in the file system. The file goes when the listener does.
//
// Threads: control thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/connection.h"

namespace weft::ofproto {

class UnixListener {
 public:
  using Accept = std::function<void(Connection::Socket)>;

  static Result<std::unique_ptr<UnixListener>, std::string> listen(EventLoop& loop, const std::string& path,
                                                                   Accept accept);
  ~UnixListener();

 private:
  struct Impl;
  explicit UnixListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace weft::ofproto
