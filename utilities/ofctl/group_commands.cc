// Groups: add, change, delete, dump; buckets of a group.
#include <fmt/format.h>

#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/message_text.h"
#include "utilities/ofctl/flow_batch.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

using openflow::GroupModCommand;

Outcome add_text(Invocation& call, FlowBatch& batch, GroupModCommand command, const std::string& text) {
  const auto mod = openflow::parse_group(text, command, call.ports);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  return batch.add(*mod, text);
}

Outcome change_group(Invocation& call, GroupModCommand command) {
  FlowBatch batch(call);
  const std::string text = call.argument(0);
  const auto add = [&](const std::string& one) { return add_text(call, batch, command, one); };
  const Outcome added = text == "-" ? for_each_line(text, add) : add(text);
  return added ? batch.commit() : added;
}

// A bare number, "group_id=N", or nothing for all.
Result<uint32_t, Failure> group_argument(Invocation& call) {
  if (call.arguments.empty()) {
    return openflow::all_groups;
  }
  const std::string text = call.argument(0);
  if (const auto id = parse_unsigned(text, openflow::max_group)) {
    return static_cast<uint32_t>(*id);
  }
  const auto mod = openflow::parse_group(text, GroupModCommand::remove);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  return mod->group_id;
}

template <class Entry>
Result<std::vector<Entry>, Failure> only(Result<std::vector<Entry>, Failure> groups, uint32_t id) {
  if (groups && id != openflow::all_groups) {
    std::erase_if(*groups, [&](const Entry& group) { return group.group_id != id; });
  }
  return groups;
}

}  // namespace

Outcome add_group(Invocation& call) { return change_group(call, GroupModCommand::add); }

Outcome add_groups(Invocation& call) {
  FlowBatch batch(call);
  const auto added = for_each_line(
      call.argument(0), [&](const std::string& text) { return add_text(call, batch, GroupModCommand::add, text); });
  return added ? batch.commit() : added;
}

Outcome mod_group(Invocation& call) {
  return change_group(call, call.options.may_create ? GroupModCommand::add_or_modify : GroupModCommand::modify);
}

Outcome insert_buckets(Invocation& call) { return change_group(call, GroupModCommand::insert_bucket); }

Outcome remove_buckets(Invocation& call) { return change_group(call, GroupModCommand::remove_bucket); }

Outcome del_groups(Invocation& call) {
  const auto id = group_argument(call);
  if (!id) {
    return Unexpected{id.error()};
  }
  openflow::GroupMod mod;
  mod.command = GroupModCommand::remove;
  mod.group_id = *id;
  FlowBatch batch(call);
  const auto added = batch.add(mod, format_group_mod(mod));
  return added ? batch.commit() : added;
}

Outcome dump_groups(Invocation& call) {
  const auto id = group_argument(call);
  if (!id) {
    return Unexpected{id.error()};
  }
  const auto groups = only(call.connection->ask_list<openflow::GroupDesc>(openflow::GroupDescRequest{*id}), *id);
  if (!groups) {
    return Unexpected{groups.error()};
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*groups, call.shown_ports());
    return {};
  }
  print_title<openflow::GroupDesc>(call);
  for (const openflow::GroupDesc& group : *groups) {
    fmt::print(" {}\n", format_group(group, call.shown_ports()));
  }
  return {};
}

Outcome dump_group_stats(Invocation& call) {
  const auto id = group_argument(call);
  if (!id) {
    return Unexpected{id.error()};
  }
  const auto groups = call.connection->ask_list<openflow::GroupStats>(openflow::GroupStatsRequest{*id});
  if (!groups) {
    return Unexpected{groups.error()};
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*groups);
    return {};
  }
  print_title<openflow::GroupStats>(call);
  for (const openflow::GroupStats& group : *groups) {
    fmt::print(" {}\n", format_group_stats(group));
  }
  return {};
}

Outcome dump_group_features(Invocation& call) {
  const auto features = call.connection->ask<openflow::GroupFeaturesReply>(openflow::GroupFeaturesRequest{});
  if (!features) {
    return Unexpected{features.error()};
  }
  fmt::print("Group features:\n{}", format_group_features(*features, call.connection->version()));
  return {};
}

}  // namespace weft::ofctl
