// Snapshot: everything a translation may look at besides the packet: bridges, ports, and through them tables,
// groups and MAC addresses.
//
// Ports and settings are copied into it when they change (seldom); tables, groups and MACs are referred to and read
// at one version or under RCU. A translation reads one snapshot from beginning to end.
//
// Threads:   made on the control thread, immutable, read by any thread under RCU.
// Ownership: the Switch publishes it and retires the previous one; bridges are shared between snapshots.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "datapath/api/port_spec.h"
#include "lib/base/ids.h"
#include "lib/openflow/session_message.h"
#include "ofproto/overlay/segment.h"
#include "ofproto/table/table_set.h"
#include "ofproto/translate/dependency_id.h"
#include "ofproto/translate/flood_lists.h"
#include "ofproto/translate/mac_table.h"
#include "ofproto/translate/neighbour_table.h"
#include "ofproto/translate/port_queues.h"
#include "ofproto/translate/port_security.h"

namespace weft::ofproto {

// What a patch port has carried: packets of cached decisions are credited like those of rules.
struct PatchCounters {
  std::atomic<uint64_t> rx_packets{0}, rx_bytes{0}, tx_packets{0}, tx_bytes{0};
};

// How NORMAL treats a port's VLANs, with the defaults of its configuration filled in.
struct PortVlan {
  bool is_in_none = false;  // it serves segments
  bool is_access = false;
  bool has_native = false;                          // a trunk on which untagged frames belong to `tag`
  bool native_is_untagged = false;                  // ... which leaves untagged
  uint16_t tag = 0;                                 // of an access port, or native
  std::shared_ptr<const std::bitset<4096>> trunks;  // null: all
  std::shared_ptr<const std::bitset<4096>> mapped;  // those that are segments'; null: none

  bool carries(uint16_t vlan) const {
    if (is_in_none || (mapped != nullptr && mapped->test(vlan))) {
      return false;
    }
    if (is_access || (has_native && vlan == tag)) {
      return vlan == tag;
    }
    return trunks == nullptr || trunks->test(vlan);
  }
  // Whether frames of this VLAN leave the port with a tag.
  bool sends_tagged(uint16_t vlan) const { return !is_access && vlan != 0 && !(native_is_untagged && vlan == tag); }
};

// How many frames a second a port may flood, counted by a meter of its own.
struct StormLimit {
  uint32_t rate = 0;
  std::shared_ptr<datapath::Meter> meter;
};

struct PatchPeer {
  size_t bridge_index = 0;  // in Snapshot::bridges
  OfPort port{};
};

struct PortView {
  OfPort of_port{};
  PortId port_id = port_id::none;  // none: a patch port, or its device is gone
  std::string name;
  uint32_t config = 0;   // openflow::port_config
  bool is_live = false;  // has a link and is not down
  bool is_patch = false;
  std::string patch_peer;         // of a patch port: the name of its peer
  std::optional<PatchPeer> peer;  // ... which exists
  std::shared_ptr<PatchCounters> patch_counters;
  std::optional<datapath::TunnelSpec> tunnel;
  bool has_tunnel_options = false;  // its header can carry them
  std::optional<Encap> encap;       // of a tunnel port that segments can use
  bool serves_segments = false;     // ... and that some do
  PortVlan vlan;
  bool is_protected = false;  // nothing goes from one such port to another
  std::string segment_name;   // empty: not an access port of a segment
  SegmentPtr segment;         // null: there is none of that name
  // Of a layer-2 gateway, by VLAN; the same holds.
  std::map<uint16_t, SegmentPtr> segment_vlans;
  bool is_standby = false;                       // it leaves them to another gateway
  std::shared_ptr<const PortQueues> queues;      // null: what it sends has no limit
  std::shared_ptr<const PortSecurity> security;  // null: it may hand in whatever it likes
  // Of its own, which goes before those of segments (rate 0: none at all); by VNI.
  std::optional<StormLimit> storm_limit;
  std::map<uint32_t, StormLimit> segment_storm_limits;
};

// A port of the bridge that is in a segment.
struct SegmentMember {
  OfPort port{};
  uint16_t vlan = 0;  // with which its frames are tagged; 0: untagged
};

struct BridgeView {
  BridgeId id = 0;
  std::string name;
  const TableSet* tables = nullptr;
  // Translation only looks; effects are applied by the sink.
  MacTable* macs = nullptr;
  NeighbourTable* neighbours = nullptr;
  std::map<OfPort, PortView> ports;
  openflow::FragmentHandling fragments = openflow::FragmentHandling::normal;
  bool forward_bpdu = false;
  bool invalid_ttl_to_controller = false;
  bool miss_to_controller = false;
  std::optional<uint8_t> first_egress;  // table
  uint64_t tunnel_options = 0;          // bit n: a Geneve option is mapped to tun_metadata n
  std::shared_ptr<const SegmentTable> segments;
  std::shared_ptr<FloodLists> flood_lists;
  std::shared_ptr<const std::vector<IpAddress>> own_addresses =
      std::make_shared<const std::vector<IpAddress>>();                    // of the host, sorted
  std::unordered_map<uint32_t, std::vector<SegmentMember>> segment_ports;  // by VNI, by port
  std::array<std::optional<OfPort>, all_encaps.size()> segment_tunnels{};  // by encapsulation

  const PortView* port(OfPort of_port) const {
    const auto found = ports.find(of_port);
    return found == ports.end() ? nullptr : &found->second;
  }
};

struct Snapshot {
  struct Place {
    size_t bridge_index;
    OfPort of_port;
  };

  std::vector<std::shared_ptr<const BridgeView>> bridges;
  std::unordered_map<uint32_t, Place> places;  // by the number of the PortId

  const Place* place(PortId port_id) const {
    const auto found = places.find(number(port_id));
    return found == places.end() ? nullptr : &found->second;
  }
};

}  // namespace weft::ofproto
