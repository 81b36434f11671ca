// An `afxdp` port on one end of a real veth pair; a packet socket or the kernel's TCP on the other.

#include "datapath/port/afxdp.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/ethernet.h>

#include "datapath/port/af_packet_queue.h"
#include "datapath/port/vnet_header.h"
#include "lib/os/device.h"
#include "tests/support/frame.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

// A switch port p1 and a guest's device g1 at its other end, in the guest's own namespace.
class AfXdp : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    host_ = std::make_unique<NetworkNamespace>();
    guest_ = std::make_unique<NetworkNamespace>();
    host_->run("ip link add p1 type veth peer name g1 && ip link set p1 up");
    host_->give("g1", *guest_);
    guest_->run("sysctl -qw net.ipv6.conf.g1.disable_ipv6=1 && ip link set g1 up");
    host_->wait_until_up("p1");
    guest_->wait_until_up("g1");
  }

  static Result<std::unique_ptr<Port>, PortError> try_attach(XdpMode mode = XdpMode::best_effort) {
    PortSpec spec;
    spec.name = "p1";
    spec.type = PortType::afxdp;
    spec.xdp.mode = mode;
    PortEnvironment environment;
    environment.id = PortId{7};
    return AfXdpPort::attach(spec, environment);
  }

  static std::unique_ptr<PortDriver> attach(TestWorker& worker, XdpMode mode = XdpMode::best_effort) {
    auto port = try_attach(mode);
    if (!port) {
      ADD_FAILURE() << port.error().message;
      return nullptr;
    }
    return std::make_unique<PortDriver>(worker, std::move(*port));
  }

  // Frames go in and out as they are.
  Fd open_guest_socket() const {
    const NetworkNamespace::Scope scope(*guest_);
    auto socket = open_packet_socket(read_device("g1")->ifindex, ETH_P_ALL, 16 << 20, 4 << 20);
    EXPECT_TRUE(socket.has_value());
    return std::move(*socket);
  }

  // What the guest sends from now on carries a tag beside the frame, as a VLAN device of its kernel would do it.
  void tag_what_the_guest_sends(uint16_t tci) const {
    const NetworkNamespace::Scope scope(*guest_);
    const bpf_insn push_tag[] = {
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, htons(ETHERTYPE_VLAN)},
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, tci},
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_vlan_push},
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, TC_ACT_OK},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    };
    const Fd program(
        ::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "push_tag", "Apache-2.0", push_tag, std::size(push_tag), nullptr));
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = static_cast<int>(read_device("g1")->ifindex);
    hook.attach_point = BPF_TC_EGRESS;
    ASSERT_EQ(::bpf_tc_hook_create(&hook), 0);
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.prog_fd = program.get();
    ASSERT_EQ(::bpf_tc_attach(&hook, &options), 0);
  }

  std::unique_ptr<NetworkNamespace> host_, guest_;
};

void guest_sends_frame(const Fd& socket, const Frame& frame) {
  PacketPool pool;
  const PacketPtr packet = make_packet(pool, frame);
  const VnetHeader header = make_vnet_header(*packet);
  const iovec iovecs[] = {{const_cast<VnetHeader*>(&header), sizeof header}, {packet->data(), packet->size()}};
  EXPECT_EQ(::writev(socket.get(), iovecs, 2), static_cast<ssize_t>(sizeof header + packet->size()));
}

// The next frame that the guest gets.
std::vector<uint8_t> guest_reads(const Fd& socket) {
  pollfd waiting{socket.get(), POLLIN, 0};
  ::poll(&waiting, 1, 1000);
  std::vector<uint8_t> buffer(70000);
  const ssize_t size = ::read(socket.get(), buffer.data(), buffer.size());
  if (size < static_cast<ssize_t>(vnet_header_bytes)) {
    return {};
  }
  return {buffer.begin() + vnet_header_bytes, buffer.begin() + size};
}

Frame small_frame() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"); }
Frame tcp_of(size_t payload) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload_size(payload); }

TEST_F(AfXdp, FramesComeAndLeaveAsTheyAre) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  guest_sends_frame(guest, small_frame());
  const auto received = port->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Frame(received[0]->bytes()), small_frame());
  EXPECT_EQ(received[0]->in_port, PortId{7});
  EXPECT_GE(received[0]->headroom(), packet_headroom);
  EXPECT_FALSE(received[0]->offload.is_partial());

  port->send(make_packet(worker.pool, tcp_of(1000)));
  EXPECT_EQ(Frame(guest_reads(guest)), tcp_of(1000));
  EXPECT_EQ(port->port().total_counters().tx_packets, 1U);
  EXPECT_EQ(port->port().status().xdp_mode, XdpMode::native);
}

TEST_F(AfXdp, AnUnfinishedChecksumIsRecognised) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  guest_sends_frame(guest, tcp_of(100).partial_checksum());
  const auto received = port->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_TRUE(received[0]->offload.is_partial());
  EXPECT_EQ(received[0]->offload.csum_start, 34);
}

TEST_F(AfXdp, AFrameLongerThanTheMtuIsGso) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker, XdpMode::generic);
  const Fd guest = open_guest_socket();
  const Frame large = tcp_of(30000).partial_checksum().gso(1460);
  guest_sends_frame(guest, large);
  const auto received = port->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Frame(received[0]->bytes()), large);
  EXPECT_EQ(received[0]->offload.gso, Offload::Gso::tcp4);
  EXPECT_EQ(received[0]->offload.gso_size, 1460) << "the MTU of 1500 less its headers";
}

// It was lost, and the frame belonged to another network.
TEST_F(AfXdp, ATagBesideTheFrameIsPutBack) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  EXPECT_FALSE(port->port().status().loses_vlan_tags);
  tag_what_the_guest_sends(0x6007);
  const Fd guest = open_guest_socket();
  guest_sends_frame(guest, small_frame());
  guest_sends_frame(guest, tcp_of(1400).partial_checksum());
  const auto received = port->receive(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Frame(received[0]->bytes()), frame().vlan_tci(0x6007).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"));
  EXPECT_TRUE(received[1]->offload.is_partial());
  EXPECT_EQ(received[1]->offload.csum_start, 38);
}

TEST_F(AfXdp, ATagInsideTheFrameStays) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  const Frame tagged = frame().vlan(100, 0, 0x88a8).vlan(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  guest_sends_frame(guest, tagged);
  const auto received = port->receive(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Frame(received[0]->bytes()), tagged);
}

TEST_F(AfXdp, ManyFramesGoRoundTheRings) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  constexpr size_t count = 20000;  // several times what the rings hold
  for (size_t i = 0; i < count; i += 100) {
    for (int n = 0; n < 100; ++n) {
      guest_sends_frame(guest, small_frame());
    }
    ASSERT_EQ(port->receive(100).size(), 100U);
    for (int n = 0; n < 100; ++n) {
      port->send(make_packet(worker.pool, small_frame()));
    }
    for (int n = 0; n < 100; ++n) {
      ASSERT_EQ(Frame(guest_reads(guest)), small_frame());
    }
  }
  EXPECT_EQ(port->port().total_counters().tx_packets, count);
  EXPECT_EQ(worker.balance.dropped.total(), 0U);
}

TEST_F(AfXdp, AFullRingIsAnOverrunThatIsCounted) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  const Fd guest = open_guest_socket();
  constexpr size_t count = 5000;
  for (size_t i = 0; i < count; ++i) {
    guest_sends_frame(guest, small_frame());
  }
  const size_t received = port->receive(
                                  count, [](const Packet&) { return true; }, std::chrono::milliseconds(300))
                              .size();
  EXPECT_LT(received, count);
  // What a veth drops because its own ring is full it counts itself.
  EXPECT_GT(port->dropped(DropReason::rx_overrun), 0U);
  EXPECT_LE(received + port->dropped(DropReason::rx_overrun), count);
}

TEST_F(AfXdp, ADeviceThatIsDownTakesNothing) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  host_->run("ip link set p1 down");
  port->send(make_packet(worker.pool, small_frame()));
  port->send(make_packet(worker.pool, small_frame()));
  EXPECT_EQ(port->dropped(DropReason::port_down), 2U);
  host_->run("ip link set p1 up");
  host_->wait_until_up("p1");
  const Fd guest = open_guest_socket();
  port->send(make_packet(worker.pool, tcp_of(100)));
  EXPECT_EQ(port->dropped(DropReason::port_down), 2U);
  EXPECT_EQ(worker.balance.sent.value(), 1U);
}

TEST_F(AfXdp, ADeviceThatVanishesIsToldAndTakesNothing) {
  TestWorker worker;
  const NetworkNamespace::Scope scope(*host_);
  const auto port = attach(worker);
  host_->run("ip link del p1");
  port->send(make_packet(worker.pool, small_frame()));
  EXPECT_EQ(port->dropped(DropReason::port_gone) + port->dropped(DropReason::port_down), 1U);
  EXPECT_FALSE(port->port().status().is_present);
  EXPECT_TRUE(port->receive(
                      1, [](const Packet&) { return true; }, std::chrono::milliseconds(20))
                  .empty());
}

TEST_F(AfXdp, WhatTheDeviceDoesNotHaveIsRefusedAndUndone) {
  const NetworkNamespace::Scope scope(*host_);
  const auto refused = try_attach(XdpMode::native_with_zerocopy);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, PortError::Kind::invalid);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("p1 has no xdp-mode native-with-zerocopy"));
  EXPECT_NE(host_->try_run("ip link show p1 | grep -q xdp"), 0);
  EXPECT_NE(host_->try_run("tc filter show dev p1 ingress | grep -q weft_guard"), 0);
}

TEST_F(AfXdp, AnotherProgramAtTheDeviceIsNotPushedOut) {
  const NetworkNamespace::Scope scope(*host_);
  const auto other = XdpProgram::attach("p1", read_device("p1")->ifindex, XdpProgram::Hook::driver, 1);
  ASSERT_TRUE(other.has_value());
  const auto refused = try_attach();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, PortError::Kind::held);
}

}  // namespace
}  // namespace weft::datapath
