#include "ofproto/message/handlers.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names

// One line a request. What is not named here is no request, or one that the switch does not serve.
struct Dispatch {
  const RequestPtr& request;
  Form form;

  Outcome operator()(const FeaturesRequest&) const { return on_features_request(request); }
  Outcome operator()(const GetConfigRequest&) const { return on_get_config(request); }
  Outcome operator()(const SetConfig& m) const { return on_set_config(request, m); }
  Outcome operator()(const BarrierRequest&) const { return on_barrier(request); }
  Outcome operator()(const RoleRequest& m) const { return on_role_request(request, m); }
  Outcome operator()(const GetAsyncRequest&) const { return on_get_async(request); }
  Outcome operator()(const SetAsync& m) const { return on_set_async(request, m); }
  Outcome operator()(const ControllerStatusRequest&) const { return on_controller_status(request); }
  Outcome operator()(const SetPacketInFormat& m) const { return on_set_packet_in_format(request, m); }
  Outcome operator()(const SetControllerId& m) const { return on_set_controller_id(request, m); }
  Outcome operator()(const SetFlowFormat& m) const { return on_set_flow_format(request, m); }
  Outcome operator()(const FlowModTableId& m) const { return on_flow_mod_table_id(request, m); }
  Outcome operator()(const TlvTableMod& m) const { return on_tlv_table_mod(request, m); }
  Outcome operator()(const TlvTableRequest&) const { return on_tlv_table_request(request); }
  Outcome operator()(const FlowMod& m) const { return on_flow_mod(request, m); }
  Outcome operator()(const GroupMod& m) const { return on_group_mod(request, m); }
  Outcome operator()(const MeterMod& m) const { return on_meter_mod(request, m); }
  Outcome operator()(const PortMod& m) const { return on_port_mod(request, m); }
  Outcome operator()(const PacketOut& m) const { return on_packet_out(request, m); }
  Outcome operator()(const Resume& m) const { return on_resume(request, m); }
  Outcome operator()(const TableMod& m) const { return on_table_mod(request, m); }
  Outcome operator()(const TableDescRequest&) const { return on_table_desc(request); }
  Outcome operator()(const BundleControl& m) const { return on_bundle_control(request, m); }
  Outcome operator()(const BundleFeaturesRequest& m) const { return on_bundle_features(request, m); }
  Outcome operator()(const FlowMonitorRequest& m) const { return on_flow_monitor(request, m, form); }
  Outcome operator()(const DescRequest&) const { return on_desc(request); }
  Outcome operator()(const FlowStatsRequest& m) const { return on_flow_stats(request, m); }
  Outcome operator()(const AggregateStatsRequest& m) const { return on_aggregate_stats(request, m); }
  Outcome operator()(const TableStatsRequest&) const { return on_table_stats(request); }
  Outcome operator()(const TableFeaturesRequest& m) const { return on_table_features(request, m); }
  Outcome operator()(const PortStatsRequest& m) const { return on_port_stats(request, m); }
  Outcome operator()(const PortDescRequest& m) const { return on_port_desc(request, m); }
  Outcome operator()(const QueueStatsRequest& m) const { return on_queue_stats(request, m); }
  Outcome operator()(const QueueDescRequest& m) const { return on_queue_desc(request, m); }
  Outcome operator()(const FlowCountersRequest& m) const { return on_flow_counters(request, m); }
  Outcome operator()(const GroupStatsRequest& m) const { return on_group_stats(request, m); }
  Outcome operator()(const GroupDescRequest& m) const { return on_group_desc(request, m); }
  Outcome operator()(const GroupFeaturesRequest&) const { return on_group_features(request); }

  // A peer's complaint or answer needs none.
  Outcome operator()(const Error&) const { return Progress::done; }
  Outcome operator()(const Hello&) const { return Progress::done; }
  Outcome operator()(const EchoReply&) const { return Progress::done; }

  // What OpenFlow 1.3.5 section 7.4.4 and 1.5.1 section 7.5.4 have an answer of its own for.
  Outcome operator()(const Experimenter& m) const { return unknown(m.experimenter); }
  Outcome operator()(const ExperimenterMultipartRequest& m) const { return unknown(m.experimenter); }
  Outcome operator()(const MeterStatsRequest& m) const { return on_meter_stats(request, m); }
  Outcome operator()(const MeterConfigRequest& m) const { return on_meter_config(request, m); }
  Outcome operator()(const MeterFeaturesRequest&) const { return on_meter_features(request); }

  // Extensions that are known and not served.
  Outcome operator()(const CtFlushZone&) const { return refused(ErrorCode::ofpbrc_bad_exp_type); }

  template <typename Unserved>
  Outcome operator()(const Unserved&) const {
    return refused(ErrorCode::ofpbrc_bad_type);
  }

  static Outcome unknown(uint32_t experimenter) {
    const bool is_known = experimenter == nicira_vendor_id || experimenter == onf_experimenter_id;
    return refused(is_known ? ErrorCode::ofpbrc_bad_exp_type : ErrorCode::ofpbrc_bad_experimenter);
  }
  static Outcome refused(ErrorCode code) { return Unexpected{OpenFlowError(code)}; }
};

}  // namespace

void Request::reply(const Message& message) const {
  if (const auto open = session()) {
    open->send(encode(open->version(), xid_, message, false, form_));
  }
}

void Request::refuse(const OpenFlowError& error) const {
  if (const auto open = session()) {
    open->send(error_reply(open->version(), error, bytes_));
  }
}

void Request::forward(const Message& carried_out) const {
  if (const auto open = session()) {
    open->forward({.version = open->version(), .xid = xid_, .message = carried_out});
  }
}

void Request::finish() const {
  if (const auto open = session()) {
    open->finish_request();
  }
}

namespace {

Outcome dispatch(Session& session, const RequestPtr& request, const Envelope& envelope) {
  const auto part = parse_multipart_request(session.version(), request->bytes());
  // OpenFlow 1.3.5 section 6.3.6.
  if (session.role() == Role::secondary && changes_switch(envelope.message)) {
    if (part) {
      session.parts.spoil(*part);
    }
    return Dispatch::refused(ErrorCode::ofpbrc_is_secondary);
  }
  if (part && session.parts.takes(*part)) {
    const auto whole = session.parts.add(*part, envelope.message);
    if (!whole) {
      return Unexpected{whole.error()};
    }
    return *whole ? std::visit(Dispatch{request, envelope.form}, **whole) : Outcome(Progress::done);
  }
  return std::visit(Dispatch{request, envelope.form}, envelope.message);
}

// No answer but a refusal, and that at once: the many messages of a bundle need no Request each.
void handle_bundle_add(Session& session, const BundleAdd& message, std::span<const uint8_t> bytes) {
  const auto added = session.role() == Role::secondary
                         ? BundleSet::Outcome(Unexpected{OpenFlowError(ErrorCode::ofpbrc_is_secondary)})
                         : add_to_bundle(session, message, bytes);
  if (!added) {
    session.send(error_reply(session.version(), added.error(), bytes));
  }
  session.finish_request();
}

}  // namespace

void handle(const std::shared_ptr<Session>& session, const Envelope& envelope, Bytes bytes) {
  if (const auto* message = std::get_if<BundleAdd>(&envelope.message)) {
    return handle_bundle_add(*session, *message, bytes);
  }
  const auto request = std::make_shared<const Request>(session, envelope.xid, std::move(bytes), envelope.form);
  const Outcome outcome = dispatch(*session, request, envelope);
  if (!outcome) {
    request->refuse(outcome.error());
  }
  if (!outcome || *outcome == Progress::done) {
    session->finish_request();
  }
}

}  // namespace weft::ofproto
