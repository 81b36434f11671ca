// Requests about the session and the switch as a whole.

#include "ofproto/message/handlers.h"
#include "ofproto/message/version_10.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

Outcome on_features_request(const RequestPtr& request) {
  FeaturesReply reply;
  reply.datapath_id = request->session()->bridge().datapath_id();
  reply.buffer_count = 0;  // packet-in carries the whole packet
  reply.table_count = table_count;
  reply.auxiliary_id = request->session()->auxiliary_id();
  reply.capabilities = capability::flow_stats | capability::table_stats | capability::port_stats |
                       capability::queue_stats | capability::group_stats;
  if (request->session()->version() >= Version::v1_4) {
    reply.capabilities |= capability::bundles | capability::flow_monitoring;
  }
  if (request->session()->version() == Version::v1_0) {
    add_features_10(request->session()->bridge(), reply);
  }
  request->reply(reply);
  return Progress::done;
}

Outcome on_get_config(const RequestPtr& request) {
  const auto session = request->session();
  SwitchConfig config = session->config;
  config.fragments = session->bridge().fragments();
  request->reply(GetConfigReply{config});
  return Progress::done;
}

Outcome on_set_config(const RequestPtr& request, const SetConfig& message) {
  if (message.config.fragments == FragmentHandling::reassemble) {
    return Unexpected{OpenFlowError(ErrorCode::ofpscfc_bad_flags)};
  }
  const auto session = request->session();
  // All the rest is the session's own; this is the bridge's, which a secondary does not change.
  if (session->role() != Role::secondary) {
    session->bridge().set_fragments(message.config.fragments);
  }
  session->config = message.config;
  // Before 1.3 that is where a controller asks for these packets.
  constexpr uint32_t invalid_ttl = 1U << static_cast<unsigned>(PacketInReason::invalid_ttl);
  auto& packet_ins = session->async.primary[static_cast<size_t>(AsyncKind::packet_in)];
  if (session->version() < Version::v1_3) {
    packet_ins = message.config.invalid_ttl_to_controller ? packet_ins | invalid_ttl : packet_ins & ~invalid_ttl;
  }
  session->settings_changed();
  return Progress::done;
}

Outcome on_barrier(const RequestPtr& request) {
  request->session()->bridge().barrier([request] {
    request->reply(BarrierReply{});
    request->finish();
  });
  return Progress::pending;
}

Outcome on_desc(const RequestPtr& request) {
  const auto& description = request->session()->description();
  request->reply(DescReply{description.manufacturer, description.hardware, description.software,
                           description.serial_number, description.datapath});
  return Progress::done;
}

}  // namespace weft::ofproto
