#include "vswitchd/config/domain_spec.h"

#include <string_view>
#include <type_traits>

#include "lib/management/rules.h"

namespace weft::config {

datapath::DomainLimits to_domain_limits(const management::Database& database) {
  datapath::DomainLimits limits;
  const management::Datum& settings = database.root()["other_config"];
  const auto take = [&](std::string_view key, auto& into) {
    if (const auto number = management::switch_number(settings, key)) {
      into = static_cast<std::remove_reference_t<decltype(into)>>(*number);
    }
  };
  take("max-masks-per-port", limits.max_masks);
  take("max-megaflows-per-port", limits.max_megaflows);
  take("max-tunnel-ids", limits.max_domains);
  take("miss-time-percent", limits.miss_share_percent);
  return limits;
}

bool wants_kernel_forwarding(const management::Database& database) {
  return database.root()["other_config"].at("kernel-forwarding") != "false";
}

}  // namespace weft::config
