#include "lib/base/os_error.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(OsError, SaysWhatWasWantedAndWhyNot) {
  errno = ENODEV;
  EXPECT_EQ(last_os_error("attach tap to eth1").to_string(), "attach tap to eth1: No such device");
  EXPECT_EQ(os_error(EPERM, "open socket").code, std::errc::operation_not_permitted);
}

}  // namespace
}  // namespace weft
