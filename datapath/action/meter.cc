#include "datapath/action/meter.h"

#include <algorithm>
#include <optional>

#include "datapath/action/set_field.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"

namespace weft::datapath {
namespace {

constexpr unsigned dscp_shift = 2;  // in the byte that ECN shares

std::optional<uint8_t> dscp_of(EditedPacket& packet) {
  const FrameLayers& layers = packet.layers();
  if (layers.network == FrameLayers::Network::ipv4) {
    return header_at<Ipv4Header>(packet->bytes(), layers.l3)->tos >> dscp_shift;
  }
  if (layers.network == FrameLayers::Network::ipv6) {
    return header_at<Ipv6Header>(packet->bytes(), layers.l3)->traffic_class() >> dscp_shift;
  }
  return std::nullopt;
}

// AFxy is xxxyy0 with x from 1 to 4 and y from 1 to 3.
std::optional<uint8_t> remarked(uint8_t dscp, uint8_t precedence) {
  const unsigned forwarding_class = dscp >> 3;
  const unsigned drop_precedence = dscp >> 1 & 3;
  if (forwarding_class < 1 || forwarding_class > 4 || drop_precedence == 0 || (dscp & 1) != 0) {
    return std::nullopt;
  }
  const unsigned raised = std::min(3U, drop_precedence + precedence);
  return static_cast<uint8_t>(forwarding_class << 3 | raised << 1);
}

}  // namespace

Verdict apply_meter(EditedPacket& packet, const ApplyMeter& action) {
  const MeterVerdict verdict = action.meter->charge(*packet);
  if (verdict.is_drop) {
    return action.reason;
  }
  const auto dscp = verdict.precedence == 0 ? std::nullopt : dscp_of(packet);
  const auto raised = dscp ? remarked(*dscp, verdict.precedence) : std::nullopt;
  if (!raised || *raised == *dscp) {
    return keep;
  }
  constexpr uint64_t all_of_dscp = 0x3f;
  return set_field(packet, SetField{FieldId::ip_dscp, FieldValue{0, *raised}, FieldValue{0, all_of_dscp}});
}

}  // namespace weft::datapath
