// `tap` and `internal` ports against the kernel's own stack on the device's side.

#include "datapath/port/tap.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "datapath/port/tap_device.h"
#include "lib/os/device.h"
#include "lib/packet/checksum.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

class TapPortStory : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    host_ = std::make_unique<NetworkNamespace>();
    host_->run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    scope_ = std::make_unique<NetworkNamespace::Scope>(*host_);
  }

  static PortSpec spec_of(const std::string& name, PortType type = PortType::tap) {
    PortSpec spec;
    spec.name = name;
    spec.type = type;
    return spec;
  }
  std::unique_ptr<PortDriver> open(const PortSpec& spec) {
    auto port = TapPort::open(spec, environment());
    if (!port) {
      ADD_FAILURE() << port.error().message;
      return nullptr;
    }
    return std::make_unique<PortDriver>(worker_, std::move(*port));
  }
  PortEnvironment environment() {
    PortEnvironment environment;
    environment.id = PortId{3};
    environment.on_change = [this](PortId) { ++changes_; };
    return environment;
  }

  std::unique_ptr<NetworkNamespace> host_;
  std::unique_ptr<NetworkNamespace::Scope> scope_;
  TestWorker worker_;
  int changes_ = 0;
};

bool is_udp(const Packet& packet) { return packet.size() > 34 && packet.data()[12] == 0x08 && packet.data()[23] == 17; }

TEST_F(TapPortStory, WhatTheKernelSendsArrivesAndTheAnswerGoesBack) {
  const auto port = open(spec_of("t1"));
  host_->run("ip link set t1 address 02:00:00:00:00:01 up && ip addr add 10.0.0.1/24 dev t1");
  host_->run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev t1");

  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  ::inet_pton(AF_INET, "10.0.0.2", &to.sin_addr);
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(::send(socket.get(), "hi", 2, 0), 2);

  auto received = port->receive(1, is_udp);
  ASSERT_EQ(received.size(), 1U);
  Packet& packet = *received[0];
  EXPECT_EQ(packet.in_port, PortId{3});
  EXPECT_TRUE(packet.offload.is_partial());
  EXPECT_EQ(packet.offload.csum_start, 34);
  ASSERT_EQ(finish_partial_checksum(packet), keep);
  const uint16_t port_number = load_be16(packet.data() + 34);

  port->send(make_packet(worker_.pool, frame()
                                           .eth("02:00:00:00:00:02", "02:00:00:00:00:01")
                                           .ipv4("10.0.0.2", "10.0.0.1")
                                           .udp(53, port_number)
                                           .payload("yes")
                                           .partial_checksum()));
  char answer[16];
  EXPECT_EQ(::recv(socket.get(), answer, sizeof answer, 0), 3);
}

TEST_F(TapPortStory, AWholeTcpSegmentOf60KilobytesGoesIn) {
  const auto port = open(spec_of("t1"));
  host_->run("ip link set t1 up");
  port->send(make_packet(
      worker_.pool, frame().ipv4("10.0.0.2", "10.0.0.1").tcp(1, 2).payload_size(60000).partial_checksum().gso(1448)));
  EXPECT_EQ(port->port().total_counters().tx_packets, 1U);
  EXPECT_EQ(worker_.balance.dropped.total(), 0U);
}

TEST_F(TapPortStory, AnInternalDeviceHasItsAddressAndIsDown) {
  PortSpec spec = spec_of("br0", PortType::internal);
  spec.mac = *MacAddress::parse("02:00:00:00:00:77");
  const auto port = open(spec);
  const PortStatus status = port->port().status();
  EXPECT_EQ(status.mac.to_string(), "02:00:00:00:00:77");
  EXPECT_FALSE(status.is_admin_up);
  EXPECT_TRUE(status.is_present);
  EXPECT_EQ(status.ifindex, read_device("br0")->ifindex);
}

TEST_F(TapPortStory, AddressAndMtuChangeInPlace) {
  PortSpec spec = spec_of("br0", PortType::internal);
  const auto port = open(spec);
  host_->run("ip link set br0 up");
  const uint32_t ifindex = port->port().status().ifindex;
  spec.mac = *MacAddress::parse("02:00:00:00:00:78");
  spec.mtu_request = 1400;
  ASSERT_TRUE(port->port().configure(spec).has_value());
  const PortStatus status = port->port().status();
  EXPECT_EQ(status.ifindex, ifindex);
  EXPECT_EQ(status.mac.to_string(), "02:00:00:00:00:78");
  EXPECT_EQ(status.mtu, 1400U);
  EXPECT_TRUE(status.is_admin_up);
  spec.mtu_request = 10;
  const auto refused = port->port().configure(spec);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().to_string().find("set MTU 10 on br0"), 0U) << refused.error().to_string();
}

TEST_F(TapPortStory, FramesForADeviceThatIsDownAreCountedSo) {
  const auto port = open(spec_of("t1"));
  port->send(make_packet(worker_.pool, frame().ipv4("10.0.0.2", "10.0.0.1").udp(1, 2)));
  EXPECT_EQ(port->dropped(DropReason::port_down), 1U);
}

TEST_F(TapPortStory, TheDeviceGoesWithThePort) {
  open(spec_of("t1")).reset();
  EXPECT_FALSE(read_device("t1").has_value());
}

TEST_F(TapPortStory, APersistentTapIsUsedAndStays) {
  for (const std::string kind : {"", " multi_queue"}) {
    host_->run("ip tuntap add t1 mode tap" + kind);
    const uint32_t ifindex = read_device("t1")->ifindex;
    {
      const auto port = open(spec_of("t1"));
      ASSERT_NE(port, nullptr);
      EXPECT_EQ(port->port().status().ifindex, ifindex);
      const auto second = TapPort::open(spec_of("t1"), environment());
      if (kind.empty()) {
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().message, "tap t1 is in use by another process");
      }
    }
    EXPECT_TRUE(read_device("t1").has_value());
    host_->run("ip link del t1");
  }
}

TEST_F(TapPortStory, ADeviceOfAnotherKindIsNotTaken) {
  host_->run("ip link add v1 type veth peer name v2");
  const auto port = TapPort::open(spec_of("v1"), environment());
  ASSERT_FALSE(port.has_value());
  EXPECT_EQ(port.error().kind, PortError::Kind::invalid);
  EXPECT_EQ(TapPort::open(spec_of("name-that-is-too-long"), environment()).error().message,
            "\"name-that-is-too-long\" is no name for a network device");
}

TEST_F(TapPortStory, ATapThatWasMovedToAContainerWorksOn) {
  NetworkNamespace container;
  const auto port = open(spec_of("t1"));
  host_->give("t1", container);
  container.run("ip link set t1 mtu 1420 up");
  const PortStatus status = port->port().status();
  EXPECT_TRUE(status.is_present);
  EXPECT_TRUE(status.is_admin_up);
  EXPECT_EQ(status.mtu, 1420U);
}

TEST_F(TapPortStory, ATapThatIsDeletedIsGone) {
  const auto port = open(spec_of("t1"));
  host_->run("ip link set t1 up && ip link del t1");
  port->send(make_packet(worker_.pool, frame().ipv4("10.0.0.2", "10.0.0.1").udp(1, 2)));
  EXPECT_EQ(port->dropped(DropReason::port_gone), 1U);
  EXPECT_EQ(changes_, 1);
  EXPECT_FALSE(port->port().status().is_present);
}

}  // namespace
}  // namespace weft::datapath
