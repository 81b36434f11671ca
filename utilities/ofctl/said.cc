#include "utilities/ofctl/said.h"

#include <fmt/format.h>

#include "lib/openflow/text/action_text.h"
#include "lib/openflow/unsaid.h"

namespace weft::ofctl {
namespace {

using openflow::Version;

std::optional<openflow::Unsaid> find_unsaid(const openflow::Message& message, Version version) {
  if (const auto* mod = std::get_if<openflow::FlowMod>(&message)) {
    return openflow::find_unsaid(*mod, version);
  }
  const openflow::Action* action = nullptr;
  if (const auto* out = std::get_if<openflow::PacketOut>(&message)) {
    if (out->metadata != Match() && version < Version::v1_5) {
      return openflow::Unsaid{nullptr, "fields of a packet-out"};
    }
    action = openflow::find_unsaid(out->actions, version);
  } else if (const auto* group = std::get_if<openflow::GroupMod>(&message)) {
    for (auto bucket = group->buckets.begin(); bucket != group->buckets.end() && action == nullptr; ++bucket) {
      action = openflow::find_unsaid(bucket->actions, version);
    }
  }
  return action != nullptr ? std::optional(openflow::Unsaid{action, {}}) : std::nullopt;
}

std::string name_of(const openflow::Unsaid& unsaid, Version version) {
  if (unsaid.action == nullptr) {
    return std::string(unsaid.word);
  }
  const bool is_meter = std::holds_alternative<openflow::MeterAction>(*unsaid.action);
  return format_action(*unsaid.action) +
         (is_meter && version >= Version::v1_3 ? " but as the first action of a flow" : "");
}

}  // namespace

Outcome check_sayable(const openflow::Message& message, Version version) {
  const auto unsaid = find_unsaid(message, version);
  if (!unsaid) {
    return {};
  }
  return Unexpected{Failure{
      fmt::format("{} cannot say {}: choose a later version with -O", to_string(version), name_of(*unsaid, version))}};
}

Result<openflow::Envelope, Failure> as_received(const openflow::Message& message, Version version, uint32_t xid) {
  if (auto checked = check_sayable(message, version); !checked) {
    return Unexpected{checked.error()};
  }
  const auto bytes = openflow::try_encode(version, xid, message);
  if (!bytes) {
    return Unexpected{Failure{"longer than an OpenFlow message can be (64 KB)"}};
  }
  auto envelope = openflow::decode(version, *bytes);
  if (!envelope) {
    return Unexpected{Failure{fmt::format("a switch would refuse it: {}", to_string(envelope.error()))}};
  }
  return std::move(*envelope);
}

}  // namespace weft::ofctl
