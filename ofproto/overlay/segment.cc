#include "ofproto/overlay/segment.h"

#include <algorithm>

namespace weft::ofproto {
namespace {

constexpr std::array<std::string_view, 4> encap_names{"vxlan", "geneve", "nvgre", "stt"};
constexpr std::array<std::string_view, 3> mode_names{"multicast", "replicate", "controller"};

template <class Value, size_t n>
std::optional<Value> parse(const std::array<std::string_view, n>& names, std::string_view text) {
  const auto* const found = std::ranges::find(names, text);
  return found == names.end() ? std::nullopt : std::optional(static_cast<Value>(found - names.begin()));
}

}  // namespace

std::string_view to_string(Encap encap) { return encap_names[static_cast<size_t>(encap)]; }
std::optional<Encap> parse_encap(std::string_view text) { return parse<Encap>(encap_names, text); }
std::string_view to_string(SegmentMode mode) { return mode_names[static_cast<size_t>(mode)]; }
std::optional<SegmentMode> parse_segment_mode(std::string_view text) { return parse<SegmentMode>(mode_names, text); }

bool Segment::accepts(const IpAddress& vtep) const {
  return mode != SegmentMode::replicate || any_vtep || std::ranges::binary_search(vteps, vtep);
}

SegmentPtr SegmentTable::find(uint32_t vni) const {
  const auto found = by_vni_.find(vni);
  return found == by_vni_.end() ? nullptr : found->second;
}

SegmentPtr SegmentTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void SegmentTable::put(Segment segment) {
  erase(segment.name);
  const auto made = std::make_shared<const Segment>(std::move(segment));
  by_vni_.insert_or_assign(made->vni, made);
  by_name_.emplace(made->name, made);
  ++counts_[static_cast<size_t>(made->encap)];
  multicast_count_ += made->mode == SegmentMode::multicast ? 1 : 0;
  storm_limit_count_ += made->storm_limit ? 1 : 0;
  mss_clamp_count_ += made->clamps_mss ? 1 : 0;
}

bool SegmentTable::erase(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return false;
  }
  const SegmentPtr segment = found->second;
  by_name_.erase(found);
  --counts_[static_cast<size_t>(segment->encap)];
  multicast_count_ -= segment->mode == SegmentMode::multicast ? 1 : 0;
  storm_limit_count_ -= segment->storm_limit ? 1 : 0;
  mss_clamp_count_ -= segment->clamps_mss ? 1 : 0;
  const auto numbered = by_vni_.find(segment->vni);
  if (numbered != by_vni_.end() && numbered->second == segment) {
    by_vni_.erase(numbered);
  }
  return true;
}

}  // namespace weft::ofproto
