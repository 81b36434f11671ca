// Messages about meters (OpenFlow 1.3.5 sections 7.3.4.5, 7.3.5.11 to 7.3.5.13). Values.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/openflow/multipart.h"

namespace weft::openflow {

namespace meter_id {
inline constexpr uint32_t max = 0xffff0000;
inline constexpr uint32_t slow_path = 0xfffffffd;
inline constexpr uint32_t controller = 0xfffffffe;
inline constexpr uint32_t all = 0xffffffff;
}  // namespace meter_id

enum class MeterModCommand : uint16_t { add = 0, modify = 1, remove = 2 };

namespace meter_flag {
inline constexpr uint16_t kbps = 1 << 0;
inline constexpr uint16_t pktps = 1 << 1;
inline constexpr uint16_t burst = 1 << 2;
inline constexpr uint16_t stats = 1 << 3;
}  // namespace meter_flag

enum class MeterBandType : uint16_t { drop = 1, dscp_remark = 2 };

struct MeterBand {
  MeterBandType type = MeterBandType::drop;
  uint32_t rate = 0;
  uint32_t burst_size = 0;
  uint8_t precedence_level = 0;  // dscp_remark
  friend bool operator==(const MeterBand&, const MeterBand&) = default;
};

struct MeterMod {
  MeterModCommand command = MeterModCommand::add;
  uint16_t flags = 0;
  uint32_t meter = 0;
  std::vector<MeterBand> bands{};
  friend bool operator==(const MeterMod&, const MeterMod&) = default;
};

struct MeterStatsRequest {
  uint32_t meter = meter_id::all;
  friend bool operator==(const MeterStatsRequest&, const MeterStatsRequest&) = default;
};
struct MeterBandCounters {
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  friend bool operator==(const MeterBandCounters&, const MeterBandCounters&) = default;
};
struct MeterStats {
  uint32_t meter = 0;
  uint32_t flow_count = 0;  // rules that use it (ref_count in 1.5)
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  Duration duration;
  std::vector<MeterBandCounters> bands;
  friend bool operator==(const MeterStats&, const MeterStats&) = default;
};
using MeterStatsReply = MultipartReply<MeterStats>;

struct MeterConfigRequest {
  uint32_t meter = meter_id::all;
  friend bool operator==(const MeterConfigRequest&, const MeterConfigRequest&) = default;
};
struct MeterConfig {
  uint16_t flags = 0;
  uint32_t meter = 0;
  std::vector<MeterBand> bands;
  friend bool operator==(const MeterConfig&, const MeterConfig&) = default;
};
using MeterConfigReply = MultipartReply<MeterConfig>;

// OFPMFF_*, 1.5: where a meter action may stand.
namespace meter_feature {
inline constexpr uint32_t action_set = 1 << 0;
inline constexpr uint32_t any_position = 1 << 1;
inline constexpr uint32_t multi_list = 1 << 2;
}  // namespace meter_feature

struct MeterFeaturesRequest {
  friend bool operator==(const MeterFeaturesRequest&, const MeterFeaturesRequest&) = default;
};
struct MeterFeaturesReply {
  uint32_t max_meters = 0;
  uint32_t band_types = 0;  // bit n: MeterBandType n
  uint32_t capabilities = 0;
  uint8_t max_bands = 0;
  uint8_t max_color = 0;
  uint32_t features = 0;  // 1.5: meter_feature
  friend bool operator==(const MeterFeaturesReply&, const MeterFeaturesReply&) = default;
};

}  // namespace weft::openflow
