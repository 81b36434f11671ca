// What leaves on the wire: the sender's datagrams, received by a plain UDP socket on the loopback device.

#include "datapath/tunnel/tunnel_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>

#include <random>
#include <set>

#include "datapath/offload/frame_layers.h"
#include "datapath/offload/ingress.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/vxlan.h"
#include "tests/datapath/tunnel/stub_port.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

struct Datagram {
  Bytes bytes;
  DatagramInfo info;
  uint16_t source_port = 0;

  uint32_t vni() const { return header_at<VxlanHeader>(std::span(bytes))->vni(); }
  Frame inner() const { return Frame(std::span(bytes).subspan(vxlan_header_bytes)); }
};

uint32_t mtu_told(const Packet& answer) {
  const FrameLayers layers = find_layers(answer.bytes());
  return layers.has_l4() ? header_at<IcmpHeader>(answer.bytes(), layers.l4)->rest.host() : 0;
}

class TunnelSenderStory : public ::testing::Test {
 protected:
  TunnelSenderStory() : sockets_(options()), sender_(sockets_, PathCache(clock_, 1000, always_routed(1500))) {
    receiver_ = *open_socket(AF_INET, SOCK_DGRAM, 0, "receiver");
    set_socket_buffers(receiver_, 16 << 20, 0);
    for (const int option : {IP_PKTINFO, IP_RECVTTL, IP_RECVTOS}) {
      EXPECT_TRUE(set_socket_option(receiver_, IPPROTO_IP, option, 1, "info").has_value());
    }
    SocketAddress address(ip("127.0.0.1"), 0);
    EXPECT_EQ(::bind(receiver_.get(), address.get(), address.size()), 0);
    EXPECT_EQ(::getsockname(receiver_.get(), address.get(), address.make_room()), 0);
    spec_ = tunnel_spec();
    spec_.tunnel.remote = ip("127.0.0.1");
    spec_.tunnel.dst_port = address.port();
    spec_.tunnel.out_key = 5001;
  }
  static UnderlayOptions options() {
    UnderlayOptions options;
    options.source_port_count = 64;
    return options;
  }

  void send(const std::vector<Frame>& frames) {
    StubPort port(spec_);
    port.set_mss_clamp(clamped_ids_);
    std::vector<PacketPtr> packets;
    std::vector<Packet*> pointers;
    for (const Frame& frame : frames) {
      packets.push_back(make_packet(pool_, frame));
      packets.back()->flow_hash = flow_hash_;
      pointers.push_back(packets.back().get());
    }
    size_t pieces_done = 0;
    EXPECT_EQ(sender_.send(port, pointers, pieces_done, context_), frames.size());
    EXPECT_EQ(pieces_done, 0U);
  }
  void send(const Frame& frame) { send(std::vector{frame}); }

  // Loopback delivers before the send returns: nothing needs waiting for.
  // As the pipeline has it before it is sent.
  PacketPtr received_packet(const Frame& frame) {
    PacketPtr packet = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_FALSE(extract(*packet, key));
    EXPECT_FALSE(check_offload(*packet));
    return packet;
  }
  // Frames of a wire that the packet stands for.
  void add_pieces_of(const Packet& packet, std::vector<Bytes>& pieces) {
    const auto add = [&](const Packet& piece) { pieces.emplace_back(piece.bytes().begin(), piece.bytes().end()); };
    if (packet.offload.is_gso()) {
      cut_gso(Segmenter(packet), packet, pool_, [&](const PacketPtr& piece) { add(*piece); });
    } else {
      const PacketPtr finished = packet.clone();
      EXPECT_FALSE(finish_partial_checksum(*finished));
      add(*finished);
    }
  }

  std::vector<Datagram> received() {
    std::vector<Datagram> datagrams;
    uint8_t buffer[65536];
    uint8_t control[datagram_control_bytes];
    pollfd waiting{receiver_.get(), POLLIN, 0};
    while (::poll(&waiting, 1, 0) == 1) {
      SocketAddress from;
      iovec place{buffer, sizeof buffer};
      msghdr message{};
      message.msg_name = from.get();
      message.msg_namelen = *from.make_room();
      message.msg_iov = &place;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const ssize_t size = ::recvmsg(receiver_.get(), &message, 0);
      datagrams.push_back({Bytes(buffer, buffer + size), read_datagram_info(message), from.port()});
    }
    return datagrams;
  }

  PacketPool pool_;
  PacketBalance balance_;
  TxContext context_{0, pool_, balance_};
  ManualClock clock_;
  SenderSockets sockets_;
  TunnelSender sender_;
  Fd receiver_;
  PortSpec spec_;
  std::vector<uint32_t> clamped_ids_;
  uint64_t flow_hash_ = 1;
};

Frame tcp_frame(size_t size) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(size); }

TEST_F(TunnelSenderStory, AFrameGetsTheHeaderAndTheOuterFieldsAskedFor) {
  spec_.tunnel.tos = 0x40;
  spec_.tunnel.ttl = 9;
  send(tcp_frame(100));
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(datagrams[0].vni(), 5001U);
  EXPECT_EQ(datagrams[0].bytes[0], VxlanHeader::flag_vni);
  EXPECT_EQ(datagrams[0].inner(), tcp_frame(100));
  EXPECT_EQ(datagrams[0].info.outer.tos, 0x40);
  EXPECT_EQ(datagrams[0].info.outer.ttl, 9);
  EXPECT_EQ(balance_.sent.value(), 1U);
}

TEST_F(TunnelSenderStory, UnfinishedChecksumsAreFinished) {
  send(tcp_frame(100).partial_checksum());
  EXPECT_EQ(received().at(0).inner(), tcp_frame(100));
}

TEST_F(TunnelSenderStory, AGsoFrameLeavesAsItsPieces) {
  send(tcp_frame(20000).partial_checksum().gso(1000));
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), 20U);
  // What software GSO makes of the same frame.
  const PacketPtr packet = make_packet(pool_, tcp_frame(20000).partial_checksum().gso(1000));
  const Segmenter segmenter(*packet);
  for (size_t i = 0; i < datagrams.size(); ++i) {
    EXPECT_EQ(datagrams[i].inner(), Frame(make_piece(segmenter, i, *packet, pool_)->bytes())) << i;
  }
  EXPECT_EQ(balance_.sent.value(), 1U);
}

TEST_F(TunnelSenderStory, MorePiecesThanOneSendTakesAreSpreadOverSeveral) {
  send(tcp_frame(30000).partial_checksum().gso(100));
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), 300U);
  size_t payload = 0;
  for (const Datagram& datagram : datagrams) {
    payload += datagram.inner().size() - 54;
  }
  EXPECT_EQ(payload, 30000U);
}

TEST_F(TunnelSenderStory, ManyLargeFramesInOneBatchKeepTheirOrder) {
  std::vector<Frame> frames;
  for (uint32_t i = 0; i < 32; ++i) {
    frames.push_back(frame()
                         .ipv4("10.0.0.1", "10.0.0.2")
                         .tcp(4000, 80)
                         .tcp_sequence(i * 6000)
                         .payload_size(6000)
                         .partial_checksum()
                         .gso(50));
  }
  send(frames);
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), 32U * 120);
  for (size_t i = 0; i < datagrams.size(); ++i) {
    ASSERT_EQ(load_be32(&datagrams[i].bytes[8 + 34 + 4]), i * 50);
  }
}

TEST_F(TunnelSenderStory, JoinedFramesLeaveAsTheyWere) {
  spec_.tunnel.out_key.reset();
  spec_.tunnel.tos_inherit = true;
  const auto with_tos = [](uint8_t tos) {
    return frame().ipv4("10.0.0.1", "10.0.0.2").tos(tos).udp(1, 2).payload("hi");
  };
  // Equal sizes, a shorter one that ends the run, a larger one, another type of service, one that does not fit.
  const std::vector<Frame> frames = {tcp_frame(100),
                                     tcp_frame(100),
                                     tcp_frame(50),
                                     tcp_frame(50),
                                     tcp_frame(200),
                                     with_tos(0),
                                     with_tos(0xb8),
                                     with_tos(0xb8),
                                     tcp_frame(2000),
                                     tcp_frame(7),
                                     tcp_frame(7).partial_checksum()};
  send(frames);
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), frames.size() - 1);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(datagrams[i].inner(), frames[i]) << i;
    EXPECT_EQ(datagrams[i].info.outer.tos, i == 6 || i == 7 ? 0xb8 : 0) << i;
  }
  EXPECT_EQ(datagrams[8].inner(), tcp_frame(7));
  EXPECT_EQ(datagrams[9].inner(), tcp_frame(7));
  EXPECT_EQ(balance_.sent.value(), 10U);
  EXPECT_EQ(balance_.dropped.total(), 1U);
}

// Frames of all kinds behind one another, and what software GSO makes of each: pieces that share a datagram with those
// of other frames are the same. Some frames are for an address that the kernel refuses.
TEST_F(TunnelSenderStory, PiecesOfLargeFramesJoinThoseOfOthers) {
  constexpr uint32_t seed = 20271128;
  std::mt19937 random(seed);
  const auto remote = *spec_.tunnel.remote;
  spec_.tunnel.remote.reset();
  StubPort port(spec_);
  for (int round = 0; round < 100; ++round) {
    const bool has_refused = random() % 4 == 0;
    std::vector<PacketPtr> packets;
    std::vector<Packet*> pointers;
    std::vector<Bytes> expected;
    size_t refused = 0;
    for (size_t count = 1 + random() % 20; count > 0; --count) {
      const size_t size = random() % 3 == 0 ? 100 : 1 + random() % 9000;
      const Frame whole = tcp_frame(size).partial_checksum();
      packets.push_back(
          received_packet(random() % 4 == 0 && size <= 1400 ? whole : whole.gso(random() % 4 ? 100 : 700)));
      Packet& packet = *packets.back();
      const bool is_refused = has_refused && random() % 4 == 0;
      packet.tunnel.begin();
      packet.tunnel.set_destination(is_refused ? ip("127.255.255.255") : remote);
      pointers.push_back(&packet);
      refused += is_refused ? 1 : 0;
      if (!is_refused) {
        add_pieces_of(packet, expected);
      }
    }
    const uint64_t sent = balance_.sent.value();
    size_t pieces_done = 0;
    ASSERT_EQ(sender_.send(port, pointers, pieces_done, context_), pointers.size());
    ASSERT_EQ(pieces_done, 0U);
    std::vector<Bytes> came;
    for (const Datagram& datagram : received()) {
      came.push_back(datagram.inner().bytes());
    }
    ASSERT_TRUE(came == expected) << "seed " << seed << " round " << round << ": " << came.size() << " of "
                                  << expected.size();
    ASSERT_EQ(balance_.sent.value() - sent, pointers.size() - refused);
  }
}

// A socket that had no room in the middle of a frame is given the rest, not the whole once more.
TEST_F(TunnelSenderStory, AFrameGoesOnWhereTheSocketWasFull) {
  StubPort port(spec_);
  const PacketPtr first = received_packet(tcp_frame(9000).partial_checksum().gso(100));
  const PacketPtr second = received_packet(tcp_frame(900).partial_checksum().gso(100));
  std::vector<Packet*> pointers{first.get(), second.get()};
  std::vector<Bytes> expected;
  add_pieces_of(*first, expected);
  expected.erase(expected.begin(), expected.begin() + 37);
  add_pieces_of(*second, expected);
  size_t pieces_done = 37;
  ASSERT_EQ(sender_.send(port, pointers, pieces_done, context_), 2U);
  EXPECT_EQ(pieces_done, 0U);
  std::vector<Bytes> came;
  for (const Datagram& datagram : received()) {
    came.push_back(datagram.inner().bytes());
  }
  EXPECT_TRUE(came == expected) << came.size() << " of " << expected.size();
  EXPECT_EQ(balance_.sent.value(), 2U);
}

TEST_F(TunnelSenderStory, AFlowHasOneSourcePortAndManyFlowsHaveMany) {
  std::set<uint16_t> ports;
  for (flow_hash_ = 0; flow_hash_ < 200; ++flow_hash_) {
    send({tcp_frame(10), tcp_frame(20)});
    const auto datagrams = received();
    ASSERT_EQ(datagrams.size(), 2U);
    EXPECT_EQ(datagrams[0].source_port, datagrams[1].source_port);
    ports.insert(datagrams[0].source_port);
  }
  EXPECT_GT(ports.size(), 48U) << "of 64";
  EXPECT_LE(ports.size(), 64U);
}

TEST_F(TunnelSenderStory, TheLimitIsThePathsMtu) {
  // 1500 less 20 + 8 + 8 + 14 + 40.
  send(tcp_frame(1410));
  EXPECT_EQ(received().size(), 1U);
  send({tcp_frame(1411), tcp_frame(30000).partial_checksum().gso(1411), tcp_frame(1410)});
  EXPECT_EQ(balance_.dropped.value(DropReason::tunnel_mtu_exceeded), 2U);
  EXPECT_EQ(received().size(), 1U) << "what fits among what does not still leaves";
}

// As if the remote had sent the answer; what may be fragmented asks for none.
TEST_F(TunnelSenderStory, WhoSendsTooMuchIsTold) {
  const Frame udp = frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472);
  const Frame tagged = frame().vlan(5).ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472);
  spec_.tunnel.local = ip("192.0.2.1");
  send({udp, tagged, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(1472)});
  EXPECT_EQ(balance_.dropped.value(DropReason::tunnel_mtu_exceeded), 3U);
  EXPECT_EQ(balance_.originated.value(), 2U);
  PacketBatch answers = context_.take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].in_port, StubPort(spec_).id());
  EXPECT_TRUE(answers[0].is_answer);
  EXPECT_EQ(answers[0].tunnel.id, 5001U);
  EXPECT_EQ(answers[0].tunnel.source(), ip("127.0.0.1"));
  EXPECT_EQ(answers[0].tunnel.destination(), ip("192.0.2.1"));
  EXPECT_EQ(mtu_told(answers[0]), 1450U);
  EXPECT_EQ(mtu_told(answers[1]), 1446U);
}

Frame syn(uint16_t mss) {
  return frame()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1, 2, tcp_flag::syn)
      .tcp_options({2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss & 0xff)});
}

TEST_F(TunnelSenderStory, TheMssIsLoweredWhereThePortSaysSo) {
  send(syn(1460).partial_checksum());
  EXPECT_EQ(received().at(0).inner(), syn(1460));
  spec_.tunnel.clamps_mss = true;
  send(syn(1460).partial_checksum());
  EXPECT_EQ(received().at(0).inner(), syn(1410));
}

TEST_F(TunnelSenderStory, TheMssIsLoweredOfTheTunnelIdsThatWereAskedFor) {
  spec_.tunnel.out_key = 7;
  clamped_ids_ = {8};
  send(syn(1460));
  EXPECT_EQ(received().at(0).inner(), syn(1460));
  clamped_ids_ = {7, 8};
  send(syn(1460));
  EXPECT_EQ(received().at(0).inner(), syn(1410));
}

TEST_F(TunnelSenderStory, WithoutDontFragmentNobodyIsTold) {
  spec_.tunnel.dont_fragment = false;
  send(frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472));
  EXPECT_EQ(received().size(), 1U);
  EXPECT_FALSE(context_.has_answers());
}

TEST_F(TunnelSenderStory, WithoutDontFragmentTheLimitIsTheKernels) {
  spec_.tunnel.dont_fragment = false;
  send({tcp_frame(5000), tcp_frame(8000).partial_checksum().gso(4000)});
  const auto datagrams = received();
  ASSERT_EQ(datagrams.size(), 3U);
  EXPECT_EQ(datagrams[0].inner(), tcp_frame(5000));
}

TEST_F(TunnelSenderStory, WithoutARemoteNothingLeavesButItIsCounted) {
  spec_.tunnel.remote.reset();
  send({tcp_frame(10), tcp_frame(10)});
  EXPECT_EQ(balance_.dropped.value(DropReason::tunnel_no_destination), 2U);
}

// It stayed at the front as if the socket had been full, and nothing behind it ever left.
TEST_F(TunnelSenderStory, AFrameThatTheKernelRefusesHoldsUpNobody) {
  const auto remote = spec_.tunnel.remote;
  const auto broadcast = ip("127.255.255.255");  // EACCES: nothing waits at the socket's error queue

  send(std::vector(20, tcp_frame(100)));
  spec_.tunnel.remote = broadcast;
  send({tcp_frame(100), tcp_frame(20000).partial_checksum().gso(1000)});
  spec_.tunnel.remote = remote;
  send(std::vector(400, tcp_frame(100)));

  EXPECT_EQ(received().size(), 420U);
  EXPECT_EQ(balance_.sent.value(), 420U);
  EXPECT_EQ(balance_.dropped.value(DropReason::tx_error), 2U);
  EXPECT_EQ(balance_.dropped.total(), 2U);
}

TEST_F(TunnelSenderStory, ARefusedFrameAmongOthersIsTheOnlyOneThatIsDropped) {
  const auto remote = *spec_.tunnel.remote;
  spec_.tunnel.remote.reset();
  StubPort port(spec_);
  std::vector<PacketPtr> packets;
  std::vector<Packet*> pointers;
  for (size_t i = 0; i < 30; ++i) {
    packets.push_back(make_packet(pool_, tcp_frame(100)));
    packets.back()->tunnel.begin();
    packets.back()->tunnel.set_destination(i == 10 || i == 20 ? ip("127.255.255.255") : remote);
    pointers.push_back(packets.back().get());
  }
  size_t pieces_done = 0;
  EXPECT_EQ(sender_.send(port, pointers, pieces_done, context_), 30U);
  EXPECT_EQ(received().size(), 28U);
  EXPECT_EQ(balance_.sent.value(), 28U);
  EXPECT_EQ(balance_.dropped.value(DropReason::tx_error), 2U);
}

TEST_F(TunnelSenderStory, AFrameThatCannotBeCutIsCounted) {
  StubPort port(spec_);
  PacketPtr liar = make_packet(pool_, tcp_frame(4000).partial_checksum().gso(1000));
  liar->offload.csum_start = 20;
  Packet* pointer = liar.get();
  size_t done = 0;
  EXPECT_EQ(sender_.send(port, {&pointer, 1}, done, context_), 1U);
  EXPECT_EQ(balance_.dropped.total(), 1U);
}

}  // namespace
}  // namespace weft::datapath
