// Requests that change tables or send packets.

#include "ofproto/message/handlers.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

Outcome done_unless(Result<void, OpenFlowError> result) {
  return result ? Outcome(Progress::done) : Outcome(Unexpected{result.error()});
}

}  // namespace

Outcome on_flow_mod(const RequestPtr& request, const FlowMod& message) {
  return done_unless(request->session()->bridge().apply(message));
}

Outcome on_group_mod(const RequestPtr& request, const GroupMod& message) {
  return done_unless(request->session()->bridge().apply(message));
}

Outcome on_packet_out(const RequestPtr& request, const PacketOut& message) {
  return done_unless(request->session()->bridge().packet_out(message));
}

}  // namespace weft::ofproto
