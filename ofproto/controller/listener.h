// Listener: accepts connections on a TCP port or on a socket in the file system.
//
// A file goes when its listener does; one that a killed run left behind is replaced, anything but a socket is not.
//
// Threads:   control thread.
// Ownership: `accept` is not called after the listener is gone. It may destroy the listener.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/controller_target.h"
#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/stream.h"

namespace weft::ofproto {

class Listener {
 public:
  using Accept = std::function<void(StreamSocket)>;

  // `where` is passive. The error says what could not be done: "listen on port 6653: Address already in use".
  static Result<std::unique_ptr<Listener>, std::string> listen(EventLoop& loop, const ControllerTarget& where,
                                                               Accept accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace weft::ofproto
