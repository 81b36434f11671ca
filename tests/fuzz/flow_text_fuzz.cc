// Flow text: what parses must print as something that parses to the same; an error must point into the text.
#include <cstdlib>
#include <string_view>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/meter_text.h"
#include "lib/openflow/text/packet_text.h"

namespace weft::openflow {
namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Nothing when the text was refused.
template <class Parse>
auto parse_pointing(std::string_view text, Parse parse) {
  auto parsed = parse(text);
  if (!parsed) {
    require(parsed.error().position + parsed.error().length <= text.size());
  }
  return parsed;
}

void flow(std::string_view text, FlowModCommand command) {
  const auto parse = [&](std::string_view one) { return parse_flow(one, command); };
  const auto mod = parse_pointing(text, parse);
  if (!mod) {
    return;
  }
  const std::string printed = format_flow_mod(*mod);
  const auto again = parse(printed);
  require(again.has_value() && *again == *mod);
  // What a switch would make of it is its business; that it makes something of it is ours.
  if (const auto bytes = try_encode(Version::v1_3, 1, *mod)) {
    (void)decode(Version::v1_3, *bytes);
  }
}

void group(std::string_view text) {
  const auto parse = [](std::string_view one) { return parse_group(one, GroupModCommand::add); };
  if (const auto mod = parse_pointing(text, parse)) {
    require(parse(format_group_mod(*mod)).has_value());
    (void)try_encode(Version::v1_3, 1, *mod);
  }
}

void meter(std::string_view text) {
  const auto parse = [](std::string_view one) { return parse_meter(one, MeterModCommand::add); };
  if (const auto mod = parse_pointing(text, parse)) {
    require(parse(format_meter_mod(*mod)).has_value());
  }
}

void packet_out(std::string_view text) {
  const auto parse = [](std::string_view one) { return parse_packet_out(one); };
  if (const auto message = parse_pointing(text, parse)) {
    (void)format_packet_out(*message);
    if (const auto bytes = try_encode(Version::v1_5, 1, *message)) {
      (void)decode(Version::v1_5, *bytes);
    }
  }
}

}  // namespace
}  // namespace weft::openflow

// The first byte picks what is parsed.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::openflow;
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'd':
      flow(text, FlowModCommand::remove);
      break;
    case 'g':
      group(text);
      break;
    case 'm':
      meter(text);
      break;
    case 'p':
      packet_out(text);
      break;
    default:
      flow(text, FlowModCommand::add);
  }
  return 0;
}
