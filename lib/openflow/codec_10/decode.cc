// From type number to the function that reads the message.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/codec_10/codec_10.h"
#include "lib/openflow/codec_10/nxm.h"

namespace weft::openflow::codec_10 {
namespace {

using Read = DecodedMessage (*)(WireReader&);

struct MessageRow {
  uint8_t type;
  Read read;
  Sender sender = Sender::controller;
};
constexpr auto by_switch = Sender::only_switch;

// Hello, error, echo and vendor messages are read by codec.cc.
constexpr MessageRow message_rows[] = {
    {message_type::features_request, read_empty<FeaturesRequest>},
    {message_type::features_reply, read_features_reply, by_switch},
    {message_type::get_config_request, read_empty<GetConfigRequest>},
    {message_type::get_config_reply, read_get_config_reply, by_switch},
    {message_type::set_config, read_set_config},
    {message_type::packet_in, read_packet_in, by_switch},
    {message_type::flow_removed, read_flow_removed, by_switch},
    {message_type::port_status, read_port_status, by_switch},
    {message_type::packet_out, read_packet_out},
    {message_type::flow_mod, read_flow_mod},
    {message_type::port_mod, read_port_mod},
    {message_type::barrier_request, read_empty<BarrierRequest>},
    {message_type::barrier_reply, read_empty<BarrierReply>, by_switch},
    {message_type::queue_get_config_request, read_queue_config_request},
    {message_type::queue_get_config_reply, read_queue_config_reply, by_switch},
};

struct StatsRow {
  MultipartType type;
  Read read_request;
  Read read_reply;
};

constexpr StatsRow stats_rows[] = {
    {MultipartType::desc, read_empty<DescRequest>, read_desc_reply},
    {MultipartType::flow, read_flow_stats_request, read_flow_stats_reply},
    {MultipartType::aggregate, read_aggregate_request, read_aggregate_reply},
    {MultipartType::table, read_empty<TableStatsRequest>, read_table_stats_reply},
    {MultipartType::port_stats, read_port_stats_request, read_port_stats_reply},
    {MultipartType::queue, read_queue_stats_request, read_queue_stats_reply},
    {MultipartType::port_desc, read_empty<PortDescRequest>, read_port_desc_reply},
};

DecodedMessage decode_stats(bool is_reply, WireReader& in, Spelling& spelling) {
  const auto type = static_cast<MultipartType>(in.u16());
  const uint16_t flags = in.u16();
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  spelling.more = is_reply && (flags & more_flag) != 0;  // requests have no flags
  if (type == MultipartType::experimenter) {
    return read_nicira_stats(in, is_reply, spelling);
  }
  const auto* row =
      std::find_if(std::begin(stats_rows), std::end(stats_rows), [&](const StatsRow& one) { return one.type == type; });
  if (row == std::end(stats_rows)) {
    return Unexpected{
        OpenFlowError{ErrorCode::ofpbrc_bad_multipart, fmt::format("statistics type {}", static_cast<unsigned>(type))}};
  }
  return is_reply ? row->read_reply(in) : row->read_request(in);
}

}  // namespace

DecodedMessage decode(uint8_t type, std::span<const uint8_t> body, Spelling& spelling) {
  WireReader in(body);
  if (type == message_type::stats_request || type == message_type::stats_reply) {
    return decode_stats(type == message_type::stats_reply, in, spelling);
  }
  const auto* row = std::find_if(std::begin(message_rows), std::end(message_rows),
                                 [&](const MessageRow& one) { return one.type == type; });
  if (row == std::end(message_rows)) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_type, fmt::format("message type {}", type)}};
  }
  return row->read(in);
}

bool is_from_switch(uint8_t type) {
  return type == message_type::stats_reply || std::ranges::any_of(message_rows, [&](const MessageRow& row) {
           return row.type == type && row.sender == by_switch;
         });
}

}  // namespace weft::openflow::codec_10
