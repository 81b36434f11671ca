// Every OpenFlow message, independent of its wire version, and the envelope it travels in.
//
// A version is a codec at the edge (codec.h); nothing inside knows how a message was spelled. What only some
// versions can say has a default that means "not said". Names are the specification's; Open vSwitch's where the
// specification has none.
//
// Threads: values. Cost: a Message is as large as its largest member (a Match and a little, 1.5 KB): move it.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "lib/base/variant.h"
#include "lib/openflow/async_message.h"
#include "lib/openflow/bundle_message.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/form.h"
#include "lib/openflow/group_message.h"
#include "lib/openflow/meter_message.h"
#include "lib/openflow/monitor_message.h"
#include "lib/openflow/nicira_message.h"
#include "lib/openflow/packet_message.h"
#include "lib/openflow/port_message.h"
#include "lib/openflow/session_message.h"
#include "lib/openflow/table_message.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

using MessageVariant = std::variant<
    // The connection.
    Hello, Error, EchoRequest, EchoReply, Experimenter, FeaturesRequest, FeaturesReply, GetConfigRequest,
    GetConfigReply, SetConfig, BarrierRequest, BarrierReply, RoleRequest, RoleReply, GetAsyncRequest, GetAsyncReply,
    SetAsync,
    // What the switch tells unasked.
    PacketIn, FlowRemoved, PortStatus, RoleStatus, TableStatus, RequestForward, ControllerStatus,
    // Changes.
    PacketOut, FlowMod, GroupMod, PortMod, TableMod, MeterMod, BundleControl, BundleAdd,
    // Multipart.
    DescRequest, DescReply, FlowStatsRequest, FlowStatsReply, AggregateStatsRequest, AggregateStatsReply,
    TableStatsRequest, TableStatsReply, PortStatsRequest, PortStatsReply, QueueStatsRequest, QueueStatsReply,
    GroupStatsRequest, GroupStatsReply, GroupDescRequest, GroupDescReply, GroupFeaturesRequest, GroupFeaturesReply,
    MeterStatsRequest, MeterStatsReply, MeterConfigRequest, MeterConfigReply, MeterFeaturesRequest, MeterFeaturesReply,
    TableFeaturesRequest, TableFeaturesReply, PortDescRequest, PortDescReply, TableDescRequest, TableDescReply,
    QueueDescRequest, QueueDescReply, FlowCountersRequest, FlowCountersReply, ControllerStatusRequest,
    ControllerStatusReply, BundleFeaturesRequest, BundleFeaturesReply, ExperimenterMultipartRequest,
    ExperimenterMultipartReply, FlowMonitorRequest, FlowMonitorReply,
    // Open vSwitch's extensions.
    SetFlowFormat, FlowModTableId, SetPacketInFormat, SetControllerId, TlvTableMod, TlvTableRequest, TlvTableReply,
    Resume, CtFlushZone>;

// Used as the variant that it is; a class to be compiled fast (lib/base/variant.h).
class Message : public MessageVariant {
 public:
  Message();
  template <AlternativeOf<MessageVariant> T>
  Message(T&& message) : Message(index_of<T, MessageVariant>, &message) {}  // NOLINT(google-explicit-constructor)
  template <AlternativeOf<MessageVariant> T>
  Message(const T& message) : Message(T(message)) {}  // NOLINT(google-explicit-constructor)
  Message(const Message& other);
  Message(Message&& other) noexcept;
  Message& operator=(const Message& other);
  Message& operator=(Message&& other) noexcept;
  ~Message();
  friend bool operator==(const Message& a, const Message& b);

 private:
  Message(size_t index, void* message);
};

struct Envelope {
  Version version = Version::v1_3;
  uint32_t xid = 0;
  bool more = false;  // multipart: further parts with the same xid follow
  Message message;
  Form form = Form::standard;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// "OFPT_FLOW_MOD", "OFPMP_FLOW reply", "NXT_PACKET_IN2": for logs and tools.
std::string_view message_name(const Message& message, Form form = Form::standard);

}  // namespace weft::openflow
