// Groups as text, in Open vSwitch's syntax:
//
//     group_id=1,type=select,bucket=weight:10,watch_port:p1,actions=output:p1,bucket=output:p2
//     group_id=1,type=select,selection_method=hash,fields(ip_dst=255.255.255.0),bucket=bucket_id:7,output:p1
//     group_id=1,command_bucket_id=last,bucket=bucket_id:8,output:p2          insert_bucket
//     group_id=1,command_bucket_id=7                                         remove_bucket
//
// Buckets without "bucket_id:" stay unnumbered.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/port_names.h"
#include "lib/openflow/group_message.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

// For remove: "group_id=N", "group_id=all" or nothing (all). insert_bucket and remove_bucket name a place, other
// commands a type.
Result<GroupMod, TextError> parse_group(std::string_view text, GroupModCommand command,
                                        const PortNames* ports = nullptr);

// May begin with "add", "add_or_mod", "modify", "delete", "insert_bucket" or "remove_bucket"; without it adds.
Result<GroupMod, TextError> parse_group_line(std::string_view text, const PortNames* ports = nullptr);

std::string_view to_string(GroupType type);  // "all", "select", "indirect", "ff"

std::string format_group(const GroupDesc& group, const PortNames* ports = nullptr);
std::string format_group_mod(const GroupMod& mod, const PortNames* ports = nullptr);
std::string format_group_stats(const GroupStats& stats);
std::string format_group_features(const GroupFeaturesReply& features, Version version);

}  // namespace weft::openflow
