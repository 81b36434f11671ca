// Where the reconciler's log lines go: `weft-appctl vlog/set reconciler:debug`.
#pragma once

#include "lib/base/log.h"

namespace weft::config {

inline log::Logger& reconciler_logger = log::get("reconciler");

}  // namespace weft::config
