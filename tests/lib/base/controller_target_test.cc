#include "lib/base/controller_target.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(ControllerTarget, ReadsAddressesNamesAndFiles) {
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1"), (ControllerTarget{false, "192.0.2.1", 6653}));
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1:6633"), (ControllerTarget{false, "192.0.2.1", 6633}));
  EXPECT_EQ(*parse_controller_target("tcp:[2001:db8::1]:6633"), (ControllerTarget{false, "2001:db8::1", 6633}));
  EXPECT_EQ(*parse_controller_target("tcp:[2001:db8::1]"), (ControllerTarget{false, "2001:db8::1", 6653}));
  EXPECT_EQ(*parse_controller_target("tcp:controller.example:1"), (ControllerTarget{false, "controller.example", 1}));
  EXPECT_EQ(*parse_controller_target("unix:/run/c.sock"), (ControllerTarget{true, "/run/c.sock", 0}));
}

// What is wrong, and where.
std::string problem(std::string_view text) {
  const TextError error = parse_controller_target(text).error();
  return error.message + " at " + std::string(text.substr(error.position, error.length));
}

TEST(ControllerTarget, SaysWhatIsWrong) {
  EXPECT_EQ(problem("ssl:192.0.2.1"), "a controller is tcp:HOST[:PORT] or unix:FILE at ssl");
  EXPECT_EQ(problem("controller"), "a controller is tcp:HOST[:PORT] or unix:FILE at controller");
  EXPECT_EQ(problem("unix:"), "a controller is tcp:HOST[:PORT] or unix:FILE at unix");
  EXPECT_EQ(problem("tcp:192.0.2.1:0"), "a port is 1 to 65535, after ':' at :0");
  EXPECT_EQ(problem("tcp:192.0.2.1:65536"), "a port is 1 to 65535, after ':' at :65536");
  EXPECT_EQ(problem("tcp:[::1]x"), "a port is 1 to 65535, after ':' at x");
  EXPECT_EQ(problem("tcp:"), "the host is missing at tcp:");
  EXPECT_EQ(problem("tcp:[2001:db8::1"), "missing ']' at [2001:db8::1");
}

// Asio throws for such an address.
TEST(ControllerTarget, AFileNameFitsASocketsAddress) {
  EXPECT_TRUE(parse_controller_target("unix:/" + std::string(106, 'x')));
  EXPECT_FALSE(parse_controller_target("unix:/" + std::string(107, 'x')));
}

}  // namespace
}  // namespace weft
