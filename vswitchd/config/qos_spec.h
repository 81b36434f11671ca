// From QoS and Queue records to what ofproto takes. Pure functions.
#pragma once

#include <optional>

#include "lib/management/database.h"
#include "ofproto/bridge/qos_config.h"

namespace weft::config {

// The limits of what a port sends. Nothing: it has no QoS, or one without a type.
std::optional<ofproto::QosConfig> to_qos(const management::Database& database, const management::Row& port);

}  // namespace weft::config
