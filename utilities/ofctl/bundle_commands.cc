// bundle: the changes of a file, carried out together or not at all.
#include <utility>
#include <vector>

#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/packet_text.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

using openflow::FlowModCommand;

// A line behind its first word, which says what kind of change it is.
struct BundleLine {
  Invocation& call;
  std::string_view line;
  std::string_view rest;  // a part of `line`

  // A message, or what is wrong, marked in the line.
  template <class Parsed>
  Result<openflow::Message, Failure> message(Parsed parsed) const {
    if (!parsed) {
      return Unexpected{bad_text(line, shifted(parsed.error(), static_cast<size_t>(rest.data() - line.data())))};
    }
    return openflow::Message(std::move(*parsed));
  }
};

using Message = Result<openflow::Message, Failure>;

Message flow_of(const BundleLine& line) {
  return line.message(
      openflow::parse_flow_line(line.rest, FlowModCommand::add, line.call.ports, line.call.connection->version()));
}

Message group_of(const BundleLine& line) {
  return line.message(openflow::parse_group_line(line.rest, line.call.ports));
}

Message packet_out_of(const BundleLine& line) {
  return line.message(openflow::parse_packet_out(line.rest, line.call.ports));
}

Message port_of(const BundleLine& line) {
  const auto words = split_words(line.rest);
  if (words.size() != 2) {
    return Unexpected{bad_text(line.line, error_at(line.line, line.rest, "a port line is: port PORT ACTION"))};
  }
  const auto mod = port_mod(line.call, std::string(words[0]), std::string(words[1]));
  return mod ? Message(openflow::Message(*mod)) : Message(Unexpected{mod.error()});
}

struct Kind {
  std::string_view name;
  Message (*read)(const BundleLine&);
};
constexpr Kind kinds[] = {
    {"flow", flow_of},
    {"group", group_of},
    {"packet-out", packet_out_of},
    {"port", port_of},
};

Message message_of(Invocation& call, const std::string& line) {
  const std::string_view first = split_words(line).front();
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds) {
    if (kind.name == first) {
      return kind.read({call, line, std::string_view(line).substr(first.size())});
    }
    names.push_back(kind.name);
  }
  return Unexpected{
      bad_text(line, error_at(line, first, "a line of a bundle begins with flow, group, port or packet-out",
                              did_you_mean(first, names)))};
}

}  // namespace

Outcome bundle(Invocation& call) {
  constexpr bool in_bundle = true;
  FlowBatch batch(call, in_bundle);
  const Outcome added = for_each_line(call.argument(0), [&](const std::string& line) -> Outcome {
    const auto message = message_of(call, line);
    return message ? batch.add(*message, line) : Outcome(Unexpected{message.error()});
  });
  return added ? batch.commit() : added;
}

}  // namespace weft::ofctl
