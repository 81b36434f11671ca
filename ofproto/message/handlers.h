// The handlers, one for each request that the switch knows; everything else is refused (dispatch.cc).
//
// A handler returns an error, which is sent with the offending bytes, or whether it is `done`; one that is `pending`
// calls Request::finish() itself.
#pragma once

#include "ofproto/message/request.h"

namespace weft::ofproto {

enum class Progress : uint8_t { done, pending };
using Outcome = Result<Progress, openflow::OpenFlowError>;

// A message that could not be decoded: a bundle that it may have been for will not be committed, nor a request carried out
// that it may have been a part of.
void note_unreadable(Session& session, std::span<const uint8_t> bytes);
// Tells of bundles that have been idle too long, and discards them.
void expire_bundles(Session& session);

// Handles a decoded message, of which these are the bytes, to its end.
void handle(const std::shared_ptr<Session>& session, const openflow::Envelope& envelope, openflow::Bytes bytes);
// What a controller whose role is secondary may not ask for.
bool changes_switch(const openflow::Message& message);

Outcome on_features_request(const RequestPtr& request);
Outcome on_get_config(const RequestPtr& request);
Outcome on_set_config(const RequestPtr& request, const openflow::SetConfig& message);
Outcome on_set_flow_format(const RequestPtr& request, const openflow::SetFlowFormat& message);
Outcome on_flow_mod_table_id(const RequestPtr& request, const openflow::FlowModTableId& message);
Outcome on_tlv_table_mod(const RequestPtr& request, const openflow::TlvTableMod& message);
Outcome on_tlv_table_request(const RequestPtr& request);
Outcome on_barrier(const RequestPtr& request);
Outcome on_role_request(const RequestPtr& request, const openflow::RoleRequest& message);
Outcome on_get_async(const RequestPtr& request);
Outcome on_set_async(const RequestPtr& request, const openflow::SetAsync& message);
Outcome on_controller_status(const RequestPtr& request);
Outcome on_set_packet_in_format(const RequestPtr& request, const openflow::SetPacketInFormat& message);
Outcome on_set_controller_id(const RequestPtr& request, const openflow::SetControllerId& message);
Outcome on_flow_mod(const RequestPtr& request, const openflow::FlowMod& message);
Outcome on_group_mod(const RequestPtr& request, const openflow::GroupMod& message);
Outcome on_meter_mod(const RequestPtr& request, const openflow::MeterMod& message);
Outcome on_port_mod(const RequestPtr& request, const openflow::PortMod& message);
Outcome on_packet_out(const RequestPtr& request, const openflow::PacketOut& message);
Outcome on_resume(const RequestPtr& request, const openflow::Resume& message);
Outcome on_table_mod(const RequestPtr& request, const openflow::TableMod& message);
Outcome on_table_desc(const RequestPtr& request);
Outcome on_bundle_control(const RequestPtr& request, const openflow::BundleControl& message);
BundleSet::Outcome add_to_bundle(Session& session, const openflow::BundleAdd& message, std::span<const uint8_t> bytes);
Outcome on_bundle_features(const RequestPtr& request, const openflow::BundleFeaturesRequest& message);
// `form`: what is told unasked has the form of the request that asked for it first.
Outcome on_flow_monitor(const RequestPtr& request, const openflow::FlowMonitorRequest& message, openflow::Form form);
Outcome on_desc(const RequestPtr& request);
Outcome on_flow_stats(const RequestPtr& request, const openflow::FlowStatsRequest& message);
Outcome on_aggregate_stats(const RequestPtr& request, const openflow::AggregateStatsRequest& message);
Outcome on_table_stats(const RequestPtr& request);
Outcome on_table_features(const RequestPtr& request, const openflow::TableFeaturesRequest& message);
Outcome on_port_stats(const RequestPtr& request, const openflow::PortStatsRequest& message);
Outcome on_port_desc(const RequestPtr& request, const openflow::PortDescRequest& message);
Outcome on_queue_stats(const RequestPtr& request, const openflow::QueueStatsRequest& message);
Outcome on_queue_desc(const RequestPtr& request, const openflow::QueueDescRequest& message);
Outcome on_flow_counters(const RequestPtr& request, const openflow::FlowCountersRequest& message);
Outcome on_group_stats(const RequestPtr& request, const openflow::GroupStatsRequest& message);
Outcome on_group_desc(const RequestPtr& request, const openflow::GroupDescRequest& message);
Outcome on_group_features(const RequestPtr& request);
Outcome on_meter_stats(const RequestPtr& request, const openflow::MeterStatsRequest& message);
Outcome on_meter_config(const RequestPtr& request, const openflow::MeterConfigRequest& message);
Outcome on_meter_features(const RequestPtr& request);

}  // namespace weft::ofproto
