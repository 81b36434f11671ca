#include "datapath/icmp/too_big.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/offload/gso.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

constexpr size_t ethernet = 14;
constexpr uint32_t mtu = 1450;

Frame from_b_to_a() { return frame().eth("02:00:00:00:00:02", "02:00:00:00:00:01"); }
Frame large_udp() { return frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(4000, 53).payload_size(1472); }
Frame large_udp6() { return frame().ipv6("2001:db8::1", "2001:db8::2").udp(4000, 53).payload_size(1452); }

std::optional<Frame> answer_to(const Frame& frame, size_t max_frame_size = mtu + ethernet) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  if (packet->offload.is_gso()) {  // as the check behind extraction leaves it
    packet->offload.hdr_len =
        static_cast<uint16_t>(packet->offload.csum_start + (packet->offload.gso == Offload::Gso::udp_l4 ? 8 : 20));
  }
  const PacketPtr answer = too_big_answer(*packet, max_frame_size, pool);
  if (answer == nullptr) {
    return std::nullopt;
  }
  EXPECT_EQ(answer->offload, Offload{});
  EXPECT_FALSE(answer->tunnel.present);
  return Frame(answer->bytes());
}

// The bytes of an IP packet, without what is before it, as far as a quote goes.
Bytes quoted(const Frame& frame, size_t before, size_t size) {
  const Bytes bytes = frame.bytes();
  return {bytes.begin() + static_cast<long>(before),
          bytes.begin() + static_cast<long>(std::min(bytes.size(), before + size))};
}

Frame fragmentation_needed(const Frame& about, uint32_t told = mtu, size_t tags = 0) {
  Frame answer = from_b_to_a();
  for (size_t i = 0; i < tags; ++i) {
    answer = answer.vlan(static_cast<uint16_t>(10 * (i + 1)));
  }
  return answer.ipv4("10.0.0.2", "10.0.0.1")
      .dont_fragment()
      .icmp(3, 4, told)
      .raw(quoted(about, ethernet + 4 * tags, 576 - 28));
}

Frame packet_too_big(const Frame& about, uint32_t told = mtu) {
  return from_b_to_a().ipv6("2001:db8::2", "2001:db8::1").icmpv6(2, 0, told).raw(quoted(about, ethernet, 1280 - 48));
}

TEST(TooBig, TellsTheSenderWhatFits) {
  EXPECT_EQ(answer_to(large_udp()), fragmentation_needed(large_udp()));
  EXPECT_EQ(answer_to(large_udp6()), packet_too_big(large_udp6()));
}

TEST(TooBig, AnswersAreAsLargeAsTheirStandardsAllow) {
  EXPECT_EQ(answer_to(large_udp())->size(), ethernet + 576);
  EXPECT_EQ(answer_to(large_udp6())->size(), ethernet + 1280);
  // A packet of which all may be quoted is, padding not.
  const Frame small = frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(4000, 53).payload_size(100);
  EXPECT_EQ(answer_to(small.padded(500), 100), fragmentation_needed(small, 100 - ethernet));
}

TEST(TooBig, TagsStayAndCount) {
  const Frame once = frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472);
  EXPECT_EQ(answer_to(once), fragmentation_needed(once, mtu - 4, 1));
  const Frame twice =
      frame().vlan(10).vlan(20).ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472);
  EXPECT_EQ(answer_to(twice), fragmentation_needed(twice, mtu - 8, 2));
}

// What is quoted is what a wire would have carried.
TEST(TooBig, AnUnfinishedChecksumIsFinishedFirst) {
  EXPECT_EQ(answer_to(large_udp().partial_checksum()), fragmentation_needed(large_udp()));
  EXPECT_EQ(answer_to(large_udp6().partial_checksum()), packet_too_big(large_udp6()));
}

TEST(TooBig, OfALargeFrameTheFirstPieceIsQuoted) {
  const auto tcp = [](size_t size) {
    return frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().tcp(4000, 80).tcp_sequence(7).payload_size(size);
  };
  EXPECT_EQ(answer_to(tcp(20000).gso(1460)), fragmentation_needed(tcp(1460)));
  const auto tcp6 = [](size_t size) {
    return frame().ipv6("2001:db8::1", "2001:db8::2").tcp(4000, 80).tcp_sequence(7).payload_size(size);
  };
  EXPECT_EQ(answer_to(tcp6(20000).gso(1440)), packet_too_big(tcp6(1440)));
}

TEST(TooBig, WhatFitsGetsNoAnswer) {
  const Frame fits = frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(mtu - 28);
  EXPECT_EQ(answer_to(fits), std::nullopt);
  EXPECT_EQ(answer_to(fits.padded(2000)), std::nullopt);
  EXPECT_NE(answer_to(fits, mtu + ethernet - 1), std::nullopt);
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().tcp(1, 2).payload_size(20000);
  EXPECT_EQ(answer_to(large.gso(mtu - 40)), std::nullopt);
}

TEST(TooBig, Ipv4ThatMayBeFragmentedGetsNoAnswer) {
  EXPECT_EQ(answer_to(frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload_size(1472)), std::nullopt);
}

TEST(TooBig, IcmpErrorsGetNoAnswerAndQuestionsDo) {
  const auto icmp = [](uint8_t type) {
    return answer_to(frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().icmp(type).payload_size(1472));
  };
  for (const uint8_t error : {3, 4, 5, 11, 12, 40, 200}) {
    EXPECT_EQ(icmp(error), std::nullopt) << int{error};
  }
  for (const uint8_t question : {0, 8, 13, 14}) {
    EXPECT_NE(icmp(question), std::nullopt) << int{question};
  }
  const auto icmpv6 = [](uint8_t type) {
    return answer_to(frame().ipv6("2001:db8::1", "2001:db8::2").icmpv6(type).payload_size(1452));
  };
  for (const uint8_t error : {1, 2, 3, 4, 127, 137}) {
    EXPECT_EQ(icmpv6(error), std::nullopt) << int{error};
  }
  for (const uint8_t question : {128, 129, 135}) {
    EXPECT_NE(icmpv6(question), std::nullopt) << int{question};
  }
}

TEST(TooBig, AnIcmpv6ErrorBehindExtensionHeadersGetsNoAnswer) {
  const auto behind = [](uint8_t type) {
    return answer_to(
        frame().ipv6("2001:db8::1", "2001:db8::2").extension(0).extension(60, 16).icmpv6(type).payload_size(1400));
  };
  EXPECT_EQ(behind(1), std::nullopt);
  EXPECT_NE(behind(128), std::nullopt);
}

TEST(TooBig, OnlyTheFirstFragmentGetsAnAnswer) {
  const auto v4 = [](size_t offset) {
    const Frame ip = frame().ipv4("10.0.0.1", "10.0.0.2").fragment(offset, true).dont_fragment().protocol(17);
    return answer_to(offset == 0 ? ip.udp(1, 2).payload_size(1472) : ip.payload_size(1480));
  };
  EXPECT_NE(v4(0), std::nullopt);
  EXPECT_EQ(v4(1480), std::nullopt);
  const auto v6 = [](size_t offset) {
    const Frame ip = frame().ipv6("2001:db8::1", "2001:db8::2").fragment(offset, true);
    return answer_to(offset == 0 ? ip.udp(1, 2).payload_size(1440) : ip.protocol(17).payload_size(1448));
  };
  EXPECT_NE(v6(0), std::nullopt);
  EXPECT_EQ(v6(1448), std::nullopt);
}

TEST(TooBig, PacketsForOrFromSeveralGetNoAnswer) {
  const auto v4 = [](const char* src, const char* dst) {
    return answer_to(frame().ipv4(src, dst).dont_fragment().udp(1, 2).payload_size(1472));
  };
  EXPECT_NE(v4("10.0.0.1", "10.0.0.2"), std::nullopt);
  for (const char* nobody : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.5", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(v4(nobody, "10.0.0.2"), std::nullopt) << nobody;
    EXPECT_EQ(v4("10.0.0.1", nobody), std::nullopt) << nobody;
  }
  const auto v6 = [](const char* src, const char* dst) {
    return answer_to(frame().ipv6(src, dst).udp(1, 2).payload_size(1452));
  };
  for (const char* nobody : {"::", "::1", "ff02::1"}) {
    EXPECT_EQ(v6(nobody, "2001:db8::2"), std::nullopt) << nobody;
    EXPECT_EQ(v6("2001:db8::1", nobody), std::nullopt) << nobody;
  }
  const auto macs = [](const char* src, const char* dst) { return answer_to(large_udp().eth(src, dst)); };
  EXPECT_NE(macs("02:00:00:00:00:01", "02:00:00:00:00:02"), std::nullopt);
  EXPECT_EQ(macs("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"), std::nullopt);
  EXPECT_EQ(macs("02:00:00:00:00:01", "01:00:5e:00:00:05"), std::nullopt);
  EXPECT_EQ(macs("03:00:00:00:00:01", "02:00:00:00:00:02"), std::nullopt);
}

// Below the least MTU of the protocol there is nothing to tell that would help, and IPv6 hosts ignore it (RFC 8201).
TEST(TooBig, TellsNothingBelowTheLeastMtu) {
  EXPECT_EQ(answer_to(large_udp(), 67 + ethernet), std::nullopt);
  EXPECT_EQ(answer_to(large_udp(), 68 + ethernet), fragmentation_needed(large_udp(), 68));
  EXPECT_EQ(answer_to(large_udp(), 5), std::nullopt);
  EXPECT_EQ(answer_to(large_udp6(), 1000 + ethernet), packet_too_big(large_udp6(), 1280));
  const Frame least = frame().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).payload_size(1280 - 48);
  EXPECT_EQ(answer_to(least, 1000 + ethernet), std::nullopt);
}

TEST(TooBig, WhatIsNoPlainIpGetsNoAnswer) {
  EXPECT_EQ(answer_to(frame().eth_type(0x88b5).payload_size(1500)), std::nullopt);
  EXPECT_EQ(answer_to(frame().mpls(100).ipv4("10.0.0.1", "10.0.0.2").dont_fragment().payload_size(1480)), std::nullopt);
  EXPECT_EQ(answer_to(frame().pbb(5).ipv4("10.0.0.1", "10.0.0.2").dont_fragment().payload_size(1480)), std::nullopt);
  EXPECT_EQ(answer_to(Frame(Bytes(10))), std::nullopt);
}

// An answer is never answered, or two switches with a small path would keep each other busy.
TEST(TooBig, AnswersGetNoAnswer) {
  EXPECT_EQ(answer_to(*answer_to(large_udp()), 200), std::nullopt);
  EXPECT_EQ(answer_to(*answer_to(large_udp6()), 200), std::nullopt);
}

TEST(TooBig, WithoutABufferThereIsNone) {
  PacketPool pool({1, 1});
  const PacketPtr packet = make_packet(pool, large_udp());
  EXPECT_EQ(too_big_answer(*packet, mtu + ethernet, pool), nullptr);
}

}  // namespace
}  // namespace weft::datapath
