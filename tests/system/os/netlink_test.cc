// The netlink mirror and route lookup against a real kernel, in namespaces of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "lib/os/device.h"
#include "lib/os/netlink/link_lookup.h"
#include "lib/os/netlink/neighbour_lookup.h"
#include "lib/os/netlink/netlink_mirror.h"
#include "lib/os/netlink/route_lookup.h"
#include "tests/support/network_namespace.h"

namespace weft::netlink {
namespace {

using test::NetworkNamespace;
using ::testing::Contains;
using ::testing::ElementsAre;

// Writes down in words what it hears of devices that begin with "t".
class Diary final : public NetlinkListener {
 public:
  void on_link(const Link& link, const Link* before) override {
    if (link.name[0] != 't') {
      return;
    }
    if (before == nullptr) {
      entries.push_back("new " + link.name);
    } else if (before->is_admin_up != link.is_admin_up) {
      entries.push_back(link.name + (link.is_admin_up ? " up" : " down"));
    } else if (before->mtu != link.mtu) {
      entries.push_back(link.name + " mtu " + std::to_string(link.mtu));
    } else if (before->name != link.name) {
      entries.push_back(before->name + " is now " + link.name);
    }
  }
  void on_link_removed(const Link& link) override {
    if (link.name[0] == 't') {
      entries.push_back(link.name + " gone");
    }
  }
  std::vector<std::string> entries;
};

// Asks again for up to five seconds.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

struct Mirrored {
  explicit Mirrored(const NetworkNamespace& space) : scope(space), mirror(std::move(*NetlinkMirror::open(loop))) {
    mirror->add_listener(diary);
  }

  NetworkNamespace::Scope scope;
  EventLoop loop;
  std::unique_ptr<NetlinkMirror> mirror;
  Diary diary;
};

TEST(NetlinkMirror, HearsOfLinksInTheOrderThatThingsHappen) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  Mirrored m(space);
  space.run("ip link add t1 type veth peer name pt1 && ip link set t1 mtu 1400 && ip link set t1 up");
  space.run("ip link set t1 down && ip link set t1 name t2 && ip link del t2");
  m.mirror->read_events();
  EXPECT_THAT(m.diary.entries, ElementsAre("new t1", "t1 mtu 1400", "t1 up", "t1 down", "t1 is now t2", "t2 gone"));
  EXPECT_EQ(m.mirror->find_link("t2"), nullptr);
}

TEST(NetlinkMirror, TheLoopReadsByItself) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  Mirrored m(space);
  space.run("ip link add t1 type veth peer name pt1");
  m.loop.run_for(std::chrono::milliseconds(50));
  EXPECT_THAT(m.diary.entries, Contains("new t1"));
}

TEST(NetlinkMirror, StartsWithEverythingThatIsThere) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip link add t1 type veth peer name t2 && ip link set t1 up && ip link set t2 up");
  space.run("ip link add tv type vxlan id 5 dstport 4789 dev t1");
  Mirrored m(space);
  const Link* link = m.mirror->find_link("t1");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->kind, "veth");
  EXPECT_TRUE(link->is_admin_up);
  EXPECT_TRUE(link->has_link);
  EXPECT_EQ(m.mirror->find_link("tv")->tunnel_udp_port, 4789);
}

TEST(NetlinkMirror, TheHostsOwnBridgesAreLinksAndTheirPortsAreThereOnce) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip link add tb type bridge && ip link add t1 type veth peer name pt1 && ip link set t1 master tb");
  Mirrored m(space);
  ASSERT_NE(m.mirror->find_link("tb"), nullptr);
  EXPECT_EQ(m.mirror->find_link("t1")->master, m.mirror->find_link("tb")->ifindex);
  EXPECT_EQ(find_master("t1"), "tb");
  EXPECT_EQ(find_master("pt1"), std::nullopt);
  space.run("ip link set t1 nomaster");
  m.mirror->read_events();
  EXPECT_EQ(m.mirror->find_link("t1")->master, 0U);
  EXPECT_THAT(m.diary.entries, ElementsAre());
}

TEST(NetlinkMirror, ResyncTellsWhatWasMissed) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip link add t1 type veth peer name pt1");
  Mirrored m(space);
  space.run("ip link del t1 && ip link add t2 type veth peer name pt2");
  ASSERT_TRUE(m.mirror->resync().has_value());
  EXPECT_THAT(m.diary.entries, ElementsAre("t1 gone", "new t2"));
  m.mirror->read_events();
  EXPECT_EQ(m.mirror->find_link("t1"), nullptr);
  EXPECT_NE(m.mirror->find_link("t2"), nullptr);
}

// Nothing is read while the events come, so the buffer runs over; how long it then takes to catch up nobody promises.
TEST(NetlinkMirror, AFloodOfEventsBeyondTheSocketsBufferEndsInTheRightState) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip link add t1 type veth peer name p1");
  Mirrored m(space);
  space.run("for i in $(seq 5000); do echo link set t1 mtu $((1000 + i % 400)); done | ip -batch -");
  space.run("ip link add tlast type veth peer name plast && ip link set t1 mtu 1234");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto is_right = [&] {
    const Link* t1 = m.mirror->find_link("t1");
    return m.mirror->find_link("tlast") != nullptr && t1 != nullptr && t1->mtu == 1234U;
  };
  while (!is_right() && std::chrono::steady_clock::now() < end) {
    m.loop.run_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(is_right());
  m.loop.run_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(is_right()) << "and stays";
}

TEST(RouteLookup, AnswersWithTheMtuAndWhetherItIsThisHost) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run(
      "ip link add t1 mtu 1600 type veth peer name pt1 && ip link set pt1 up && ip link set t1 up && ip addr add "
      "192.0.2.1/24 dev t1");
  space.run("ip addr add 2001:db8::1/64 dev t1 nodad && ip route add 198.51.100.0/24 via 192.0.2.2 mtu 1300");
  const NetworkNamespace::Scope scope(space);
  auto lookup = RouteLookup::open();
  ASSERT_TRUE(lookup.has_value());

  auto direct = lookup->lookup(*IpAddress::parse("192.0.2.7"));
  ASSERT_TRUE(direct.has_value()) << direct.error();
  EXPECT_EQ(direct->mtu, 1600U);
  EXPECT_FALSE(direct->is_local);

  auto routed = lookup->lookup(*IpAddress::parse("198.51.100.7"));
  ASSERT_TRUE(routed.has_value()) << routed.error();
  EXPECT_EQ(routed->mtu, 1300U);

  auto six = lookup->lookup(*IpAddress::parse("2001:db8::7"));
  ASSERT_TRUE(six.has_value()) << six.error();
  EXPECT_EQ(six->mtu, 1600U);

  EXPECT_TRUE(lookup->lookup(*IpAddress::parse("192.0.2.1"))->is_local);
}

TEST(RouteLookup, AnswersWithTheNextHopAndTheSource) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run(
      "ip link add t1 type veth peer name pt1 && ip link set pt1 up && ip link set t1 up && ip addr add "
      "192.0.2.1/24 dev t1 && ip addr add 192.0.2.9/24 dev t1");
  space.run("ip addr add 2001:db8::1/64 dev t1 nodad && ip route add 198.51.100.0/24 via 192.0.2.2 src 192.0.2.9");
  space.run("ip route add 203.0.113.0/24 via inet6 2001:db8::2 && ip -6 route add 2001:db8:1::/64 via 2001:db8::2");
  const NetworkNamespace::Scope scope(space);
  auto lookup = RouteLookup::open();
  ASSERT_TRUE(lookup.has_value());
  const auto answer = [&](const char* remote) {
    const auto found = lookup->lookup(*IpAddress::parse(remote));
    EXPECT_TRUE(found.has_value()) << remote;
    return found.value_or(RouteAnswer{});
  };
  const uint32_t ifindex = read_device("t1")->ifindex;
  EXPECT_EQ(answer("192.0.2.7").gateway, std::nullopt);
  EXPECT_EQ(answer("192.0.2.7").source, *IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(answer("192.0.2.7").ifindex, ifindex);
  EXPECT_TRUE(answer("192.0.2.7").is_unicast);
  EXPECT_FALSE(answer("192.0.2.255").is_unicast);
  EXPECT_EQ(answer("198.51.100.7").gateway, *IpAddress::parse("192.0.2.2"));
  EXPECT_EQ(answer("198.51.100.7").source, *IpAddress::parse("192.0.2.9"));
  EXPECT_EQ(answer("203.0.113.7").gateway, *IpAddress::parse("2001:db8::2"));
  EXPECT_EQ(answer("2001:db8:1::7").gateway, *IpAddress::parse("2001:db8::2"));
  EXPECT_EQ(answer("2001:db8:1::7").source, *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(answer("2001:db8::7").gateway, std::nullopt);
}

TEST(NeighbourLookup, AnUnknownNeighbourIsResolvedWhenSomebodyUsesIt) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace a, b;
  a.run("ip link add t1 type veth peer name t2");
  a.give("t2", b);
  a.run("ip link set t1 up && ip addr add 192.0.2.1/24 dev t1 && ip addr add 2001:db8::1/64 dev t1 nodad");
  b.run("ip link set t2 address 02:00:00:00:00:0b up && ip addr add 192.0.2.2/24 dev t2");
  b.run("ip addr add 2001:db8::2/64 dev t2 nodad");
  a.wait_until_up("t1");
  const NetworkNamespace::Scope scope(a);
  auto lookup = NeighbourLookup::open();
  ASSERT_TRUE(lookup.has_value());
  const uint32_t ifindex = read_device("t1")->ifindex;
  for (const char* text : {"192.0.2.2", "2001:db8::2"}) {
    const IpAddress neighbour = *IpAddress::parse(text);
    const auto unknown = lookup->find(ifindex, neighbour);
    ASSERT_TRUE(unknown.has_value()) << unknown.error();
    EXPECT_EQ(unknown->mac, std::nullopt);
    EXPECT_TRUE(unknown->wants_use);
    const auto used = lookup->use(ifindex, neighbour);
    ASSERT_TRUE(used.has_value()) << used.error();
    EXPECT_TRUE(eventually([&] { return lookup->find(ifindex, neighbour)->mac.has_value(); })) << text;
    EXPECT_EQ(lookup->find(ifindex, neighbour)->mac, MacAddress::parse("02:00:00:00:00:0b"));
    EXPECT_FALSE(lookup->find(ifindex, neighbour)->wants_use) << "heard of just now";
  }
  a.run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:0c dev t1 nud stale");
  EXPECT_TRUE(lookup->find(ifindex, *IpAddress::parse("192.0.2.2"))->wants_use);
  EXPECT_FALSE(lookup->find(999999, *IpAddress::parse("192.0.2.2")).has_value());
}

TEST(RouteLookup, NoRouteIsAnErrorThatNamesTheRemote) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip route add unreachable 198.51.100.0/24");
  const NetworkNamespace::Scope scope(space);
  auto lookup = RouteLookup::open();
  ASSERT_TRUE(lookup.has_value());
  const auto none = lookup->lookup(*IpAddress::parse("203.0.113.1"));
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, std::errc::network_unreachable);
  EXPECT_EQ(none.error().what, "look up the route to 203.0.113.1");
  EXPECT_FALSE(lookup->lookup(*IpAddress::parse("198.51.100.1")).has_value());
  EXPECT_FALSE(lookup->lookup(*IpAddress::parse("2001:db8::1")).has_value());
  // And it still answers after an error.
  EXPECT_TRUE(lookup->lookup(*IpAddress::parse("127.0.0.1")).has_value());
}

TEST(Device, OwnDevicesCanBeSetUp) {
  WEFT_NEEDS_ROOT();
  NetworkNamespace space;
  space.run("ip link add t1 type veth peer name pt1");
  const NetworkNamespace::Scope scope(space);
  EXPECT_TRUE(set_device_mac("t1", *MacAddress::parse("02:00:00:00:00:aa")).has_value());
  EXPECT_TRUE(set_device_mtu("t1", 1400).has_value());
  const auto status = read_device("t1");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->mac.to_string(), "02:00:00:00:00:aa");
  EXPECT_EQ(status->mtu, 1400U);
  EXPECT_TRUE(configured_addresses("t1").empty());
  space.run("ip addr add 192.0.2.5/24 dev t1");
  EXPECT_THAT(configured_addresses("t1"), ElementsAre(*IpAddress::parse("192.0.2.5")));
  EXPECT_EQ(set_device_mtu("t1", 1 << 30).error().what, "set MTU 1073741824 on t1");
}

}  // namespace
}  // namespace weft::netlink
