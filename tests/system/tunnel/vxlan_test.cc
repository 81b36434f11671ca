// A VXLAN tunnel port of ours on one host, the Linux kernel's vxlan device on another, a routed underlay between.
//
//   [guest: veth g1] our frames -> TunnelPort on host A --- veth, router --- host B: kernel vxlan device

#include "datapath/tunnel/tunnel_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/ethernet.h>

#include <string>

#include "datapath/port/af_packet_queue.h"
#include "lib/os/device.h"
#include "lib/packet/checksum.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using std::chrono::milliseconds;
using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

constexpr const char* quiet = "sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=0; ";

class VxlanSystem : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    a_ = std::make_unique<NetworkNamespace>();
    b_ = std::make_unique<NetworkNamespace>();
    router_ = std::make_unique<NetworkNamespace>();
    for (const auto* space : {a_.get(), b_.get(), router_.get()}) {
      space->run(quiet);
    }
    router_->run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    router_->run(
        "ip link add ra mtu 1600 type veth peer name ua mtu 1600; ip link add rb mtu 1600 type veth peer name ub mtu "
        "1600");
    router_->give("ua", *a_);
    router_->give("ub", *b_);
    router_->run(
        "ip link set ra up; ip link set rb up; ip addr add 192.0.2.1/24 dev ra; ip addr add 198.51.100.1/24 dev rb");
    router_->run("ip addr add 2001:db8:a::1/64 dev ra nodad; ip addr add 2001:db8:b::1/64 dev rb nodad");
    a_->run("ip link set ua up; ip addr add 192.0.2.2/24 dev ua; ip route add default via 192.0.2.1");
    b_->run("ip link set ub up; ip addr add 198.51.100.2/24 dev ub; ip route add default via 198.51.100.1");
    a_->run("ip addr add 2001:db8:a::2/64 dev ua nodad; ip -6 route add default via 2001:db8:a::1");
    b_->run("ip addr add 2001:db8:b::2/64 dev ub nodad; ip -6 route add default via 2001:db8:b::1");
    // A link that has just come up drops what is sent until the kernel has noticed, up to a second later.
    a_->run(
        "for i in $(seq 50); do ping -qc1 -W1 198.51.100.2 && ping -qc1 -W1 2001:db8:b::2 && break; done >/dev/null");
  }

  // Host B as the kernel does it: frames in and out of `vx`.
  Fd make_kernel_peer(const std::string& options = "remote 192.0.2.2 local 198.51.100.2 udpcsum", int mtu = 1550) {
    b_->run("ip link add vx mtu " + std::to_string(mtu) + " type vxlan id 5001 dstport 4789 " + options);
    b_->run("sysctl -qw net.ipv6.conf.vx.disable_ipv6=1; ip link set vx address 02:00:00:00:00:02 up");
    const NetworkNamespace::Scope scope(*b_);
    auto socket = open_packet_socket(read_device("vx")->ifindex, ETH_P_ALL, 64 << 20, 16 << 20);
    EXPECT_TRUE(socket.has_value());
    return std::move(*socket);
  }

  static PortSpec flow_spec() {
    PortSpec spec;
    spec.name = "vx0";
    spec.type = PortType::vxlan;
    return spec;
  }
  std::unique_ptr<PortDriver> open(const PortSpec& spec, uint32_t id = 9) {
    PortEnvironment environment;
    environment.id = PortId{id};
    auto port = endpoints_.make_port(spec, environment);
    if (!port) {
      ADD_FAILURE() << port.error().message;
      return nullptr;
    }
    return std::make_unique<PortDriver>(worker_, std::move(*port));
  }
  // A packet of ours towards host B, as the flow tables would have set it up.
  PacketPtr packet_to(const std::string& remote, const Frame& frame, uint64_t vni = 5001) {
    PacketPtr packet = make_packet(worker_.pool, frame);
    packet->tunnel.begin();
    packet->tunnel.id = vni;
    packet->tunnel.set_destination(*IpAddress::parse(remote));
    return packet;
  }

  std::unique_ptr<NetworkNamespace> a_, b_, router_;
  TestWorker worker_;
  TunnelEndpoints endpoints_;
};

struct Received {
  VnetHeader header;
  Bytes bytes;
};

std::optional<Received> receive_from(const Fd& socket) {
  std::vector<uint8_t> buffer(70000);
  pollfd poll_fd{socket.get(), POLLIN, 0};
  if (::poll(&poll_fd, 1, 1000) != 1) {
    return std::nullopt;
  }
  const ssize_t size = ::read(socket.get(), buffer.data(), buffer.size());
  if (size < static_cast<ssize_t>(vnet_header_bytes)) {
    return std::nullopt;
  }
  Received received;
  std::memcpy(&received.header, buffer.data(), vnet_header_bytes);
  received.bytes.assign(buffer.begin() + vnet_header_bytes, buffer.begin() + size);
  return received;
}

void kernel_sends(const Fd& socket, const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  const VnetHeader header = make_vnet_header(*packet);
  iovec iovecs[] = {{const_cast<VnetHeader*>(&header), sizeof header}, {packet->data(), packet->size()}};
  EXPECT_EQ(::writev(socket.get(), iovecs, 2), static_cast<ssize_t>(sizeof header + packet->size()));
}

Frame small_frame() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"); }
Frame tcp_frame(size_t size) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(size); }

// The frame waited at the front of the port for as long as the underlay dropped it, and everything else behind it.
TEST_F(VxlanSystem, WhatTheUnderlaysQueueDropsIsCountedAndWaitsForNothing) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  a_->run("tc qdisc add dev ua root pfifo limit 0");
  port->send(packet_to("198.51.100.2", small_frame()));
  port->send(packet_to("198.51.100.2", tcp_frame(20000).partial_checksum().gso(1000)));
  EXPECT_FALSE(port->port().has_backlog(0));
  EXPECT_EQ(port->dropped(DropReason::tx_queue_full), 2U);

  a_->run("tc qdisc del dev ua root");
  port->send(packet_to("198.51.100.2", small_frame()));
  const auto there = receive_from(kernel);
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(Frame(there->bytes), small_frame());
}

TEST_F(VxlanSystem, TheKernelGetsOurFrameAndWeGetItsAnswer) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  port->send(packet_to("198.51.100.2", small_frame()));
  const auto there = receive_from(kernel);
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(Frame(there->bytes), small_frame());

  kernel_sends(kernel, small_frame());
  const auto here = port->receive(1);
  ASSERT_EQ(here.size(), 1U);
  EXPECT_EQ(Frame(here[0]->bytes()), small_frame());
  EXPECT_EQ(here[0]->in_port, PortId{9});
  EXPECT_TRUE(here[0]->tunnel.present);
  EXPECT_EQ(here[0]->tunnel.id, 5001U);
  EXPECT_EQ(here[0]->tunnel.source().to_string(), "198.51.100.2");
  EXPECT_EQ(here[0]->tunnel.destination().to_string(), "192.0.2.2");
  EXPECT_EQ(here[0]->tunnel.ttl, 63) << "one router between";
}

TEST_F(VxlanSystem, ALargeSegmentArrivesWholeAndRight) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  const Frame large = tcp_frame(60000);
  port->send(packet_to("198.51.100.2", large.partial_checksum().gso(1448)));
  const auto there = receive_from(kernel);
  ASSERT_TRUE(there.has_value());
  // The kernel merges as well: what counts is that every byte and sum is as a wire would carry it.
  EXPECT_EQ(there->bytes.size(), large.size());
  EXPECT_EQ(there->header.gso_type, VnetHeader::gso_tcp4);
  EXPECT_EQ(Frame(there->bytes), large.partial_checksum());
  EXPECT_EQ(worker_.balance.dropped.total(), 0U);
}

TEST_F(VxlanSystem, TheKernelsUnmarkedSegmentOf60KilobytesIsAGsoFrameAgain) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  const Frame large = tcp_frame(60000).partial_checksum().gso(1498);
  kernel_sends(kernel, large);
  const auto here = port->receive(1);
  ASSERT_EQ(here.size(), 1U);
  EXPECT_EQ(Frame(here[0]->bytes()), large);
  EXPECT_EQ(here[0]->offload.gso, Offload::Gso::tcp4);
  // Underlay MTU 1600: 1550 are left for the inner IP packet, 1510 for its payload.
  EXPECT_EQ(here[0]->offload.gso_size, 1510);
  EXPECT_TRUE(here[0]->offload.is_partial());
}

TEST_F(VxlanSystem, OurOwnPiecesAreMergedAgainByOurOwnReceiver) {
  TestWorker other;
  TunnelEndpoints there_endpoints;
  std::unique_ptr<PortDriver> there;
  {
    const NetworkNamespace::Scope scope(*b_);
    PortEnvironment environment;
    there = std::make_unique<PortDriver>(other, std::move(*there_endpoints.make_port(flow_spec(), environment)));
  }
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  const Frame large = tcp_frame(60000).partial_checksum().gso(1448);
  port->send(packet_to("198.51.100.2", large));
  const NetworkNamespace::Scope receiver_scope(*b_);
  const auto received = there->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Frame(received[0]->bytes()), large);
  EXPECT_EQ(received[0]->offload, large.offload());
  EXPECT_EQ(other.balance.absorbed.value(), 41U) << "42 pieces became one";
}

TEST_F(VxlanSystem, SmallPiecesTakeSeveralDatagramsAndArriveInOrder) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  port->send(packet_to("198.51.100.2", tcp_frame(20000).partial_checksum().gso(100)));
  size_t payload = 0;
  while (payload < 20000) {
    const auto there = receive_from(kernel);
    ASSERT_TRUE(there.has_value()) << payload;
    payload += there->bytes.size() - 54;
  }
  EXPECT_EQ(payload, 20000U);
}

TEST_F(VxlanSystem, OverIpv6AsWell) {
  const Fd kernel = make_kernel_peer("remote 2001:db8:a::2 local 2001:db8:b::2", 1530);
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  port->send(packet_to("2001:db8:b::2", tcp_frame(30000).partial_checksum().gso(1400)));
  const auto there = receive_from(kernel);
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(Frame(there->bytes), tcp_frame(30000).partial_checksum());

  kernel_sends(kernel, small_frame());
  const auto here = port->receive(1);
  ASSERT_EQ(here.size(), 1U);
  EXPECT_EQ(Frame(here[0]->bytes()), small_frame());
  EXPECT_EQ(here[0]->tunnel.source().to_string(), "2001:db8:b::2");
}

TEST_F(VxlanSystem, WithoutOuterChecksumsPiecesGoOneByOne) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  PortSpec spec = flow_spec();
  spec.tunnel.outer_checksum = false;
  const auto port = open(spec);
  port->send(packet_to("198.51.100.2", tcp_frame(4000).partial_checksum().gso(1000)));
  size_t payload = 0;
  while (payload < 4000) {
    const auto there = receive_from(kernel);
    ASSERT_TRUE(there.has_value()) << payload;
    payload += there->bytes.size() - 54;
  }
  EXPECT_EQ(payload, 4000U);
}

TEST_F(VxlanSystem, WhatDoesNotFitTheRouteIsDroppedAndCounted) {
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  port->send(packet_to("198.51.100.2", tcp_frame(1510)));  // 1550 bytes of IP: the most that fits
  EXPECT_EQ(worker_.balance.sent.value(), 1U);
  port->send(packet_to("198.51.100.2", tcp_frame(1511)));
  EXPECT_EQ(port->dropped(DropReason::tunnel_mtu_exceeded), 1U);
  port->send(packet_to("198.51.100.2", tcp_frame(60000).partial_checksum().gso(1511)));
  EXPECT_EQ(port->dropped(DropReason::tunnel_mtu_exceeded), 2U);
  port->send(packet_to("198.51.100.2", tcp_frame(60000).partial_checksum().gso(1510)));
  EXPECT_EQ(worker_.balance.sent.value(), 2U);
}

TEST_F(VxlanSystem, WithoutDontFragmentTheKernelFragments) {
  const Fd kernel = make_kernel_peer("remote 192.0.2.2 local 198.51.100.2 udpcsum", 3000);
  const NetworkNamespace::Scope scope(*a_);
  PortSpec spec = flow_spec();
  spec.tunnel.dont_fragment = false;
  const auto port = open(spec);
  port->send(packet_to("198.51.100.2", tcp_frame(2500)));
  const auto there = receive_from(kernel);
  ASSERT_TRUE(there.has_value());
  EXPECT_EQ(Frame(there->bytes), tcp_frame(2500));
}

TEST_F(VxlanSystem, ASmallerPathMtuIsLearned) {
  b_->run("ip link set ub mtu 1500");
  router_->run("ip link set rb mtu 1500");
  const Fd kernel = make_kernel_peer("remote 192.0.2.2 local 198.51.100.2 udpcsum", 1450);
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  // The first one is lost on the way, and the router says so; the answer is on our host when the next is sent.
  port->send(packet_to("198.51.100.2", tcp_frame(1500)));
  EXPECT_EQ(worker_.balance.sent.value(), 1U);
  ::usleep(50'000);
  port->send(packet_to("198.51.100.2", tcp_frame(1500)));
  EXPECT_EQ(port->dropped(DropReason::tunnel_mtu_exceeded), 1U);
  // An ICMP error that waited at the socket costs nobody else a packet.
  port->send(packet_to("198.51.100.2", tcp_frame(1400)));
  EXPECT_TRUE(receive_from(kernel).has_value());
}

TEST_F(VxlanSystem, NoRouteNoDestinationAndOurOwnAddressAreToldApart) {
  a_->run("ip route del default");
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  port->send(packet_to("203.0.113.1", small_frame()));
  EXPECT_EQ(port->dropped(DropReason::tunnel_no_route), 1U);
  port->send(make_packet(worker_.pool, small_frame()));
  EXPECT_EQ(port->dropped(DropReason::tunnel_no_destination), 1U);
  port->send(packet_to("192.0.2.2", small_frame()));
  EXPECT_EQ(port->dropped(DropReason::tunnel_own_address), 1U);
}

TEST_F(VxlanSystem, AnUnreachablePortAtTheRemoteFailsNoOtherPacket) {
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  for (int i = 0; i < 5; ++i) {  // nobody listens on host B: port unreachable each time
    port->send(packet_to("198.51.100.2", small_frame()));
    ::usleep(5'000);
  }
  EXPECT_EQ(worker_.balance.sent.value(), 5U);
}

TEST_F(VxlanSystem, TheMostSpecificPortTakesThePacket) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  PortSpec by_key = flow_spec();
  by_key.name = "vx1";
  by_key.tunnel.in_key = 5001;
  const auto open_port = open(flow_spec(), 1);
  const auto key_port = open(by_key, 2);
  kernel_sends(kernel, small_frame());
  auto received = key_port->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0]->in_port, PortId{2});

  by_key.tunnel.remote = *IpAddress::parse("203.0.113.9");
  EXPECT_NE(open(by_key, 3), nullptr) << "the same key from elsewhere";
  const auto twin = endpoints_.make_port(flow_spec(), {});
  ASSERT_FALSE(twin.has_value());
  EXPECT_EQ(twin.error().message, "tunnel port vx0 has the same key, remote_ip, local_ip and dst_port");
}

TEST_F(VxlanSystem, AKeyThatNoPortTakesIsCounted) {
  const Fd kernel = make_kernel_peer();
  const NetworkNamespace::Scope scope(*a_);
  PortSpec spec = flow_spec();
  spec.tunnel.in_key = 7;
  const auto port = open(spec);
  kernel_sends(kernel, small_frame());
  EXPECT_TRUE(port->receive(
                      1, [](const Packet&) { return true; }, milliseconds(100))
                  .empty());
  EXPECT_EQ(port->dropped(DropReason::tunnel_unknown_vni), 1U);
}

TEST_F(VxlanSystem, APortThatTheKernelsDeviceHoldsIsRefusedByName) {
  make_kernel_peer();
  const NetworkNamespace::Scope scope(*b_);
  const auto port = endpoints_.make_port(flow_spec(), {});
  ASSERT_FALSE(port.has_value());
  EXPECT_EQ(port.error().kind, PortError::Kind::held);
  EXPECT_THAT(port.error().message, ::testing::HasSubstr("UDP port 4789 is held by the kernel's tunnel device vx"));
}

TEST_F(VxlanSystem, APortThatAnotherSwitchHoldsIsRefused) {
  const NetworkNamespace::Scope scope(*a_);
  const auto port = open(flow_spec());
  TunnelEndpoints other;
  const auto second = other.make_port(flow_spec(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("held by another program"));
}

}  // namespace
}  // namespace weft::datapath
