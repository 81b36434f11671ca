// PortNames: how text speaks of a bridge's ports.
//
// The flow-text layer, tools and traces pass one in; without one, and for ports that have no name, text says numbers.
// Reserved ports (LOCAL, IN_PORT, CONTROLLER ...) have their names everywhere.
//
// Threads: the implementer's business; called from wherever text is made.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/ids.h"

namespace weft {

class PortNames {
 public:
  virtual ~PortNames() = default;
  virtual std::optional<OfPort> find_port(std::string_view name) const = 0;
  virtual std::optional<std::string> port_name(OfPort port) const = 0;
};

// "7", "LOCAL", or a name: bare when it is a letter and then letters and digits, else in double quotes.
std::string format_port(OfPort port, const PortNames* names = nullptr);

// A number (16 bits, or reserved ones as 0xffffff00 and above), a reserved name in either case, or a port's name with
// or without quotes.
std::optional<OfPort> parse_port(std::string_view text, const PortNames* names = nullptr);

}  // namespace weft
