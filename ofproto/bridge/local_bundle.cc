#include "ofproto/bridge/local_bundle.h"

#include <algorithm>

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::FlowModCommand;
using openflow::OpenFlowError;

namespace {
constexpr size_t rule_size = 512;  // with its match, about
}

Result<void, OpenFlowError> check_buffer(const openflow::FlowMod& flow_mod) {
  const bool is_removal =
      flow_mod.command == FlowModCommand::remove || flow_mod.command == FlowModCommand::remove_strict;
  if (flow_mod.buffer_id != openflow::no_buffer && !is_removal) {
    return Unexpected(OpenFlowError(ErrorCode::ofpbrc_buffer_unknown, "packets are not buffered"));
  }
  return {};
}

LocalBundle::~LocalBundle() {
  if (!has_linked_ahead_) {
    return;
  }
  std::vector<FlowRulePtr> rules;
  for (size_t i = 0; i < message_count_; ++i) {
    if (auto* rule = std::get_if<FlowRulePtr>(&at(i).message)) {
      rules.push_back(std::move(*rule));
    }
  }
  give_back_(std::move(rules));
}

Result<void, OpenFlowError> LocalBundle::add(const openflow::Message& message, uint32_t xid,
                                             std::span<const uint8_t> bytes) {
  Kept& place = next_place();
  if (auto kept = keep(place, message); !kept) {
    return kept;
  }
  place.xid = xid;
  place.byte_count = static_cast<uint8_t>(std::min(bytes.size(), place.bytes.size()));
  std::copy_n(bytes.begin(), place.byte_count, place.bytes.begin());
  ++message_count_;
  byte_count_ += sizeof(Kept);
  return {};
}

void LocalBundle::add(std::vector<Expired> expired) {
  byte_count_ += sizeof(Kept) + expired.size() * sizeof(Expired);
  next_place().message = std::make_unique<const std::vector<Expired>>(std::move(expired));
  ++message_count_;
}

LocalBundle::Kept& LocalBundle::next_place() {
  if (message_count_ == blocks_.size() * block_size) {
    blocks_.push_back(std::make_unique<Block>());
  }
  return at(message_count_);
}

Result<void, OpenFlowError> LocalBundle::keep(Kept& place, const openflow::Message& message) {
  if (const auto* flow_mod = std::get_if<openflow::FlowMod>(&message)) {
    return keep_flow_mod(place, *flow_mod);
  }
  const bool is_executed = std::holds_alternative<openflow::GroupMod>(message) ||
                           std::holds_alternative<openflow::PortMod>(message) ||
                           std::holds_alternative<openflow::PacketOut>(message);
  if (!is_executed) {
    return Unexpected(OpenFlowError(ErrorCode::ofpbfc_msg_unsup, "bundles do not take such a message"));
  }
  place.message = std::make_unique<const openflow::Message>(message);
  byte_count_ += sizeof(openflow::Message);
  return {};
}

Result<void, OpenFlowError> LocalBundle::keep_flow_mod(Kept& place, const openflow::FlowMod& flow_mod) {
  if (auto checked = check_buffer(flow_mod); !checked) {
    return checked;
  }
  auto rule = tables_.make_rule(flow_mod);
  if (!rule) {
    return Unexpected{rule.error()};
  }
  byte_count_ += rule_size;
  if (flow_mod.command == FlowModCommand::add) {
    if (give_back_) {
      tables_.link_ahead(*rule);
      has_linked_ahead_ = true;
    }
    place.message = std::move(*rule);
  } else {
    place.message = std::make_unique<KeptFlowMod>(
        KeptFlowMod{std::move(*rule), flow_mod.cookie_mask, flow_mod.new_cookie, flow_mod.out_group, flow_mod.out_port,
                    flow_mod.command, flow_mod.modify_adds});
  }
  return {};
}

openflow::FlowMod LocalBundle::KeptFlowMod::expand() const {
  openflow::FlowMod flow_mod;
  flow_mod.command = command;
  flow_mod.table_id = rule->table_id();
  flow_mod.priority = static_cast<uint16_t>(rule->priority());
  flow_mod.idle_timeout = rule->idle_timeout();
  flow_mod.hard_timeout = rule->hard_timeout();
  flow_mod.importance = rule->importance();
  flow_mod.flags = rule->flags();
  flow_mod.cookie = rule->cookie();
  flow_mod.cookie_mask = cookie_mask;
  flow_mod.new_cookie = new_cookie;
  flow_mod.out_port = out_port;
  flow_mod.out_group = out_group;
  flow_mod.match = rule->match().expand();
  flow_mod.modify_adds = modify_adds;
  flow_mod.instructions = rule->instructions();
  return flow_mod;
}

BundleFailure LocalBundle::failure_of(const Kept& kept, const OpenFlowError& error) {
  return {error, kept.xid, {kept.bytes.begin(), kept.bytes.begin() + kept.byte_count}};
}

}  // namespace weft::ofproto
