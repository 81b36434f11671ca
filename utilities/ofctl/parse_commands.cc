// Commands that need no switch: parse-flow, parse-flows, ofp-print, ofp-parse.
#include <array>
#include <fstream>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/message_text.h"
#include "utilities/ofctl/flow_batch.h"
#include "utilities/ofctl/printing.h"
#include "utilities/ofctl/said.h"

namespace weft::ofctl {
namespace {

Outcome print_flow(const std::string& text, const Invocation& call, uint32_t xid = 1) {
  const openflow::Version version = version_without_switch(call.options);
  const auto mod = openflow::parse_flow_line(text, openflow::FlowModCommand::add, call.ports, version);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  const auto received = as_received(*mod, version, xid);
  if (!received) {
    return Unexpected{received.error()};
  }
  fmt::print("{}", format_message(*received));
  return {};
}

Outcome print_message(std::span<const uint8_t> bytes) {
  const auto text = message_text(bytes);
  if (!text) {
    return Unexpected{text.error()};
  }
  fmt::print("{}", *text);
  return {};
}

Result<openflow::Bytes, Failure> read_file(const std::string& name) {
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) {
      return Unexpected{unreadable(name)};
    }
  }
  std::istream& in = name == "-" ? std::cin : file;
  openflow::Bytes bytes;
  std::array<char, 65536> chunk;
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + in.gcount());
  }
  return in.bad() ? Result<openflow::Bytes, Failure>(Unexpected{unreadable(name)}) : std::move(bytes);
}

}  // namespace

Outcome parse_flow_command(Invocation& call) { return print_flow(call.argument(0), call); }

Outcome parse_flows_command(Invocation& call) {
  uint32_t xid = 0;
  return for_each_line(call.argument(0), [&](const std::string& text) { return print_flow(text, call, ++xid); });
}

Outcome ofp_print(Invocation& call) {
  const std::string text = call.argument(0);
  const auto bytes = parse_hex_bytes(text);
  return bytes ? print_message(*bytes) : Outcome(Unexpected{bad_text(text, bytes.error())});
}

Outcome ofp_parse(Invocation& call) {
  const auto bytes = read_file(call.argument(0));
  if (!bytes) {
    return Unexpected{bytes.error()};
  }
  for (std::span<const uint8_t> rest(*bytes); !rest.empty();) {
    const auto length = openflow::frame_length(rest);
    if (!length || *length == 0 || *length > rest.size()) {
      return Unexpected{Failure{fmt::format("{} bytes at the end are no whole message", rest.size())}};
    }
    if (auto printed = print_message(rest.first(*length)); !printed) {
      return printed;
    }
    rest = rest.subspan(*length);
  }
  return {};
}

}  // namespace weft::ofctl
