#include "lib/base/controller_target.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(ControllerTarget, ReadsWhereToConnectTo) {
  using enum Transport;
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1"), (ControllerTarget{tcp, false, "192.0.2.1", 6653}));
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1:6633"), (ControllerTarget{tcp, false, "192.0.2.1", 6633}));
  EXPECT_EQ(*parse_controller_target("ssl:[2001:db8::1]:6633"), (ControllerTarget{ssl, false, "2001:db8::1", 6633}));
  EXPECT_EQ(*parse_controller_target("tcp:[2001:db8::1]"), (ControllerTarget{tcp, false, "2001:db8::1", 6653}));
  EXPECT_EQ(*parse_controller_target("ssl:controller.example:1"),
            (ControllerTarget{ssl, false, "controller.example", 1}));
  EXPECT_EQ(*parse_controller_target("unix:/run/c.sock"), (ControllerTarget{local, false, "/run/c.sock", 0}));
}

TEST(ControllerTarget, ReadsWhereToListen) {
  using enum Transport;
  EXPECT_EQ(*parse_controller_target("ptcp:"), (ControllerTarget{tcp, true, "", 6653}));
  EXPECT_EQ(*parse_controller_target("ptcp:6634"), (ControllerTarget{tcp, true, "", 6634}));
  EXPECT_EQ(*parse_controller_target("ptcp:6634:127.0.0.1"), (ControllerTarget{tcp, true, "127.0.0.1", 6634}));
  EXPECT_EQ(*parse_controller_target("pssl:6634:[::1]"), (ControllerTarget{ssl, true, "::1", 6634}));
  EXPECT_EQ(*parse_controller_target("pssl::127.0.0.1"), (ControllerTarget{ssl, true, "127.0.0.1", 6653}));
  EXPECT_EQ(*parse_controller_target("punix:/run/c.sock"), (ControllerTarget{local, true, "/run/c.sock", 0}));
}

// What is wrong, and where.
std::string problem(std::string_view text) {
  const TextError error = parse_controller_target(text).error();
  return error.message + " at " + std::string(text.substr(error.position, error.length));
}

TEST(ControllerTarget, SaysWhatIsWrong) {
  for (const std::string_view text : {"udp:192.0.2.1", "controller", "unix:", "punix:", ":6653", ""}) {
    EXPECT_EQ(problem(text).find("a controller is tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:FILE, or ptcp:"), 0u)
        << text;
  }
  EXPECT_EQ(problem("udp:192.0.2.1").substr(problem("udp:192.0.2.1").size() - 7), " at udp");
  EXPECT_EQ(problem("tcp:192.0.2.1:0"), "a port is 1 to 65535, after ':' at :0");
  EXPECT_EQ(problem("ssl:192.0.2.1:65536"), "a port is 1 to 65535, after ':' at :65536");
  EXPECT_EQ(problem("tcp:[::1]x"), "a port is 1 to 65535, after ':' at x");
  EXPECT_EQ(problem("tcp:"), "the host is missing at tcp:");
  EXPECT_EQ(problem("tcp:[2001:db8::1"), "missing ']' at [2001:db8::1");
  EXPECT_EQ(problem("ptcp:0"), "a port is 1 to 65535 at 0");
  EXPECT_EQ(problem("ptcp:x"), "a port is 1 to 65535 at x");
  EXPECT_EQ(problem("ptcp:6653:localhost"), "an address to listen on is needed at localhost");
  EXPECT_EQ(problem("pssl:6653:[::1"), "missing ']' at [::1");
  EXPECT_EQ(problem("pssl:6653:127.0.0.1:7"), "an address to listen on is needed at 127.0.0.1:7");
}

// Asio throws for such an address.
TEST(ControllerTarget, AFileNameFitsASocketsAddress) {
  EXPECT_TRUE(parse_controller_target("unix:/" + std::string(106, 'x')));
  EXPECT_FALSE(parse_controller_target("unix:/" + std::string(107, 'x')));
}

}  // namespace
}  // namespace weft
