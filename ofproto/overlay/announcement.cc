#include "ofproto/overlay/announcement.h"

#include <algorithm>

namespace weft::ofproto {

std::array<uint8_t, 60> make_announcement(MacAddress address) {
  std::array<uint8_t, 60> frame{};
  const auto put_address = [&](size_t at) {
    for (size_t i = 0; i < 6; ++i) {
      frame[at + i] = static_cast<uint8_t>(address.to_uint64() >> (8 * (5 - i)));
    }
  };
  std::fill_n(frame.begin(), 6, uint8_t{0xff});
  put_address(6);
  // EtherType 0x8035; Ethernet, IPv4, lengths of their addresses, operation 3: "request reverse".
  constexpr std::array<uint8_t, 10> header{0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};
  std::ranges::copy(header, frame.begin() + 12);
  put_address(22);  // sender
  put_address(32);  // target: whose protocol address is asked for
  return frame;
}

}  // namespace weft::ofproto
