// From the Open_vSwitch record to the bounds of domains (datapath/api/domain.h). Pure functions.
#pragma once

#include "datapath/api/domain.h"
#include "lib/management/database.h"

namespace weft::config {

// What is not set, or cannot be, is as usual.
datapath::DomainLimits to_domain_limits(const management::Database& database);

}  // namespace weft::config
