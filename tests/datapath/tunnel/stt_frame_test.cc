#include "datapath/tunnel/stt_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "datapath/offload/gso.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/udp.h"
#include "tests/datapath/tunnel/stt_support.h"
#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

Frame tcp_of(size_t size) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(size); }

class SttHeaderStory : public ::testing::Test {
 protected:
  SttHeader header_of(const Frame& frame) {
    packet_ = make_packet(pool_, frame);
    const auto header = make_stt_header(*packet_, 0x123456789abcdef0);
    EXPECT_TRUE(header.has_value());
    return header.value_or(SttHeader{});
  }
  // What the far side makes of it.
  PacketPtr carried(const Frame& frame) {
    PacketPtr far = pool_.copy_of(stt_frame(frame));
    EXPECT_EQ(*take_stt_header(*far), 5001U);
    return far;
  }

  PacketPool pool_;
  PacketPtr packet_;
};

TEST_F(SttHeaderStory, HasItsFieldsWhereTheDraftDrawsThem) {
  const SttHeader header = header_of(tcp_of(3000).partial_checksum().gso(1000));
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  const std::array<uint8_t, 18> drawn{0,    0x0e, 34,   0,    0x03, 0xe8, 0,    0, 0x12,
                                      0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0, 0};
  EXPECT_TRUE(std::equal(drawn.begin(), drawn.end(), bytes));
}

TEST_F(SttHeaderStory, APlainFramePromisesNothing) {
  const SttHeader header = header_of(tcp_of(100));
  EXPECT_EQ(header.flags, 0);
  EXPECT_EQ(header.l4_offset, 0);
  EXPECT_EQ(header.mss, Be16{});
  EXPECT_EQ(carried(tcp_of(100))->offload, Offload{});
}

// The point of STT: what the guest left to do crosses as it is.
TEST_F(SttHeaderStory, PartialChecksumsAndSegmentSizesCrossTheTunnel) {
  const auto v6 = frame().ipv6("2001:db8::1", "2001:db8::2");
  for (const Frame& frame :
       {tcp_of(60000).partial_checksum().gso(1448), v6.tcp(1, 2).payload_size(60000).partial_checksum().gso(1428),
        tcp_of(100).partial_checksum(), v6.tcp(1, 2).payload_size(9).partial_checksum(),
        weft::frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi").partial_checksum(),
        v6.udp(1, 2).payload("hi").partial_checksum(),
        weft::frame().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(5000).partial_checksum().gso(1000)}) {
    const PacketPtr far = carried(frame);
    Offload expected = frame.offload();
    expected.hdr_len = 0;  // for check_offload to settle
    EXPECT_EQ(far->offload, expected) << frame;
    EXPECT_EQ(Frame(far->bytes()), frame);
  }
}

TEST_F(SttHeaderStory, CwrOfALargeSegmentStaysTheFirstOnes) {
  const Frame frame = weft::frame()
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .tcp(1, 2, tcp_flag::ack | tcp_flag::cwr)
                          .payload_size(5000)
                          .partial_checksum()
                          .gso(1000);
  EXPECT_TRUE(carried(frame)->offload.gso_ecn);
  EXPECT_FALSE(carried(tcp_of(5000).partial_checksum().gso(1000))->offload.gso_ecn);
}

TEST_F(SttHeaderStory, AVerifiedChecksumIsSaidToBe) {
  packet_ = make_packet(pool_, tcp_of(10));
  packet_->offload.checksum = Offload::Checksum::verified;
  const auto header = make_stt_header(*packet_, 1);
  EXPECT_EQ(header->flags, SttHeader::flag_csum_verified);
  EXPECT_EQ(header->l4_offset, 0);
}

TEST_F(SttHeaderStory, WhatTheHeaderHasNoWordsForIsFinished) {
  const Frame inner = frame().ipv4("172.16.0.1", "172.16.0.2").udp(1, 2).payload("hi").partial_checksum();
  const Frame outer = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 4789).zero_checksum().vxlan(9, inner);
  const SttHeader header = header_of(outer);
  EXPECT_EQ(header.flags, 0);
  EXPECT_EQ(Frame(packet_->bytes()), frame()
                                         .ipv4("10.0.0.1", "10.0.0.2")
                                         .udp(1, 4789)
                                         .zero_checksum()
                                         .vxlan(9, frame().ipv4("172.16.0.1", "172.16.0.2").udp(1, 2).payload("hi")));
  const Frame deep = frame()
                         .ipv6("2001:db8::1", "2001:db8::2")
                         .extension(ip_protocol::destination_options, 256)
                         .udp(1, 2)
                         .payload("hi")
                         .partial_checksum();
  EXPECT_EQ(header_of(deep).flags, 0) << "the L4 offset has eight bits";
}

TEST_F(SttHeaderStory, LargeSendsOfUdpAreRefused) {
  packet_ = make_packet(pool_,
                        frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(5000).partial_checksum().gso(1000));
  EXPECT_EQ(make_stt_header(*packet_, 1).error(), DropReason::gso_unsupported);
}

TEST_F(SttHeaderStory, AVlanInTheHeaderGoesBackIntoTheFrame) {
  Bytes bytes = stt_frame(tcp_of(3000).partial_checksum().gso(1000));
  store_be16(&bytes[6], 0x6000 | SttHeader::vlan_is_valid | 42);
  const PacketPtr packet = pool_.copy_of(bytes);
  ASSERT_TRUE(take_stt_header(*packet).has_value());
  EXPECT_EQ(Frame(packet->bytes()),
            frame().vlan(42, 3).ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(3000).partial_checksum());
  EXPECT_EQ(packet->offload.csum_start, 38);
}

TEST_F(SttHeaderStory, HeadersThatLieAreRefused) {
  const auto verdict = [&](Bytes bytes) { return take_stt_header(*pool_.copy_of(bytes)).error(); };
  const Bytes good = stt_frame(tcp_of(100).partial_checksum());
  const auto with = [&](size_t at, uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return bytes;
  };
  EXPECT_EQ(verdict(with(0, 1)), DropReason::tunnel_bad_version);
  EXPECT_EQ(verdict(with(2, 13)), DropReason::tunnel_bad_header) << "a checksum in the Ethernet header";
  EXPECT_EQ(verdict(with(2, 137)), DropReason::tunnel_bad_header) << "the checksum field ends beyond the frame";
  EXPECT_EQ(verdict(Bytes(good.begin(), good.begin() + 31)), DropReason::tunnel_bad_header);
  EXPECT_EQ(verdict({}), DropReason::tunnel_bad_header);
}

class SttSegmentStory : public ::testing::Test {
 protected:
  Result<SttSegment, DropReason> open(const Bytes& segment) {
    const size_t ip_size = stt_outer_size(outer_.remote) - tcp_header_bytes;
    return open_stt_segment({outer_.local, outer_.remote, outer_.tos, outer_.ttl}, std::span(segment).subspan(ip_size));
  }
  // The TCP header's bytes, changed, with a right checksum.
  Bytes changed(size_t at, uint8_t value) {
    Bytes bytes = stt_segment(outer_, frame_, 0, 100);
    const std::span<uint8_t> tcp = std::span(bytes).subspan(ipv4_header_bytes);
    tcp[at] = value;
    store_be16(&tcp[16], pseudo_header_sum(outer_.local.v4(), outer_.remote.v4(), 6, tcp.size()).folded().host());
    store_be16(&tcp[16], internet_checksum(tcp).host());
    return bytes;
  }

  SttOuter outer_ = stt_outer(77);
  Bytes frame_ = stt_frame(tcp_of(3064));  // 3136 bytes: 0x0c40
};

TEST_F(SttSegmentStory, SaysWhichPartOfWhichFrameItIs) {
  for (const char* address : {"192.0.2.", "2001:db8::"}) {
    outer_.local = ip((std::string(address) + "1").c_str());
    outer_.remote = ip((std::string(address) + "2").c_str());
    const auto segment = open(stt_segment(outer_, frame_, 1000, 500));
    ASSERT_TRUE(segment.has_value());
    EXPECT_EQ(segment->frame, (SttFrameId{outer_.local, outer_.remote, 50000, 77}));
    EXPECT_EQ(segment->frame_size, frame_.size());
    EXPECT_EQ(segment->offset, 1000);
    EXPECT_EQ(segment->ttl, 64);
  }
}

TEST_F(SttSegmentStory, TheOuterHeaderIsWhatWasAskedFor) {
  outer_.tos = 0xb8;
  outer_.ttl = 9;
  outer_.ip_id = 0x1234;
  const Bytes bytes = stt_segment(outer_, frame_, 0, 100);
  const auto& ip_header = *header_at<Ipv4Header>(std::span(bytes));
  EXPECT_EQ(ip_header.tos, 0xb8);
  EXPECT_EQ(ip_header.ttl, 9);
  EXPECT_EQ(ip_header.id, Be16{0x1234});
  EXPECT_TRUE(ip_header.dont_fragment());
  EXPECT_EQ(ip_header.total_length.host(), 140);
  EXPECT_EQ(internet_checksum(std::span(bytes).first(20)), Be16{});
  const auto& tcp = *header_at<TcpHeader>(std::span(bytes), 20);
  EXPECT_EQ(tcp.src_port, Be16{50000});
  EXPECT_EQ(tcp.dst_port, Be16{7471});
  EXPECT_EQ(tcp.flags(), tcp_flag::ack | tcp_flag::psh);
  EXPECT_EQ(tcp.sequence.host(), frame_.size() << 16);
}

TEST_F(SttSegmentStory, ChecksumsAreRightOrThePseudoHeadersSum) {
  Bytes segment = stt_segment(outer_, frame_, 0, 100);
  segment.back() ^= 1;
  EXPECT_EQ(open(segment).error(), DropReason::stt_bad_checksum);
  // As the kernel hands over what it has merged.
  store_be16(&segment[36], pseudo_header_sum(outer_.local.v4(), outer_.remote.v4(), 6, 120).folded().host());
  EXPECT_TRUE(open(segment).has_value());
}

TEST_F(SttSegmentStory, WhatIsNoSegmentOfAFrameIsRefused) {
  EXPECT_TRUE(open(changed(18, 0)).has_value());
  EXPECT_EQ(open(changed(13, tcp_flag::syn)).error(), DropReason::tunnel_bad_flags);
  EXPECT_EQ(open(changed(13, tcp_flag::ack | tcp_flag::rst)).error(), DropReason::tunnel_bad_flags);
  EXPECT_EQ(open(changed(13, tcp_flag::ack | tcp_flag::fin)).error(), DropReason::tunnel_bad_flags);
  EXPECT_EQ(open(changed(13, 0)).error(), DropReason::tunnel_bad_flags);
  EXPECT_EQ(open(changed(12, 0x60)).error(), DropReason::tunnel_bad_header) << "options";
  EXPECT_EQ(open(changed(12, 0x40)).error(), DropReason::tunnel_bad_header);
  EXPECT_EQ(open(changed(6, 0xff)).error(), DropReason::stt_bad_segment) << "beyond the frame's end";
  EXPECT_EQ(open(changed(4, 0)).error(), DropReason::stt_bad_segment) << "a frame shorter than its segment";
  EXPECT_EQ(open(stt_segment(outer_, Bytes(31), 0, 31)).error(), DropReason::tunnel_bad_header);
  EXPECT_EQ(open(stt_segment(outer_, frame_, 100, 0)).error(), DropReason::tunnel_bad_header);
  EXPECT_EQ(open_stt_segment({}, Bytes(19)).error(), DropReason::tunnel_bad_header);
}

TEST(SttSourcePort, TenThousandFlowsSpreadEvenlyAndOneStaysWhereItIs) {
  std::mt19937_64 random(1);
  std::array<unsigned, 64> buckets{};
  for (int flow = 0; flow < 10000; ++flow) {
    const uint64_t hash = random();
    const uint16_t port = stt_source_port(hash);
    EXPECT_GE(port, 49152);
    EXPECT_EQ(stt_source_port(hash), port);
    ++buckets[port % buckets.size()];
  }
  const double mean = 10000.0 / buckets.size();
  EXPECT_LE(*std::max_element(buckets.begin(), buckets.end()), 1.3 * mean);
}

}  // namespace
}  // namespace weft::datapath
