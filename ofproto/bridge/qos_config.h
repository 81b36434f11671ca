// The limits of what a port sends, as its QoS and Queue records say. Values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "datapath/api/queue.h"

namespace weft::ofproto {

struct QosConfig {
  std::optional<datapath::RateLimit> limit{};  // of all queues together
  // What goes by no queue, or by one that the port has not, goes by queue 0. It is there even where it is not named.
  std::map<uint32_t, datapath::QueueSpec> queues{};
  friend bool operator==(const QosConfig&, const QosConfig&) = default;
};

}  // namespace weft::ofproto
