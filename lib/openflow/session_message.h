// Messages about the connection itself: hello, error, echo, features, configuration, role, barrier, controllers.
// Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/openflow/error.h"
#include "lib/openflow/port_message.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

// Without a bitmap the header's version is the highest the sender speaks (Envelope::version cannot say it if we
// do not know that version: `wire_version` can).
struct Hello {
  uint8_t wire_version = 0;  // 0 when sending: the envelope's
  std::optional<VersionSet> versions;
  friend bool operator==(const Hello&, const Hello&) = default;
};

// `data`: at least the first 64 bytes of the message that was refused; for OFPET_HELLO_FAILED a text.
struct Error {
  OpenFlowError error{ErrorCode::ofpbrc_bad_type};
  std::vector<uint8_t> data;
  friend bool operator==(const Error&, const Error&) = default;
};

struct EchoRequest {
  std::vector<uint8_t> data;
  friend bool operator==(const EchoRequest&, const EchoRequest&) = default;
};
struct EchoReply {
  std::vector<uint8_t> data;
  friend bool operator==(const EchoReply&, const EchoReply&) = default;
};

// An experimenter message that has no struct of its own.
struct Experimenter {
  uint32_t experimenter = 0;
  uint32_t exp_type = 0;
  std::vector<uint8_t> data;
  friend bool operator==(const Experimenter&, const Experimenter&) = default;
};

// A multipart of an experimenter that has no struct of its own.
struct ExperimenterMultipartRequest {
  uint32_t experimenter = 0;
  uint32_t exp_type = 0;
  std::vector<uint8_t> data;
  friend bool operator==(const ExperimenterMultipartRequest&, const ExperimenterMultipartRequest&) = default;
};
struct ExperimenterMultipartReply {
  uint32_t experimenter = 0;
  uint32_t exp_type = 0;
  std::vector<uint8_t> data;
  friend bool operator==(const ExperimenterMultipartReply&, const ExperimenterMultipartReply&) = default;
};

struct FeaturesRequest {
  friend bool operator==(const FeaturesRequest&, const FeaturesRequest&) = default;
};

// OFPC_*, OpenFlow 1.3.5 section 7.3.1.
namespace capability {
inline constexpr uint32_t flow_stats = 1 << 0;
inline constexpr uint32_t table_stats = 1 << 1;
inline constexpr uint32_t port_stats = 1 << 2;
inline constexpr uint32_t group_stats = 1 << 3;
inline constexpr uint32_t ip_reasm = 1 << 5;
inline constexpr uint32_t queue_stats = 1 << 6;
inline constexpr uint32_t arp_match_ip = 1 << 7;  // 1.0 only
inline constexpr uint32_t port_blocked = 1 << 8;
inline constexpr uint32_t bundles = 1 << 9;           // 1.4.1 and later
inline constexpr uint32_t flow_monitoring = 1 << 10;  // 1.4.1 and later
}  // namespace capability

struct FeaturesReply {
  uint64_t datapath_id = 0;
  uint32_t buffer_count = 0;
  uint8_t table_count = 0;
  uint8_t auxiliary_id = 0;
  uint32_t capabilities = 0;
  uint32_t actions = 0;         // 1.0 only: OFPAT_* bits
  std::vector<PortDesc> ports;  // 1.0 only
  friend bool operator==(const FeaturesReply&, const FeaturesReply&) = default;
};

enum class FragmentHandling : uint16_t { normal = 0, drop = 1, reassemble = 2, nx_match = 3 };

struct SwitchConfig {
  FragmentHandling fragments = FragmentHandling::normal;
  bool invalid_ttl_to_controller = false;  // 1.0 (extension), 1.1 and 1.2
  uint16_t miss_send_len = 128;
  friend bool operator==(const SwitchConfig&, const SwitchConfig&) = default;
};
struct GetConfigRequest {
  friend bool operator==(const GetConfigRequest&, const GetConfigRequest&) = default;
};
struct GetConfigReply {
  SwitchConfig config;
  friend bool operator==(const GetConfigReply&, const GetConfigReply&) = default;
};
struct SetConfig {
  SwitchConfig config;
  friend bool operator==(const SetConfig&, const SetConfig&) = default;
};

struct BarrierRequest {
  friend bool operator==(const BarrierRequest&, const BarrierRequest&) = default;
};
struct BarrierReply {
  friend bool operator==(const BarrierReply&, const BarrierReply&) = default;
};

enum class Role : uint32_t { no_change = 0, equal = 1, primary = 2, secondary = 3 };

struct RoleRequest {
  Role role = Role::no_change;
  uint64_t generation_id = 0;
  uint16_t short_id = 0;  // 1.5; 0 (OFPCID_UNDEFINED): none
  friend bool operator==(const RoleRequest&, const RoleRequest&) = default;
};
struct RoleReply {
  Role role = Role::equal;
  uint64_t generation_id = 0;
  uint16_t short_id = 0;  // 1.5
  friend bool operator==(const RoleReply&, const RoleReply&) = default;
};

// OFPCRR_*
enum class RoleStatusReason : uint8_t { primary_request = 0, config = 1, experimenter = 2 };

// To a controller whose role was changed by something else than its own request: 1.4, and an ONF extension of 1.3.
struct RoleStatus {
  Role role = Role::secondary;
  RoleStatusReason reason = RoleStatusReason::primary_request;
  uint64_t generation_id = 0;
  friend bool operator==(const RoleStatus&, const RoleStatus&) = default;
};

// OFPCSR_*
enum class ControllerStatusReason : uint8_t {
  request = 0,
  channel_status = 1,
  role = 2,
  controller_added = 3,
  controller_removed = 4,
  short_id = 5,
  experimenter = 6,
};
enum class ChannelStatus : uint8_t { up = 0, down = 1 };  // OFPCT_STATUS_*

// One of the switch's controllers, to the others (1.5): told unasked when it changes, and listed by a multipart.
struct ControllerStatus {
  uint16_t short_id = 0;
  Role role = Role::equal;
  ControllerStatusReason reason = ControllerStatusReason::request;
  ChannelStatus channel_status = ChannelStatus::up;
  std::vector<std::string> uris;  // of its connections: "tls:10.0.0.1:6653", the main one first
  friend bool operator==(const ControllerStatus&, const ControllerStatus&) = default;
};
struct ControllerStatusRequest {
  friend bool operator==(const ControllerStatusRequest&, const ControllerStatusRequest&) = default;
};
using ControllerStatusReply = MultipartReply<ControllerStatus>;

}  // namespace weft::openflow
