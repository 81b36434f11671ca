// Which Ethernet address each IP address of a segment has: what operators see and change, and the end of what is left behind.
#include <fmt/format.h>

#include "ofproto/bridge/local_bridge.h"

namespace weft::ofproto {

Result<SegmentPtr, std::string> LocalBridge::find_segment(std::string_view name) const {
  if (SegmentPtr segment = segments_->find(name)) {
    return segment;
  }
  return Unexpected{fmt::format("bridge {} has no segment {}{}", name_, name, segment_hint(name))};
}

// A port, or a VTEP; as long as it is nowhere nobody is answered.
std::string LocalBridge::place_text(Domain domain, MacAddress mac) const {
  const auto location = macs_.lookup({domain, mac});
  if (!location) {
    return "nowhere";
  }
  if (location->is_remote()) {
    return location->remote.to_string();
  }
  const BridgePort* port = ports_.find(location->port);
  return port != nullptr ? port->request.name : std::to_string(number(location->port));
}

Result<std::string, std::string> LocalBridge::neighbours_show(std::string_view segment) const {
  std::optional<Domain> only;
  if (!segment.empty()) {
    const auto found = find_segment(segment);
    if (!found) {
      return Unexpected{found.error()};
    }
    only = Domain::of_segment((*found)->vni);
  }
  std::string text = fmt::format("{:<16} {:<26} {:<17}  {:>6}  {}\n", "segment", "address", "MAC", "Age", "place");
  const TimePoint now = host_.clock().now();
  for (const NeighbourTable::Entry& entry : neighbours_.entries()) {
    const SegmentPtr of = segments_->find(entry.key.domain.vni());
    if (of == nullptr || (only && *only != entry.key.domain)) {
      continue;
    }
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - entry.since).count();
    text += fmt::format("{:<16} {:<26} {}  {:>6}  {}{}{}\n", of->name, entry.key.address.to_string(),
                        entry.neighbour.mac.to_string(), entry.is_fixed ? std::string("static") : std::to_string(age),
                        place_text(entry.key.domain, entry.neighbour.mac), entry.neighbour.is_router ? ", router" : "",
                        entry.is_disputed  ? ", disputed"
                        : entry.is_settled ? ""
                                           : ", moved");
  }
  return text;
}

Result<void, std::string> LocalBridge::neighbour_add(std::string_view segment, const IpAddress& address, MacAddress mac,
                                                     bool is_router) {
  const auto found = find_segment(segment);
  if (!found) {
    return Unexpected{found.error()};
  }
  const auto fixed =
      neighbours_.fix({Domain::of_segment((*found)->vni), address}, {mac, is_router}, host_.clock().now());
  if (!fixed) {
    return Unexpected{fmt::format("bridge {} has no room for more neighbours (other_config:mac-table-size)", name_)};
  }
  publish_addresses({*fixed});
  return {};
}

Result<void, std::string> LocalBridge::neighbour_remove(std::string_view segment, const IpAddress& address) {
  const auto found = find_segment(segment);
  if (!found) {
    return Unexpected{found.error()};
  }
  const auto removed = neighbours_.remove({Domain::of_segment((*found)->vni), address});
  if (!removed) {
    return Unexpected{fmt::format("segment {} knows no neighbour {}", segment, address.to_string())};
  }
  publish_addresses({*removed});
  return {};
}

// --- the end of what is left behind

// Addresses have gone, or may have: looks at all entries, some at a time, and once more if others go meanwhile.
void LocalBridge::sweep_neighbours() {
  must_sweep_neighbours_ = true;
  if (!is_sweeping_neighbours_ && neighbours_.size() != 0) {
    is_sweeping_neighbours_ = true;
    sweep_some_neighbours_later();
  }
}

void LocalBridge::sweep_some_neighbours_later() {
  host_.post()([weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) {
      (*self)->sweep_some_neighbours();
    }
  });
}

void LocalBridge::sweep_some_neighbours() {
  if (!neighbours_.is_sweeping()) {
    must_sweep_neighbours_ = false;
  }
  const bool must_sweep = must_sweep_neighbours_;
  publish_addresses(neighbours_.sweep(macs_));
  must_sweep_neighbours_ = must_sweep;  // what it removed itself leaves nothing behind
  is_sweeping_neighbours_ = neighbours_.is_sweeping() || must_sweep_neighbours_;
  if (is_sweeping_neighbours_) {
    sweep_some_neighbours_later();
  }
}

}  // namespace weft::ofproto
