// Port numbers of two kinds that never convert into each other.
//
// PortId: the datapath's number of a port, unique in the process. OfPort: the number a bridge
// shows to OpenFlow. It has 16 significant bits, numbered inside as OpenFlow 1.0 does; versions
// 1.1 and later put the reserved numbers at 0xffffff00 and above, which to_wire32/from_wire32
// translate (OpenFlow 1.5.1 section 7.2.1.2, OFPP_*).
//
// Both are enumerations: made with braces (`OfPort{7}`), read with number(), comparable, hashable.
#pragma once

#include <cstdint>
#include <optional>

namespace weft {

enum class PortId : uint32_t {};
enum class OfPort : uint16_t {};

constexpr uint32_t number(PortId port) { return static_cast<uint32_t>(port); }
constexpr uint16_t number(OfPort port) { return static_cast<uint16_t>(port); }

namespace port_id {
inline constexpr PortId none{0xffffffff};  // no port: a packet that came from nowhere
}  // namespace port_id

namespace of_port {
inline constexpr OfPort max{0xfeff};         // largest ordinary number; the smallest is 1
inline constexpr OfPort unset{0xfff7};       // 1.5: output port not set in the action set
inline constexpr OfPort in_port{0xfff8};     // back where the packet came from
inline constexpr OfPort table{0xfff9};       // packet-out: submit to the first table
inline constexpr OfPort normal{0xfffa};      // learn and forward as an ordinary switch
inline constexpr OfPort flood{0xfffb};       // all but in_port and ports that do not flood
inline constexpr OfPort all{0xfffc};         // all but in_port
inline constexpr OfPort controller{0xfffd};  // packet-in
inline constexpr OfPort local{0xfffe};       // the bridge's own interface
inline constexpr OfPort none{0xffff};        // OFPP_NONE in 1.0 ...
inline constexpr OfPort any{0xffff};         // ... OFPP_ANY later: a wildcard in requests
}  // namespace of_port

// A number that an ordinary port may have: 1 to 0xfeff.
constexpr bool is_ordinary(OfPort port) { return number(port) >= 1 && port <= of_port::max; }

// A number with a meaning of its own (0xff00 and above, LOCAL included).
constexpr bool is_reserved(OfPort port) { return number(port) >= 0xff00; }

constexpr uint32_t to_wire32(OfPort port) { return is_reserved(port) ? 0xffff0000U | number(port) : number(port); }

// Nothing for a number between the ordinary and the reserved ones.
constexpr std::optional<OfPort> from_wire32(uint32_t wire) {
  if (wire < 0xff00 || wire >= 0xffffff00U) {
    return OfPort{static_cast<uint16_t>(wire)};
  }
  return std::nullopt;
}

}  // namespace weft
