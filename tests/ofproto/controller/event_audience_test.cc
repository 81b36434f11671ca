// Who is told of what has happened: controllers of several versions and roles at one bridge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <filesystem>

#include "ofproto/controller/bridge_controller.h"
#include "tests/ofproto/controller/peer.h"
#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t index(AsyncKind kind) { return static_cast<size_t>(kind); }

struct AudienceTest : testing::Test {
  AudienceTest() {
    std::string name = "/tmp/weft_audience_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    auto made = BridgeController::create(loop, bridge, tls, directory, {});
    EXPECT_TRUE(made) << made.error();
    controllers = std::move(*made);
    controllers->configure({.controllers = {{.target = "punix:" + directory + "/c"}}});
  }
  ~AudienceTest() override {
    peers.clear();
    controllers.reset();
    while (loop.poll() != 0) {
    }
    std::filesystem::remove_all(directory);
  }

  // A controller; its name is its place in `peers`.
  Peer& connect(Version version) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory + "/c").copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    Peer& peer = *peers.emplace_back(std::make_unique<Peer>(loop, fd, version));
    peer.receive_bytes();  // HELLO
    peer.hello();
    wait_for(peer);
    return peer;
  }
  void wait_for(Peer& peer) {
    peer.send(1, EchoRequest{});
    peer.receive<EchoReply>();
  }
  Peer& secondary(Version version) {
    Peer& peer = connect(version);
    peer.send(2, RoleRequest{.role = Role::secondary, .generation_id = 1});
    EXPECT_EQ(peer.receive<RoleReply>().role, Role::secondary);
    return peer;
  }
  void ask(Peer& peer, AsyncKind kind, uint32_t primary, uint32_t secondary) {
    SetAsync change;
    change.primary[index(kind)] = primary;
    change.secondary[index(kind)] = secondary;
    peer.send(3, change);
    wait_for(peer);
  }
  // Which of the controllers have been told one thing, all of this kind.
  template <typename Event>
  std::vector<size_t> told() {
    std::vector<size_t> who;
    for (size_t i = 0; i < peers.size(); ++i) {
      if (!peers[i]->is_silent()) {
        peers[i]->receive<Event>();
        EXPECT_TRUE(peers[i]->is_silent()) << i;
        who.push_back(i);
      }
    }
    return who;
  }
  BridgeListener& listener() { return *bridge.listeners.at(0); }

  EventLoop loop;
  FakeBridge bridge;
  TlsKeeper tls;
  std::string directory;
  std::unique_ptr<BridgeController> controllers;
  std::vector<std::unique_ptr<Peer>> peers;
};

TEST_F(AudienceTest, VacancyIsToldFromVersion14On) {
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    connect(version);
  }
  Peer& passive = secondary(Version::v1_4);
  listener().table_status(TableStatus{TableStatusReason::vacancy_down, {.table_id = 3}});
  EXPECT_THAT(told<TableStatus>(), ElementsAre(2, 3));

  constexpr uint32_t down = 1U << static_cast<unsigned>(TableStatusReason::vacancy_down);
  ask(passive, AsyncKind::table_status, 0, down);
  ask(*peers[3], AsyncKind::table_status, 0, down);
  listener().table_status(TableStatus{TableStatusReason::vacancy_down, {.table_id = 3}});
  EXPECT_THAT(told<TableStatus>(), ElementsAre(2, 4));
  listener().table_status(TableStatus{TableStatusReason::vacancy_up, {.table_id = 3}});
  EXPECT_THAT(told<TableStatus>(), ElementsAre(2));
}

TEST_F(AudienceTest, PortsAreToldToAllButWhoDoesNotAsk) {
  for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5}) {
    connect(version);
  }
  secondary(Version::v1_5);
  listener().port_status(PortStatus{}, nullptr);
  EXPECT_THAT(told<PortStatus>(), ElementsAre(0, 1, 2, 3, 4));
  ask(*peers[2], AsyncKind::port_status, 0, 7);
  ask(*peers[4], AsyncKind::port_status, 7, 0);
  listener().port_status(PortStatus{}, nullptr);
  EXPECT_THAT(told<PortStatus>(), ElementsAre(0, 1, 3));
}

// OpenFlow 1.5.1 section 7.4.3; before, the one who asked for it is taken to know.
TEST_F(AudienceTest, APortModIsToldToTheOthersAndIn15ToAll) {
  connect(Version::v1_3);
  connect(Version::v1_4);
  connect(Version::v1_5);
  for (size_t who = 0; who < peers.size(); ++who) {
    peers[who]->send(5, PortMod{.port = OfPort{1}, .hw_addr = FakeBridge::port_mac, .mask = port_config::down});
    wait_for(*peers[who]);
    listener().port_status(PortStatus{}, bridge.asked_by);
    std::vector<size_t> others{0, 1, 2};
    if (who != 2) {
      std::erase(others, who);
    }
    EXPECT_EQ(told<PortStatus>(), others) << who;
  }
}

TEST_F(AudienceTest, WhoLosesThePrimaryRoleIsToldWhereTheVersionCan) {
  for (const Version version : {Version::v1_3, Version::v1_4, Version::v1_5}) {
    connect(version);
  }
  Peer& bystander = connect(Version::v1_4);
  const auto lead = [&](size_t who, uint64_t generation) {
    peers[who]->send(4, RoleRequest{.role = Role::primary, .generation_id = generation});
    EXPECT_EQ(peers[who]->receive<RoleReply>().role, Role::primary);
  };
  lead(1, 1);
  EXPECT_THAT(told<RoleStatus>(), IsEmpty());
  lead(2, 2);
  EXPECT_THAT(told<RoleStatus>(), ElementsAre(1));
  lead(0, 3);
  EXPECT_THAT(told<RoleStatus>(), ElementsAre(2));
  lead(1, 4);
  EXPECT_THAT(told<RoleStatus>(), ElementsAre(0)) << "in 1.3 by an extension";
  ask(*peers[1], AsyncKind::role_status, 7, 0);
  lead(2, 5);
  EXPECT_THAT(told<RoleStatus>(), IsEmpty()) << "the masks are those of the role that it has now";
  EXPECT_TRUE(bystander.is_silent());
}

TEST_F(AudienceTest, GroupModsAreForwardedToWhoAsks) {
  Peer& by = connect(Version::v1_5);
  connect(Version::v1_3);
  connect(Version::v1_4);
  connect(Version::v1_5);
  secondary(Version::v1_4);
  const auto change = [&](const Message& message) {
    by.send(9, message);
    wait_for(by);
  };
  change(GroupMod{.group_id = 7});
  EXPECT_THAT(told<RequestForward>(), IsEmpty()) << "nobody is told who has not asked";

  constexpr uint32_t groups = 1U << static_cast<unsigned>(RequestForwardReason::group_mod);
  constexpr uint32_t meters = 1U << static_cast<unsigned>(RequestForwardReason::meter_mod);
  ask(by, AsyncKind::request_forward, groups | meters, 0);
  ask(*peers[2], AsyncKind::request_forward, groups, 0);
  ask(*peers[3], AsyncKind::request_forward, meters, groups);
  ask(*peers[4], AsyncKind::request_forward, 0, groups | meters);
  change(GroupMod{.group_id = 7});
  EXPECT_THAT(told<RequestForward>(), ElementsAre(2, 4));
  change(GroupMod{.command = GroupModCommand::remove, .group_id = 7});
  EXPECT_THAT(told<RequestForward>(), ElementsAre(2, 4));
  change(MeterMod{.meter = 1, .bands = {{.rate = 1}}});
  EXPECT_THAT(told<RequestForward>(), ElementsAre(3, 4));
  change(GroupMod{.command = GroupModCommand::remove_bucket, .group_id = 7});
  EXPECT_THAT(told<RequestForward>(), IsEmpty()) << "1.4 has no word for it";
}

// A bundle may have many.
TEST_F(AudienceTest, ManyAreForwardedInOrder) {
  Peer& by = connect(Version::v1_4);
  Peer& other = connect(Version::v1_4);
  ask(other, AsyncKind::request_forward, 1, 0);
  constexpr uint32_t count = 1000;
  for (uint32_t i = 1; i <= count; ++i) {
    const auto envelope = std::make_shared<const Envelope>(
        Envelope{.version = Version::v1_4, .xid = i, .message = GroupMod{.group_id = i}});
    by.send(i, BundleAdd{.bundle_id = 1, .message = {envelope}});
  }
  by.send(1, BundleControl{.bundle_id = 1, .type = BundleControlType::commit_request});
  EXPECT_EQ(by.receive<BundleControl>().type, BundleControlType::commit_reply);
  for (uint32_t i = 1; i <= count; ++i) {
    const auto event = other.receive<RequestForward>();
    ASSERT_EQ(std::get<GroupMod>(event.request.envelope->message).group_id, i);
  }
  EXPECT_TRUE(other.is_silent());
}

}  // namespace
}  // namespace weft::ofproto
