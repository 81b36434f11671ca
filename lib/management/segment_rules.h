// What the records of segments must be together: rules that no single value tells.
#pragma once

#include <optional>
#include <string>

#include "lib/base/ip_address.h"
#include "lib/management/records.h"

namespace weft::management {

// RFC 7348 section 5: 24 bits; 0 is what a tunnel without a key has.
inline constexpr int64_t min_segment_vni = 1;
inline constexpr int64_t max_segment_vni = 0xffffff;
// RFC 7637 section 3.2: smaller ones are reserved.
inline constexpr int64_t min_nvgre_vsid = 0x1000;

// Frames a second.
inline constexpr int64_t max_storm_limit = 10'000'000;
// Of addresses that a port or segment may have.
inline constexpr int64_t max_mac_limit = 1'000'000;

// An address of a VTEP that packets can be sent to.
std::optional<IpAddress> parse_vtep(std::string_view text);
// An address of a multicast group.
std::optional<IpAddress> parse_group(std::string_view text);

// Columns of a Segment record alone.
std::optional<std::string> segment_problem(const Row& segment);
// All segments of all bridges: two of one bridge with one VNI. Cost: a look at each.
std::optional<std::string> segments_problem(const Records::Tables& tables);

}  // namespace weft::management
