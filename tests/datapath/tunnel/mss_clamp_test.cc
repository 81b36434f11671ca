#include "datapath/tunnel/mss_clamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/checksum.h"
#include "lib/packet/packet_pool.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

constexpr size_t max_frame_size = 1464;  // MTU 1450

Frame clamped(const Frame& frame, bool changes = true) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  EXPECT_EQ(clamp_mss(*packet, max_frame_size), changes);
  EXPECT_EQ(packet->offload, frame.offload());
  return Frame(packet->bytes());
}

Bytes options(uint16_t mss, size_t no_operations = 0) {
  Bytes bytes(no_operations, 1);
  bytes.insert(bytes.end(), {2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss & 0xff), 4, 2});
  return bytes;
}

Frame syn(const Bytes& tcp_options, uint16_t flags = tcp_flag::syn) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80, flags).tcp_options(tcp_options);
}
Frame syn6(const Bytes& tcp_options) {
  return frame().ipv6("2001:db8::1", "2001:db8::2").tcp(4000, 80, tcp_flag::syn).tcp_options(tcp_options);
}

TEST(MssClamp, LowersWhatIsTooMuchAndKeepsTheChecksumRight) {
  EXPECT_EQ(clamped(syn(options(1460))), syn(options(1410)));
  EXPECT_EQ(clamped(syn(options(1460), tcp_flag::syn | tcp_flag::ack)),
            syn(options(1410), tcp_flag::syn | tcp_flag::ack));
  EXPECT_EQ(clamped(syn6(options(1440))), syn6(options(1390)));
  EXPECT_EQ(clamped(syn6(options(0xffff))), syn6(options(1390)));
}

TEST(MssClamp, AlsoAtOddOffsets) {
  for (size_t n = 1; n < 5; ++n) {
    EXPECT_EQ(clamped(syn(options(1460, n))), syn(options(1410, n))) << n;
  }
}

TEST(MssClamp, TagsTakeFromIt) {
  const auto tagged = [](uint16_t mss) {
    return frame().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2, tcp_flag::syn).tcp_options(options(mss));
  };
  EXPECT_EQ(clamped(tagged(1460)), tagged(1406));
}

TEST(MssClamp, APartialChecksumStaysPartial) {
  EXPECT_EQ(clamped(syn(options(1460)).partial_checksum()), syn(options(1410)).partial_checksum());
  EXPECT_EQ(clamped(syn6(options(1460, 1)).partial_checksum()), syn6(options(1390, 1)).partial_checksum());
}

TEST(MssClamp, AWrongChecksumDoesNotBecomeRight) {
  EXPECT_NE(clamped(syn(options(1460)).bad_checksum()), syn(options(1410)));
}

TEST(MssClamp, LeavesAloneWhatFitsAndWhatIsNoSyn) {
  for (const Frame& other :
       {syn(options(1410)), syn(options(536)), syn({}), syn(options(1460), tcp_flag::ack),
        frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"), frame().arp_request("10.0.0.1", "10.0.0.2"),
        frame().ipv4("10.0.0.1", "10.0.0.2").protocol(6).fragment(1480, false).payload_size(100)}) {
    EXPECT_EQ(clamped(other, false), other);
  }
}

TEST(MssClamp, OptionsThatLieEndTheSearch) {
  for (const Bytes& lie : {Bytes{3, 0, 2, 4, 5, 180, 0, 0}, Bytes{8, 40, 2, 4}, Bytes{2, 3, 5, 0}, Bytes{0, 2, 4, 255},
                           Bytes{1, 1, 1, 2}}) {
    const Frame frame = syn(lie);
    EXPECT_EQ(clamped(frame, false), frame);
  }
  const Frame cut_off = syn(options(1460)).truncated(50);
  EXPECT_EQ(clamped(cut_off, false), cut_off);
}

}  // namespace
}  // namespace weft::datapath
