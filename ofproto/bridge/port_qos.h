// A port's queues, made as its configuration says, and what is told about them. Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "datapath/api/datapath.h"
#include "lib/base/clock.h"
#include "lib/openflow/port_message.h"
#include "ofproto/bridge/qos_config.h"
#include "ofproto/translate/port_queues.h"

namespace weft::ofproto {

// Queues that were there before (`before` may be null) go on under their numbers, with the limits that hold now.
std::shared_ptr<const PortQueues> make_queues(const QosConfig& qos, const PortQueues* before, TimePoint now,
                                              datapath::Datapath& datapath);

openflow::QueueStats stats_of(OfPort of_port, uint32_t queue_id, const PortQueue& queue, TimePoint now);
// `speed_bps`: the port's, 0 where nobody knows; limits are told in parts of it.
openflow::QueueDesc desc_of(OfPort of_port, uint32_t queue_id, const PortQueue& queue, uint64_t speed_bps);

}  // namespace weft::ofproto
