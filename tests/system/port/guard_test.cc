// While a device is attached the host's own stack neither sees nor says anything on it, also after a crash.

#include "datapath/port/guard.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "datapath/port/af_packet.h"
#include "lib/os/device.h"
#include "tests/support/network_namespace.h"
#include "tests/support/port_driver.h"

namespace weft::datapath {
namespace {

using test::NetworkNamespace;
using test::PortDriver;
using test::TestWorker;

// The host has an address on p1, so that it would answer if it could; the guest pings it.
class GuardStory : public ::testing::Test {
 protected:
  void SetUp() override {
    WEFT_NEEDS_ROOT();
    host_ = std::make_unique<NetworkNamespace>();
    guest_ = std::make_unique<NetworkNamespace>();
    host_->run("ip link add p1 type veth peer name g1 && ip link set p1 up && ip addr add 10.0.0.254/24 dev p1");
    host_->give("g1", *guest_);
    guest_->run("ip link set g1 up && ip addr add 10.0.0.1/24 dev g1");
    host_->wait_until_up("p1");
    guest_->wait_until_up("g1");
  }

  bool guest_reaches_host() const { return guest_->try_run("ping -c1 -W1 -q 10.0.0.254 >/dev/null") == 0; }

  // Behind a time without an answer the guest may first have to ask for the host's MAC address again.
  bool guest_reaches_host_in_time() const {
    return guest_->try_run("ping -c1 -w20 -i0.2 -q 10.0.0.254 >/dev/null") == 0;
  }

  uint32_t ifindex() const {
    const NetworkNamespace::Scope scope(*host_);
    return read_device("p1")->ifindex;
  }
  Guard attach() const {
    const NetworkNamespace::Scope scope(*host_);
    auto guard = Guard::attach("p1", ifindex());
    EXPECT_TRUE(guard.has_value()) << guard.error();
    return std::move(*guard);
  }
  void detach(Guard& guard) const {
    const NetworkNamespace::Scope scope(*host_);
    const auto detached = guard.detach();
    EXPECT_TRUE(detached.has_value()) << detached.error();
  }
  std::string ipv6_off(const std::string& device = "p1") const {
    const NetworkNamespace::Scope scope(*host_);
    return read_sysctl("net/ipv6/conf/" + device + "/disable_ipv6").value_or("none");
  }
  bool has_clsact() const { return host_->try_run("tc qdisc show dev p1 | grep -q clsact") == 0; }

  std::unique_ptr<NetworkNamespace> host_, guest_;
};

TEST_F(GuardStory, TheHostDoesNotAnswerWhileTheGuardIsThere) {
  ASSERT_TRUE(guest_reaches_host());
  Guard guard = attach();
  EXPECT_FALSE(guest_reaches_host());
  EXPECT_EQ(ipv6_off(), "1");
  detach(guard);
  EXPECT_TRUE(guest_reaches_host_in_time());
  EXPECT_EQ(ipv6_off(), "0");
  EXPECT_FALSE(has_clsact());
}

TEST_F(GuardStory, ThePortStillReceivesWhatTheHostDoesNot) {
  TestWorker worker;
  PortSpec spec;
  spec.name = "p1";
  spec.force = true;
  const NetworkNamespace::Scope scope(*host_);
  auto port = AfPacketPort::attach(spec, {});
  ASSERT_TRUE(port.has_value()) << port.error().message;
  PortDriver driver(worker, std::move(*port));
  EXPECT_FALSE(guest_reaches_host());
  EXPECT_FALSE(driver.receive(1).empty());
}

TEST_F(GuardStory, AfterACrashTheGuestIsCutOffAndTheNextAttachTakesOver) {
  // A child that attaches and dies without a word.
  const pid_t child = ::fork();
  if (child == 0) {
    const NetworkNamespace::Scope scope(*host_);
    ::_exit(Guard::attach("p1", read_device("p1")->ifindex).has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_FALSE(guest_reaches_host());

  Guard guard = attach();
  EXPECT_TRUE(guard.was_taken_over());
  detach(guard);
  EXPECT_TRUE(guest_reaches_host_in_time());
  EXPECT_EQ(ipv6_off(), "0") << "as it was before the crash";
  EXPECT_FALSE(has_clsact());
}

TEST_F(GuardStory, WhatWasThereBeforeIsThereAfterwards) {
  host_->run("sysctl -qw net.ipv6.conf.p1.disable_ipv6=1 && tc qdisc add dev p1 clsact");
  Guard guard = attach();
  detach(guard);
  EXPECT_EQ(ipv6_off(), "1");
  EXPECT_TRUE(has_clsact());
}

// The qdisc was made before the program was loaded, and stayed.
TEST_F(GuardStory, AFailureLeavesTheDeviceAsItWas) {
  // A child that may change devices but load no program.
  const pid_t child = ::fork();
  if (child == 0) {
    const NetworkNamespace::Scope scope(*host_);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
    const bool is_limited = ::syscall(SYS_capset, &header, data) == 0;
    ::_exit(is_limited && !Guard::attach("p1", read_device("p1")->ifindex).has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(has_clsact());
  EXPECT_EQ(ipv6_off(), "0");
}

// It was looked for under its old name, and stayed without IPv6 for good.
TEST_F(GuardStory, ADeviceThatWasRenamedGetsItsIpv6Back) {
  Guard guard = attach();
  host_->run("ip link set p1 down && ip link set p1 name p9");
  detach(guard);
  EXPECT_EQ(ipv6_off("p9"), "0");
}

TEST_F(GuardStory, ADeviceThatIsGoneHasTakenItsGuardAlong) {
  Guard guard = attach();
  host_->run("ip link del p1");
  detach(guard);
}

}  // namespace
}  // namespace weft::datapath
