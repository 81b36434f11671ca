#include "lib/base/run_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace weft {
namespace {

// An empty one used to send weft-ofctl to the root directory.
TEST(RunDirectory, IsTheEnvironmentsUnlessThatIsEmpty) {
  ::setenv("WEFT_RUNDIR", "/somewhere", 1);
  EXPECT_EQ(default_run_directory(), "/somewhere");
  ::setenv("WEFT_RUNDIR", "", 1);
  EXPECT_EQ(default_run_directory(), "/run/weft");
  ::unsetenv("WEFT_RUNDIR");
  EXPECT_EQ(default_run_directory(), "/run/weft");
}

}  // namespace
}  // namespace weft
