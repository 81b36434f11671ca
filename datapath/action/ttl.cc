#include "datapath/action/ttl.h"

#include "datapath/action/checksum_fix.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"

namespace weft::datapath {

Verdict dec_ttl(EditedPacket& packet) {
  const FrameLayers& layers = packet.layers();
  if (!layers.is_ip()) {
    return DropReason::not_this_protocol;
  }
  const bool is_v4 = layers.network == FrameLayers::Network::ipv4;
  const size_t offset = layers.l3 + (is_v4 ? offsetof(Ipv4Header, ttl) : offsetof(Ipv6Header, hop_limit));
  const uint8_t ttl = packet->data()[offset];
  if (ttl < 2) {
    return DropReason::ttl_exceeded;
  }
  const auto less = static_cast<uint8_t>(ttl - 1);
  return write_and_fix(packet, offset, {&less, 1}, is_v4 ? Covered::by_ip_header : Covered::by_nothing);
}

}  // namespace weft::datapath
