#include "ofproto/overlay/mac_limit.h"

#include <algorithm>
#include <array>

namespace weft::ofproto {
namespace {

constexpr std::array<std::string_view, 3> policy_names{"flood", "drop", "evict"};

}  // namespace

std::string_view to_string(MacLimitPolicy policy) { return policy_names[static_cast<size_t>(policy)]; }

std::optional<MacLimitPolicy> parse_mac_limit_policy(std::string_view text) {
  const auto* const found = std::ranges::find(policy_names, text);
  return found == policy_names.end() ? std::nullopt
                                     : std::optional(static_cast<MacLimitPolicy>(found - policy_names.begin()));
}

}  // namespace weft::ofproto
