// How a port takes part in the bridge's VLANs and segments when NORMAL forwards, as the Port record's columns say. Values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ofproto/overlay/mac_limit.h"

namespace weft::ofproto {

//   access            frames carry no tag; they belong to `tag`
//   trunk             frames carry their tag; untagged ones belong to VLAN 0
//   native_tagged     a trunk on which untagged frames belong to `tag`, which leaves tagged
//   native_untagged   a trunk on which untagged frames belong to `tag`, which leaves untagged
enum class VlanMode : uint8_t { access, trunk, native_tagged, native_untagged };

struct VlanConfig {
  std::optional<VlanMode> mode{};  // absent: access when there is a tag and no trunks, else trunk (native when both)
  std::optional<uint16_t> tag{};   // 1..4095; absent: 0
  std::vector<uint16_t> trunks{};  // VLANs a trunk carries; empty: all
  std::string segment{};           // name of one: untagged frames are its, the port is in no VLAN
  // VLANs of a trunk that are segments' (a layer-2 gateway), by name; 0: untagged frames. A port on standby leaves them to
  // another gateway, so that two of them make no loop.
  std::map<uint16_t, std::string> segment_vlans{};
  bool is_standby = false;
  bool is_protected = false;  // NORMAL takes nothing from one such port to another
  // Frames a second that NORMAL floods from the port, whatever its segments say. 0: no limit; absent: theirs.
  std::optional<uint32_t> storm_limit{};
  std::optional<MacLimit> mac_limit{};  // of the addresses on it, in all of its VLANs and segments
  friend bool operator==(const VlanConfig&, const VlanConfig&) = default;
};

}  // namespace weft::ofproto
