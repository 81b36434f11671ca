#include "ofproto/message/version_10.h"

#include <string>

#include "ofproto/message/handlers.h"
#include "ofproto/table/flow_table.h"

namespace weft::ofproto {

using namespace openflow;  // NOLINT(google-build-using-namespace)

namespace {

constexpr uint32_t all_actions_10 = 0xfff;              // OFPAT_OUTPUT to OFPAT_ENQUEUE
constexpr uint32_t spanning_tree_10 = 1 << 1 | 1 << 3;  // OFPPC_NO_STP, OFPPC_NO_RECV_STP
constexpr uint32_t all_wildcards_10 = 0x3fffff;         // OFPFW_ALL

}  // namespace

Result<FlowMod, OpenFlowError> as_meant(const Session& session, const FlowMod& flow_mod) {
  FlowMod meant = flow_mod;
  if (session.version() != Version::v1_0) {
    return meant;
  }
  if (flow_mod.command == FlowModCommand::add) {
    meant.flags |= flow_flag::reset_counts;
  }
  if (session.names_tables) {
    // "Any table" for a rule that is added is the first.
    const bool is_any = flow_mod.command == FlowModCommand::add && flow_mod.table_id == all_tables;
    meant.table_id = is_any ? 0 : flow_mod.table_id;
    return meant;
  }
  if (flow_mod.table_id != 0) {
    return Unexpected{OpenFlowError(ErrorCode::ofpfmfc_bad_command,
                                    "a table, which this connection has not asked to name (NXT_FLOW_MOD_TABLE_ID)")};
  }
  meant.table_id = flow_mod.command == FlowModCommand::add ? 0 : all_tables;
  return meant;
}

PortMod as_meant(const Session& session, const PortMod& port_mod) {
  PortMod meant = port_mod;
  if (session.version() == Version::v1_0) {
    meant.mask &= ~spanning_tree_10;
    meant.config &= ~spanning_tree_10;
  }
  return meant;
}

void add_features_10(const Bridge& bridge, FeaturesReply& reply) {
  reply.capabilities |= capability::arp_match_ip;
  reply.actions = all_actions_10;
  for (const PortInfo& port : bridge.ports()) {
    reply.ports.push_back(port.desc);
  }
}

void describe_tables_10(std::vector<TableStats>& tables) {
  for (TableStats& table : tables) {
    table.name = "table" + std::to_string(table.table_id);
    table.wildcards = all_wildcards_10;
    table.max_entries = FlowTable::default_max_entries;
  }
}

Outcome on_set_flow_format(const RequestPtr& request, const SetFlowFormat& message) {
  request->session()->flow_format = message.format;
  return Progress::done;
}

Outcome on_flow_mod_table_id(const RequestPtr& request, const FlowModTableId& message) {
  request->session()->names_tables = message.is_enabled;
  return Progress::done;
}

Outcome on_tlv_table_mod(const RequestPtr& request, const TlvTableMod& message) {
  const auto applied = request->session()->bridge().apply(message);
  return applied ? Outcome(Progress::done) : Outcome(Unexpected{applied.error()});
}

Outcome on_tlv_table_request(const RequestPtr& request) {
  request->reply(TlvTableReply{.maps = request->session()->bridge().tlv_maps()});
  return Progress::done;
}

}  // namespace weft::ofproto
