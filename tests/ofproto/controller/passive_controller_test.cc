// Controllers that come to the switch, by TCP, TLS and files; and versions that a bridge allows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "ofproto/controller/bridge_controller.h"
#include "ofproto/controller/dialer.h"
#include "ofproto/controller/listener.h"
#include "tests/ofproto/controller/certificates.h"
#include "tests/ofproto/controller/connection_fixture.h"

namespace weft::ofproto {
namespace {

using namespace openflow;  // NOLINT(google-build-using-namespace): the messages, by their names
using testing::ElementsAre;
using testing::HasSubstr;

struct PassiveControllerTest : LinesTest {
  PassiveControllerTest() {
    std::string name = "/tmp/weft_passive_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    auto made = BridgeController::create(loop, bridge, tls, directory, {});
    EXPECT_TRUE(made) << made.error();
    controllers = std::move(*made);
  }
  ~PassiveControllerTest() override {
    controllers.reset();
    settle();
    std::filesystem::remove_all(directory);
  }

  void configure(const std::string& target, VersionSet versions = supported_versions()) {
    controllers->configure({.controllers = {{.target = target}}, .versions = versions});
  }
  ofproto::ControllerStatus status() const { return controllers->status().at(0); }

  std::unique_ptr<Peer> connect_file(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
    return std::make_unique<Peer>(loop, fd);
  }
  std::unique_ptr<Peer> connect_port(uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << port;
    return std::make_unique<Peer>(loop, fd);
  }
  void shake_hands(Peer& peer) {
    peer.receive<Hello>();
    peer.hello();
    peer.send(1, EchoRequest{});
    peer.receive<EchoReply>();
  }

  TlsKeeper tls;
  std::string directory;
  std::unique_ptr<BridgeController> controllers;
};

// A port that nobody has, found by having it for a moment.
uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

TEST_F(PassiveControllerTest, AListenerIsAController) {
  configure("punix:" + directory + "/c");
  EXPECT_THAT(bridge.has_controllers, ElementsAre(true));
  EXPECT_EQ(status().state, "IDLE");
  EXPECT_FALSE(status().is_connected);
  const auto one = connect_file(directory + "/c");
  const auto two = connect_file(directory + "/c");
  shake_hands(*one);
  shake_hands(*two);
  EXPECT_TRUE(status().is_connected);
  EXPECT_EQ(status().state, "ACTIVE");
  EXPECT_FALSE(bridge.lost.back());
  bridge.listeners.at(0)->port_status(PortStatus{}, nullptr);
  one->receive<PortStatus>();
  two->receive<PortStatus>();
  two->send(1, RoleRequest{.role = Role::primary, .generation_id = 1});
  two->receive<RoleReply>();
  EXPECT_EQ(status().role, "master");
}

TEST_F(PassiveControllerTest, AServiceIsNone) {
  controllers->configure({.controllers = {{.target = "punix:" + directory + "/c", .is_service = true}}});
  EXPECT_THAT(bridge.has_controllers, ElementsAre(false));
  const auto peer = connect_file(directory + "/c");
  shake_hands(*peer);
  bridge.listeners.at(0)->port_status(PortStatus{}, nullptr);
  EXPECT_TRUE(peer->is_silent());
}

TEST_F(PassiveControllerTest, APortIsListenedOn) {
  const auto port = free_port();
  configure("ptcp:" + std::to_string(port) + ":127.0.0.1");
  const auto peer = connect_port(port);
  shake_hands(*peer);
  EXPECT_TRUE(status().is_connected);
  configure("ptcp:" + std::to_string(port));
  EXPECT_TRUE(peer->is_at_end()) << "another listener";
  const auto again = connect_port(port);
  shake_hands(*again);
}

TEST_F(PassiveControllerTest, SaysWhyItCannotListen) {
  const auto port = free_port();
  auto other = Listener::listen(loop, *parse_controller_target("ptcp:" + std::to_string(port) + ":127.0.0.1"),
                                [](StreamSocket) {});
  ASSERT_TRUE(other) << other.error();
  configure("ptcp:" + std::to_string(port) + ":127.0.0.1");
  EXPECT_EQ(status().state, "BACKOFF");
  EXPECT_EQ(status().last_error, "listen on 127.0.0.1 port " + std::to_string(port) + ": Address already in use");
  other->reset();
  EXPECT_TRUE(turn_until(loop, [&] { return status().state == "IDLE"; }));
  EXPECT_EQ(status().last_error, "");
}

// A typing mistake must not cost a file.
TEST_F(PassiveControllerTest, AFileThatIsNoSocketStays) {
  std::ofstream(directory + "/file") << "precious\n";
  configure("punix:" + directory + "/file");
  EXPECT_THAT(status().last_error, HasSubstr("Address already in use"));
  configure("punix:" + directory + "/c");
  EXPECT_TRUE(std::filesystem::is_regular_file(directory + "/file"));
}

TEST_F(PassiveControllerTest, TlsIsListenedForAndDialed) {
  const Authority authority("authority");
  tls.configure(authority.write(directory + "/ours"));
  const auto port = free_port();
  configure("pssl:" + std::to_string(port) + ":127.0.0.1");
  std::unique_ptr<Stream> stream;
  std::string error;
  const Dialer dialer(loop, tls, *parse_controller_target("ssl:127.0.0.1:" + std::to_string(port)), default_dscp,
                      [&](Result<std::unique_ptr<Stream>, std::string> result) {
                        if (result) {
                          stream = std::move(*result);
                        } else {
                          error = result.error();
                        }
                      });
  ASSERT_TRUE(turn_until(loop, [&] { return stream || !error.empty(); }));
  EXPECT_EQ(error, "");
  EXPECT_EQ(stream->peer(), "tls:127.0.0.1:" + std::to_string(port));
  const auto hello = encode(Version::v1_3, 1, Hello{});
  stream->write(boost::asio::buffer(hello), [](boost::system::error_code, size_t) {});
  EXPECT_TRUE(turn_until(loop, [&] { return status().is_connected; }));
}

TEST_F(PassiveControllerTest, StalledHandshakesLockNobodyOut) {
  const Authority authority("authority");
  tls.configure(authority.write(directory + "/ours"));
  const auto port = free_port();
  configure("pssl:" + std::to_string(port) + ":127.0.0.1");
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(connect_port(port));
  }
  settle();
  bool is_done = false;
  const Dialer dialer(loop, tls, *parse_controller_target("ssl:127.0.0.1:" + std::to_string(port)), default_dscp,
                      [&](Result<std::unique_ptr<Stream>, std::string> result) {
                        is_done = true;
                        EXPECT_TRUE(result) << result.error();
                      });
  EXPECT_TRUE(turn_until(loop, [&] { return is_done; }));
  EXPECT_TRUE(silent.front()->is_at_end());
}

TEST_F(PassiveControllerTest, FurtherConnectionsAreClosed) {
  configure("punix:" + directory + "/c");
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 65; ++i) {
    peers.push_back(connect_file(directory + "/c"));
    settle();
  }
  peers.front()->receive<Hello>();
  EXPECT_TRUE(peers.back()->is_at_end());
  peers.front()->close();
  settle();
  connect_file(directory + "/c")->receive<Hello>();
}

TEST_F(PassiveControllerTest, OnlyAllowedVersionsAreOffered) {
  configure("punix:" + directory + "/c", VersionSet{Version::v1_1, Version::v1_3});
  const auto peer = connect_file(directory + "/c");
  const auto hello = peer->receive<Hello>();
  EXPECT_EQ(hello.versions, (VersionSet{Version::v1_3})) << "1.1 is not supported";
  const auto tool = connect_file(directory + "/br0.mgmt");
  EXPECT_EQ(tool->receive<Hello>().versions, (VersionSet{Version::v1_3}));
}

TEST_F(PassiveControllerTest, AVersionThatIsNoLongerAllowedEnds) {
  configure("punix:" + directory + "/c");
  const auto peer = connect_file(directory + "/c");
  shake_hands(*peer);
  configure("punix:" + directory + "/c", VersionSet{Version::v1_3});
  EXPECT_TRUE(status().is_connected) << "still allowed";
  configure("punix:" + directory + "/c", VersionSet{Version::v1_1});
  EXPECT_TRUE(peer->is_at_end());
  EXPECT_EQ(status().last_error, "the bridge no longer speaks its OpenFlow version");
  EXPECT_TRUE(connect_file(directory + "/c")->is_at_end()) << "none is left";
  configure("punix:" + directory + "/c");
  shake_hands(*connect_file(directory + "/c"));
}

TEST_F(PassiveControllerTest, AControllersRatesChangeUnderIt) {
  configure("punix:" + directory + "/c");
  const auto peer = connect_file(directory + "/c");
  shake_hands(*peer);
  controllers->configure(
      {.controllers = {{.target = "punix:" + directory + "/c", .packet_ins = {.rate = 1, .burst = 1}}}});
  EXPECT_TRUE(status().is_connected);
  for (int i = 0; i < 3; ++i) {
    bridge.listeners.at(0)->packet_in(packet_in(60));
  }
  EXPECT_EQ(status().misses.backlog, 2u);
}

}  // namespace
}  // namespace weft::ofproto
