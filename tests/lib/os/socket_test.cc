#include "lib/os/socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "lib/os/device.h"

namespace weft {
namespace {

TEST(Fd, ClosesOnceHoweverOftenItIsMoved) {
  int raw = -1;
  {
    Fd first(::socket(AF_INET, SOCK_DGRAM, 0));
    raw = first.get();
    Fd second(std::move(first));
    EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move): that it is empty is the claim
    first = std::move(second);
    EXPECT_EQ(first.get(), raw);
  }
  int type = 0;
  socklen_t size = sizeof type;
  EXPECT_EQ(::getsockopt(raw, SOL_SOCKET, SO_TYPE, &type, &size), -1);
}

TEST(SocketAddress, ComesBackAsItWentIn) {
  for (const char* text : {"192.0.2.1", "2001:db8::7"}) {
    const SocketAddress address(*IpAddress::parse(text), 4789);
    EXPECT_EQ(address.address().to_string(), text);
    EXPECT_EQ(address.port(), 4789);
  }
  EXPECT_EQ(SocketAddress(*IpAddress::parse("2001:db8::7"), 80).to_string(), "[2001:db8::7]:80");
}

TEST(Socket, ErrorsSayWhatWasAttempted) {
  const auto socket = open_socket(AF_INET, SOCK_DGRAM, 0, "an UDP socket");
  ASSERT_TRUE(socket.has_value());
  const int one = 1;
  const auto set = set_socket_option(*socket, 12345, 1, one, "an option that does not exist");
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().what, "set an option that does not exist");
}

TEST(Socket, WithTheDropAllFilterNothingArrives) {
  auto receiver = open_socket(AF_INET, SOCK_DGRAM, 0, "receiver");
  auto sender = open_socket(AF_INET, SOCK_DGRAM, 0, "sender");
  ASSERT_TRUE(receiver && sender);
  SocketAddress address(Ipv4Address{{127, 0, 0, 1}}, 0);
  ASSERT_EQ(::bind(receiver->get(), address.get(), address.size()), 0);
  ASSERT_EQ(::getsockname(receiver->get(), address.get(), address.make_room()), 0);
  char byte = 'x';
  ASSERT_EQ(::sendto(sender->get(), &byte, 1, 0, address.get(), address.size()), 1);
  EXPECT_EQ(::recv(receiver->get(), &byte, 1, 0), 1);

  ASSERT_TRUE(drop_all_input(*receiver).has_value());
  ASSERT_EQ(::sendto(sender->get(), &byte, 1, 0, address.get(), address.size()), 1);
  EXPECT_EQ(::recv(receiver->get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(Device, LoopbackIsNoEthernetDeviceOfOurs) {
  const auto lo = read_device("lo");
  ASSERT_TRUE(lo.has_value());
  EXPECT_TRUE(lo->is_loopback);
  EXPECT_EQ(lo->ifindex, 1U);
}

TEST(Device, ADeviceThatIsNotThereIsNamed) {
  const auto device = read_device("no-such-device");
  ASSERT_FALSE(device.has_value());
  EXPECT_EQ(device.error().code, std::errc::no_such_device);
  EXPECT_EQ(device.error().what, "look up device no-such-device");
}

TEST(Device, ANameTooLongForAnyDeviceIsNotCutToAnother) {
  EXPECT_FALSE(read_device("lo" + std::string(100, 'o')).has_value());
  EXPECT_FALSE(read_device("").has_value());
}

}  // namespace
}  // namespace weft
