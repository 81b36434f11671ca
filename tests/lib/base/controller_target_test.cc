#include "lib/base/controller_target.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(Target, ReadsAddressesNamesAndFiles) {
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1"), (ControllerTarget{false, "192.0.2.1", 6653}));
  EXPECT_EQ(*parse_controller_target("tcp:192.0.2.1:6633"), (ControllerTarget{false, "192.0.2.1", 6633}));
  EXPECT_EQ(*parse_controller_target("tcp:[2001:db8::1]:6633"), (ControllerTarget{false, "2001:db8::1", 6633}));
  EXPECT_EQ(*parse_controller_target("tcp:[2001:db8::1]"), (ControllerTarget{false, "2001:db8::1", 6653}));
  EXPECT_EQ(*parse_controller_target("tcp:controller.example:1"), (ControllerTarget{false, "controller.example", 1}));
  EXPECT_EQ(*parse_controller_target("unix:/run/c.sock"), (ControllerTarget{true, "/run/c.sock", 0}));
}

TEST(Target, SaysWhatIsWrong) {
  EXPECT_EQ(parse_controller_target("ssl:192.0.2.1").error(),
            "\"ssl:192.0.2.1\": a controller is tcp:HOST[:PORT] or unix:FILE");
  EXPECT_EQ(parse_controller_target("tcp:192.0.2.1:0").error(), "\"tcp:192.0.2.1:0\": a port is 1 to 65535");
  EXPECT_EQ(parse_controller_target("tcp:192.0.2.1:65536").error(), "\"tcp:192.0.2.1:65536\": a port is 1 to 65535");
  EXPECT_EQ(parse_controller_target("tcp:").error(), "\"tcp:\": the host is missing");
  EXPECT_EQ(parse_controller_target("tcp:[2001:db8::1").error(), "\"tcp:[2001:db8::1\": missing ']'");
  EXPECT_FALSE(parse_controller_target("unix:"));
  EXPECT_FALSE(parse_controller_target("tcp:[::1]x"));
}

// Asio throws for such an address.
TEST(Target, AFileNameFitsASocketsAddress) {
  EXPECT_TRUE(parse_controller_target("unix:/" + std::string(106, 'x')));
  EXPECT_FALSE(parse_controller_target("unix:/" + std::string(107, 'x')));
}

}  // namespace
}  // namespace weft
