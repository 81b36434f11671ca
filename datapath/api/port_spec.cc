#include "datapath/api/port_spec.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::datapath {

namespace {

constexpr std::array xdp_mode_names{std::pair{XdpMode::best_effort, std::string_view("best-effort")},
                                    std::pair{XdpMode::native_with_zerocopy, std::string_view("native-with-zerocopy")},
                                    std::pair{XdpMode::native, std::string_view("native")},
                                    std::pair{XdpMode::generic, std::string_view("generic")}};

}  // namespace

std::string_view to_string(XdpMode mode) { return xdp_mode_names[static_cast<size_t>(mode)].second; }

std::optional<XdpMode> parse_xdp_mode(std::string_view text) {
  const auto* found =
      std::find_if(xdp_mode_names.begin(), xdp_mode_names.end(), [&](const auto& name) { return name.second == text; });
  return found != xdp_mode_names.end() ? std::optional(found->first) : std::nullopt;
}

}  // namespace weft::datapath
