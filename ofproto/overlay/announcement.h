// A frame that tells every host of a segment where an address is now: the request of RFC 903, as virtual machine monitors
// send it after a migration. It changes nothing in guests, which do not speak RARP.
#pragma once

#include <array>
#include <cstdint>

#include "lib/base/mac_address.h"

namespace weft::ofproto {

std::array<uint8_t, 60> make_announcement(MacAddress address);

}  // namespace weft::ofproto
