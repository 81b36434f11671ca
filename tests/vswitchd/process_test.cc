#include "vswitchd/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace weft {
namespace {

using testing::HasSubstr;

struct ProcessTest : testing::Test {
  ProcessTest() {
    std::string name = "/tmp/weft_process_test_XXXXXX";
    directory = ::mkdtemp(name.data());
  }
  ~ProcessTest() override { std::filesystem::remove_all(directory); }

  std::string directory;
};

// Another process that has done `work` and lives until the end of the test: a process does not lock itself out.
class Other {
 public:
  template <typename Work>
  explicit Other(Work work) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool is_done = work();
      [[maybe_unused]] const auto written = ::write(ends[1], is_done ? "y" : "n", 1);
      ::pause();
      ::_exit(0);
    }
    char answer = 0;
    EXPECT_EQ(::read(ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~Other() { kill(); }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;

  pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }

 private:
  pid_t pid_ = 0;
};

TEST_F(ProcessTest, ALockedFileIsRefusedWithItsHoldersId) {
  const std::string path = directory + "/made/lock";
  Other other([&] { return FileLock::take(path, "in use").has_value(); });
  const auto lock = FileLock::take(path, "in use");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error(), fmt::format("in use, as process {}", other.pid()));
}

TEST_F(ProcessTest, ALockEndsWithItsProcess) {
  const std::string path = directory + "/lock";
  Other other([&] { return FileLock::take(path, "in use").has_value(); });
  other.kill();
  EXPECT_TRUE(FileLock::take(path, "in use"));
}

TEST_F(ProcessTest, APlaceWithoutADirectoryIsNamed) {
  std::ofstream(directory + "/file") << "in the way";
  const auto lock = FileLock::take(directory + "/file/lock", "in use");
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error(), HasSubstr(directory + "/file/lock"));
}

TEST_F(ProcessTest, APidfileOfALivingProcessIsLeftAlone) {
  const std::string path = directory + "/pid";
  Other other([&] { return Pidfile::create(path).has_value(); });
  const auto pidfile = Pidfile::create(path);
  ASSERT_FALSE(pidfile);
  EXPECT_THAT(pidfile.error(), HasSubstr(fmt::format("process {}", other.pid())));
  std::string written;
  std::getline(std::ifstream(path), written);
  EXPECT_EQ(written, std::to_string(other.pid()));
}

TEST_F(ProcessTest, APidfileOfADeadProcessIsTakenOver) {
  const std::string path = directory + "/pid";
  Other other([&] { return Pidfile::create(path).has_value(); });
  other.kill();
  auto pidfile = Pidfile::create(path);
  ASSERT_TRUE(pidfile);
  pidfile->remove();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace weft
