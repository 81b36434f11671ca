#include "datapath/tunnel/stt_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datapath/tunnel/stt_support.h"
#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

// A worker that is handed IPv4 packets for STT port stt0, which takes context 5001 from anybody.
class SttReceiverStory : public ::testing::Test {
 protected:
  SttReceiverStory() : port_(spec(), 9), paths_(clock_, 1000, lookup()) { table_.add(port_); }
  ~SttReceiverStory() override { reassembly_.clear(DropReason::port_gone, context_); }

  static PortSpec spec() {
    PortSpec spec = tunnel_spec("stt0");
    spec.type = PortType::stt;
    spec.tunnel.in_key = 5001;
    return spec;
  }

  PathCache::Lookup lookup() {
    return [this](const IpAddress&, const std::optional<IpAddress>&) -> Result<netlink::RouteAnswer, OsError> {
      netlink::RouteAnswer answer;
      answer.mtu = 1500;
      answer.is_local = is_local_;
      return answer;
    };
  }
  void receive(const std::vector<Bytes>& packets) {
    SttReceiver receiver(table_, paths_, reassembly_, clock_.now(), context_, batch_);
    for (const Bytes& packet : packets) {
      receiver.take_ipv4(pool_.copy_of(packet));
    }
  }
  void receive_frame(const Frame& inner, const SttOuter& outer = stt_outer(), uint64_t context_id = 5001) {
    receive(stt_segments(outer, stt_frame(inner, context_id), 1460));
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
  bool is_local_ = false;  // what the kernel says of every remote
  PathCache paths_;
  SttReassembly reassembly_;
  PacketBatch batch_;
};

Frame large_frame() {
  return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(12000).partial_checksum().gso(1448);
}

TEST_F(SttReceiverStory, TheHeaderComesOffAndTheOuterAddressesAreRemembered) {
  SttOuter outer = stt_outer();
  outer.tos = 0x20;
  outer.ttl = 63;
  receive_frame(small_udp(), outer);
  ASSERT_THAT(received(), ::testing::ElementsAre(small_udp()));
  const Packet& packet = batch_[0];
  EXPECT_EQ(packet.in_port, PortId{9});
  EXPECT_EQ(packet.tunnel.id, 5001U);
  EXPECT_EQ(packet.tunnel.source(), ip("192.0.2.1"));
  EXPECT_EQ(packet.tunnel.destination(), ip("192.0.2.2"));
  EXPECT_EQ(packet.tunnel.tos, 0x20);
  EXPECT_EQ(packet.tunnel.ttl, 63);
}

TEST_F(SttReceiverStory, AGuestsLargeSegmentArrivesUncut) {
  receive_frame(large_frame());
  ASSERT_THAT(received(), ::testing::ElementsAre(large_frame()));
  EXPECT_EQ(batch_[0].offload.gso_size, 1448);
  EXPECT_EQ(batch_[0].offload.gso, Offload::Gso::tcp4);
  EXPECT_EQ(balance_.absorbed.value(), 8U);
}

TEST_F(SttReceiverStory, ContextsOf64BitsTellPortsApart) {
  PortSpec other_spec = spec();
  other_spec.tunnel.in_key = 5001 | 1ULL << 40;
  StubPort other(other_spec, 10);
  table_.add(other);
  receive_frame(small_udp(), stt_outer(1), 5001);
  receive_frame(small_udp(), stt_outer(2), 5001 | 1ULL << 40);
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_[0].in_port, PortId{9});
  EXPECT_EQ(batch_[1].in_port, PortId{10});
  EXPECT_EQ(batch_[1].tunnel.id, 5001 | 1ULL << 40);
  receive_frame(small_udp(), stt_outer(3), 5001 | 1ULL << 41);
  EXPECT_EQ(dropped(DropReason::tunnel_unknown_vni), 1U);
}

TEST_F(SttReceiverStory, CongestionReachesTheInnerPacket) {
  SttOuter outer = stt_outer();
  outer.tos = 0x03;
  receive_frame(frame().ipv4("10.0.0.1", "10.0.0.2").tos(0x02).udp(1, 2), outer);
  EXPECT_THAT(received(), ::testing::ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").tos(0x03).udp(1, 2)));
  receive_frame(small_udp(), outer);
  EXPECT_EQ(dropped(DropReason::tunnel_congestion), 1U);
}

TEST_F(SttReceiverStory, OurOwnAddressAsTheSenderIsForged) {
  is_local_ = true;
  receive_frame(small_udp());
  EXPECT_EQ(dropped(DropReason::tunnel_own_address), 1U);
}

TEST_F(SttReceiverStory, LyingLengthsAreRefused) {
  const Bytes good = stt_segment(stt_outer(), stt_frame(small_udp()), 0, stt_frame(small_udp()).size());
  Bytes longer = good;
  store_be16(&longer[2], static_cast<uint16_t>(good.size() + 1));
  Bytes header = good;
  header[0] = 0x44;
  receive({longer, header, Bytes(good.begin(), good.begin() + 19), {}});
  EXPECT_EQ(dropped(DropReason::tunnel_bad_header), 4U);
  Bytes padded = good;
  padded.resize(padded.size() + 6);
  receive({padded});
  EXPECT_THAT(received(), ::testing::ElementsAre(small_udp())) << "padding is no part of the packet";
}

}  // namespace
}  // namespace weft::datapath
