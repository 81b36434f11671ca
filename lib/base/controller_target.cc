#include "lib/base/controller_target.h"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <optional>

#include "lib/base/ip_address.h"

namespace weft {
namespace {

struct Scheme {
  std::string_view name;
  Transport transport;
  bool is_passive;
};

constexpr std::array schemes{
    Scheme{"tcp", Transport::tcp, false}, Scheme{"ssl", Transport::ssl, false}, Scheme{"unix", Transport::local, false},
    Scheme{"ptcp", Transport::tcp, true}, Scheme{"pssl", Transport::ssl, true}, Scheme{"punix", Transport::local, true},
};

constexpr std::string_view forms =
    "a controller is tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:FILE, or ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or "
    "punix:FILE";

// The host at the beginning of `rest`, which then begins behind it.
Result<std::string, TextError> take_host(std::string_view text, std::string_view& rest) {
  if (!rest.starts_with('[')) {
    const std::string_view host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
    return std::string(host);
  }
  const auto end = rest.find(']');
  if (end == std::string_view::npos) {
    return Unexpected{error_at(text, rest, "missing ']'")};
  }
  const std::string_view host = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return std::string(host);
}

std::optional<uint16_t> to_port(std::string_view word) {
  const auto port = parse_unsigned(word, 65535);
  return port && *port != 0 ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

Result<ControllerTarget, TextError> parse_active(std::string_view text, std::string_view rest, ControllerTarget out) {
  auto host = take_host(text, rest);
  if (!host) {
    return Unexpected{host.error()};
  }
  if (!rest.empty()) {
    const auto port = rest.front() == ':' ? to_port(rest.substr(1)) : std::nullopt;
    if (!port) {
      return Unexpected{error_at(text, rest, "a port is 1 to 65535, after ':'")};
    }
    out.port = *port;
  }
  if (host->empty()) {
    return Unexpected{error_at(text, text.substr(0, text.find(':') + 1), "the host is missing")};
  }
  out.host = std::move(*host);
  return out;
}

Result<ControllerTarget, TextError> parse_passive(std::string_view text, std::string_view rest, ControllerTarget out) {
  const std::string_view port_word = rest.substr(0, rest.find(':'));
  if (!port_word.empty()) {
    const auto port = to_port(port_word);
    if (!port) {
      return Unexpected{error_at(text, port_word, "a port is 1 to 65535")};
    }
    out.port = *port;
  }
  rest.remove_prefix(port_word.size());
  if (rest.empty()) {
    return out;
  }
  rest.remove_prefix(1);
  const std::string_view host_word = rest;
  auto host = take_host(text, rest);
  if (!host) {
    return Unexpected{host.error()};
  }
  if (!rest.empty() || !IpAddress::parse(*host)) {
    return Unexpected{error_at(text, host_word.empty() ? text : host_word, "an address to listen on is needed")};
  }
  out.host = std::move(*host);
  return out;
}

}  // namespace

Result<ControllerTarget, TextError> parse_controller_target(std::string_view text) {
  const auto parts = split_once(text, ':');
  const std::string_view name = parts ? parts->first : text;
  const auto* scheme = std::ranges::find(schemes, name, &Scheme::name);
  if (!parts || scheme == schemes.end()) {
    return Unexpected{error_at(text, name, std::string(forms))};
  }
  ControllerTarget target{scheme->transport, scheme->is_passive, {}, 0};
  const std::string_view rest = parts->second;
  if (scheme->transport != Transport::local) {
    target.port = default_openflow_port;
    return scheme->is_passive ? parse_passive(text, rest, std::move(target))
                              : parse_active(text, rest, std::move(target));
  }
  if (rest.empty()) {
    return Unexpected{error_at(text, name, std::string(forms))};
  }
  if (rest.size() >= sizeof(sockaddr_un::sun_path)) {
    return Unexpected{error_at(text, rest, "longer than a socket's path may be")};
  }
  target.host = rest;
  return target;
}

}  // namespace weft
