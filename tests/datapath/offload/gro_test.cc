#include "datapath/offload/gro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/datapath/offload/offload_support.h"
#include "tests/reference/segment.h"

namespace weft::datapath {
namespace {

using reference::TcpStream;
using testing::ElementsAre;
using testing::ElementsAreArray;

// What an inlet does with the frames of a batch.
class GroTest : public testing::Test {
 protected:
  void offer(const Frame& frame, uint64_t tunnel_id = 7) {
    PacketPtr packet = make_packet(pool_, frame);
    packet->tunnel.begin();
    packet->tunnel.id = tunnel_id;
    packet->in_port = PortId{1};
    if (gro_.merge(packet->bytes(), packet->offload, packet->tunnel, packet->in_port)) {
      ++absorbed_;
      return;
    }
    gro_.add(std::move(packet), keep_);
  }
  void offer_all(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) {
      offer(frame);
    }
    gro_.flush(keep_);
  }
  std::vector<Frame> frames() const {
    std::vector<Frame> all;
    for (const PacketPtr& packet : out_) {
      all.emplace_back(packet->bytes());
    }
    return all;
  }
  std::vector<Frame> cut_again() {
    std::vector<Frame> all;
    for (const PacketPtr& packet : out_) {
      if (!packet->offload.is_gso()) {
        all.emplace_back(packet->bytes());
        continue;
      }
      const Segmenter segmenter(*packet);
      EXPECT_EQ(segmenter.verdict(), keep);
      cut_gso(segmenter, *packet, pool_, [&](PacketPtr piece) { all.emplace_back(piece->bytes()); });
    }
    return all;
  }

  PacketPool pool_;
  std::vector<PacketPtr> out_;
  std::function<void(PacketPtr)> keep_ = [this](PacketPtr packet) { out_.push_back(std::move(packet)); };
  Gro gro_{pool_};
  size_t absorbed_ = 0;
};

TcpStream stream_of(size_t size) {
  return {.headers =
              [](size_t n) {
                return frame().ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(100 + n)).dont_fragment();
              },
          .payload = pattern(size),
          .flags = tcp_flag::ack | tcp_flag::psh};
}

// Five segments come, one frame leaves: what the sender had before it was cut.
TEST_F(GroTest, SegmentsInOrderBecomeTheFrameTheyWereCutFrom) {
  const TcpStream stream = stream_of(4500);
  offer_all(stream.segments());
  EXPECT_THAT(frames(), ElementsAre(stream.whole()));
  EXPECT_EQ(out_[0]->offload, stream.whole().offload());
  EXPECT_EQ(absorbed_, 4U);
}

TEST_F(GroTest, MergesIpv6) {
  TcpStream stream = stream_of(4000);
  stream.headers = [](size_t) { return frame().ipv6("2001:db8::1", "2001:db8::2").flow_label(5); };
  offer_all(stream.segments());
  EXPECT_THAT(frames(), ElementsAre(stream.whole()));
}

TEST_F(GroTest, PaddedLastSegmentLosesItsPadding) {
  const TcpStream stream = stream_of(1003);
  auto segments = stream.segments();
  segments[1] = segments[1].padded(60);
  offer_all(segments);
  EXPECT_THAT(frames(), ElementsAre(stream.whole()));
}

TEST_F(GroTest, ASegmentThatStaysAloneLeavesAsItCame) {
  const Frame alone = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("x").padded(60);
  offer_all({alone});
  EXPECT_THAT(frames(), ElementsAre(alone));
  EXPECT_EQ(out_[0]->offload, Offload{});
}

// A damaged segment goes on as it is, and so do its neighbours: nothing wrong becomes right.
TEST_F(GroTest, AWrongChecksumStaysWrong) {
  for (size_t damaged = 0; damaged < 4; ++damaged) {
    out_.clear();
    auto segments = stream_of(4000).segments();
    segments[damaged] = segments[damaged].bad_checksum();
    offer_all(segments);
    EXPECT_THAT(cut_again(), ElementsAreArray(segments)) << damaged;
  }
}

TEST_F(GroTest, AWrongIpChecksumIsNotMerged) {
  auto segments = stream_of(3000).segments();
  segments[1] = segments[1].bad_ip_checksum();
  offer_all(segments);
  EXPECT_THAT(frames(), ElementsAreArray(segments));
}

// Peers on the same machine send the pseudo-header sum only.
TEST_F(GroTest, MergesPartialChecksums) {
  const TcpStream stream = stream_of(3000);
  auto segments = stream.segments();
  for (Frame& segment : segments) {
    segment = segment.partial_checksum();
  }
  offer_all(segments);
  EXPECT_THAT(frames(), ElementsAre(stream.whole()));
}

TEST_F(GroTest, TunnelsAreKeptApart) {
  const auto segments = stream_of(2000).segments();
  offer(segments[0], 7);
  offer(segments[1], 8);
  gro_.flush(keep_);
  EXPECT_THAT(frames(), ElementsAreArray(segments));
}

TEST_F(GroTest, APureAcknowledgementDoesNotOvertakeData) {
  const auto segments = stream_of(2000).segments();
  const Frame ack = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).tcp_sequence(2001, 99);
  offer(segments[0]);
  offer(segments[1]);
  offer(ack);
  gro_.flush(keep_);
  EXPECT_THAT(cut_again(), ElementsAre(segments[0], segments[1], ack));
}

TEST_F(GroTest, AGapInTheSequenceEndsAFrame) {
  auto segments = stream_of(5000).segments();
  segments.erase(segments.begin() + 2);
  offer_all(segments);
  EXPECT_EQ(out_.size(), 2U);
  EXPECT_THAT(cut_again(), ElementsAreArray(segments));
}

TEST_F(GroTest, OtherTrafficPasses) {
  const std::vector<Frame> others = {frame().arp_request("10.0.0.1", "10.0.0.2"),
                                     frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x"),
                                     frame().ipv4("10.0.0.1", "10.0.0.2").fragment(1480, false).payload("x"),
                                     frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).truncated(40)};
  offer_all(others);
  EXPECT_THAT(frames(), ElementsAreArray(others));
}

// Damage, loss, reordering, several flows: what comes out, cut again, is what went in, flow by flow.
TEST_F(GroTest, RandomStreamsComeOutByteByByte) {
  std::mt19937 random(20262);
  for (int round = 0; round < 200; ++round) {
    out_.clear();
    std::vector<std::vector<Frame>> flows;
    std::vector<Frame> order;
    const auto add_flow = [&](size_t flow) {
      TcpStream stream = stream_of(1 + random() % 30000);
      const auto first_id = static_cast<uint16_t>(random());
      stream.headers = [=](size_t n) {
        return frame()
            .ipv4(Ipv4Address::from_host(static_cast<uint32_t>(0x0a000001 + flow)), "10.9.0.2")
            .ip_id(static_cast<uint16_t>(first_id + n));
      };
      stream.segment_size = static_cast<uint16_t>(500 + random() % 900);
      stream.sequence = random();
      flows.push_back(stream.segments());
    };
    for (size_t i = 0; i < 12; ++i) {
      add_flow(i);
    }
    std::vector<std::vector<Frame>> sent(flows.size());
    for (size_t at = 0; at < 30; ++at) {
      for (size_t f = 0; f < flows.size(); ++f) {
        if (at >= flows[f].size() || random() % 20 == 0) {
          continue;
        }
        const Frame& segment = flows[f][at];
        sent[f].push_back(random() % 20 == 0 ? segment.bad_checksum() : segment);
        offer(sent[f].back());
      }
    }
    gro_.flush(keep_);
    std::vector<std::vector<Frame>> came(flows.size());
    for (const Frame& frame : cut_again()) {
      came[frame.bytes()[29] - 1U].push_back(frame);
    }
    for (size_t f = 0; f < flows.size(); ++f) {
      ASSERT_THAT(came[f], ElementsAreArray(sent[f])) << "round " << round << " flow " << f;
    }
  }
  EXPECT_GT(absorbed_, 1000U);
}

}  // namespace
}  // namespace weft::datapath
