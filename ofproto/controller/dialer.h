// Dialer: one attempt to reach a controller: name look-up, connect, TLS handshake.
//
// Threads:   control thread.
// Ownership: destroying it abandons the attempt; `done` is then not called any more. It may be destroyed by `done`.
// Not here:  limits of time and another try (active_controller.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lib/base/controller_target.h"
#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/stream.h"
#include "ofproto/controller/tls.h"

namespace weft::ofproto {

// CS6, network control (RFC 2474, RFC 4594 section 3.1), as Open vSwitch marks its connections.
inline constexpr uint8_t default_dscp = 48;

class Dialer {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>, std::string>)>;

  // `target` is not passive. `dscp`: 0 to 63, in the packets of TCP connections. `done` is called later, once.
  Dialer(EventLoop& loop, TlsKeeper& tls, const ControllerTarget& target, uint8_t dscp, Done done);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::ofproto
