// Commands that need no switch: parse-flow, parse-flows, ofp-print.
#include <fmt/format.h>

#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/message_text.h"
#include "lib/openflow/text/packet_text.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

Outcome print_flow(const std::string& text, const PortNames* ports) {
  const auto mod = openflow::parse_flow_line(text, openflow::FlowModCommand::add, ports);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  fmt::print("{}\n", format_flow_mod(*mod));
  return {};
}

Result<openflow::Bytes, Failure> parse_hex(const std::string& text) {
  openflow::Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (hex_digit(c)) {
      digits += c;
    } else if (!is_space(c) && c != '.' && c != ':') {
      return Unexpected{Failure{fmt::format("\"{}\" is not a hexadecimal digit", c)}};
    }
  }
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(*hex_digit(digits[i]) << 4 | *hex_digit(digits[i + 1])));
  }
  return bytes;
}

}  // namespace

Outcome parse_flow_command(Invocation& call) { return print_flow(call.argument(0), call.ports); }

Outcome parse_flows_command(Invocation& call) {
  return for_each_line(call.argument(0), [&](const std::string& text) { return print_flow(text, call.ports); });
}

Outcome ofp_print(Invocation& call) {
  const auto bytes = parse_hex(call.argument(0));
  if (!bytes) {
    return Unexpected{bytes.error()};
  }
  const auto message = openflow::decode(openflow::Version::v1_3, *bytes);
  if (!message) {
    return Unexpected{
        Failure{fmt::format("cannot be read: {}\n{}", to_string(message.error()), openflow::format_hex_dump(*bytes))}};
  }
  fmt::print("{}", format_message(*message));
  return {};
}

}  // namespace weft::ofctl
