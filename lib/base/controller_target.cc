#include "lib/base/controller_target.h"

#include <sys/un.h>

namespace weft {

Result<ControllerTarget, TextError> parse_controller_target(std::string_view text) {
  if (text.starts_with("unix:") && text.size() > 5) {
    if (text.size() - 5 >= sizeof(sockaddr_un::sun_path)) {
      return Unexpected{error_at(text, text.substr(5), "longer than a socket's path may be")};
    }
    return ControllerTarget{true, std::string(text.substr(5)), 0};
  }
  if (!text.starts_with("tcp:")) {
    return Unexpected{error_at(text, text.substr(0, text.find(':')), "a controller is tcp:HOST[:PORT] or unix:FILE")};
  }
  std::string_view rest = text.substr(4);
  std::string_view host = rest.substr(0, rest.find(':'));
  if (rest.starts_with('[')) {  // an IPv6 address
    const auto end = rest.find(']');
    if (end == std::string_view::npos) {
      return Unexpected{error_at(text, rest, "missing ']'")};
    }
    host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
  } else {
    rest = rest.substr(host.size());
  }
  ControllerTarget target{false, std::string(host), default_openflow_port};
  if (!rest.empty()) {
    const auto port = rest.front() == ':' ? parse_unsigned(rest.substr(1), 65535) : std::nullopt;
    if (!port || *port == 0) {
      return Unexpected{error_at(text, rest, "a port is 1 to 65535, after ':'")};
    }
    target.port = static_cast<uint16_t>(*port);
  }
  if (host.empty()) {
    return Unexpected{error_at(text, text.substr(0, 4), "the host is missing")};
  }
  return target;
}

}  // namespace weft
