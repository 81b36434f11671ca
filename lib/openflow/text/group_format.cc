// Printing groups: lib/openflow/text/group_text.h.
#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/port_text.h"

namespace weft::openflow {
namespace {

std::string format_bucket(const Bucket& bucket, GroupType type, const PortNames* ports) {
  std::string text = "bucket=";
  if (bucket.bucket_id != unnumbered_bucket) {
    text += fmt::format("bucket_id:{},", bucket.bucket_id);
  }
  if (bucket.weight != (type == GroupType::select ? 1 : 0)) {
    text += fmt::format("weight:{},", bucket.weight);
  }
  if (bucket.watch_port != of_port::any) {
    text += fmt::format("watch_port:{},", format_port(bucket.watch_port, ports));
  }
  if (bucket.watch_group != any_group) {
    text += fmt::format("watch_group:{},", bucket.watch_group);
  }
  return text + "actions=" + format_actions(bucket.actions, ports);
}

// "fields=ip_dst", "fields(ip_src,ip_dst=255.255.255.0)".
std::string format_fields(const std::vector<SelectionField>& fields) {
  std::string names;
  for (const SelectionField& one : fields) {
    const Field& f = field(one.field);
    names += (names.empty() ? "" : ",") + std::string(f.name);
    if (one.mask != all_bits(f)) {
      names += "=" + format_value(f, one.mask);
    }
  }
  return fields.size() == 1 ? ",fields=" + names : fields.empty() ? "" : ",fields(" + names + ")";
}

std::string format_selection(const GroupSelection& selection) {
  if (selection.method.empty()) {
    return "";
  }
  std::string text = ",selection_method=" + selection.method;
  if (selection.param != 0) {
    text += fmt::format(",selection_method_param={}", selection.param);
  }
  return text + format_fields(selection.fields);
}

std::string format_position(uint32_t bucket_id) {
  switch (bucket_id) {
    case bucket_position::first:
      return "first";
    case bucket_position::last:
      return "last";
    case bucket_position::all:
      return "all";
    default:
      return std::to_string(bucket_id);
  }
}

std::string format_body(const GroupDesc& group, const PortNames* ports) {
  std::string text = fmt::format(",type={}", to_string(group.type)) + format_selection(group.selection);
  for (const Bucket& bucket : group.buckets) {
    text += "," + format_bucket(bucket, group.type, ports);
  }
  return text;
}

}  // namespace

std::string format_group(const GroupDesc& group, const PortNames* ports) {
  return fmt::format("group_id={}", group.group_id) + format_body(group, ports);
}

std::string format_group_mod(const GroupMod& mod, const PortNames* ports) {
  if (mod.command == GroupModCommand::remove) {
    return mod.group_id == all_groups ? "group_id=all" : fmt::format("group_id={}", mod.group_id);
  }
  if (mod.command == GroupModCommand::insert_bucket || mod.command == GroupModCommand::remove_bucket) {
    std::string text =
        fmt::format("command_bucket_id:{},group_id={}", format_position(mod.command_bucket_id), mod.group_id);
    for (const Bucket& bucket : mod.buckets) {
      text += "," + format_bucket(bucket, mod.type, ports);
    }
    return text;
  }
  return format_group({mod.type, mod.group_id, mod.buckets, mod.selection}, ports);
}

std::string format_group_stats(const GroupStats& stats) {
  std::string text =
      fmt::format("group_id={},duration={},ref_count={},packet_count={},byte_count={}", stats.group_id,
                  format_duration(stats.duration), stats.ref_count, stats.packet_count, stats.byte_count);
  for (size_t i = 0; i < stats.buckets.size(); ++i) {
    text += fmt::format(",bucket{}:packet_count={},byte_count={}", i, stats.buckets[i].packet_count,
                        stats.buckets[i].byte_count);
  }
  return text;
}

std::string format_group_features(const GroupFeaturesReply& features, Version version) {
  constexpr std::pair<uint32_t, std::string_view> capability_names[] = {
      {group_capability::select_weight, "select_weight"},
      {group_capability::select_liveness, "select_liveness"},
      {group_capability::chaining, "chaining"},
      {group_capability::chaining_checks, "chaining_checks"}};
  std::string types;
  std::string limits;
  for (unsigned i = 0; i < 4; ++i) {
    if ((features.types >> i & 1) != 0) {
      const std::string_view name = to_string(static_cast<GroupType>(i));
      types += fmt::format("{}{}", types.empty() ? "" : " ", name);
      const auto actions =
          version == Version::v1_0 ? actions_of_10(features.actions[i]) : actions_of(features.actions[i]);
      limits += fmt::format("    {}:\n      max_groups={:#x}\n      actions: {}\n", name, features.max_groups[i],
                            fmt::join(actions, " "));
    }
  }
  std::string capabilities;
  for (const auto& [bit, name] : capability_names) {
    if ((features.capabilities & bit) != 0) {
      capabilities += fmt::format("{}{}", capabilities.empty() ? "" : " ", name);
    }
  }
  return fmt::format("  types: {}\n  capabilities: {}\n", types, capabilities) + limits;
}

}  // namespace weft::openflow
