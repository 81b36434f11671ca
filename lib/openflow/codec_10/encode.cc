// From a struct of the model to its type number; the bodies are written by the file of each family.
#include <algorithm>
#include <cassert>

#include "lib/openflow/codec_10/codec_10.h"
#include "lib/openflow/codec_10/nxm.h"

namespace weft::openflow::codec_10 {
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
constexpr uint8_t type_of(const PortMod&) { return message_type::port_mod; }
constexpr uint8_t type_of(const BarrierRequest&) { return message_type::barrier_request; }
constexpr uint8_t type_of(const BarrierReply&) { return message_type::barrier_reply; }
constexpr uint8_t type_of(const QueueDescRequest&) { return message_type::queue_get_config_request; }
constexpr uint8_t type_of(const QueueDescReply&) { return message_type::queue_get_config_reply; }

// Statistics: direction and type.
struct Stats {
  bool is_reply;
  MultipartType type;
};
constexpr Stats type_of(const DescRequest&) { return {false, MultipartType::desc}; }
constexpr Stats type_of(const DescReply&) { return {true, MultipartType::desc}; }
constexpr Stats type_of(const FlowStatsRequest&) { return {false, MultipartType::flow}; }
constexpr Stats type_of(const FlowStatsReply&) { return {true, MultipartType::flow}; }
constexpr Stats type_of(const AggregateStatsRequest&) { return {false, MultipartType::aggregate}; }
constexpr Stats type_of(const AggregateStatsReply&) { return {true, MultipartType::aggregate}; }
constexpr Stats type_of(const TableStatsRequest&) { return {false, MultipartType::table}; }
constexpr Stats type_of(const TableStatsReply&) { return {true, MultipartType::table}; }
constexpr Stats type_of(const PortStatsRequest&) { return {false, MultipartType::port_stats}; }
constexpr Stats type_of(const PortStatsReply&) { return {true, MultipartType::port_stats}; }
constexpr Stats type_of(const QueueStatsRequest&) { return {false, MultipartType::queue}; }
constexpr Stats type_of(const QueueStatsReply&) { return {true, MultipartType::queue}; }
constexpr Stats type_of(const PortDescRequest&) { return {false, MultipartType::port_desc}; }
constexpr Stats type_of(const PortDescReply&) { return {true, MultipartType::port_desc}; }
constexpr Stats type_of(const GroupStatsRequest&) { return {false, MultipartType::group}; }
constexpr Stats type_of(const GroupStatsReply&) { return {true, MultipartType::group}; }
constexpr Stats type_of(const GroupDescRequest&) { return {false, MultipartType::group_desc}; }
constexpr Stats type_of(const GroupDescReply&) { return {true, MultipartType::group_desc}; }
constexpr Stats type_of(const GroupFeaturesRequest&) { return {false, MultipartType::group_features}; }
constexpr Stats type_of(const GroupFeaturesReply&) { return {true, MultipartType::group_features}; }
constexpr Stats type_of(const FlowMonitorRequest&) { return {false, MultipartType::flow_monitor}; }
constexpr Stats type_of(const FlowMonitorReply&) { return {true, MultipartType::flow_monitor}; }

// What Nicira's form of a message can say and 1.0's cannot.
bool needs_nicira(const FlowFilter& filter) { return form_for(filter.match, filter.cookie_mask) == Form::nicira; }
bool needs_nicira(const FlowStatsRequest& request) { return needs_nicira(request.filter); }
bool needs_nicira(const AggregateStatsRequest& request) { return needs_nicira(request.filter); }
bool needs_nicira(const FlowStatsReply& reply) {
  return std::ranges::any_of(reply.entries, [](const FlowStats& flow) {
    return flow.idle_age || flow.hard_age || form_for(flow.match, 0) == Form::nicira;
  });
}
// What only the extension has.
constexpr bool is_only_niciras(MultipartType type) {
  return type == MultipartType::flow_monitor || type == MultipartType::group || type == MultipartType::group_desc ||
         type == MultipartType::group_features;
}
template <class Other>
bool needs_nicira(const Other& message) {
  return is_only_niciras(type_of(message).type);
}

template <class M>
concept HasNiciraForm = requires(WireWriter& out, const M& message) {
  write_nicira(out, message);
};

void write_stats_header(WireWriter& out, MultipartType type, bool more, Form form) {
  const auto number = form == Form::nicira ? nicira_stats_number(type) : std::nullopt;
  out.u16(number ? MultipartType::experimenter : type);
  out.u16(more ? more_flag : 0);
  if (number) {
    out.u32(nicira_vendor_id);
    out.u32(*number);
    out.pad(4);
  }
}

class MessageWriter {
 public:
  MessageWriter(WireWriter& out, const Spelling& spelling) : out_(out), spelling_(spelling) {}

  // Nothing for what 1.0 cannot say, and for what codec.cc writes for every version.
  template <class M>
  std::optional<uint8_t> operator()(const M& message) const {
    if constexpr (requires { type_of(message); }) {
      return write_as(type_of(message), message);
    } else {
      return std::nullopt;
    }
  }

 private:
  template <class M>
  std::optional<uint8_t> write_as(uint8_t type, const M& message) const {
    write(out_, message);
    return type;
  }

  template <class M>
  std::optional<uint8_t> write_as(Stats stats, const M& message) const {
    const bool is_nicira = HasNiciraForm<M> && (spelling_.form == Form::nicira || needs_nicira(message));
    write_stats_header(out_, stats.type, spelling_.more, is_nicira ? Form::nicira : Form::standard);
    if constexpr (HasNiciraForm<M>) {
      if (is_nicira) {
        write_nicira(out_, message);
        return type_of_stats(stats);
      }
    }
    if constexpr (requires { write(out_, message); }) {
      write(out_, message);
    }
    return type_of_stats(stats);
  }

  static uint8_t type_of_stats(Stats stats) {
    return stats.is_reply ? message_type::stats_reply : message_type::stats_request;
  }

  WireWriter& out_;
  const Spelling& spelling_;
};

struct EntryWriter {
  WireWriter& out;
  Form form;

  void operator()(const FlowStats* entry) const {
    if (form == Form::nicira) {
      write_nicira_entry(out, *entry);
    } else {
      write_entry(out, *entry);
    }
  }
  void operator()(const FlowUpdate* entry) const { write_nicira_entry(out, *entry); }
  void operator()(const GroupStats* entry) const { write_nicira_entry(out, *entry); }
  void operator()(const GroupDesc* entry) const { write_nicira_entry(out, *entry); }
  template <class Entry>
  void operator()(const Entry* entry) const {
    if constexpr (requires { write_entry(out, *entry); }) {
      write_entry(out, *entry);
    } else {
      assert(false && "not in 1.0: refused when it is asked for");
    }
  }
};

}  // namespace

std::optional<uint8_t> encode(WireWriter& out, const Message& message, const Spelling& spelling) {
  return std::visit(MessageWriter(out, spelling), message);
}

void begin_reply(WireWriter& out, uint32_t xid, MultipartType type, Form form) {
  out.u8(version);
  out.u8(message_type::stats_reply);
  out.u16(0);
  out.u32(xid);
  write_stats_header(out, type, false, is_only_niciras(type) ? Form::nicira : form);
}

void write_entry(WireWriter& out, const MultipartEntry& entry, Form form) { std::visit(EntryWriter{out, form}, entry); }

}  // namespace weft::openflow::codec_10
