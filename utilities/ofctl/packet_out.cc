// packet-out: sends frames through the switch's actions or tables.
#include <fmt/format.h>

#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/packet_text.h"
#include "utilities/ofctl/flow_batch.h"

namespace weft::ofctl {
namespace {

using openflow::PacketOut;

Outcome send_one(Invocation& call, const std::string& text) {
  const auto message = openflow::parse_packet_out(text, call.ports);
  if (!message) {
    return Unexpected{bad_text(text, message.error())};
  }
  FlowBatch batch(call);
  const auto added = batch.add(*message, text);
  return added ? batch.commit() : added;
}

// "IN_PORT ACTIONS PACKET...", each an argument of its own.
Outcome send_many(Invocation& call) {
  const std::string port_text = call.argument(0);
  const std::string actions_text = call.argument(1);
  const auto port = parse_port(port_text, call.ports);
  if (!port) {
    return Unexpected{Failure{fmt::format("the switch has no port \"{}\"", port_text)}};
  }
  const auto actions = openflow::parse_actions(actions_text, call.ports);
  if (!actions) {
    return Unexpected{bad_text(actions_text, actions.error())};
  }
  FlowBatch batch(call);
  for (const std::string& packet : call.arguments.subspan(2)) {
    auto frame = openflow::parse_frame(packet);
    if (!frame) {
      return Unexpected{bad_text(packet, frame.error())};
    }
    PacketOut message;
    message.in_port = *port;
    message.actions = *actions;
    message.data = std::move(*frame);
    if (auto added = batch.add(message, packet); !added) {
      return added;
    }
  }
  return batch.commit();
}

}  // namespace

Outcome packet_out(Invocation& call) {
  if (call.arguments.size() == 1) {
    return send_one(call, call.argument(0));
  }
  if (call.arguments.size() == 2) {
    return Unexpected{Failure{"packet-out IN_PORT ACTIONS needs at least one PACKET"}};
  }
  return send_many(call);
}

}  // namespace weft::ofctl
