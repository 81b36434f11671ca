// Segments of a bridge: logical layer-2 networks that reach other hosts through tunnels.
//
// A segment's id (VNI, VSID, ...) is its own on the bridge. To NORMAL it is a forwarding domain as a VLAN is: ports are
// in it by their configuration, and packets by the tunnel id with which they come from the bridge's flow-based tunnel
// port of the segment's encapsulation.
//
// A table of segments never changes: the bridge replaces it, and segments that stay are shared by both.
//
// Threads: values and constant tables. Cost: a copy of the table is a pointer a segment.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/ip_address.h"
#include "ofproto/overlay/mac_limit.h"

namespace weft::ofproto {

enum class Encap : uint8_t { vxlan, geneve, nvgre, stt };
inline constexpr std::array all_encaps{Encap::vxlan, Encap::geneve, Encap::nvgre, Encap::stt};
std::string_view to_string(Encap encap);
std::optional<Encap> parse_encap(std::string_view text);

// Where broadcast, multicast and unicast to unknown addresses go, besides the local ports; and whom the segment hears.
//   multicast    to an IP multicast group; every host is heard and may teach addresses
//   replicate    to each VTEP of a list; they alone are heard, unless `any_vtep` says that all are
//   controller   nowhere: addresses that are known beyond the host were put there. Every host is heard, none teaches
enum class SegmentMode : uint8_t { multicast, replicate, controller };
std::string_view to_string(SegmentMode mode);
std::optional<SegmentMode> parse_segment_mode(std::string_view text);

inline constexpr uint32_t max_vni = 0xffffff;  // RFC 7348 section 5, RFC 7637 section 3.2, RFC 8926 section 3.4

struct Segment {
  std::string name;
  uint32_t vni = 0;
  Encap encap = Encap::vxlan;
  SegmentMode mode = SegmentMode::replicate;
  std::optional<IpAddress> group{};       // of mode multicast
  std::vector<IpAddress> vteps{};         // of mode replicate: sorted, each once
  bool any_vtep = false;                  // of mode replicate: hosts that are not in the list are heard, too
  std::optional<uint32_t> mtu{};          // of the guests, bytes
  std::optional<uint32_t> storm_limit{};  // frames a second that each local port may flood
  bool isolates_ports = false;            // access ports of one host do not hear each other
  bool clamps_mss = false;                // TCP's MSS is lowered to what fits through tunnels
  bool suppress_arp = false;  // requests for known addresses are answered here, ARP and neighbour discovery alike
  std::optional<MacLimit> mac_limit{};

  // Whether what this host sends through a tunnel is the segment's.
  bool accepts(const IpAddress& vtep) const;
  // ... and says where addresses are.
  bool learns_from(const IpAddress& vtep) const { return mode != SegmentMode::controller && accepts(vtep); }
  friend bool operator==(const Segment&, const Segment&) = default;
};

using SegmentPtr = std::shared_ptr<const Segment>;

// Segments that are new or changed, and names of those that go.
struct SegmentChanges {
  std::vector<Segment> set;
  std::vector<std::string> removed;
  bool empty() const { return set.empty() && removed.empty(); }
};

class SegmentTable {
 public:
  SegmentPtr find(uint32_t vni) const;
  SegmentPtr find(std::string_view name) const;
  bool empty() const { return by_name_.empty(); }
  size_t size() const { return by_name_.size(); }
  bool has_multicast() const { return multicast_count_ != 0; }
  bool has_storm_limit() const { return storm_limit_count_ != 0; }
  bool has_mss_clamp() const { return mss_clamp_count_ != 0; }
  bool has(Encap encap) const { return counts_[static_cast<size_t>(encap)] != 0; }

  // A segment of the same name is replaced; one whose VNI another has is the one that find(vni) gives from then on.
  void put(Segment segment);
  bool erase(std::string_view name);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [name, segment] : by_name_) {
      visit(*segment);
    }
  }

 private:
  std::unordered_map<uint32_t, SegmentPtr> by_vni_;
  std::unordered_map<std::string_view, SegmentPtr> by_name_;  // the keys are the segments' own names
  std::array<size_t, all_encaps.size()> counts_{};
  size_t multicast_count_ = 0;
  size_t storm_limit_count_ = 0;
  size_t mss_clamp_count_ = 0;
};

}  // namespace weft::ofproto
