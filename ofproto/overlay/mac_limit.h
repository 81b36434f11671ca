// MacLimit: how many addresses a port or a segment may have in the table of addresses, and what becomes of a source that
// finds no room.
//
//   flood   it is not learned: what is sent to it floods
//   drop    nor are its frames forwarded (DropReason::mac_limit)
//   evict   the entry that was unused longest, of the same port or segment, makes room
//
// Threads: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::ofproto {

enum class MacLimitPolicy : uint8_t { flood, drop, evict };
std::string_view to_string(MacLimitPolicy policy);
std::optional<MacLimitPolicy> parse_mac_limit_policy(std::string_view text);

struct MacLimit {
  size_t count = 0;
  MacLimitPolicy policy = MacLimitPolicy::flood;
  friend bool operator==(const MacLimit&, const MacLimit&) = default;
};

}  // namespace weft::ofproto
