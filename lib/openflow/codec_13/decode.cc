// From type number to the function that reads the message.
#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

using Read = DecodedMessage (*)(Reader&);

struct Versions {
  Version first = Version::v1_3;
  Version last = Version::v1_5;
  bool has(Version version) const { return first <= version && version <= last; }
};
constexpr Versions every{};
constexpr Versions only_13{Version::v1_3, Version::v1_3};
constexpr Versions since_14{Version::v1_4, Version::v1_5};
constexpr Versions since_15{Version::v1_5, Version::v1_5};

struct MessageRow {
  uint8_t type;
  Versions versions;
  Read read;
  Sender sender = Sender::controller;
};
constexpr auto by_switch = Sender::only_switch;

// Hello, error, echo and experimenter messages are the same in every version: codec.cc.
constexpr MessageRow message_rows[] = {
    {message_type::features_request, every, read_empty<FeaturesRequest>},
    {message_type::features_reply, every, read_features_reply, by_switch},
    {message_type::get_config_request, every, read_empty<GetConfigRequest>},
    {message_type::get_config_reply, every, read_get_config_reply, by_switch},
    {message_type::set_config, every, read_set_config},
    {message_type::packet_in, every, read_packet_in, by_switch},
    {message_type::flow_removed, every, read_flow_removed, by_switch},
    {message_type::port_status, every, read_port_status, by_switch},
    {message_type::packet_out, every, read_packet_out},
    {message_type::flow_mod, every, read_flow_mod},
    {message_type::group_mod, every, read_group_mod},
    {message_type::port_mod, every, read_port_mod},
    {message_type::table_mod, every, read_table_mod},
    {message_type::barrier_request, every, read_empty<BarrierRequest>},
    {message_type::barrier_reply, every, read_empty<BarrierReply>, by_switch},
    {message_type::queue_get_config_request, only_13, read_queue_get_config_request},
    {message_type::queue_get_config_reply, only_13, read_queue_get_config_reply, by_switch},
    {message_type::role_request, every, read_role_request},
    {message_type::role_reply, every, read_role_reply, by_switch},
    {message_type::get_async_request, every, read_empty<GetAsyncRequest>},
    {message_type::get_async_reply, every, read_get_async_reply, by_switch},
    {message_type::set_async, every, read_set_async},
    {message_type::meter_mod, every, read_meter_mod},
    {message_type::role_status, since_14, read_role_status, by_switch},
    {message_type::table_status, since_14, read_table_status, by_switch},
    {message_type::request_forward, since_14, read_request_forward, by_switch},
    {message_type::bundle_control, since_14, read_bundle_control},
    {message_type::bundle_add, since_14, read_bundle_add},
    {message_type::controller_status, since_15, read_controller_status, by_switch},
};

struct MultipartRow {
  MultipartType type;
  Versions versions;
  Read read_request;
  Read read_reply;
};

constexpr MultipartRow multipart_rows[] = {
    {MultipartType::desc, every, read_empty<DescRequest>, read_desc_reply},
    {MultipartType::flow, every, read_flow_stats_request, read_flow_stats_reply},
    {MultipartType::aggregate, every, read_aggregate_request, read_aggregate_reply},
    {MultipartType::table, every, read_empty<TableStatsRequest>, read_table_stats_reply},
    {MultipartType::port_stats, every, read_port_stats_request, read_port_stats_reply},
    {MultipartType::queue, every, read_queue_stats_request, read_queue_stats_reply},
    {MultipartType::group, every, read_group_stats_request, read_group_stats_reply},
    {MultipartType::group_desc, every, read_group_desc_request, read_group_desc_reply},
    {MultipartType::group_features, every, read_empty<GroupFeaturesRequest>, read_group_features_reply},
    {MultipartType::meter, every, read_meter_stats_request, read_meter_stats_reply},
    {MultipartType::meter_config, every, read_meter_config_request, read_meter_config_reply},
    {MultipartType::meter_features, every, read_empty<MeterFeaturesRequest>, read_meter_features_reply},
    {MultipartType::table_features, every, read_table_features_request, read_table_features_reply},
    {MultipartType::port_desc, every, read_port_desc_request, read_port_desc_reply},
    {MultipartType::table_desc, since_14, read_empty<TableDescRequest>, read_table_desc_reply},
    {MultipartType::queue_desc, since_14, read_queue_desc_request, read_queue_desc_reply},
    {MultipartType::flow_monitor, since_14, read_flow_monitor_request, read_flow_monitor_reply},
    {MultipartType::flow_counters, since_15, read_flow_counters_request, read_flow_counters_reply},
    {MultipartType::controller_status, since_15, read_empty<ControllerStatusRequest>, read_controller_status_reply},
    {MultipartType::bundle_features, since_15, read_bundle_features_request, read_bundle_features_reply},
};

// The flow monitor of 1.3 is the ONF's; another experimenter's multipart has no struct of its own.
DecodedMessage decode_experimenter_multipart(bool is_reply, Reader& in, Spelling& spelling) {
  Reader body = in;
  const uint32_t experimenter = body.u32();
  const uint32_t number = body.u32();
  if (in.version() == Version::v1_3 && experimenter == onf_experimenter && number == onf_flow_monitor) {
    spelling.form = Form::onf;
    return is_reply ? read_flow_monitor_reply(body) : read_flow_monitor_request(body);
  }
  return is_reply ? read_experimenter_multipart_reply(in) : read_experimenter_multipart_request(in);
}

DecodedMessage decode_multipart(bool is_reply, Reader& in, Spelling& spelling) {
  const auto type = static_cast<MultipartType>(in.u16());
  const uint16_t flags = in.u16();
  in.pad(4);
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  spelling.more = (flags & more_flag) != 0;
  if (type == MultipartType::experimenter) {
    return decode_experimenter_multipart(is_reply, in, spelling);
  }
  const auto* row = std::find_if(std::begin(multipart_rows), std::end(multipart_rows), [&](const MultipartRow& one) {
    return one.type == type && one.versions.has(in.version());
  });
  if (row == std::end(multipart_rows)) {
    return Unexpected{
        OpenFlowError{ErrorCode::ofpbrc_bad_multipart, fmt::format("multipart type {}", static_cast<unsigned>(type))}};
  }
  return is_reply ? row->read_reply(in) : row->read_request(in);
}

}  // namespace

DecodedMessage decode(Version version, uint8_t type, std::span<const uint8_t> body, Spelling& spelling) {
  Reader in(body, version);
  if (type == message_type::multipart_request || type == message_type::multipart_reply) {
    return decode_multipart(type == message_type::multipart_reply, in, spelling);
  }
  const auto* row = std::find_if(std::begin(message_rows), std::end(message_rows),
                                 [&](const MessageRow& one) { return one.type == type && one.versions.has(version); });
  if (row == std::end(message_rows)) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_type, fmt::format("message type {}", type)}};
  }
  return row->read(in);
}

bool is_from_switch(uint8_t type) {
  return type == message_type::multipart_reply || std::ranges::any_of(message_rows, [&](const MessageRow& row) {
           return row.type == type && row.sender == by_switch;
         });
}

}  // namespace weft::openflow::codec_13
