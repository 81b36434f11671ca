#include "datapath/tunnel/vxlan_frame.h"

#include <gtest/gtest.h>

#include "lib/packet/packet_pool.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

Encapsulation to_remote() {
  Encapsulation to;
  to.remote = Ipv4Address{{192, 0, 2, 2}};
  to.key = 0x123456;
  to.tos = 2;
  to.ttl = 63;
  return to;
}

VxlanPath by_path(bool has_checksum) {
  return {MacArg("02:00:00:00:00:0b").mac, MacArg("02:00:00:00:00:0a").mac, Ipv4Address{{192, 0, 2, 1}}, 4789,
          has_checksum};
}

Frame outer() {
  return frame()
      .eth("02:00:00:00:00:0a", "02:00:00:00:00:0b")
      .ipv4("192.0.2.1", "192.0.2.2")
      .ttl(63)
      .tos(2)
      .dont_fragment()
      .udp(50000, 4789);
}

TEST(VxlanFrame, IsWhatIsOnTheWire) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, small_udp());
  ASSERT_FALSE(VxlanFrame(to_remote(), by_path(true)).push(*packet, 50000));
  EXPECT_EQ(Frame(packet->bytes()), outer().vxlan(0x123456, small_udp()));
}

TEST(VxlanFrame, MayGoWithoutAChecksum) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, small_udp());
  ASSERT_FALSE(VxlanFrame(to_remote(), by_path(false)).push(*packet, 50000));
  EXPECT_EQ(Frame(packet->bytes()), outer().zero_checksum().vxlan(0x123456, small_udp()));
}

TEST(VxlanFrame, KnowsThatAPromiseLiesOneTunnelDeeper) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, small_udp().partial_checksum());
  const size_t csum_start = packet->offload.csum_start;
  ASSERT_FALSE(VxlanFrame(to_remote(), by_path(true)).push(*packet, 50000));
  EXPECT_EQ(packet->offload.outer_count, 1);
  EXPECT_EQ(packet->offload.csum_start, csum_start + 50);
}

TEST(VxlanFrame, RefusesWhatItCannotSay) {
  PacketPool pool;
  const PacketPtr large = make_packet(pool, udp_of_size(65535 - 20));
  EXPECT_EQ(VxlanFrame(to_remote(), by_path(false)).push(*large, 50000), DropReason::tunnel_mtu_exceeded);
  const PacketPtr gso = make_packet(pool, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(4000).gso(1400));
  EXPECT_EQ(VxlanFrame(to_remote(), by_path(false)).push(*gso, 50000), DropReason::tunnel_mtu_exceeded);
  const PacketPtr packet = make_packet(pool, small_udp());
  Encapsulation over_ipv6 = to_remote();
  over_ipv6.remote = Ipv6Arg("2001:db8::1").ip;
  EXPECT_EQ(VxlanFrame(over_ipv6, by_path(false)).push(*packet, 50000), DropReason::tunnel_no_route);
  EXPECT_EQ(packet->size(), small_udp().size());
  ASSERT_NE(packet->push(packet->headroom() - 49), nullptr);
  EXPECT_EQ(VxlanFrame(to_remote(), by_path(false)).push(*packet, 50000), DropReason::no_buffer);
}

}  // namespace
}  // namespace weft::datapath
