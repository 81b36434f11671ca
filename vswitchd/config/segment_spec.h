// From Segment records to what ofproto takes. Pure functions.
#pragma once

#include <optional>
#include <vector>

#include "lib/management/database.h"
#include "ofproto/overlay/segment.h"

namespace weft::config {

// The bridge's segments. Of two with one VNI, which only a state file from elsewhere can have, the later one is left out.
std::vector<ofproto::Segment> wanted_segments(const management::Database& database, const management::Row& bridge);

// Of a Segment or Port record.
std::optional<ofproto::MacLimit> to_mac_limit(const management::Row& row);

}  // namespace weft::config
