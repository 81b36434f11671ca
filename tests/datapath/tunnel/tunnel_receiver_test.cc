#include "datapath/tunnel/tunnel_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "datapath/offload/gso.h"
#include "lib/packet/vxlan.h"
#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

// A worker that is handed UDP payloads for VXLAN port vx0, which takes VNI 5001 from anybody.
class TunnelReceiverStory : public ::testing::Test {
 protected:
  explicit TunnelReceiverStory(uint32_t underlay_mtu = 1500)
      : port_(spec(), 9), paths_(clock_, 1000, always_routed(underlay_mtu)) {
    table_.add(port_);
    info_.outer = {ip("192.0.2.1"), ip("192.0.2.2"), 0, 64};
  }

  static PortSpec spec() {
    PortSpec spec = tunnel_spec();
    spec.tunnel.in_key = 5001;
    return spec;
  }

  void receive(const std::vector<Bytes>& datagrams) {
    Delivery delivery(batch_, waiting_);
    TunnelReceiver receiver(PortType::vxlan, table_, paths_, context_, delivery);
    for (const Bytes& datagram : datagrams) {
      receiver.take(pool_.copy_of(datagram), info_);
    }
    receiver.finish();
  }
  std::vector<Frame> received() {
    std::vector<Frame> frames;
    for (const Packet& packet : batch_) {
      frames.emplace_back(packet.bytes());
    }
    return frames;
  }
  uint64_t dropped(DropReason reason) const { return balance_.dropped.value(reason); }

  PacketPool pool_;
  PacketBalance balance_;
  RxContext context_{0, pool_, balance_};
  ManualClock clock_;
  TunnelTable table_;
  StubPort port_;
  PathCache paths_;
  DatagramInfo info_;
  std::deque<PacketPtr> waiting_;
  PacketBatch batch_;
};

// What follows the UDP header of an encapsulated frame.
Bytes datagram(const Frame& inner, uint32_t vni = 5001) {
  const VxlanHeader header = VxlanHeader::make(vni);
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  Bytes payload(bytes, bytes + sizeof header);
  const Bytes frame = inner.bytes();
  payload.insert(payload.end(), frame.begin(), frame.end());
  return payload;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

Frame udp_frame(uint16_t port = 2) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, port).payload("hi"); }

Frame tcp_segment(uint32_t sequence, size_t size, uint16_t flags = tcp_flag::ack, uint16_t id = 0) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").ip_id(id).tcp(4000, 80, flags).tcp_sequence(sequence).payload_size(size);
}

TEST_F(TunnelReceiverStory, TheHeaderComesOffAndTheOuterAddressesAreRemembered) {
  receive({datagram(udp_frame())});
  EXPECT_THAT(received(), ::testing::ElementsAre(udp_frame()));
  const Packet& packet = batch_[0];
  EXPECT_EQ(packet.in_port, PortId{9});
  EXPECT_EQ(packet.tunnel.id, 5001U);
  EXPECT_EQ(packet.tunnel.source(), ip("192.0.2.1"));
  EXPECT_EQ(packet.tunnel.destination(), ip("192.0.2.2"));
  EXPECT_EQ(packet.offload, Offload{});
}

Frame syn_with_mss(uint16_t mss) {
  return frame()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(4000, 80, tcp_flag::syn)
      .tcp_options({2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss & 0xff)});
}

// What a path of 1500 bytes carries: 1450 less IPv4 and TCP headers.
TEST_F(TunnelReceiverStory, TheMssIsLoweredWhereThePortSaysSo) {
  PortSpec spec = tunnel_spec("clamping");
  spec.tunnel.clamps_mss = true;
  spec.tunnel.in_key = 7;
  StubPort clamping(spec, 10);
  table_.add(clamping);
  receive({datagram(syn_with_mss(1460)), datagram(syn_with_mss(1460), 7)});
  EXPECT_THAT(received(), ::testing::ElementsAre(syn_with_mss(1460), syn_with_mss(1410)));
  table_.remove(clamping);
}

TEST_F(TunnelReceiverStory, TheMssIsLoweredOfTheTunnelIdsThatWereAskedFor) {
  PortSpec spec = tunnel_spec("any");
  spec.tunnel.local = ip("192.0.2.2");
  StubPort any(spec, 10);
  table_.add(any);
  any.set_mss_clamp({7, 8});
  receive({datagram(syn_with_mss(1460), 6), datagram(syn_with_mss(1460), 7)});
  EXPECT_THAT(received(), ::testing::ElementsAre(syn_with_mss(1460), syn_with_mss(1410)));
  table_.remove(any);
}

TEST_F(TunnelReceiverStory, WrongFlagsAndReservedBitsAreCounted) {
  for (const size_t byte : {0U, 1U, 2U, 3U, 7U}) {
    Bytes wrong = datagram(udp_frame());
    wrong[byte] ^= 0x01;
    receive({wrong});
  }
  Bytes without_vni = datagram(udp_frame());
  without_vni[0] = 0;
  receive({without_vni});
  EXPECT_TRUE(batch_.is_empty());
  EXPECT_EQ(dropped(DropReason::tunnel_bad_flags), 6U);
}

TEST_F(TunnelReceiverStory, DatagramsTooShortForAnInnerFrameAreCounted) {
  Bytes whole = datagram(udp_frame());
  for (const size_t size : {0U, 1U, 7U, 8U, 21U}) {
    receive({Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size))});
  }
  EXPECT_EQ(dropped(DropReason::tunnel_bad_header), 5U);
}

TEST_F(TunnelReceiverStory, AKeyThatNoPortTakesIsCountedWithoutAPort) {
  receive({datagram(udp_frame(), 5002)});
  EXPECT_EQ(dropped(DropReason::tunnel_unknown_vni), 1U);
  EXPECT_EQ(balance_.received.value(), 1U);
}

TEST_F(TunnelReceiverStory, APacketThatClaimsToComeFromUsIsDropped) {
  PathCache own(clock_, 1000, [](const IpAddress&, const std::optional<IpAddress>&) {
    netlink::RouteAnswer answer;
    answer.is_local = true;
    return Result<netlink::RouteAnswer, OsError>(answer);
  });
  TunnelReceiver receiver(PortType::vxlan, table_, own, context_, Delivery(batch_, waiting_));
  receiver.take(pool_.copy_of(datagram(udp_frame())), info_);
  EXPECT_EQ(dropped(DropReason::tunnel_own_address), 1U);
  EXPECT_EQ(port_.total_counters().rx_dropped, 1U);
}

TEST_F(TunnelReceiverStory, CongestionMarksReachTheInnerPacketOrDropIt) {
  info_.outer.tos = 0x03;
  const auto inner = [](uint8_t tos) { return frame().ipv4("10.0.0.1", "10.0.0.2").tos(tos).udp(1, 2).payload("hi"); };
  receive({datagram(inner(0x02)), datagram(inner(0x00))});
  EXPECT_THAT(received(), ::testing::ElementsAre(inner(0x03)));
  EXPECT_EQ(dropped(DropReason::tunnel_congestion), 1U);
}

TEST_F(TunnelReceiverStory, JoinedDatagramsAreTakenApart) {
  const Bytes first = datagram(udp_frame(10));
  info_.gro_size = first.size();
  receive({joined({first, datagram(udp_frame(11)), datagram(udp_frame(12))})});
  EXPECT_THAT(received(), ::testing::ElementsAre(udp_frame(10), udp_frame(11), udp_frame(12)));
}

TEST_F(TunnelReceiverStory, JoinedTcpSegmentsBecomeOneLargeFrame) {
  const Bytes first = datagram(tcp_segment(1000, 1400, tcp_flag::ack, 1));
  info_.gro_size = first.size();
  receive({joined({first, datagram(tcp_segment(2400, 1400, tcp_flag::ack, 2)),
                   datagram(tcp_segment(3800, 500, tcp_flag::ack | tcp_flag::psh, 3))})});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_EQ(batch_[0].size(), 54U + 3300);
  EXPECT_EQ(batch_[0].offload.gso, Offload::Gso::tcp4);
  EXPECT_EQ(batch_[0].offload.gso_size, 1400);
  EXPECT_EQ(batch_[0].in_port, PortId{9});
  EXPECT_EQ(batch_[0].tunnel.id, 5001U);
  EXPECT_EQ(balance_.absorbed.value(), 2U);
  EXPECT_EQ(balance_.received.value(), 2U) << "the third is counted by who takes the batch";
}

TEST_F(TunnelReceiverStory, SegmentsOfSeveralDatagramsAreMergedToo) {
  receive({datagram(tcp_segment(1000, 1400, tcp_flag::ack, 1)), datagram(tcp_segment(2400, 1400, tcp_flag::ack, 2))});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_TRUE(batch_[0].offload.is_gso());
}

TEST_F(TunnelReceiverStory, AWrongInnerChecksumIsNeverMergedAway) {
  const Frame wrong = tcp_segment(2400, 1400, tcp_flag::ack, 2).bad_checksum();
  const Bytes first = datagram(tcp_segment(1000, 1400, tcp_flag::ack, 1));
  info_.gro_size = first.size();
  receive({joined({first, datagram(wrong)})});
  EXPECT_THAT(received(), ::testing::ElementsAre(tcp_segment(1000, 1400, tcp_flag::ack, 1), wrong));
}

TEST_F(TunnelReceiverStory, JoinedDatagramsForSeveralKeysGoTheirOwnWays) {
  PortSpec other = spec();
  other.tunnel.in_key = 6000;
  StubPort second(other, 10);
  table_.add(second);
  const Bytes first = datagram(udp_frame(10));
  info_.gro_size = first.size();
  receive({joined({first, datagram(udp_frame(11), 6000), datagram(udp_frame(12), 7000)})});
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_[0].in_port, PortId{9});
  EXPECT_EQ(batch_[1].in_port, PortId{10});
  EXPECT_EQ(batch_[1].tunnel.id, 6000U);
  EXPECT_EQ(dropped(DropReason::tunnel_unknown_vni), 1U);
  table_.remove(second);
}

TEST_F(TunnelReceiverStory, WhatDoesNotFitTheBatchWaitsInOrder) {
  const Bytes first = datagram(udp_frame(0));
  info_.gro_size = first.size();
  Bytes whole;
  for (uint16_t i = 0; i < 40; ++i) {
    const Bytes next = datagram(udp_frame(i));
    whole.insert(whole.end(), next.begin(), next.end());
  }
  receive({whole});
  EXPECT_TRUE(batch_.is_full());
  ASSERT_EQ(waiting_.size(), 8U);
  EXPECT_EQ(Frame(waiting_.front()->bytes()), udp_frame(32));
}

// The kernel's vxlan over veth marks a guest's UDP_SEGMENT send with the size of its pieces, as it marks joined
// datagrams. Taken apart there, the guest's payload passed for datagrams of any network.
TEST_F(TunnelReceiverStory, AUdpFrameThatIsToBeCutIsNotTakenForJoinedDatagrams) {
  for (const Frame& ip : {frame().ipv4("10.0.0.1", "10.0.0.2"), frame().vlan(5).ipv6("2001:db8::1", "2001:db8::2")}) {
    batch_.clear();
    const Frame large = ip.udp(1, 2).payload_size(20000).gso(1000);
    info_.gro_size = 1000;
    receive({datagram(large)});
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(batch_[0].offload, large.offload());
    EXPECT_EQ(Frame(batch_[0].bytes()), large);
  }
  EXPECT_EQ(balance_.dropped.total(), 0U);
}

TEST_F(TunnelReceiverStory, WhatCouldBeAFrameToBeCutOrJoinedDatagramsIsDropped) {
  const Bytes hidden = datagram(udp_frame());
  info_.gro_size = hidden.size();
  const Frame around = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).raw(joined({{'h', 'i'}, hidden, hidden}));
  receive({datagram(around.partial_checksum())});
  EXPECT_TRUE(batch_.is_empty());
  EXPECT_EQ(dropped(DropReason::tunnel_bad_header), 1U);
}

// A guest's own tunnel with UDP GSO inside it: where it would be cut is not known.
TEST_F(TunnelReceiverStory, AFrameToBeCutWithinAnotherTunnelIsDropped) {
  const Frame ip = frame().ipv4("10.0.0.1", "10.0.0.2");
  const Frame inner = ip.udp(1, 2).payload_size(5000).partial_checksum();
  info_.gro_size = 1000;
  receive({datagram(ip.udp(50000, 4789).zero_checksum().vxlan(7, inner))});
  EXPECT_TRUE(batch_.is_empty());
  EXPECT_EQ(dropped(DropReason::tunnel_bad_header), 1U);
}

TEST_F(TunnelReceiverStory, ALieAboutItsLengthDropsNothingThatItIsJoinedTo) {
  const Bytes honest = datagram(udp_frame());
  const Frame liar = udp_frame().ip_length(100);
  info_.gro_size = honest.size();
  receive({joined({datagram(liar), honest, honest})});
  EXPECT_THAT(received(), ::testing::ElementsAre(liar, udp_frame(), udp_frame()));
}

// The kernel's vxlan over veth, as recorded/record.py found it.
class RecordedStory : public TunnelReceiverStory {
 protected:
  static Bytes recorded(const std::string& name) {
    std::ifstream file("tests/datapath/tunnel/recorded/" + name + ".bin", std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }
  static Bytes pattern(size_t size) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<uint8_t>(i * 7 % 251);
    }
    return bytes;
  }
  // Cuts the one received frame as a port that cannot express it would have it cut.
  std::vector<Frame> cut() {
    std::vector<Frame> pieces;
    const Segmenter segmenter(batch_[0]);
    EXPECT_EQ(segmenter.verdict(), keep);
    cut_gso(segmenter, batch_[0], pool_, [&](PacketPtr piece) { pieces.emplace_back(piece->bytes()); });
    return pieces;
  }
};

TEST_F(RecordedStory, SixtyKilobytesInOneDatagramAreAGsoFrame) {
  receive({recorded("tcp4_60000")});
  ASSERT_EQ(batch_.size(), 1U);
  // Underlay MTU 1500: 1450 for the inner packet, 40 of them headers.
  EXPECT_EQ(batch_[0].offload.gso, Offload::Gso::tcp4);
  EXPECT_EQ(batch_[0].offload.gso_size, 1410);
  EXPECT_TRUE(batch_[0].offload.is_partial());
  EXPECT_EQ(batch_[0].offload.csum_start, 34);

  const auto pieces = cut();
  ASSERT_EQ(pieces.size(), 43U);
  Bytes payload;
  for (const Frame& piece : pieces) {
    const Bytes bytes = piece.bytes();
    EXPECT_EQ(pseudo_header_sum(Ipv4Address{{10, 0, 0, 1}}, Ipv4Address{{10, 0, 0, 2}}, 6, bytes.size() - 34)
                  .add(std::span(bytes).subspan(34))
                  .checksum(),
              Be16{});
    payload.insert(payload.end(), bytes.begin() + 54, bytes.end());
  }
  EXPECT_EQ(payload, pattern(60000));
}

TEST_F(RecordedStory, SoAreThirtyKilobytesOfIpv6) {
  receive({recorded("tcp6_30000")});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_EQ(batch_[0].offload.gso, Offload::Gso::tcp6);
  EXPECT_EQ(batch_[0].offload.gso_size, 1390);
  EXPECT_EQ(cut().size(), 22U);
}

TEST_F(RecordedStory, UnfinishedChecksumsOfSmallFramesAreFinished) {
  for (const char* name : {"tcp4_100", "udp4_100"}) {
    batch_.clear();
    receive({recorded(name)});
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_TRUE(batch_[0].offload.is_partial()) << name;
    EXPECT_FALSE(batch_[0].offload.is_gso());
    ASSERT_EQ(finish_partial_checksum(batch_[0]), keep);
    const auto bytes = batch_[0].bytes();
    EXPECT_EQ(pseudo_header_sum(Ipv4Address{{10, 0, 0, 1}}, Ipv4Address{{10, 0, 0, 2}}, bytes[23], bytes.size() - 34)
                  .add(bytes.subspan(34))
                  .checksum(),
              Be16{})
        << name;
  }
}

TEST_F(RecordedStory, AFullChecksumIsVerifiedBeforeALongFrameIsTakenForGso) {
  const Frame full = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(4000);
  receive({datagram(full), datagram(full.bad_checksum())});
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_TRUE(batch_[0].offload.is_gso());
  EXPECT_FALSE(batch_[1].offload.is_gso()) << "wrong stays wrong";
  EXPECT_EQ(Frame(batch_[1].bytes()), full.bad_checksum());
}

// --- Geneve

class GeneveReceiverStory : public ::testing::Test {
 protected:
  GeneveReceiverStory() : port_(spec(), 9), paths_(clock_, 1000, always_routed(1500)) {
    table_.add(port_);
    TunnelOptionMap map;
    map.add(3, {0x102, 0x80});
    port_.set_tunnel_options(map);
    info_.outer = {ip("192.0.2.1"), ip("192.0.2.2"), 0, 64};
  }
  static PortSpec spec() {
    PortSpec spec = tunnel_spec();
    spec.type = PortType::geneve;
    return spec;
  }
  static Bytes datagram(const Frame& inner, const Bytes& options) {
    Bytes payload{static_cast<uint8_t>(options.size() / 4), 0, 0x65, 0x58, 0, 0x13, 0x89, 0};
    payload.insert(payload.end(), options.begin(), options.end());
    const Bytes frame = inner.bytes();
    payload.insert(payload.end(), frame.begin(), frame.end());
    return payload;
  }
  void receive(const Bytes& datagrams, size_t gro_size = 0) {
    info_.gro_size = static_cast<uint16_t>(gro_size);
    TunnelReceiver receiver(PortType::geneve, table_, paths_, context_, Delivery(batch_, waiting_));
    receiver.take(pool_.copy_of(datagrams), info_);
    receiver.finish();
  }

  PacketPool pool_;
  PacketBalance balance_;
  RxContext context_{0, pool_, balance_};
  ManualClock clock_;
  TunnelTable table_;
  StubPort port_;
  PathCache paths_;
  DatagramInfo info_;
  std::deque<PacketPtr> waiting_;
  PacketBatch batch_;
};

TEST_F(GeneveReceiverStory, MappedOptionsComeWithThePacketAndUnknownCriticalOnesDropIt) {
  receive(datagram(udp_frame(), {0x01, 0x02, 0x80, 0x01, 1, 2, 3, 4, 0x01, 0x02, 0x01, 0x00}));
  receive(datagram(udp_frame(), {}));
  receive(datagram(udp_frame(), {0x01, 0x02, 0x81, 0x01, 1, 2, 3, 4}));
  receive(datagram(udp_frame(), {0x01, 0x02, 0x80, 0x00}));
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_[0].tunnel.options.value(3), 0x01020304U);
  EXPECT_EQ(batch_[0].tunnel.options.count(), 1U);
  EXPECT_TRUE(batch_[1].tunnel.options.empty());
  EXPECT_EQ(balance_.dropped.value(DropReason::tunnel_critical_option), 1U);
  EXPECT_EQ(balance_.dropped.value(DropReason::tunnel_bad_header), 1U);
  EXPECT_EQ(port_.total_counters().rx_dropped, 1U + 1U) << "the port that it was for";
}

TEST_F(GeneveReceiverStory, SegmentsOfAFlowWithOtherOptionsAreNotMerged) {
  const auto segment = [](uint32_t sequence, uint8_t value) {
    return datagram(tcp_segment(sequence, 1000, tcp_flag::ack, static_cast<uint16_t>(sequence / 1000)),
                    {0x01, 0x02, 0x80, 0x01, 0, 0, 0, value});
  };
  const size_t size = segment(0, 0).size();
  receive(joined({segment(1, 7), segment(1001, 7)}), size);
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_TRUE(batch_[0].offload.is_gso());
  EXPECT_EQ(batch_[0].tunnel.options.value(3), 7U);
  batch_.clear();
  receive(joined({segment(1, 7), segment(1001, 8)}), size);
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_[0].tunnel.options.value(3), 7U);
  EXPECT_EQ(batch_[1].tunnel.options.value(3), 8U);
}

}  // namespace
}  // namespace weft::datapath
