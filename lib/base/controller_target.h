// Where a controller is: `tcp:HOST[:PORT]` or `unix:FILE`, as Controller.target and --target say it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft {

inline constexpr uint16_t default_openflow_port = 6653;  // OpenFlow 1.3.5 section 6.3.2, assigned by IANA

struct ControllerTarget {
  bool is_unix = false;
  std::string host;  // an address or a name; or the file
  uint16_t port = 0;
  friend bool operator==(const ControllerTarget&, const ControllerTarget&) = default;
};

Result<ControllerTarget, TextError> parse_controller_target(std::string_view text);

}  // namespace weft
