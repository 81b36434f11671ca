// STT tunnel ports of ours on two hosts, a routed underlay with an MTU of 1,500 between, and segments made by hand.

#include "datapath/tunnel/stt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <thread>

#include "datapath/tunnel/stt_socket.h"
#include "lib/os/device.h"
#include "lib/os/socket.h"
#include "lib/packet/ipv4.h"
#include "tests/datapath/tunnel/stt_support.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using std::chrono::milliseconds;
using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

// A host with an STT endpoint of its own.
class Host {
 public:
  explicit Host(const NetworkNamespace& space) : space_(space) {}

  PortDriver& open(const PortSpec& spec, unsigned worker_count = 1) {
    const NetworkNamespace::Scope scope(space_);
    PortEnvironment environment;
    environment.id = PortId{9};
    environment.worker_count = worker_count;
    auto port = endpoints_.make_port(spec, environment);
    EXPECT_TRUE(port.has_value()) << (port ? "" : port.error().message);
    driver_ = std::make_unique<PortDriver>(worker_, std::move(*port));
    return *driver_;
  }
  void close() { driver_.reset(); }

  void send(const std::string& remote, const Frame& frame, uint64_t context_id = 5001) {
    const NetworkNamespace::Scope scope(space_);
    PacketPtr packet = make_packet(worker_.pool, frame);
    packet->tunnel.begin();
    packet->tunnel.id = context_id;
    packet->tunnel.set_destination(address(remote));
    packet->flow_hash = 1;
    driver_->send(std::move(packet));
    flush();
  }
  // Until nothing waits any more.
  void flush() {
    const NetworkNamespace::Scope scope(space_);
    while (driver_->port().has_backlog(0)) {
      driver_->port().flush(worker_.tx);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  std::vector<PacketPtr> receive(size_t count, milliseconds limit = milliseconds(2000)) {
    const NetworkNamespace::Scope scope(space_);
    return driver_->receive(
        count, [](const Packet&) { return true; }, limit);
  }
  uint64_t dropped(DropReason reason) const { return worker_.balance.dropped.value(reason); }
  const PacketBalance& balance() const { return worker_.balance; }
  Port& port() { return driver_->port(); }

 private:
  const NetworkNamespace& space_;
  TestWorker worker_;
  SttEndpoints endpoints_;
  std::unique_ptr<PortDriver> driver_;
};

class SttSystem : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    space_a_ = std::make_unique<NetworkNamespace>();
    space_b_ = std::make_unique<NetworkNamespace>();
    router_ = std::make_unique<NetworkNamespace>();
    for (const auto* space : {space_a_.get(), space_b_.get(), router_.get()}) {
      space->run("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=0");
    }
    router_->run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    router_->run("ip link add ra type veth peer name ua; ip link add rb type veth peer name ub");
    router_->give("ua", *space_a_);
    router_->give("ub", *space_b_);
    router_->run(
        "ip link set ra up; ip link set rb up; ip addr add 192.0.2.1/24 dev ra; ip addr add 198.51.100.1/24 dev rb");
    router_->run("ip addr add 2001:db8:a::1/64 dev ra nodad; ip addr add 2001:db8:b::1/64 dev rb nodad");
    space_a_->run("ip link set ua up; ip addr add 192.0.2.2/24 dev ua; ip route add default via 192.0.2.1");
    space_b_->run("ip link set ub up; ip addr add 198.51.100.2/24 dev ub; ip route add default via 198.51.100.1");
    space_a_->run("ip addr add 2001:db8:a::2/64 dev ua nodad; ip -6 route add default via 2001:db8:a::1");
    space_b_->run("ip addr add 2001:db8:b::2/64 dev ub nodad; ip -6 route add default via 2001:db8:b::1");
    router_->wait_until_up("ra");
    router_->wait_until_up("rb");
    a_ = std::make_unique<Host>(*space_a_);
    b_ = std::make_unique<Host>(*space_b_);
  }

  static PortSpec flow_spec() {
    PortSpec spec;
    spec.name = "stt0";
    spec.type = PortType::stt;
    spec.tunnel.dst_port = stt_port;
    return spec;
  }

  // Hears every TCP packet that comes to host A.
  Fd listen_at_a() {
    const NetworkNamespace::Scope scope(*space_a_);
    return std::move(*open_socket(AF_INET, SOCK_RAW, IPPROTO_TCP, "a raw socket"));
  }
  // Puts IPv4 packets of host A's on the underlay.
  void inject(const std::vector<Bytes>& packets) {
    const NetworkNamespace::Scope scope(*space_a_);
    const auto socket = open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW, "a raw socket");
    const SocketAddress to(address("198.51.100.2"), 0);
    for (const Bytes& packet : packets) {
      EXPECT_EQ(::sendto(socket->get(), packet.data(), packet.size(), 0, to.get(), to.size()),
                static_cast<ssize_t>(packet.size()));
    }
  }
  static SttOuter from_a(uint32_t frame_id) {
    SttOuter outer = stt_outer(frame_id);
    outer.local = address("192.0.2.2");
    outer.remote = address("198.51.100.2");
    return outer;
  }

  std::unique_ptr<NetworkNamespace> space_a_, space_b_, router_;
  std::unique_ptr<Host> a_, b_;
};

Frame tcp_of(size_t size) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(size); }
Frame large_frame() { return tcp_of(64000).partial_checksum().gso(1448); }

Frame frame_of(const PacketPtr& packet) { return Frame(packet->bytes()); }

TEST_F(SttSystem, FramesOfAllSizesCrossARoutedUnderlayAsTheyAre) {
  a_->open(flow_spec());
  b_->open(flow_spec());
  for (const char* remote : {"198.51.100.2", "2001:db8:b::2"}) {
    for (const Frame& frame : {small_udp(), tcp_of(1446), tcp_of(9000), large_frame(),
                               tcp_of(SttSender::max_inner_size - 54).partial_checksum().gso(1448)}) {
      a_->send(remote, frame, 0x123456789abcdef0);
      const auto got = b_->receive(1);
      ASSERT_EQ(got.size(), 1U) << remote << " " << frame.size();
      EXPECT_TRUE(std::ranges::equal(got[0]->bytes(), frame.bytes()));
      EXPECT_EQ(got[0]->offload.gso_size, frame.offload().gso_size);
      EXPECT_EQ(got[0]->offload.csum_start, frame.offload().csum_start);
      EXPECT_EQ(got[0]->tunnel.id, 0x123456789abcdef0U);
      EXPECT_EQ(got[0]->tunnel.destination(), address(remote));
    }
  }
  EXPECT_EQ(a_->balance().sent.value(), 10U);
  EXPECT_EQ(a_->balance().dropped.total() + b_->balance().dropped.total(), 0U);
}

// What GRO does not merge again: the router's device cuts, and host B's sees single segments.
TEST_F(SttSystem, SegmentsThatTheUnderlayCutsAreReassembled) {
  router_->run("ethtool -K ra gro off >/dev/null 2>&1; ethtool -K rb tso off gso off >/dev/null 2>&1; true");
  space_b_->run("ethtool -K ub gro off >/dev/null 2>&1; true");
  a_->open(flow_spec());
  b_->open(flow_spec());
  for (const char* remote : {"198.51.100.2", "2001:db8:b::2"}) {
    a_->send(remote, large_frame());
    const auto got = b_->receive(1);
    ASSERT_EQ(got.size(), 1U) << remote;
    EXPECT_TRUE(std::ranges::equal(got[0]->bytes(), large_frame().bytes()));
  }
  EXPECT_EQ(b_->balance().dropped.total(), 0U);
  EXPECT_GT(b_->balance().absorbed.value(), 80U) << "the underlay cut nothing";
}

TEST_F(SttSystem, NobodyAnswersWithReset) {
  b_->open(flow_spec());
  const Fd heard = listen_at_a();
  inject(stt_segments(from_a(1), stt_frame(large_frame()), 1460));
  EXPECT_EQ(b_->receive(1).size(), 1U);
  inject({stt_segment(from_a(2), stt_frame(small_udp()), 0, 50)});
  b_->receive(1, milliseconds(100));
  uint8_t byte = 0;
  EXPECT_EQ(::recv(heard.get(), &byte, 1, MSG_DONTWAIT), -1) << "a TCP packet came back";
  b_->close();
  inject({stt_segment(from_a(3), stt_frame(small_udp()), 0, 50)});
  pollfd ready{heard.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 1000), 1) << "without the port the host says that nobody is there";
}

TEST_F(SttSystem, ReorderedDuplicateAndLostSegments) {
  b_->open(flow_spec());
  std::vector<Bytes> segments = stt_segments(from_a(1), stt_frame(large_frame()), 1460);
  std::ranges::reverse(segments);
  segments.insert(segments.begin(), segments.front());
  inject(segments);
  std::vector<PacketPtr> got = b_->receive(1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(std::ranges::equal(got[0]->bytes(), large_frame().bytes()));
  EXPECT_EQ(b_->dropped(DropReason::stt_duplicate), 1U);
  got.clear();

  inject({segments[3]});
  EXPECT_TRUE(b_->receive(1, milliseconds(50)).empty());
  EXPECT_EQ(b_->dropped(DropReason::stt_duplicate), 2U) << "replayed";

  std::vector<Bytes> with_loss = stt_segments(from_a(2), stt_frame(large_frame()), 1460);
  with_loss.erase(with_loss.begin() + 7);
  inject(with_loss);
  // Nothing else comes: the timer alone gives it up.
  for (int i = 0; i < 50 && b_->dropped(DropReason::stt_timeout) == 0; ++i) {
    EXPECT_TRUE(b_->receive(1, milliseconds(200)).empty());
  }
  EXPECT_EQ(b_->dropped(DropReason::stt_timeout), with_loss.size());
}

TEST_F(SttSystem, SegmentsOfManySendersAtOnce) {
  b_->open(flow_spec());
  std::vector<Bytes> mixed;
  for (uint32_t id = 1; id <= 20; ++id) {
    SttOuter outer = from_a(id);
    outer.src_port = static_cast<uint16_t>(50000 + id);
    const auto segments = stt_segments(outer, stt_frame(tcp_of(20000 + id)), 1460);
    mixed.insert(mixed.end(), segments.begin(), segments.end());
  }
  std::ranges::sort(mixed, {}, [](const Bytes& segment) { return load_be16(&segment[26]); });  // by their offset
  inject(mixed);
  const auto got = b_->receive(20);
  ASSERT_EQ(got.size(), 20U);
  std::vector<size_t> sizes;
  for (const PacketPtr& packet : got) {
    sizes.push_back(packet->size() - 54);
    EXPECT_TRUE(std::ranges::equal(packet->bytes(), tcp_of(sizes.back()).bytes()));
  }
  std::ranges::sort(sizes);
  EXPECT_EQ(sizes.front(), 20001U);
  EXPECT_EQ(sizes.back(), 20020U);
}

TEST_F(SttSystem, ForgedAndBrokenSegmentsAreCountedEachUnderItsReason) {
  PortSpec spec = flow_spec();
  spec.tunnel.in_key = 5001;
  b_->open(spec);
  const Bytes good = stt_frame(small_udp());
  Bytes version = good;
  version[0] = 1;
  Bytes broken = stt_segment(from_a(1), good, 0, good.size());
  broken.back() ^= 1;
  SttOuter ourselves = from_a(5);
  ourselves.local = address("198.51.100.2");
  space_b_->run("sysctl -qw net.ipv4.conf.all.accept_local=1 net.ipv4.conf.ub.accept_local=1");
  space_b_->run("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.ub.rp_filter=0");
  inject({broken, stt_segment(from_a(2), version, 0, version.size()),
          stt_segment(from_a(3), stt_frame(small_udp(), 5002), 0, good.size()),
          stt_segment(ourselves, good, 0, good.size()), stt_segment(from_a(4), good, 0, good.size())});
  const auto got = b_->receive(1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(frame_of(got[0]), small_udp());
  EXPECT_EQ(b_->dropped(DropReason::stt_bad_checksum), 1U);
  EXPECT_EQ(b_->dropped(DropReason::tunnel_bad_version), 1U);
  EXPECT_EQ(b_->dropped(DropReason::tunnel_unknown_vni), 1U);
  EXPECT_EQ(b_->dropped(DropReason::tunnel_own_address), 1U);
}

TEST_F(SttSystem, TypeOfServiceAndTimeToLiveAreThePortsOrTheInnerPackets) {
  PortSpec spec = flow_spec();
  spec.tunnel.tos = 0xb8;
  spec.tunnel.ttl = 9;
  a_->open(spec);
  b_->open(flow_spec());
  a_->send("198.51.100.2", small_udp());
  auto got = b_->receive(1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]->tunnel.tos, 0xb8);
  EXPECT_EQ(got[0]->tunnel.ttl, 8) << "a router lies between";
  EXPECT_EQ(got[0]->tunnel.source(), address("192.0.2.2"));
  got.clear();
  spec.tunnel.tos.reset();
  spec.tunnel.tos_inherit = spec.tunnel.ttl_inherit = true;
  a_->close();
  a_->open(spec);
  a_->send("2001:db8:b::2", frame().ipv4("10.0.0.1", "10.0.0.2").tos(0x28).ttl(33).udp(1, 2));
  got = b_->receive(1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]->tunnel.tos, 0x28);
  EXPECT_EQ(got[0]->tunnel.ttl, 32);
}

TEST_F(SttSystem, WorkersShareWhatArrivesBySourcePort) {
  b_->open(flow_spec(), 4);
  std::vector<Bytes> packets;
  for (uint32_t id = 1; id <= 40; ++id) {
    SttOuter outer = from_a(id);
    outer.src_port = static_cast<uint16_t>(50000 + id);
    packets.push_back(stt_segment(outer, stt_frame(small_udp()), 0, stt_frame(small_udp()).size()));
  }
  inject(packets);
  EXPECT_EQ(b_->receive(41, milliseconds(300)).size(), 40U) << "each exactly once";
}

TEST_F(SttSystem, PacketsWaitForANeighbourAndGoWhenThereIsNone) {
  a_->open(flow_spec());
  b_->open(flow_spec());
  space_a_->run("ip neigh flush dev ua");
  a_->send("198.51.100.2", small_udp());
  EXPECT_EQ(b_->receive(1).size(), 1U);
  a_->send("192.0.2.77", small_udp());
  EXPECT_EQ(a_->dropped(DropReason::tunnel_no_neighbour), 1U);
  EXPECT_EQ(a_->balance().sent.value(), 1U);
}

TEST_F(SttSystem, RoutesAreFollowed) {
  a_->open(flow_spec());
  b_->open(flow_spec());
  a_->send("198.51.100.2", small_udp());
  EXPECT_EQ(b_->receive(1).size(), 1U);
  space_a_->run("ip route del default; ip -6 route del default");
  std::this_thread::sleep_for(milliseconds(1100));  // what is known is kept for a second
  a_->send("198.51.100.2", small_udp());
  EXPECT_EQ(a_->dropped(DropReason::tunnel_no_route), 1U);
  a_->send("192.0.2.2", small_udp());
  EXPECT_EQ(a_->dropped(DropReason::tunnel_own_address), 1U);
  a_->send("192.0.2.255", small_udp());
  EXPECT_EQ(a_->dropped(DropReason::tunnel_no_route), 2U);
}

// ICMP errors about segments reach the raw socket, and with it the kernel's routes.
TEST_F(SttSystem, ALinkOfASmallerMtuOnTheWayIsLearned) {
  router_->run("ip link set rb mtu 1300");
  space_b_->run("ip link set ub mtu 1300");
  a_->open(flow_spec());
  b_->open(flow_spec());
  for (const char* remote : {"198.51.100.2", "2001:db8:b::2"}) {
    a_->send(remote, large_frame());
    std::this_thread::sleep_for(milliseconds(1100));  // what is known is kept for a second
    b_->receive(1, milliseconds(1));
    a_->receive(1, milliseconds(1));
    a_->send(remote, large_frame());
    EXPECT_EQ(b_->receive(1).size(), 1U) << remote;
  }
}

TEST_F(SttSystem, APortThatIsTakenIsNamed) {
  const NetworkNamespace::Scope scope(*space_a_);
  const auto taken = open_stt_guard(false, stt_port);
  ASSERT_TRUE(taken.has_value());
  SttEndpoints endpoints;
  const auto refused = endpoints.make_port(flow_spec(), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, PortError::Kind::held);
  EXPECT_EQ(refused.error().message, "TCP port 7471 is held by another program: stop it, or set options:dst_port");
  PortSpec spec = flow_spec();
  spec.tunnel.dst_port = 7472;
  EXPECT_TRUE(endpoints.make_port(spec, {}).has_value());
}

TEST_F(SttSystem, WhatSttCannotDoIsSaid) {
  const NetworkNamespace::Scope scope(*space_a_);
  SttEndpoints endpoints;
  const auto error = [&](const PortSpec& spec) {
    const auto port = endpoints.make_port(spec, {});
    return port ? std::string("none") : port.error().message;
  };
  PortSpec spec = flow_spec();
  spec.tunnel.outer_checksum = false;
  EXPECT_EQ(error(spec), "csum=false: STT segments always have a checksum, which the device computes");
  spec = flow_spec();
  spec.tunnel.remote = address("239.1.1.1");
  EXPECT_EQ(error(spec), "remote_ip 239.1.1.1 is a multicast group: STT is for one remote");
  spec.tunnel.remote = address("192.0.2.1");
  spec.tunnel.local = address("2001:db8::1");
  EXPECT_EQ(error(spec), "local_ip 2001:db8::1 and remote_ip 192.0.2.1 are of different families");
}

}  // namespace
}  // namespace weft::datapath
