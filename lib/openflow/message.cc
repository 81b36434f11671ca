#include "lib/openflow/message.h"

#include <array>

namespace weft::openflow {
namespace {

// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Message>> names = {"OFPT_HELLO",
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
                                                                              "OFPMP_EXPERIMENTER reply"};

}  // namespace

bool operator==(const CarriedMessage& a, const CarriedMessage& b) {
  return a.envelope == b.envelope || (a.envelope && b.envelope && *a.envelope == *b.envelope);
}

std::string_view message_name(const Message& message) { return names[message.index()]; }

}  // namespace weft::openflow
