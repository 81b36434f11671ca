#include "lib/base/log.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::log {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

// Silence on the console, and a file that can be read back.
class Log : public ::testing::Test {
 protected:
  Log() : path_(std::filesystem::temp_directory_path() / ("weft_log_test." + std::to_string(::getpid()))) {
    EXPECT_TRUE(configure("any:console:off"));
    EXPECT_TRUE(configure("any:file:info"));
    EXPECT_TRUE(open_file(path_));
  }
  ~Log() override {
    close_file();
    std::filesystem::remove(path_);
    EXPECT_TRUE(configure("any:info"));
  }

  std::string written() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::filesystem::path path_;
};

TEST_F(Log, WritesModuleLevelAndMessage) {
  get("alpha").warn("{} of {}", 1, "two");
  EXPECT_THAT(written(), HasSubstr(" warn alpha: 1 of two\n"));
}

TEST_F(Log, LevelsAreSetPerModuleInWords) {
  get("alpha");
  get("beta");
  ASSERT_TRUE(configure("alpha:file:err"));
  get("alpha").warn("quiet");
  get("alpha").err("loud");
  get("beta").info("beta is as before");
  get("beta").dbg("too fine");
  EXPECT_THAT(written(),
              AllOf(HasSubstr("loud"), Not(HasSubstr("quiet")), HasSubstr("as before"), Not(HasSubstr("too fine"))));
  EXPECT_THAT(list(), Contains(ModuleLevels{"alpha", Level::off, Level::err}));
}

TEST_F(Log, LevelAloneMeansEverythingAndModuleAloneMeansDebug) {
  get("alpha");
  ASSERT_TRUE(configure("ANY file DBG"));
  get("module made later").dbg("heard");
  EXPECT_THAT(written(), HasSubstr("heard"));
  ASSERT_TRUE(configure("file:warn"));
  ASSERT_TRUE(configure("alpha:file"));
  EXPECT_EQ(get("alpha").level(Destination::file), Level::dbg);
  EXPECT_EQ(get("beta").level(Destination::file), Level::warn);
}

TEST_F(Log, AWrongWordIsPointedAt) {
  get("netlink");
  const auto result = configure("netlnik:dbg");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (TextError{"\"netlnik\" is no module, destination or level", 0, 7, "netlink"}));
  EXPECT_EQ(configure("dbg:info").error().position, 4u);
  EXPECT_FALSE(configure(""));
  EXPECT_FALSE(configure(" : "));
}

TEST_F(Log, RateLimitSaysWhatItLeftOut) {
  ManualClock clock;
  RateLimit limit(2, 10s, clock);
  for (int i = 0; i < 5; ++i) {
    get("alpha").warn(limit, "frame {}", i);
  }
  clock.advance(10s);
  get("alpha").warn(limit, "frame later");
  get("alpha").warn(limit, "frame last");
  EXPECT_THAT(written(),
              AllOf(HasSubstr("frame 1\n"), Not(HasSubstr("frame 2")),
                    HasSubstr("frame later (3 more like this were not logged)\n"), HasSubstr("frame last\n")));
}

TEST_F(Log, ADisabledMessageDoesNotUseUpItsLimit) {
  RateLimit limit(1, 10s);
  get("alpha").dbg(limit, "not logged");
  get("alpha").info(limit, "logged");
  EXPECT_THAT(written(), HasSubstr("logged"));
}

TEST_F(Log, RefusesAFileThatCannotBe) {
  const auto result = open_file("/dev/null/log");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().to_string(), HasSubstr("open log file /dev/null/log: Not a directory"));
}

TEST_F(Log, GoesOnInANewFileAfterRotation) {
  get("alpha").info("before");
  std::filesystem::rename(path_, path_.string() + ".1");
  ASSERT_TRUE(open_file(path_));
  get("alpha").info("after");
  EXPECT_THAT(written(), AllOf(HasSubstr("after"), Not(HasSubstr("before"))));
  std::filesystem::remove(path_.string() + ".1");
}

TEST(Level, HasTheNamesThatOperatorsKnow) {
  EXPECT_EQ(parse_level("DBG"), Level::dbg);
  EXPECT_EQ(parse_level("debug"), std::nullopt);
  EXPECT_EQ(to_string(Level::emer), "emer");
}

}  // namespace
}  // namespace weft::log
