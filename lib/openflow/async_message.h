// Which messages a controller is sent unasked: asynchronous configuration. Values.
//
// OpenFlow 1.3.5 section 7.3.10, 1.4.1 and 1.5.1 section 7.3.10, and Nicira's two forms. A kind of message has a mask
// for a controller that is primary or equal and one for a secondary; bit n lets reason n of that kind through.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::openflow {

// In the order of the property numbers (OFPACPT_*, two each). 1.3 and earlier know the first three, 1.4 the first six.
enum class AsyncKind : uint8_t {
  packet_in,          // reasons: PacketInReason
  port_status,        // PortStatusReason
  flow_removed,       // FlowRemovedReason
  role_status,        // RoleStatusReason
  table_status,       // TableStatusReason
  request_forward,    // RequestForwardReason
  flow_stats,         // FlowCountersReason
  controller_status,  // ControllerStatusReason
};
inline constexpr size_t async_kind_count = 8;

// Indexed by AsyncKind.
struct AsyncConfig {
  std::array<uint32_t, async_kind_count> primary{};  // sent to a primary or an equal controller
  std::array<uint32_t, async_kind_count> secondary{};
  friend bool operator==(const AsyncConfig&, const AsyncConfig&) = default;
};

struct GetAsyncRequest {
  friend bool operator==(const GetAsyncRequest&, const GetAsyncRequest&) = default;
};
// What the version has no place for is not told.
struct GetAsyncReply {
  AsyncConfig config;
  friend bool operator==(const GetAsyncReply&, const GetAsyncReply&) = default;
};

// Kinds that are not named stay as they are. 1.3 names its three always, 1.4 and 1.5 any.
struct SetAsync {
  using Masks = std::array<std::optional<uint32_t>, async_kind_count>;
  Masks primary;
  Masks secondary;
  friend bool operator==(const SetAsync&, const SetAsync&) = default;
};

}  // namespace weft::openflow
