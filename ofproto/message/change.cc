// Requests that change tables or send packets.

#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

Outcome done_unless(Result<void, OpenFlowError> result) {
  return result ? Outcome(Progress::done) : Outcome(Unexpected{result.error()});
}

// A slice at every turn of the loop.
void go_on(const RequestPtr& request, const std::shared_ptr<FlowModRun>& run) {
  const auto session = request->session();
  if (!session) {
    return;
  }
  if (run->choose_next()) {
    return session->when_writable([request, run] { go_on(request, run); });
  }
  if (const auto applied = run->apply(); !applied) {
    request->refuse(applied.error());
  }
  request->finish();
}

}  // namespace

Outcome on_flow_mod(const RequestPtr& request, const FlowMod& message) {
  Bridge& bridge = request->session()->bridge();
  if (message.command != FlowModCommand::modify && message.command != FlowModCommand::remove) {
    return done_unless(bridge.apply(message));
  }
  go_on(request, bridge.begin(message));
  return Progress::pending;
}

Outcome on_group_mod(const RequestPtr& request, const GroupMod& message) {
  return done_unless(request->session()->bridge().apply(message));
}

// The hardware address is there to show that the peer means this port and not one that had the number before.
Outcome on_port_mod(const RequestPtr& request, const PortMod& message) {
  const auto session = request->session();
  const auto port = session->bridge().port(message.port);
  if (!port) {
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_port)};
  }
  if (message.hw_addr != port->desc.hw_addr) {
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_hw_addr)};
  }
  if (message.advertise != 0) {  // what a link offers is the host's to decide
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_advertise)};
  }
  return done_unless(session->bridge().set_port_config(message.port, message.config, message.mask));
}

Outcome on_resume(const RequestPtr& request, const Resume& message) {
  return done_unless(request->session()->bridge().resume(message.packet_in));
}

Outcome on_packet_out(const RequestPtr& request, const PacketOut& message) {
  return done_unless(request->session()->bridge().packet_out(message));
}

}  // namespace weft::ofproto
