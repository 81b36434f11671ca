// From a struct of the model to its type number; the bodies are written by the file of each family.
#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

// A message's type and the version that brought it.
struct Single {
  uint8_t type;
  Version since = Version::v1_3;
};
constexpr Single type_of(const FeaturesRequest&) { return {message_type::features_request}; }
constexpr Single type_of(const FeaturesReply&) { return {message_type::features_reply}; }
constexpr Single type_of(const GetConfigRequest&) { return {message_type::get_config_request}; }
constexpr Single type_of(const GetConfigReply&) { return {message_type::get_config_reply}; }
constexpr Single type_of(const SetConfig&) { return {message_type::set_config}; }
constexpr Single type_of(const PacketIn&) { return {message_type::packet_in}; }
constexpr Single type_of(const FlowRemoved&) { return {message_type::flow_removed}; }
constexpr Single type_of(const PortStatus&) { return {message_type::port_status}; }
constexpr Single type_of(const PacketOut&) { return {message_type::packet_out}; }
constexpr Single type_of(const FlowMod&) { return {message_type::flow_mod}; }
constexpr Single type_of(const GroupMod&) { return {message_type::group_mod}; }
constexpr Single type_of(const PortMod&) { return {message_type::port_mod}; }
constexpr Single type_of(const TableMod&) { return {message_type::table_mod}; }
constexpr Single type_of(const BarrierRequest&) { return {message_type::barrier_request}; }
constexpr Single type_of(const BarrierReply&) { return {message_type::barrier_reply}; }
constexpr Single type_of(const RoleRequest&) { return {message_type::role_request}; }
constexpr Single type_of(const RoleReply&) { return {message_type::role_reply}; }
constexpr Single type_of(const GetAsyncRequest&) { return {message_type::get_async_request}; }
constexpr Single type_of(const GetAsyncReply&) { return {message_type::get_async_reply}; }
constexpr Single type_of(const SetAsync&) { return {message_type::set_async}; }
constexpr Single type_of(const MeterMod&) { return {message_type::meter_mod}; }
constexpr Single type_of(const RoleStatus&) { return {message_type::role_status, Version::v1_4}; }
constexpr Single type_of(const TableStatus&) { return {message_type::table_status, Version::v1_4}; }
constexpr Single type_of(const RequestForward&) { return {message_type::request_forward, Version::v1_4}; }
constexpr Single type_of(const BundleControl&) { return {message_type::bundle_control, Version::v1_4}; }
constexpr Single type_of(const BundleAdd&) { return {message_type::bundle_add, Version::v1_4}; }
constexpr Single type_of(const ControllerStatus&) { return {message_type::controller_status, Version::v1_5}; }

// Multipart: direction and type.
struct Multipart {
  bool is_reply;
  MultipartType type;
  Version since = Version::v1_3;
};
constexpr Multipart type_of(const DescRequest&) { return {false, MultipartType::desc}; }
constexpr Multipart type_of(const DescReply&) { return {true, MultipartType::desc}; }
constexpr Multipart type_of(const FlowStatsRequest&) { return {false, MultipartType::flow}; }
constexpr Multipart type_of(const FlowStatsReply&) { return {true, MultipartType::flow}; }
constexpr Multipart type_of(const AggregateStatsRequest&) { return {false, MultipartType::aggregate}; }
constexpr Multipart type_of(const AggregateStatsReply&) { return {true, MultipartType::aggregate}; }
constexpr Multipart type_of(const TableStatsRequest&) { return {false, MultipartType::table}; }
constexpr Multipart type_of(const TableStatsReply&) { return {true, MultipartType::table}; }
constexpr Multipart type_of(const PortStatsRequest&) { return {false, MultipartType::port_stats}; }
constexpr Multipart type_of(const PortStatsReply&) { return {true, MultipartType::port_stats}; }
constexpr Multipart type_of(const QueueStatsRequest&) { return {false, MultipartType::queue}; }
constexpr Multipart type_of(const QueueStatsReply&) { return {true, MultipartType::queue}; }
constexpr Multipart type_of(const GroupStatsRequest&) { return {false, MultipartType::group}; }
constexpr Multipart type_of(const GroupStatsReply&) { return {true, MultipartType::group}; }
constexpr Multipart type_of(const GroupDescRequest&) { return {false, MultipartType::group_desc}; }
constexpr Multipart type_of(const GroupDescReply&) { return {true, MultipartType::group_desc}; }
constexpr Multipart type_of(const GroupFeaturesRequest&) { return {false, MultipartType::group_features}; }
constexpr Multipart type_of(const GroupFeaturesReply&) { return {true, MultipartType::group_features}; }
constexpr Multipart type_of(const MeterStatsRequest&) { return {false, MultipartType::meter}; }
constexpr Multipart type_of(const MeterStatsReply&) { return {true, MultipartType::meter}; }
constexpr Multipart type_of(const MeterConfigRequest&) { return {false, MultipartType::meter_config}; }
constexpr Multipart type_of(const MeterConfigReply&) { return {true, MultipartType::meter_config}; }
constexpr Multipart type_of(const MeterFeaturesRequest&) { return {false, MultipartType::meter_features}; }
constexpr Multipart type_of(const MeterFeaturesReply&) { return {true, MultipartType::meter_features}; }
constexpr Multipart type_of(const TableFeaturesRequest&) { return {false, MultipartType::table_features}; }
constexpr Multipart type_of(const TableFeaturesReply&) { return {true, MultipartType::table_features}; }
constexpr Multipart type_of(const PortDescRequest&) { return {false, MultipartType::port_desc}; }
constexpr Multipart type_of(const PortDescReply&) { return {true, MultipartType::port_desc}; }
constexpr Multipart type_of(const TableDescRequest&) { return {false, MultipartType::table_desc, Version::v1_4}; }
constexpr Multipart type_of(const TableDescReply&) { return {true, MultipartType::table_desc, Version::v1_4}; }
constexpr Multipart type_of(const FlowCountersRequest&) { return {false, MultipartType::flow_counters, Version::v1_5}; }
constexpr Multipart type_of(const FlowCountersReply&) { return {true, MultipartType::flow_counters, Version::v1_5}; }
constexpr Multipart type_of(const ControllerStatusRequest&) {
  return {false, MultipartType::controller_status, Version::v1_5};
}
constexpr Multipart type_of(const ControllerStatusReply&) {
  return {true, MultipartType::controller_status, Version::v1_5};
}
constexpr Multipart type_of(const BundleFeaturesRequest&) {
  return {false, MultipartType::bundle_features, Version::v1_5};
}
constexpr Multipart type_of(const BundleFeaturesReply&) {
  return {true, MultipartType::bundle_features, Version::v1_5};
}
constexpr Multipart type_of(const ExperimenterMultipartRequest&) { return {false, MultipartType::experimenter}; }
constexpr Multipart type_of(const ExperimenterMultipartReply&) { return {true, MultipartType::experimenter}; }

class MessageWriter {
 public:
  MessageWriter(Writer& out, bool more) : out_(out), more_(more) {}

  // Nothing for what the version cannot say, and for what codec.cc writes for every version.
  template <class M>
  std::optional<uint8_t> operator()(const M& message) const {
    if constexpr (requires { type_of(message); }) {
      return write_as(type_of(message), message);
    } else {
      return std::nullopt;
    }
  }

  // A message of its own in 1.3.
  std::optional<uint8_t> operator()(const QueueDescRequest& m) const {
    return is_13() ? write_as(Single{message_type::queue_get_config_request}, m)
                   : write_as(Multipart{false, MultipartType::queue_desc}, m);
  }
  std::optional<uint8_t> operator()(const QueueDescReply& m) const {
    return is_13() ? write_as(Single{message_type::queue_get_config_reply}, m)
                   : write_as(Multipart{true, MultipartType::queue_desc}, m);
  }
  std::optional<uint8_t> operator()(const FlowMonitorRequest& m) const {
    return write_as(Multipart{false, MultipartType::flow_monitor}, m);
  }
  std::optional<uint8_t> operator()(const FlowMonitorReply& m) const {
    return write_as(Multipart{true, MultipartType::flow_monitor}, m);
  }

 private:
  bool is_13() const { return out_.version() == Version::v1_3; }

  template <class Type, class M>
  std::optional<uint8_t> write_as(Type type, const M& message) const {
    if (out_.version() < type.since) {
      return std::nullopt;
    }
    const uint8_t number = begin(type);
    write(out_, message);
    return number;
  }

  uint8_t begin(Single type) const { return type.type; }
  uint8_t begin(Multipart type) const {
    write_multipart_header(out_, type.type, more_);
    return type.is_reply ? message_type::multipart_reply : message_type::multipart_request;
  }

  Writer& out_;
  bool more_;
};

}  // namespace

void write_multipart_header(Writer& out, MultipartType type, bool more) {
  const bool is_onf = type == MultipartType::flow_monitor && out.version() == Version::v1_3;
  out.u16(is_onf ? MultipartType::experimenter : type);
  out.u16(more ? more_flag : 0);
  out.pad(4);
  if (is_onf) {
    out.u32(onf_experimenter);
    out.u32(onf_flow_monitor);
  }
}

std::optional<uint8_t> encode(WireWriter& out, Version version, const Message& message, const Spelling& spelling) {
  Writer writer(out.out(), version);
  return std::visit(MessageWriter(writer, spelling.more), message);
}

void begin_reply(WireWriter& out, Version version, uint32_t xid, MultipartType type, Form) {
  Writer writer(out.out(), version);
  writer.u8(version);
  writer.u8(message_type::multipart_reply);
  writer.u16(0);
  writer.u32(xid);
  write_multipart_header(writer, type, false);
}

void write_entry(WireWriter& out, Version version, const MultipartEntry& entry, Form) {
  Writer writer(out.out(), version);
  std::visit([&](const auto* one) { write_entry(writer, *one); }, entry);
}

}  // namespace weft::openflow::codec_13
