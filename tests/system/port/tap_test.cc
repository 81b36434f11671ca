// `tap` and `internal` ports against the kernel's own stack on the device's side.

#include "datapath/port/tap.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <map>
#include <set>
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

// The kernel would send a flow to the queue that the other direction was last written to.
TEST_F(TapPortStory, AFlowComesByOneQueueWhateverIsSentToIt) {
  constexpr int flow_count = 32;
  PortSpec spec = spec_of("t0");
  spec.rx_queue_count = 3;
  PortEnvironment with_workers = environment();
  with_workers.worker_count = 3;
  const auto port = TapPort::open(spec, with_workers);
  ASSERT_TRUE(port.has_value()) << port.error().message;
  host_->run("ip address add 10.0.0.1/24 dev t0 && ip link set t0 up");
  host_->run("ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev t0");
  const auto queues = (*port)->rx_queues();
  ASSERT_EQ(queues.size(), 3U);

  std::vector<Fd> flows;
  std::array<sockaddr_in, flow_count> own{};
  sockaddr_in peer{AF_INET, htons(4000), {inet_addr("10.0.0.2")}, {}};
  for (int i = 0; i < flow_count; ++i) {
    flows.emplace_back(::socket(AF_INET, SOCK_DGRAM, 0));
    ASSERT_EQ(::connect(flows.back().get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer), 0);
    socklen_t size = sizeof own[i];
    ASSERT_EQ(::getsockname(flows.back().get(), reinterpret_cast<sockaddr*>(&own[i]), &size), 0);
  }
  std::map<uint16_t, size_t> queue_of_flow;
  std::set<size_t> used;
  for (int round = 0; round < 10; ++round) {
    for (const Fd& flow : flows) {
      ASSERT_EQ(::send(flow.get(), "x", 1, 0), 1);
    }
    for (size_t queue = 0; queue < queues.size(); ++queue) {
      PacketBatch batch;
      while (queues[queue]->receive(batch, worker_.rx)) {
        batch.drain([&](PacketPtr packet) {
          const auto source_port = load_be16(packet->data() + 34);
          const auto [known, is_new] = queue_of_flow.emplace(source_port, queue);
          EXPECT_EQ(known->second, queue) << "flow " << source_port << ", round " << round;
          used.insert(queue);
        });
      }
    }
    // Answers by another queue each time.
    for (int i = 0; i < flow_count; ++i) {
      TxContext tx(static_cast<unsigned>(round + i) % 3, worker_.pool, worker_.balance);
      PacketBatch batch;
      batch.add(make_packet(worker_.pool,
                            frame().ipv4("10.0.0.2", "10.0.0.1").udp(4000, ntohs(own[i].sin_port)).payload("y")));
      (*port)->transmit(std::move(batch), tx);
    }
  }
  EXPECT_GE(queue_of_flow.size(), static_cast<size_t>(flow_count));
  EXPECT_EQ(used.size(), 3U) << "all queues have their share";
}

TEST_F(TapPortStory, ADeviceWithOneQueueHasNoMore) {
  host_->run("ip tuntap add name t1 mode tap");
  PortSpec spec = spec_of("t1");
  spec.rx_queue_count = 2;
  const auto port = TapPort::open(spec, environment());
  ASSERT_FALSE(port.has_value());
  EXPECT_THAT(port.error().message, testing::HasSubstr("options:n_rxq"));
}

}  // namespace
}  // namespace weft::datapath
