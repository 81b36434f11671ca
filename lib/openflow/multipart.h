// What the multipart messages have in common (OpenFlow 1.3.5 section 7.3.5). Values.
//
// A reply that is a list of entries is a MultipartReply; whether more parts follow is the envelope's `more`.
#pragma once

#include <cstdint>
#include <vector>

namespace weft::openflow {

// Numbers as in OpenFlow 1.3 to 1.5.
enum class MultipartType : uint16_t {
  desc = 0,
  flow = 1,
  aggregate = 2,
  table = 3,
  port_stats = 4,
  queue = 5,
  group = 6,
  group_desc = 7,
  group_features = 8,
  meter = 9,
  meter_config = 10,
  meter_features = 11,
  table_features = 12,
  port_desc = 13,
  table_desc = 14,
  queue_desc = 15,
  flow_monitor = 16,
  flow_counters = 17,  // OFPMP_FLOW_STATS in 1.5, where 1 is OFPMP_FLOW_DESC
  controller_status = 18,
  bundle_features = 19,
  experimenter = 0xffff,
};

template <class Entry>
struct MultipartReply {
  std::vector<Entry> entries;
  friend bool operator==(const MultipartReply&, const MultipartReply&) = default;
};

struct Duration {
  uint32_t seconds = 0;
  uint32_t nanoseconds = 0;  // below 1,000,000,000
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

// What an earlier version does not tell.
inline constexpr Duration unknown_duration{~uint32_t{0}, ~uint32_t{0}};

}  // namespace weft::openflow
