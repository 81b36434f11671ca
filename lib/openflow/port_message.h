// Messages about ports and their queues. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/mac_address.h"
#include "lib/openflow/multipart.h"

namespace weft::openflow {

// OFPPC_*; numbers of 1.1 and later. The 1.0 codec translates.
namespace port_config {
inline constexpr uint32_t down = 1 << 0;
inline constexpr uint32_t no_recv = 1 << 2;
inline constexpr uint32_t no_flood = 1 << 4;  // 1.0 only
inline constexpr uint32_t no_fwd = 1 << 5;
inline constexpr uint32_t no_packet_in = 1 << 6;
}  // namespace port_config

// OFPPS_*.
namespace port_state {
inline constexpr uint32_t link_down = 1 << 0;
inline constexpr uint32_t blocked = 1 << 1;
inline constexpr uint32_t live = 1 << 2;
}  // namespace port_state

// OFPPF_*; numbers of 1.1 and later.
namespace port_feature {
inline constexpr uint32_t half_10mb = 1 << 0;
inline constexpr uint32_t full_10mb = 1 << 1;
inline constexpr uint32_t half_100mb = 1 << 2;
inline constexpr uint32_t full_100mb = 1 << 3;
inline constexpr uint32_t half_1gb = 1 << 4;
inline constexpr uint32_t full_1gb = 1 << 5;
inline constexpr uint32_t full_10gb = 1 << 6;
inline constexpr uint32_t full_40gb = 1 << 7;
inline constexpr uint32_t full_100gb = 1 << 8;
inline constexpr uint32_t full_1tb = 1 << 9;
inline constexpr uint32_t other = 1 << 10;
inline constexpr uint32_t copper = 1 << 11;
inline constexpr uint32_t fiber = 1 << 12;
inline constexpr uint32_t autoneg = 1 << 13;
inline constexpr uint32_t pause = 1 << 14;
inline constexpr uint32_t pause_asym = 1 << 15;
}  // namespace port_feature

// What an optical port has more to say (1.4). Frequencies in MHz or wavelengths in nm * 100, power in 0.1 dBm: passed
// on as they are.
struct OpticalPort {
  uint32_t supported = 0;  // OFPOPF_*
  uint32_t tx_min = 0, tx_max = 0, tx_grid = 0;
  uint32_t rx_min = 0, rx_max = 0, rx_grid = 0;
  uint16_t tx_power_min = 0, tx_power_max = 0;
  friend bool operator==(const OpticalPort&, const OpticalPort&) = default;
};

struct PortDesc {
  OfPort port{};
  MacAddress hw_addr;
  std::string name;  // at most 15 bytes reach the wire before 1.5
  uint32_t config = 0;
  uint32_t state = 0;
  uint32_t current = 0;
  uint32_t advertised = 0;
  uint32_t supported = 0;
  uint32_t peer = 0;
  uint32_t current_speed_kbps = 0;
  uint32_t max_speed_kbps = 0;
  std::optional<OpticalPort> optical = std::nullopt;
  friend bool operator==(const PortDesc&, const PortDesc&) = default;
};

struct PortDescRequest {
  OfPort port = of_port::any;  // 1.5 can ask for one
  friend bool operator==(const PortDescRequest&, const PortDescRequest&) = default;
};
using PortDescReply = MultipartReply<PortDesc>;

enum class PortStatusReason : uint8_t { added = 0, removed = 1, modified = 2 };

struct PortStatus {
  PortStatusReason reason = PortStatusReason::added;
  PortDesc desc;
  friend bool operator==(const PortStatus&, const PortStatus&) = default;
};

struct OpticalPortConfig {
  uint32_t configure = 0;  // OFPOPF_*
  uint32_t frequency = 0, fine_offset = 0, grid_span = 0, tx_power = 0;
  friend bool operator==(const OpticalPortConfig&, const OpticalPortConfig&) = default;
};

struct PortMod {
  OfPort port{};
  MacAddress hw_addr{};  // must be the port's
  uint32_t config = 0;
  uint32_t mask = 0;
  uint32_t advertise = 0;                                   // 0: unchanged
  std::optional<OpticalPortConfig> optical = std::nullopt;  // 1.4
  friend bool operator==(const PortMod&, const PortMod&) = default;
};

struct PortStatsRequest {
  OfPort port = of_port::any;
  friend bool operator==(const PortStatsRequest&, const PortStatsRequest&) = default;
};
inline constexpr uint64_t unknown_count = ~uint64_t{0};  // a counter the port does not keep
struct OpticalPortStats {
  uint32_t flags = 0;  // OFPOSF_*: which of the others are valid
  uint32_t tx_frequency = 0, tx_offset = 0, tx_grid_span = 0;
  uint32_t rx_frequency = 0, rx_offset = 0, rx_grid_span = 0;
  uint16_t tx_power = 0, rx_power = 0, bias_current = 0, temperature = 0;
  friend bool operator==(const OpticalPortStats&, const OpticalPortStats&) = default;
};
struct PortStats {
  OfPort port{};
  uint64_t rx_packets = 0, tx_packets = 0, rx_bytes = 0, tx_bytes = 0;
  uint64_t rx_dropped = 0, tx_dropped = 0, rx_errors = 0, tx_errors = 0;
  uint64_t rx_frame_errors = 0, rx_over_errors = 0, rx_crc_errors = 0, collisions = 0;
  Duration duration;
  std::optional<OpticalPortStats> optical = std::nullopt;
  friend bool operator==(const PortStats&, const PortStats&) = default;
};
using PortStatsReply = MultipartReply<PortStats>;

inline constexpr uint32_t all_queues = 0xffffffff;  // OFPQ_ALL

struct QueueStatsRequest {
  OfPort port = of_port::any;
  uint32_t queue_id = all_queues;
  friend bool operator==(const QueueStatsRequest&, const QueueStatsRequest&) = default;
};
struct QueueStats {
  OfPort port{};
  uint32_t queue_id = 0;
  uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0;
  Duration duration;
  friend bool operator==(const QueueStats&, const QueueStats&) = default;
};
using QueueStatsReply = MultipartReply<QueueStats>;

// The queues of a port and how they are set up: OFPMP_QUEUE_DESC from 1.4 on, queue-get-config before, which cannot
// name a queue.
struct QueueDescRequest {
  OfPort port = of_port::any;
  uint32_t queue_id = all_queues;
  friend bool operator==(const QueueDescRequest&, const QueueDescRequest&) = default;
};
struct QueueDesc {
  OfPort port{};
  uint32_t queue_id = 0;
  std::optional<uint16_t> min_rate;  // in 0.1 % of the port's speed; above 1000: no limit
  std::optional<uint16_t> max_rate;
  friend bool operator==(const QueueDesc&, const QueueDesc&) = default;
};
struct QueueDescReply {
  OfPort port = of_port::any;  // queue-get-config repeats what was asked
  std::vector<QueueDesc> entries;
  friend bool operator==(const QueueDescReply&, const QueueDescReply&) = default;
};

}  // namespace weft::openflow
