// A `system` port on one end of a real veth pair; a packet socket or the kernel's TCP on the other.

#include "datapath/port/af_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/ethernet.h>
#include <poll.h>

#include <string>

#include "datapath/offload/ingress.h"
#include "datapath/port/af_packet_queue.h"
#include "lib/os/device.h"
#include "lib/packet/vlan.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

PortSpec spec_of(const std::string& name) {
  PortSpec spec;
  spec.name = name;
  return spec;
}

// A switch port p1 and a guest's device g1 at its other end, in the guest's own namespace.
class SystemPort : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    host_ = std::make_unique<NetworkNamespace>();
    guest_ = std::make_unique<NetworkNamespace>();
    host_->run("ip link add p1 type veth peer name g1 && ip link set p1 up");
    host_->give("g1", *guest_);
    // Silence: no router solicitations among the frames of a test.
    guest_->run("sysctl -qw net.ipv6.conf.g1.disable_ipv6=1 && ip link set g1 up");
    host_->wait_until_up("p1");
    guest_->wait_until_up("g1");
  }

  std::unique_ptr<PortDriver> attach(TestWorker& worker, const PortSpec& spec = spec_of("p1"),
                                     const AfPacketOptions& options = {}) {
    PortEnvironment environment;
    environment.id = PortId{7};
    environment.on_change = [this](PortId) { ++changes_; };
    auto port = AfPacketPort::attach(spec, environment, options);
    if (!port) {
      ADD_FAILURE() << port.error().message;
      return nullptr;
    }
    return std::make_unique<PortDriver>(worker, std::move(*port));
  }

  // The guest's side as a packet socket of the test: frames go in and out as they are.
  Fd open_guest_socket() {
    const NetworkNamespace::Scope scope(*guest_);
    auto socket = open_packet_socket(read_device("g1")->ifindex, ETH_P_ALL, 16 << 20, 4 << 20);
    EXPECT_TRUE(socket.has_value());
    return std::move(*socket);
  }

  std::unique_ptr<NetworkNamespace> host_, guest_;
  int changes_ = 0;
};

void guest_sends(const Fd& socket, const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  const VnetHeader header = make_vnet_header(*packet);
  iovec iovecs[] = {{const_cast<VnetHeader*>(&header), sizeof header}, {packet->data(), packet->size()}};
  EXPECT_EQ(::writev(socket.get(), iovecs, 2), static_cast<ssize_t>(sizeof header + packet->size()));
}

Frame tcp_frame(size_t payload) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(payload); }

TEST_F(SystemPort, FramesOfAllSizesComeWithTheirPromises) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  const Frame small = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  const Frame large = tcp_frame(60000).partial_checksum().gso(1448);
  guest_sends(guest, small);
  guest_sends(guest, large);

  const auto received = port->receive(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Frame(received[0]->bytes()), small);
  EXPECT_EQ(received[0]->in_port, PortId{7});
  EXPECT_EQ(Frame(received[1]->bytes()), large);
  EXPECT_EQ(check_offload(*received[1]), keep);
  EXPECT_EQ(received[1]->offload, large.offload());
  EXPECT_TRUE(received[1]->is_large());
  EXPECT_FALSE(received[0]->is_large());
}

TEST_F(SystemPort, LargeFramesLeaveWhole) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest_socket = open_guest_socket();
  const Frame large = tcp_frame(60000).partial_checksum().gso(1448);
  port->send(make_packet(worker.pool, large));

  std::vector<uint8_t> buffer(70000);
  const ssize_t size = ::read(guest_socket.get(), buffer.data(), buffer.size());
  ASSERT_EQ(size, static_cast<ssize_t>(vnet_header_bytes + large.size()));
  VnetHeader header;
  std::memcpy(&header, buffer.data(), sizeof header);
  EXPECT_EQ(header.gso_type, VnetHeader::gso_tcp4);
  EXPECT_EQ(header.gso_size, 1448);
  EXPECT_EQ(header.csum_start, 34);
  EXPECT_EQ(port->port().total_counters().tx_packets, 1U);
  EXPECT_EQ(port->port().total_counters().tx_gso_segments, 42U);
}

TEST_F(SystemPort, TagsThatTheKernelTakesOutComeBackWithTheirOwnTpid) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  const Frame tagged = frame().vlan_tci(0x6064, 0x88a8).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(5000);
  const Frame twice = frame().vlan(100, 0, 0x88a8).vlan(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  guest_sends(guest, tagged.partial_checksum().gso(1000));
  guest_sends(guest, twice);
  const auto received = port->receive(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Frame(received[0]->bytes()), tagged.partial_checksum().gso(1000));
  EXPECT_EQ(check_offload(*received[0]), keep);
  EXPECT_EQ(received[0]->offload, tagged.partial_checksum().gso(1000).offload());
  EXPECT_EQ(Frame(received[1]->bytes()), twice);
}

TEST_F(SystemPort, WhatTheHostItselfSendsIsNotReceived) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  port->send(make_packet(worker.pool, tcp_frame(10)));
  EXPECT_TRUE(port->receive(
                      1, [](const Packet&) { return true; }, std::chrono::milliseconds(50))
                  .empty());
}

TEST_F(SystemPort, LyingVnetHeadersAreNotSentByTheKernelButCounted) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  PacketPtr liar = make_packet(worker.pool, tcp_frame(4000).partial_checksum().gso(1000));
  liar->offload.csum_start = 60000;
  port->send(std::move(liar));
  EXPECT_EQ(port->dropped(DropReason::tx_error), 1U);
  EXPECT_EQ(port->port().total_counters().tx_dropped, 1U);
  EXPECT_EQ(port->port().total_counters().tx_errors, 1U);
}

TEST_F(SystemPort, ADeviceThatIsNotThereIsAPreciseError) {
  const NetworkNamespace::Scope scope(*host_);
  const auto port = AfPacketPort::attach(spec_of("p9"), {});
  ASSERT_FALSE(port.has_value());
  EXPECT_EQ(port.error().kind, PortError::Kind::no_such_device);
  EXPECT_EQ(port.error().message, "no network device named p9");
}

TEST_F(SystemPort, ADeviceWithAnAddressIsRefusedUnlessForced) {
  TestWorker worker;
  host_->run("ip addr add 192.0.2.1/24 dev p1");
  const NetworkNamespace::Scope scope(*host_);
  PortSpec spec = spec_of("p1");
  const auto refused = AfPacketPort::attach(spec, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, PortError::Kind::busy);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("p1 carries the address 192.0.2.1"));
  spec.force = true;
  EXPECT_NE(attach(worker, spec), nullptr);
}

TEST_F(SystemPort, APortOfTheHostsOwnBridgeIsRefusedUnlessForced) {
  TestWorker worker;
  host_->run("ip link add lxbr0 type bridge && ip link set p1 master lxbr0");
  const NetworkNamespace::Scope scope(*host_);
  PortSpec spec = spec_of("p1");
  const auto refused = AfPacketPort::attach(spec, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, PortError::Kind::busy);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("p1 belongs to the device lxbr0"));
  spec.force = true;
  EXPECT_NE(attach(worker, spec), nullptr);
}

TEST_F(SystemPort, ADeviceThatGoesDownIsToldAndComesBack) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  host_->run("ip link set p1 down");
  port->send(make_packet(worker.pool, tcp_frame(10)));
  EXPECT_EQ(port->dropped(DropReason::port_down), 1U);
  EXPECT_FALSE(port->port().status().is_admin_up);
  EXPECT_TRUE(port->port().status().is_present);
  EXPECT_GE(changes_, 1);

  host_->run("ip link set p1 up");
  host_->wait_until_up("p1");
  guest_->wait_until_up("g1");
  const Frame hello = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  guest_sends(guest, hello);
  EXPECT_EQ(port->receive(1).size(), 1U);
}

TEST_F(SystemPort, ADeviceThatVanishesIsToldAndNamesakesAreNotTakenForIt) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  host_->run("ip link del p1");
  port->drain();
  EXPECT_FALSE(port->port().status().is_present);
  EXPECT_GE(changes_, 1);
  port->send(make_packet(worker.pool, tcp_frame(10)));
  EXPECT_EQ(worker.balance.dropped.total(), 1U);

  host_->run("ip link add p1 type veth peer name g1");
  EXPECT_FALSE(port->port().status().is_present);
}

TEST_F(SystemPort, OverrunsAreCounted) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  AfPacketOptions options;
  options.receive_buffer = 40000;
  const auto port = attach(worker, spec_of("p1"), options);
  const Fd guest = open_guest_socket();
  for (int i = 0; i < 500; ++i) {
    guest_sends(guest, tcp_frame(100));
  }
  const size_t received = port->receive(
                                  ~size_t{0}, [](const Packet&) { return true; }, std::chrono::milliseconds(200))
                              .size();
  EXPECT_GT(port->dropped(DropReason::rx_overrun), 0U);
  EXPECT_EQ(received + port->dropped(DropReason::rx_overrun), 500U);
}

TEST_F(SystemPort, SeveralQueuesShareTheFlowsAndLoseNone) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  AfPacketOptions options;
  options.queue_count = 3;
  const auto port = attach(worker, spec_of("p1"), options);
  EXPECT_EQ(port->port().rx_queues().size(), 3U);
  const Fd guest = open_guest_socket();
  for (uint16_t i = 0; i < 64; ++i) {
    guest_sends(guest, frame().ipv4("10.0.0.1", "10.0.0.2").udp(i, 80).payload("x"));
  }
  EXPECT_EQ(port->receive(
                    65, [](const Packet&) { return true; }, std::chrono::milliseconds(200))
                .size(),
            64U);
}

// The first group after a boot has the number 0: taken for "no group yet", every queue would get every frame.
TEST_F(SystemPort, AGroupWithTheNumber0IsAGroup) {
  const NetworkNamespace::Scope scope(*host_);
  const uint32_t ifindex = read_device("p1")->ifindex;
  std::optional<uint16_t> group = 0;
  std::vector<Fd> members;
  for (int i = 0; i < 3; ++i) {
    members.push_back(std::move(*open_packet_socket(ifindex, ETH_P_ALL, 1 << 20, 0)));
    ASSERT_TRUE(join_fanout(members.back(), group).has_value());
    ASSERT_EQ(group, 0);
  }
  guest_sends(open_guest_socket(), frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x"));

  // A veth pair hands the frame over before the send returns, or in a moment by another processor; all copies at once.
  std::vector<pollfd> fds;
  for (const Fd& member : members) {
    fds.push_back({member.get(), POLLIN, 0});
  }
  EXPECT_EQ(::poll(fds.data(), fds.size(), 1000), 1);
}

}  // namespace
}  // namespace weft::datapath
