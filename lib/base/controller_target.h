// Where a controller is, as Controller.target and --target say it:
//
//     tcp:HOST[:PORT]    ssl:HOST[:PORT]    unix:FILE      weft connects
//     ptcp:[PORT][:HOST] pssl:[PORT][:HOST] punix:FILE     weft listens and the controller connects
//
// HOST is an address or, where weft connects, a name; an IPv6 address stands in brackets. Listening without HOST is on
// every address of the host. A PORT that is not said is 6653.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft {

inline constexpr uint16_t default_openflow_port = 6653;  // OpenFlow 1.3.5 section 6.3.2, assigned by IANA

enum class Transport : uint8_t { tcp, ssl, local };

struct ControllerTarget {
  Transport transport = Transport::tcp;
  bool is_passive = false;
  std::string host;   // an address or a name, or the file; empty: every address (passive only)
  uint16_t port = 0;  // 0 for a file
  friend bool operator==(const ControllerTarget&, const ControllerTarget&) = default;
};

Result<ControllerTarget, TextError> parse_controller_target(std::string_view text);

}  // namespace weft
