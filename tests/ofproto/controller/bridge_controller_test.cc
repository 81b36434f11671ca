// All connections of a bridge: dialing, sockets in the run directory, events, copies, lost controllers.
#include "ofproto/controller/bridge_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <filesystem>

#include "tests/ofproto/controller/peer.h"
#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

struct BridgeControllerTest : testing::Test {
  BridgeControllerTest() {
    std::string name = "/tmp/weft_controller_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    auto made = BridgeController::create(loop, bridge, tls, directory, {});
    EXPECT_TRUE(made) << made.error();
    controllers = std::move(*made);
  }
  ~BridgeControllerTest() override {
    controllers.reset();
    EXPECT_TRUE(bridge.listeners.empty());
    while (loop.poll() != 0) {
    }
    std::filesystem::remove_all(directory);
  }

  // A tool's connection to br0.mgmt or br0.snoop, hands shaken.
  std::unique_ptr<Peer> connect(const std::string& socket) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(directory + "/" + socket);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0) << socket;
    return shake_hands(fd);
  }
  int listen() {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(directory + "/c.sock");
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(fd, 4), 0);
    return fd;
  }
  int accept(int listener) {
    int fd = -1;
    EXPECT_TRUE(turn_until(loop, [&] {
      pollfd waiting{listener, POLLIN, 0};
      fd = ::poll(&waiting, 1, 0) == 1 ? ::accept(listener, nullptr, nullptr) : -1;
      return fd >= 0;
    }));
    return fd;
  }
  std::unique_ptr<Peer> shake_hands(int fd) {
    auto peer = std::make_unique<Peer>(loop, fd);
    peer->receive<Hello>();
    peer->hello();
    peer->send(1, EchoRequest{});
    peer->receive<EchoReply>();
    return peer;
  }
  ControllerConfig config() const {
    ControllerConfig out;
    out.target = "unix:" + directory + "/c.sock";
    return out;
  }
  void configure(std::vector<ControllerConfig> wanted) { controllers->configure({.controllers = std::move(wanted)}); }
  bool is_connected() const { return controllers->status().at(0).is_connected; }

  EventLoop loop;
  FakeBridge bridge;
  TlsKeeper tls;
  std::string directory;
  std::unique_ptr<BridgeController> controllers;
};

TEST_F(BridgeControllerTest, SocketsComeAndGo) {
  EXPECT_TRUE(std::filesystem::exists(directory + "/br0.mgmt"));
  EXPECT_TRUE(std::filesystem::exists(directory + "/br0.snoop"));
  controllers.reset();
  EXPECT_FALSE(std::filesystem::exists(directory + "/br0.mgmt"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/br0.snoop"));
}

TEST_F(BridgeControllerTest, SaysWhyItCannotListen) {
  const auto made = BridgeController::create(loop, bridge, tls, "/nowhere", {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), "listen on /nowhere/br0.mgmt: No such file or directory");
  EXPECT_EQ(bridge.listeners.size(), 1u) << "the fixture's";
}

TEST_F(BridgeControllerTest, ToolsAreServed) {
  const auto one = connect("br0.mgmt");
  const auto two = connect("br0.mgmt");
  one->send(5, FeaturesRequest{});
  two->send(6, FeaturesRequest{});
  EXPECT_EQ(one->receive<FeaturesReply>().datapath_id, 0x1234u);
  EXPECT_EQ(two->receive<FeaturesReply>().datapath_id, 0x1234u);
  EXPECT_THAT(bridge.has_controllers, ElementsAre()) << "service connections are no controllers";
}

TEST_F(BridgeControllerTest, AToolLeavesWhileItsRequestIsPending) {
  auto tool = connect("br0.mgmt");
  tool->send(5, BarrierRequest{});
  ASSERT_TRUE(turn_until(loop, [&] { return !bridge.barriers.empty(); }));
  tool.reset();
  while (loop.poll() != 0) {
  }
  bridge.answer_barrier();
}

TEST_F(BridgeControllerTest, AllGoesWhileRequestsArePending) {
  bridge.collects_at_once = false;
  const auto tool = connect("br0.mgmt");
  tool->send(5, FlowStatsRequest{});
  ASSERT_TRUE(turn_until(loop, [&] { return !bridge.collects.empty(); }));
  controllers.reset();
  bridge.answer_collect();
  EXPECT_TRUE(tool->is_at_end());
}

TEST_F(BridgeControllerTest, DialsTheControllerThatIsConfigured) {
  const int listener = listen();
  configure({config()});
  EXPECT_THAT(bridge.has_controllers, ElementsAre(true));
  EXPECT_EQ(controllers->status().at(0).is_connected, false);
  auto peer = shake_hands(accept(listener));
  EXPECT_TRUE(is_connected());
  EXPECT_EQ(controllers->status().at(0).state, "ACTIVE");
  ASSERT_FALSE(bridge.lost.empty());
  EXPECT_FALSE(bridge.lost.back());

  configure({config()});
  EXPECT_TRUE(is_connected()) << "what did not change stays";
  configure({});
  EXPECT_TRUE(peer->is_at_end());
  EXPECT_FALSE(bridge.has_controllers.back());
  ::close(listener);
}

TEST_F(BridgeControllerTest, DialsAgainAfterTheEnd) {
  const int listener = listen();
  configure({config()});
  auto peer = shake_hands(accept(listener));
  peer.reset();
  ASSERT_TRUE(turn_until(loop, [&] { return !is_connected(); }));
  const auto status = controllers->status().at(0);
  EXPECT_EQ(status.state, "BACKOFF");
  EXPECT_FALSE(status.last_error.empty());
  EXPECT_TRUE(status.seconds_since_disconnect);
  peer = shake_hands(accept(listener));
  EXPECT_TRUE(is_connected());
  ::close(listener);
}

TEST_F(BridgeControllerTest, SaysWhyAControllerCannotBeReached) {
  auto nobody = config();
  auto nonsense = config();
  nonsense.target = "udp:6654";
  configure({nobody, nonsense});
  ASSERT_TRUE(turn_until(loop, [&] { return controllers->status().at(0).state == "BACKOFF"; }));
  EXPECT_EQ(controllers->status().at(0).last_error, "No such file or directory");
  EXPECT_EQ(controllers->status().at(1).state, "VOID");
  EXPECT_EQ(controllers->status().at(1).last_error.find("\"udp:6654\": a controller is tcp:HOST[:PORT], "), 0u);
}

TEST_F(BridgeControllerTest, AControllerIsDroppedWhileItIsDialed) {
  const int listener = listen();
  configure({config()});
  loop.poll();
  configure({});
  while (loop.poll() != 0) {
  }
  ::close(listener);
}

TEST_F(BridgeControllerTest, EventsGoToControllers) {
  const int listener = listen();
  configure({config()});
  const auto peer = shake_hands(accept(listener));
  const auto tool = connect("br0.mgmt");
  PacketInEvent event;
  event.message.data.resize(60);
  ASSERT_EQ(bridge.listeners.size(), 1u);
  bridge.listeners[0]->packet_in(event);
  bridge.listeners[0]->port_status(PortStatus{}, nullptr);
  EXPECT_EQ(peer->receive<PacketIn>().data.size(), 60u);
  peer->receive<PortStatus>();
  EXPECT_TRUE(tool->is_silent());
  ::close(listener);
}

TEST_F(BridgeControllerTest, EventsThatWereDroppedAreTold) {
  const int listener = listen();
  auto limited = config();
  limited.packet_ins = {.rate = 1, .burst = 1, .queue_size = 1};
  configure({limited});
  auto peer = shake_hands(accept(listener));
  PacketInEvent event;
  event.message.data.resize(60);
  for (int i = 0; i < 4; ++i) {
    bridge.listeners.at(0)->packet_in(event);
  }
  EXPECT_EQ(controllers->status().at(0).dropped_events, 2u);
  EXPECT_EQ(controllers->status().at(0).misses.bypassed, 1u);
  EXPECT_EQ(controllers->status().at(0).misses.backlog, 1u);
  peer.reset();
  ASSERT_TRUE(turn_until(loop, [&] { return !is_connected(); }));
  EXPECT_EQ(controllers->status().at(0).dropped_events, 3u) << "of connections that are gone too";
  ::close(listener);
}

TEST_F(BridgeControllerTest, SnoopsSeeBothDirections) {
  const int listener = listen();
  configure({config()});
  const auto peer = shake_hands(accept(listener));
  const auto snoop = connect("br0.snoop");
  peer->send(9, FeaturesRequest{});
  peer->receive<FeaturesReply>();
  snoop->receive<FeaturesRequest>();
  snoop->receive<FeaturesReply>();
  ::close(listener);
}

TEST_F(BridgeControllerTest, ABridgeIsToldThatItIsAlone) {
  auto impatient = config();
  impatient.inactivity_probe = weft::Duration::zero();  // the least patience: one second
  configure({impatient});
  EXPECT_TRUE(turn_until(loop, [&] { return !bridge.lost.empty() && bridge.lost.back(); }));
}

}  // namespace
}  // namespace weft::ofproto
