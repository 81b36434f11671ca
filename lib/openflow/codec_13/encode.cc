// From a struct of the model to its type number; the bodies are written by the file of each family.
#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr uint8_t type_of(const FeaturesRequest&) { return message_type::features_request; }
constexpr uint8_t type_of(const FeaturesReply&) { return message_type::features_reply; }
constexpr uint8_t type_of(const GetConfigRequest&) { return message_type::get_config_request; }
constexpr uint8_t type_of(const GetConfigReply&) { return message_type::get_config_reply; }
constexpr uint8_t type_of(const SetConfig&) { return message_type::set_config; }
constexpr uint8_t type_of(const PacketIn&) { return message_type::packet_in; }
constexpr uint8_t type_of(const FlowRemoved&) { return message_type::flow_removed; }
constexpr uint8_t type_of(const PortStatus&) { return message_type::port_status; }
constexpr uint8_t type_of(const PacketOut&) { return message_type::packet_out; }
constexpr uint8_t type_of(const FlowMod&) { return message_type::flow_mod; }
constexpr uint8_t type_of(const GroupMod&) { return message_type::group_mod; }
constexpr uint8_t type_of(const PortMod&) { return message_type::port_mod; }
constexpr uint8_t type_of(const TableMod&) { return message_type::table_mod; }
constexpr uint8_t type_of(const BarrierRequest&) { return message_type::barrier_request; }
constexpr uint8_t type_of(const BarrierReply&) { return message_type::barrier_reply; }
constexpr uint8_t type_of(const RoleRequest&) { return message_type::role_request; }
constexpr uint8_t type_of(const RoleReply&) { return message_type::role_reply; }
constexpr uint8_t type_of(const MeterMod&) { return message_type::meter_mod; }

// Multipart: direction and type.
struct Multipart {
  bool is_reply;
  MultipartType type;
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

class MessageWriter {
 public:
  MessageWriter(WireWriter& out, bool more) : out_(out), more_(more) {}

  // Nothing for what 1.3 cannot say, and for what codec.cc writes for every version.
  template <class M>
  std::optional<uint8_t> operator()(const M& message) const {
    if constexpr (requires { type_of(message); }) {
      const uint8_t number = begin(type_of(message));
      write(out_, message);
      return number;
    } else {
      return std::nullopt;
    }
  }

 private:
  uint8_t begin(uint8_t type) const { return type; }
  uint8_t begin(Multipart type) const {
    out_.u16(type.type);
    out_.u16(more_ ? more_flag : 0);
    out_.pad(4);
    return type.is_reply ? message_type::multipart_reply : message_type::multipart_request;
  }

  WireWriter& out_;
  bool more_;
};

struct EntryWriter {
  WireWriter& out;

  void operator()(const FlowUpdate*) const { assert(false && "not in 1.3"); }
  template <class Entry>
  void operator()(const Entry* entry) const {
    write_entry(out, *entry);
  }
};

}  // namespace

std::optional<uint8_t> encode(WireWriter& out, const Message& message, const Spelling& spelling) {
  return std::visit(MessageWriter(out, spelling.more), message);
}

void begin_reply(WireWriter& out, uint32_t xid, MultipartType type, Form) {
  out.u8(version);
  out.u8(message_type::multipart_reply);
  out.u16(0);
  out.u32(xid);
  out.u16(type);
  out.u16(0);
  out.pad(4);
}

void write_entry(WireWriter& out, const MultipartEntry& entry, Form) { std::visit(EntryWriter{out}, entry); }

}  // namespace weft::openflow::codec_13
