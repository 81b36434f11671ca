// From the Open_vSwitch record to settings of the whole datapath: the bounds of domains (datapath/api/domain.h), and what the
// kernel may do by itself. Pure functions.
#pragma once

#include "datapath/api/domain.h"
#include "lib/management/database.h"

namespace weft::config {

// What is not set, or cannot be, is as usual.
datapath::DomainLimits to_domain_limits(const management::Database& database);
// True unless other_config:kernel-forwarding is false.
bool wants_kernel_forwarding(const management::Database& database);

}  // namespace weft::config
