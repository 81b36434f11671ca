#include "vswitchd/config/segment_spec.h"

#include <algorithm>
#include <set>

#include "lib/management/segment_rules.h"

namespace weft::config {
namespace {

using management::Row;

// Values that the schema did not check when they were saved count as not said.
ofproto::Segment to_segment(const Row& row) {
  ofproto::Segment segment;
  segment.name = row.name();
  segment.vni = static_cast<uint32_t>(std::clamp<int64_t>(row["vni"].integer().value_or(0), 0, ofproto::max_vni));
  segment.encap = ofproto::parse_encap(row["encap"].string().value_or("")).value_or(ofproto::Encap::vxlan);
  segment.mode =
      ofproto::parse_segment_mode(row["mode"].string().value_or("")).value_or(ofproto::SegmentMode::replicate);
  segment.group = management::parse_group(row["group"].string().value_or(""));
  for (const auto& atom : row["vteps"].keys) {
    if (const auto vtep = management::parse_vtep(std::get<std::string>(atom))) {
      segment.vteps.push_back(*vtep);
    }
  }
  std::ranges::sort(segment.vteps);
  segment.vteps.erase(std::unique(segment.vteps.begin(), segment.vteps.end()), segment.vteps.end());
  segment.any_vtep = row["any_vtep"].boolean().value_or(false);
  segment.mac_limit = to_mac_limit(row);
  if (const auto mtu = row["mtu"].integer()) {
    segment.mtu = static_cast<uint32_t>(*mtu);
  }
  if (const auto limit = row["storm_limit"].integer()) {
    segment.storm_limit = static_cast<uint32_t>(std::clamp<int64_t>(*limit, 1, management::max_storm_limit));
  }
  segment.isolates_ports = row["isolate_ports"].boolean().value_or(false);
  segment.clamps_mss = row["mss_clamp"].boolean().value_or(false);
  segment.suppress_arp = row["suppress_arp"].boolean().value_or(false);
  return segment;
}

}  // namespace

std::optional<ofproto::MacLimit> to_mac_limit(const Row& row) {
  const auto limit = row["mac_limit"].integer();
  if (!limit || *limit < 1) {
    return std::nullopt;
  }
  return ofproto::MacLimit{.count = static_cast<size_t>(*limit),
                           .policy = ofproto::parse_mac_limit_policy(row["mac_limit_policy"].string().value_or(""))
                                         .value_or(ofproto::MacLimitPolicy::flood)};
}

std::vector<ofproto::Segment> wanted_segments(const management::Database& database, const Row& bridge) {
  std::vector<ofproto::Segment> segments;
  std::set<uint32_t> ids;
  for (const auto& uuid : bridge["segments"].uuids()) {
    if (const Row* row = database.find("Segment", uuid)) {
      ofproto::Segment segment = to_segment(*row);
      if (ids.insert(segment.vni).second) {
        segments.push_back(std::move(segment));
      }
    }
  }
  return segments;
}

}  // namespace weft::config
