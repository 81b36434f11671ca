#include "lib/openflow/message.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace weft::openflow {
namespace {

// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<MessageVariant>> names = {"OFPT_HELLO",
                                                                                     "OFPT_ERROR",
                                                                                     "OFPT_ECHO_REQUEST",
                                                                                     "OFPT_ECHO_REPLY",
                                                                                     "OFPT_EXPERIMENTER",
                                                                                     "OFPT_FEATURES_REQUEST",
                                                                                     "OFPT_FEATURES_REPLY",
                                                                                     "OFPT_GET_CONFIG_REQUEST",
                                                                                     "OFPT_GET_CONFIG_REPLY",
                                                                                     "OFPT_SET_CONFIG",
                                                                                     "OFPT_BARRIER_REQUEST",
                                                                                     "OFPT_BARRIER_REPLY",
                                                                                     "OFPT_ROLE_REQUEST",
                                                                                     "OFPT_ROLE_REPLY",
                                                                                     "OFPT_GET_ASYNC_REQUEST",
                                                                                     "OFPT_GET_ASYNC_REPLY",
                                                                                     "OFPT_SET_ASYNC",
                                                                                     "OFPT_PACKET_IN",
                                                                                     "OFPT_FLOW_REMOVED",
                                                                                     "OFPT_PORT_STATUS",
                                                                                     "OFPT_ROLE_STATUS",
                                                                                     "OFPT_TABLE_STATUS",
                                                                                     "OFPT_REQUESTFORWARD",
                                                                                     "OFPT_CONTROLLER_STATUS",
                                                                                     "OFPT_PACKET_OUT",
                                                                                     "OFPT_FLOW_MOD",
                                                                                     "OFPT_GROUP_MOD",
                                                                                     "OFPT_PORT_MOD",
                                                                                     "OFPT_TABLE_MOD",
                                                                                     "OFPT_METER_MOD",
                                                                                     "OFPT_BUNDLE_CONTROL",
                                                                                     "OFPT_BUNDLE_ADD_MESSAGE",
                                                                                     "OFPMP_DESC request",
                                                                                     "OFPMP_DESC reply",
                                                                                     "OFPMP_FLOW request",
                                                                                     "OFPMP_FLOW reply",
                                                                                     "OFPMP_AGGREGATE request",
                                                                                     "OFPMP_AGGREGATE reply",
                                                                                     "OFPMP_TABLE request",
                                                                                     "OFPMP_TABLE reply",
                                                                                     "OFPMP_PORT_STATS request",
                                                                                     "OFPMP_PORT_STATS reply",
                                                                                     "OFPMP_QUEUE request",
                                                                                     "OFPMP_QUEUE reply",
                                                                                     "OFPMP_GROUP request",
                                                                                     "OFPMP_GROUP reply",
                                                                                     "OFPMP_GROUP_DESC request",
                                                                                     "OFPMP_GROUP_DESC reply",
                                                                                     "OFPMP_GROUP_FEATURES request",
                                                                                     "OFPMP_GROUP_FEATURES reply",
                                                                                     "OFPMP_METER request",
                                                                                     "OFPMP_METER reply",
                                                                                     "OFPMP_METER_CONFIG request",
                                                                                     "OFPMP_METER_CONFIG reply",
                                                                                     "OFPMP_METER_FEATURES request",
                                                                                     "OFPMP_METER_FEATURES reply",
                                                                                     "OFPMP_TABLE_FEATURES request",
                                                                                     "OFPMP_TABLE_FEATURES reply",
                                                                                     "OFPMP_PORT_DESC request",
                                                                                     "OFPMP_PORT_DESC reply",
                                                                                     "OFPMP_TABLE_DESC request",
                                                                                     "OFPMP_TABLE_DESC reply",
                                                                                     "OFPMP_QUEUE_DESC request",
                                                                                     "OFPMP_QUEUE_DESC reply",
                                                                                     "OFPMP_FLOW_STATS request",
                                                                                     "OFPMP_FLOW_STATS reply",
                                                                                     "OFPMP_CONTROLLER_STATUS request",
                                                                                     "OFPMP_CONTROLLER_STATUS reply",
                                                                                     "OFPMP_BUNDLE_FEATURES request",
                                                                                     "OFPMP_BUNDLE_FEATURES reply",
                                                                                     "OFPMP_EXPERIMENTER request",
                                                                                     "OFPMP_EXPERIMENTER reply",
                                                                                     "OFPMP_FLOW_MONITOR request",
                                                                                     "OFPMP_FLOW_MONITOR reply",
                                                                                     "NXT_SET_FLOW_FORMAT",
                                                                                     "NXT_FLOW_MOD_TABLE_ID",
                                                                                     "NXT_SET_PACKET_IN_FORMAT",
                                                                                     "NXT_SET_CONTROLLER_ID",
                                                                                     "NXT_TLV_TABLE_MOD",
                                                                                     "NXT_TLV_TABLE_REQUEST",
                                                                                     "NXT_TLV_TABLE_REPLY",
                                                                                     "NXT_RESUME",
                                                                                     "NXT_CT_FLUSH_ZONE"};

// Messages that an extension spells anew, by their names in that form.
struct FormName {
  std::string_view standard;
  Form form;
  std::string_view name;
};
constexpr FormName form_names[] = {
    {"OFPT_PACKET_IN", Form::nicira, "NXT_PACKET_IN"},
    {"OFPT_PACKET_IN", Form::nicira2, "NXT_PACKET_IN2"},
    {"OFPT_FLOW_MOD", Form::nicira, "NXT_FLOW_MOD"},
    {"OFPT_FLOW_REMOVED", Form::nicira, "NXT_FLOW_REMOVED"},
    {"OFPT_SET_ASYNC", Form::nicira, "NXT_SET_ASYNC_CONFIG"},
    {"OFPT_SET_ASYNC", Form::nicira2, "NXT_SET_ASYNC_CONFIG2"},
    {"OFPT_ROLE_REQUEST", Form::nicira, "NXT_ROLE_REQUEST"},
    {"OFPT_ROLE_REPLY", Form::nicira, "NXT_ROLE_REPLY"},
    {"OFPMP_FLOW request", Form::nicira, "NXST_FLOW request"},
    {"OFPMP_FLOW reply", Form::nicira, "NXST_FLOW reply"},
    {"OFPMP_AGGREGATE request", Form::nicira, "NXST_AGGREGATE request"},
    {"OFPMP_AGGREGATE reply", Form::nicira, "NXST_AGGREGATE reply"},
    {"OFPT_GROUP_MOD", Form::nicira, "NXT_GROUP_MOD"},
    {"OFPMP_GROUP request", Form::nicira, "NXST_GROUP request"},
    {"OFPMP_GROUP reply", Form::nicira, "NXST_GROUP reply"},
    {"OFPMP_GROUP_DESC request", Form::nicira, "NXST_GROUP_DESC request"},
    {"OFPMP_GROUP_DESC reply", Form::nicira, "NXST_GROUP_DESC reply"},
    {"OFPMP_GROUP_FEATURES request", Form::nicira, "NXST_GROUP_FEATURES request"},
    {"OFPMP_GROUP_FEATURES reply", Form::nicira, "NXST_GROUP_FEATURES reply"},
    {"OFPMP_FLOW_MONITOR request", Form::nicira, "NXST_FLOW_MONITOR request"},
    {"OFPMP_FLOW_MONITOR reply", Form::nicira, "NXST_FLOW_MONITOR reply"},
    {"OFPMP_FLOW_MONITOR request", Form::onf, "ONFST_FLOW_MONITOR request"},
    {"OFPMP_FLOW_MONITOR reply", Form::onf, "ONFST_FLOW_MONITOR reply"},
    {"OFPT_ROLE_STATUS", Form::onf, "ONFT_ROLE_STATUS"},
    {"OFPT_BUNDLE_CONTROL", Form::onf, "ONFT_BUNDLE_CONTROL"},
    {"OFPT_BUNDLE_ADD_MESSAGE", Form::onf, "ONFT_BUNDLE_ADD_MESSAGE"},
    {"OFPT_REQUESTFORWARD", Form::onf, "ONFT_REQUESTFORWARD"},
};

// What 1.4 says with a multipart and the ONF with a message of its own; else empty.
std::string_view onf_monitor_name(const Message& message) {
  const auto* request = std::get_if<FlowMonitorRequest>(&message);
  if (request != nullptr && request->monitors.size() == 1 &&
      request->monitors[0].command == FlowMonitorCommand::remove) {
    return "ONFT_FLOW_MONITOR_CANCEL";
  }
  const auto* reply = std::get_if<FlowMonitorReply>(&message);
  if (reply == nullptr || reply->entries.size() != 1) {
    return {};
  }
  const FlowUpdateEvent event = reply->entries[0].event;
  return event == FlowUpdateEvent::paused    ? "ONFT_FLOW_MONITOR_PAUSED"
         : event == FlowUpdateEvent::resumed ? "ONFT_FLOW_MONITOR_RESUMED"
                                             : "";
}

}  // namespace

bool is_pipeline_field(const Field& f) {
  constexpr FieldId single[] = {FieldId::in_port,  FieldId::in_port_oxm,  FieldId::in_phy_port, FieldId::metadata,
                                FieldId::pkt_mark, FieldId::packet_type,  FieldId::dp_hash,     FieldId::recirc_id,
                                FieldId::conj_id,  FieldId::actset_output};
  const bool is_register = FieldId::reg0 <= f.id && f.id <= FieldId::xxreg0 + 3;
  const bool is_tunnel = f.name.starts_with("tun_");
  const bool is_connection = f.name.starts_with("ct_");
  return is_register || is_tunnel || is_connection || std::ranges::find(single, f.id) != std::end(single);
}

Message::Message() = default;
Message::Message(size_t index, void* message) { emplace_alternative<MessageVariant>(*this, index, message); }
Message::Message(const Message& other) = default;
Message::Message(Message&& other) noexcept = default;
Message& Message::operator=(const Message& other) = default;
Message& Message::operator=(Message&& other) noexcept = default;
Message::~Message() = default;

bool operator==(const Message& a, const Message& b) {
  return static_cast<const MessageVariant&>(a) == static_cast<const MessageVariant&>(b);
}

bool operator==(const CarriedMessage& a, const CarriedMessage& b) {
  return a.envelope == b.envelope || (a.envelope && b.envelope && *a.envelope == *b.envelope);
}

std::string_view message_name(const Message& message, Form form) {
  if (const auto name = form == Form::onf ? onf_monitor_name(message) : ""; !name.empty()) {
    return name;
  }
  const std::string_view standard = names[message.index()];
  for (const FormName& one : form_names) {
    if (one.form == form && one.standard == standard) {
      return one.name;
    }
  }
  return standard;
}

}  // namespace weft::openflow
