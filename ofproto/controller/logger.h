// Where this folder's log lines go: `weft-appctl vlog/set openflow:debug`.
#pragma once

#include "lib/base/log.h"

namespace weft::ofproto {

inline log::Logger& openflow_logger = log::get("openflow");

}  // namespace weft::ofproto
