#include "datapath/offload/gso.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datapath/offload/offload_support.h"
#include "tests/reference/segment.h"

namespace weft::datapath {
namespace {

using reference::TcpStream;
using testing::ElementsAreArray;

Frame ipv4_of(const Frame& before, size_t segment) {
  return before.ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(0xffff + segment)).dont_fragment();
}

// A TCP frame of three pieces and a bit becomes four: ids and sequence numbers count up, PSH and FIN stay last.
TEST(Gso, CutsTcpOverIpv4) {
  const TcpStream stream{.headers = [](size_t n) { return ipv4_of(frame(), n); },
                         .payload = pattern(3100),
                         .sequence = 0xfffffff0,
                         .flags = tcp_flag::ack | tcp_flag::psh | tcp_flag::fin};
  EXPECT_THAT(cut(stream.whole()), ElementsAreArray(stream.segments()));
}

TEST(Gso, CutsTcpOverIpv6WithOptionsAndExtensionHeader) {
  const TcpStream stream{.headers = [](size_t) { return frame().ipv6("2001:db8::1", "2001:db8::2").extension(60, 16); },
                         .payload = pattern(2500),
                         .options = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_THAT(cut(stream.whole()), ElementsAreArray(stream.segments()));
}

// The receiver answers CWR once: only the first piece carries it.
TEST(Gso, CongestionWindowReducedStaysOnTheFirstPiece) {
  const TcpStream stream{.headers = [](size_t n) { return ipv4_of(frame(), n); },
                         .payload = pattern(2000),
                         .flags = tcp_flag::ack | tcp_flag::cwr};
  EXPECT_THAT(cut(stream.whole()), ElementsAreArray(stream.segments()));
}

TEST(Gso, KeepsTagsAndLabelsBeforeThePayload) {
  const TcpStream tagged{.headers = [](size_t n) { return ipv4_of(frame().vlan(10, 3, 0x88a8).vlan(20), n); },
                         .payload = pattern(1999)};
  EXPECT_THAT(cut(tagged.whole()), ElementsAreArray(tagged.segments()));
  // Two of a guest and one that was pushed: such frames were dropped as gso_unsupported.
  const TcpStream thrice{.headers = [](size_t n) { return ipv4_of(frame().vlan(5).vlan(10).vlan(20), n); },
                         .payload = pattern(1999)};
  EXPECT_THAT(cut(thrice.whole()), ElementsAreArray(thrice.segments()));
  const TcpStream labelled{.headers = [](size_t n) { return ipv4_of(frame().vlan(10).mpls(100).mpls(200), n); },
                           .payload = pattern(1001)};
  EXPECT_THAT(cut(labelled.whole()), ElementsAreArray(labelled.segments()));
}

TEST(Gso, KeepsBackboneHeadersBeforeThePayload) {
  const TcpStream backbone{
      .headers = [](size_t n) { return ipv4_of(frame().vlan(99, 0, 0x88a8).pbb(5001).vlan(10), n); },
      .payload = pattern(3001)};
  EXPECT_THAT(cut(backbone.whole()), ElementsAreArray(backbone.segments()));
  const TcpStream twice{.headers = [](size_t n) { return ipv4_of(frame().pbb(1).pbb(2).mpls(100), n); },
                        .payload = pattern(3001)};
  EXPECT_THAT(cut(twice.whole()), ElementsAreArray(twice.segments()));
}

TEST(Gso, CutsUdpIntoDatagrams) {
  const auto datagram = [](size_t n, Bytes payload) {
    return ipv4_of(frame(), n).udp(5000, 6000).raw(std::move(payload));
  };
  const Bytes payload = pattern(2500);
  EXPECT_THAT(cut(datagram(0, payload).gso(1200)),
              ElementsAreArray({datagram(0, {payload.begin(), payload.begin() + 1200}),
                                datagram(1, {payload.begin() + 1200, payload.begin() + 2400}),
                                datagram(2, {payload.begin() + 2400, payload.end()})}));
}

TEST(Gso, AFrameThatFitsIsOnePiece) {
  const TcpStream stream{.headers = [](size_t n) { return ipv4_of(frame(), n); }, .payload = pattern(999)};
  EXPECT_THAT(cut(stream.whole()), ElementsAreArray(stream.segments()));
}

// Outer lengths, ids and checksums are those of each piece.
TEST(Gso, CutsTheFramesOfAGuestsOwnTunnel) {
  const Frame inner_eth = frame().eth("02:00:00:00:00:11", "02:00:00:00:00:12");
  const TcpStream inner{
      .headers = [&](size_t n) { return inner_eth.ipv4("192.168.0.1", "192.168.0.2").ip_id(static_cast<uint16_t>(n)); },
      .payload = pattern(2345)};
  for (const bool has_checksum : {false, true}) {
    const auto outer = [&](size_t n, const Frame& in) {
      const Frame udp = frame().ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(70 + n)).udp(50000, 4789);
      return (has_checksum ? udp : udp.zero_checksum()).vxlan(5, in);
    };
    std::vector<Frame> expected;
    for (const Frame& segment : inner.segments()) {
      expected.push_back(outer(expected.size(), segment));
    }
    EXPECT_THAT(cut(outer(0, inner.whole())), ElementsAreArray(expected)) << has_checksum;
  }
}

TEST(Gso, CutsATunnelOverIpv6) {
  const TcpStream inner{.headers = [](size_t) { return frame().ipv6("fd00::1", "fd00::2"); }, .payload = pattern(3000)};
  const auto outer = [](const Frame& in) {
    return frame().ipv6("2001:db8::1", "2001:db8::2").udp(50000, 4789).vxlan(5, in);
  };
  std::vector<Frame> expected;
  for (const Frame& segment : inner.segments()) {
    expected.push_back(outer(segment));
  }
  EXPECT_THAT(cut(outer(inner.whole())), ElementsAreArray(expected));
}

// Its inner checksum was finished, the tunnel's kept as for the unfinished frame.
TEST(Gso, OnePieceInATunnelGetsARightOuterChecksum) {
  const TcpStream inner{.headers = [](size_t) { return frame().ipv6("fd00::1", "fd00::2"); }, .payload = pattern(900)};
  const auto outer = [](const Frame& in) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(50000, 4789).vxlan(5, in); };
  EXPECT_THAT(cut(outer(inner.whole())), testing::ElementsAre(outer(inner.segments().front())));
}

Verdict verdict_of(const Frame& frame, const std::function<void(Offload&)>& lie) {
  PacketPool pool;
  const PacketPtr packet = received(pool, frame);
  lie(packet->offload);
  return Segmenter(*packet).verdict();
}

TEST(Gso, RefusesWhatDoesNotAgreeWithTheFrame) {
  const Frame large = ipv4_of(frame(), 0).tcp(1, 2).payload_size(3000).gso(1000);
  EXPECT_EQ(verdict_of(large, [](Offload& o) { o.gso_size = 0; }), DropReason::bad_vnet_header);
  EXPECT_EQ(verdict_of(large, [](Offload& o) { o.checksum = Offload::Checksum::none; }), DropReason::bad_vnet_header);
  EXPECT_EQ(verdict_of(large, [](Offload& o) { o.csum_start = 1000; }), DropReason::gso_unsupported);
  EXPECT_EQ(verdict_of(large, [](Offload& o) { o.csum_start = 0xffff; }), DropReason::gso_unsupported);
  EXPECT_EQ(verdict_of(large, [](Offload& o) { o.gso = Offload::Gso::tcp6; }), DropReason::gso_unsupported);
}

// Built so that every guess is wrong: label stacks whose payload looks like Ethernet with labels, for 60 KB.
TEST(Gso, DoesNotTryEveryWayThroughAHostileFrame) {
  Frame nested = frame().payload_size(4000);
  for (int i = 0; i < 1500; ++i) {
    nested = frame().mpls(0, 0, 0).inner(Frame(nested.bytes()));
    if (nested.size() > 40000) {
      break;
    }
  }
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, nested);
  packet->offload = {.checksum = Offload::Checksum::partial,
                     .gso = Offload::Gso::tcp4,
                     .csum_start = 39000,
                     .csum_offset = 16,
                     .gso_size = 1000};
  EXPECT_EQ(Segmenter(*packet).verdict(), DropReason::gso_unsupported);
}

TEST(Gso, CutsRandomStreamsAsTheTwinDoes) {
  std::mt19937 random(20261);
  for (int round = 0; round < 300; ++round) {
    const bool is_v6 = random() % 2 == 0;
    const auto tags = random() % 3;
    const auto first_id = static_cast<uint16_t>(random());
    TcpStream stream;
    stream.headers = [=](size_t n) {
      const Frame link = tags == 0 ? frame() : tags == 1 ? frame().vlan(1) : frame().vlan(1).vlan(2);
      return is_v6 ? link.ipv6("2001:db8::1", "2001:db8::2")
                   : link.ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(first_id + n));
    };
    stream.payload = pattern(1 + random() % 20000, random());
    stream.segment_size = static_cast<uint16_t>(10 + random() % 2000);  // at most max_gso_segments of them
    stream.sequence = random();
    stream.flags = static_cast<uint16_t>(tcp_flag::ack | (random() % 2 == 0 ? tcp_flag::psh : 0));
    stream.options.resize(random() % 3 * 4, 1);
    ASSERT_THAT(cut(stream.whole()), ElementsAreArray(stream.segments())) << "round " << round;
  }
}

}  // namespace
}  // namespace weft::datapath
