// Where a controller is: `tcp:HOST[:PORT]` or `unix:FILE`, as Controller.target and --target say it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace weft::ofproto {

inline constexpr uint16_t default_openflow_port = 6653;  // OpenFlow 1.3.5 section 6.3.2, assigned by IANA

struct Target {
  bool is_unix = false;
  std::string host;  // an address or a name; or the file
  uint16_t port = 0;
  friend bool operator==(const Target&, const Target&) = default;
};

Result<Target, std::string> parse_target(std::string_view text);

}  // namespace weft::ofproto
