// A promise kept: partial checksums finished in software equal those of the packet built whole.

#include <gtest/gtest.h>

#include "lib/packet/checksum.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

class FinishChecksum : public ::testing::Test {
 protected:
  void expect_finished_equals(const Frame& partial, const Frame& whole) {
    const PacketPtr packet = make_packet(pool_, partial);
    EXPECT_EQ(finish_partial_checksum(*packet), keep);
    EXPECT_EQ(Frame(packet->bytes()), whole);
    EXPECT_EQ(packet->offload.checksum, Offload::Checksum::verified);
  }

  PacketPool pool_;
};

TEST_F(FinishChecksum, EqualsTheChecksumOfThePacketBuiltWhole) {
  const Frame ipv4 = frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2");
  const Frame ipv6 = frame().ipv6("fd00::1", "fd00::2");
  for (const Frame& whole :
       {ipv4.tcp(1, 2).payload("odd"), ipv4.udp(1, 2).payload("even"), ipv4.sctp(1, 2).payload("x"),
        ipv6.tcp(1, 2).payload_size(1400), ipv6.udp(1, 2), ipv6.sctp(1, 2).payload("chunk")}) {
    expect_finished_equals(whole.partial_checksum(), whole);
  }
}

TEST_F(FinishChecksum, WorksBelowAPushedTunnelHeader) {
  const Frame inner = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("data");
  const Frame outer = frame().ipv4("192.0.2.1", "192.0.2.2").udp(5000, 4789).zero_checksum();
  expect_finished_equals(outer.vxlan(7, inner.partial_checksum()), outer.vxlan(7, inner));
}

TEST_F(FinishChecksum, UdpThatSumsToZeroIsWrittenAsOnes) {
  // The payload is chosen so that the whole sum is 0xffff and its complement zero.
  const Frame base = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).raw({0, 0});
  const uint16_t checksum = load_be16(&base.bytes()[40]);
  const Frame zero = frame()
                         .ipv4("10.0.0.1", "10.0.0.2")
                         .udp(1, 2)
                         .raw({static_cast<uint8_t>(checksum >> 8), static_cast<uint8_t>(checksum)});
  EXPECT_EQ(load_be16(&zero.bytes()[40]), 0xffff);
  expect_finished_equals(zero.partial_checksum(), zero);
}

TEST_F(FinishChecksum, LeavesOtherPacketsAlone) {
  const Frame whole = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).bad_checksum();
  const PacketPtr packet = make_packet(pool_, whole);
  EXPECT_EQ(finish_partial_checksum(*packet), keep);
  EXPECT_EQ(Frame(packet->bytes()), whole);
}

TEST_F(FinishChecksum, AFieldBeyondTheFrameIsADrop) {
  const PacketPtr packet = make_packet(pool_, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2));
  packet->offload.checksum = Offload::Checksum::partial;
  for (const auto& [start, offset] :
       {std::pair<uint16_t, uint16_t>{34, 19}, {53, 0}, {54, 0}, {65535, 65535}, {44, 8}}) {
    packet->offload.csum_start = start;
    packet->offload.csum_offset = offset;
    EXPECT_EQ(finish_partial_checksum(*packet), DropReason::bad_checksum_offset) << start << " " << offset;
  }
}

}  // namespace
}  // namespace weft
