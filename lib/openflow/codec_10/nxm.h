// 1.0's messages about flows in Nicira's form: any match, cookies to select by, ages, tables; and about groups. The extension's numbers for
// statistics stand here, those of messages in ../extension/table.cc.
//
// Source: Open vSwitch's protocol documentation; bytes as its tools and switch send them.
// Threads: pure functions. Private to lib/openflow.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {

// --- nx_match: fields without a header, `size` bytes and padding to 8 (nxm_match.cc)

struct CookieFilter {
  uint64_t cookie = 0;
  uint64_t mask = 0;
};

// A failed read leaves the error in `in`. `cookie`: what to do with a cookie among the fields; null: it is refused.
void read_nx_match(WireReader& in, uint16_t size, Match& match, CookieFilter* cookie = nullptr);
// Returns the size without padding.
uint16_t write_nx_match(WireWriter& out, const Match& match, CookieFilter cookie = {});

// --- messages (nxm_flow.cc): bodies behind vendor and number

DecodedMessage read_nx_flow_mod(WireReader& in, Version version);
DecodedMessage read_nx_flow_removed(WireReader& in, Version version);
void write_nicira(WireWriter& out, const FlowMod& mod);
void write_nicira(WireWriter& out, const FlowRemoved& removed);
bool needs_nicira(const FlowMod& mod);

// --- statistics (nxm_stats.cc): bodies behind vendor, number and padding

// NXST_FLOW, NXST_AGGREGATE, NXST_FLOW_MONITOR, NXST_GROUP, NXST_GROUP_DESC, NXST_GROUP_FEATURES.
std::optional<uint32_t> nicira_stats_number(MultipartType type);
DecodedMessage read_nicira_stats(WireReader& in, bool is_reply, Spelling& spelling);

void write_nicira(WireWriter& out, const FlowStatsRequest& request);
void write_nicira(WireWriter& out, const FlowStatsReply& reply);
void write_nicira(WireWriter& out, const AggregateStatsRequest& request);
void write_nicira(WireWriter& out, const AggregateStatsReply& reply);
void write_nicira_entry(WireWriter& out, const FlowStats& entry);

// --- groups (nxm_group.cc)

DecodedMessage read_nx_group_mod(WireReader& in, Version version);
DecodedMessage read_nx_group_stats_request(WireReader& in);
DecodedMessage read_nx_group_stats_reply(WireReader& in);
DecodedMessage read_nx_group_desc_request(WireReader& in);
DecodedMessage read_nx_group_desc_reply(WireReader& in);
DecodedMessage read_nx_group_features_reply(WireReader& in);
void write_nicira(WireWriter& out, const GroupMod& mod);
void write_nicira(WireWriter& out, const GroupStatsRequest& request);
void write_nicira(WireWriter& out, const GroupStatsReply& reply);
void write_nicira(WireWriter& out, const GroupDescRequest& request);
void write_nicira(WireWriter& out, const GroupDescReply& reply);
void write_nicira(WireWriter& out, const GroupFeaturesRequest& request);
void write_nicira(WireWriter& out, const GroupFeaturesReply& reply);
void write_nicira_entry(WireWriter& out, const GroupStats& entry);
void write_nicira_entry(WireWriter& out, const GroupDesc& entry);

// --- flow monitors (nxm_monitor.cc)

DecodedMessage read_nx_monitor_request(WireReader& in);
DecodedMessage read_nx_monitor_reply(WireReader& in);
DecodedMessage read_nx_monitor_cancel(WireReader& in, Version version);
DecodedMessage read_nx_monitor_paused(WireReader& in, Version version);
DecodedMessage read_nx_monitor_resumed(WireReader& in, Version version);
void write_nicira(WireWriter& out, const FlowMonitorRequest& request);
void write_nicira(WireWriter& out, const FlowMonitorReply& reply);
void write_nicira_entry(WireWriter& out, const FlowUpdate& update);

}  // namespace weft::openflow::codec_10
