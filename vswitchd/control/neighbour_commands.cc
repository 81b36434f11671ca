// Commands about neighbours: which MAC each IP address of a segment has.
#include <fmt/format.h>

#include "vswitchd/control/command.h"

namespace weft::control {
namespace {

// The address of a host, or why it is none.
Result<IpAddress, std::string> parse_host(const std::string& text) {
  const auto address = IpAddress::parse(text);
  const bool is_host =
      address && !address->is_unspecified() && !address->is_multicast() &&
      (address->is_v4() ? !address->v4().is_broadcast() && !address->v4().is_loopback() : !address->v6().is_loopback());
  if (!is_host) {
    return Unexpected{fmt::format("\"{}\" is not the IP address of a host", text)};
  }
  return *address;
}

Result<std::string, std::string> done(const Result<void, std::string>& result) {
  return result ? Result<std::string, std::string>(std::string()) : Unexpected{result.error()};
}

}  // namespace

void neighbour_add(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  const auto address = parse_host(words[2]);
  if (!address) {
    return answer(Unexpected{address.error()});
  }
  const auto mac = MacAddress::parse(words[3]);
  if (!mac || mac->is_multicast() || mac->is_zero()) {
    return answer(Unexpected{fmt::format("\"{}\" is not the address of a host", words[3])});
  }
  const bool is_router = words.size() > 4;
  if (is_router && words[4] != "router") {
    return answer(Unexpected{fmt::format("\"{}\": \"router\" or nothing is expected", words[4])});
  }
  if (is_router && address->is_v4()) {
    return answer(Unexpected{std::string("\"router\" is said of IPv6 addresses: ARP knows no routers")});
  }
  answer(done((*bridge)->neighbour_add(words[1], *address, *mac, is_router)));
}

void neighbour_del(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  if (!bridge) {
    return answer(Unexpected{bridge.error()});
  }
  const auto address = parse_host(words[2]);
  answer(address ? done((*bridge)->neighbour_remove(words[1], *address)) : Unexpected{address.error()});
}

void neighbour_show(CommandContext& context, const Words& words, Answer answer) {
  const auto bridge = find_bridge(context, words[0]);
  answer(bridge ? (*bridge)->neighbours_show(words.size() > 1 ? words[1] : "") : Unexpected{bridge.error()});
}

}  // namespace weft::control
