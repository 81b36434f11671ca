#include "ofproto/controller/event_filter.h"

#include "lib/openflow/port_message.h"
#include "lib/openflow/table_message.h"

namespace weft::ofproto {

using openflow::AsyncKind;
using openflow::Version;

namespace {

template <typename... Reasons>
constexpr uint32_t mask_of(Reasons... reasons) {
  return ((1U << static_cast<unsigned>(reasons)) | ...);
}

}  // namespace

openflow::AsyncConfig default_async_config() {
  openflow::AsyncConfig config;
  const auto primary = [&](AsyncKind kind) -> uint32_t& { return config.primary[static_cast<size_t>(kind)]; };
  const auto secondary = [&](AsyncKind kind) -> uint32_t& { return config.secondary[static_cast<size_t>(kind)]; };
  {
    using enum openflow::PacketInReason;
    primary(AsyncKind::packet_in) = mask_of(no_match, action, action_set, group, packet_out);
  }
  {
    using enum openflow::FlowRemovedReason;
    primary(AsyncKind::flow_removed) =
        mask_of(idle_timeout, hard_timeout, removed, group_removed, meter_removed, eviction);
  }
  {
    using enum openflow::PortStatusReason;
    primary(AsyncKind::port_status) = secondary(AsyncKind::port_status) = mask_of(added, removed, modified);
  }
  {
    using enum openflow::RoleStatusReason;
    primary(AsyncKind::role_status) = secondary(AsyncKind::role_status) =
        mask_of(primary_request, config, experimenter);
  }
  {
    using enum openflow::TableStatusReason;
    primary(AsyncKind::table_status) = mask_of(vacancy_down, vacancy_up);
  }
  return config;
}

bool lets_through(const openflow::AsyncConfig& config, openflow::Role role, AsyncKind kind, unsigned reason) {
  const auto& masks = role == openflow::Role::secondary ? config.secondary : config.primary;
  return reason < 32 && (masks[static_cast<size_t>(kind)] >> reason & 1U) != 0;
}

unsigned reason_in(Version version, openflow::PacketInReason reason) {
  const bool is_later = reason > openflow::PacketInReason::invalid_ttl;
  return static_cast<unsigned>(version < Version::v1_4 && is_later ? openflow::PacketInReason::action : reason);
}

unsigned reason_in(Version version, openflow::FlowRemovedReason reason) {
  using enum openflow::FlowRemovedReason;
  const auto last = version < Version::v1_3 ? removed : version < Version::v1_4 ? group_removed : eviction;
  return static_cast<unsigned>(reason > last ? removed : reason);
}

}  // namespace weft::ofproto
