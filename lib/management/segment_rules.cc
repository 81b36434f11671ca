#include "lib/management/segment_rules.h"

#include <unordered_map>

#include <fmt/format.h>

namespace weft::management {
namespace {

const Records::Rows& rows_of(const Records::Tables& tables, std::string_view table) {
  static const Records::Rows nothing;
  const auto found = tables.find(table);
  return found == tables.end() ? nothing : found->second;
}

}  // namespace

std::optional<IpAddress> parse_vtep(std::string_view text) {
  const auto address = IpAddress::parse(text);
  const bool is_broadcast = address && address->is_v4() && address->v4().is_broadcast();
  return address && !address->is_multicast() && !address->is_unspecified() && !is_broadcast ? address : std::nullopt;
}

std::optional<IpAddress> parse_group(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address && address->is_multicast() ? address : std::nullopt;
}

std::optional<std::string> segment_problem(const Row& segment) {
  const std::string mode = segment["mode"].string().value_or("replicate");
  const auto group = segment["group"].string();
  if (mode == "multicast" && !group) {
    return fmt::format("segment {}: mode multicast needs a group", segment.name());
  }
  if (mode != "multicast" && group) {
    return fmt::format("segment {}: a group is of mode multicast, its mode is {}", segment.name(), mode);
  }
  if (mode != "replicate" && !segment["vteps"].empty()) {
    return fmt::format("segment {}: vteps are of mode replicate, its mode is {}", segment.name(), mode);
  }
  if (mode != "replicate" && segment["any_vtep"].boolean().value_or(false)) {
    return fmt::format("segment {}: any_vtep is of mode replicate, its mode is {}", segment.name(), mode);
  }
  const int64_t vni = segment["vni"].integer().value_or(0);
  if (segment["encap"].string() == "nvgre" && vni < min_nvgre_vsid) {
    return fmt::format("segment {}: NVGRE reserves ids below {} (RFC 7637 section 3.2)", segment.name(),
                       min_nvgre_vsid);
  }
  if (segment["encap"].string() == "stt" && segment["mss_clamp"].boolean().value_or(false)) {
    return fmt::format("segment {}: mss_clamp is not for stt, whose frames are cut over segments: all of them fit",
                       segment.name());
  }
  return std::nullopt;
}

std::optional<std::string> segments_problem(const Records::Tables& tables) {
  const Records::Rows& segments = rows_of(tables, "Segment");
  for (const auto& [uuid, bridge] : rows_of(tables, "Bridge")) {
    std::unordered_map<int64_t, const Row*> by_vni;
    for (const Uuid& segment_uuid : bridge["segments"].uuids()) {
      const auto found = segments.find(segment_uuid);
      if (found == segments.end()) {
        continue;
      }
      const Row& segment = found->second;
      if (auto problem = segment_problem(segment)) {
        return problem;
      }
      const int64_t vni = segment["vni"].integer().value_or(0);
      const auto [other, is_new] = by_vni.emplace(vni, &segment);
      if (!is_new) {
        return fmt::format("segments {} and {} of bridge {} both have VNI {}", other->second->name(), segment.name(),
                           bridge.name(), vni);
      }
    }
  }
  return std::nullopt;
}

}  // namespace weft::management
