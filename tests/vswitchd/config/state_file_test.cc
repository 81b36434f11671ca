#include "vswitchd/config/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/lib/management/database_support.h"

namespace weft::config {
namespace {

using management::Database;
using management::OneBridge;
using testing::HasSubstr;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

struct StateFileTest : testing::Test {
  StateFileTest() {
    std::string name = "/tmp/weft_state_test_XXXXXX";
    directory = ::mkdtemp(name.data());
    path = directory + "/state";
  }
  ~StateFileTest() override { std::filesystem::remove_all(directory); }

  std::string directory;
  std::string path;
  OneBridge saved;
};

TEST_F(StateFileTest, IsReadAsItWasWritten) {
  ASSERT_TRUE(save_state(path, saved.database));
  const auto loaded = load_state(path);
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->version(), saved.database.version());
  EXPECT_EQ(loaded->rows("Port"), saved.database.rows("Port"));
  EXPECT_EQ(loaded->root().uuid, saved.root);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(StateFileTest, NoFileIsAnEmptyState) {
  const auto loaded = load_state(path);
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(loaded->rows("Bridge").empty());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StateFileTest, DirectoriesAreMade) {
  ASSERT_TRUE(save_state(directory + "/a/b/state", saved.database));
  EXPECT_TRUE(load_state(directory + "/a/b/state"));
}

TEST_F(StateFileTest, ADirectoryIsSaidToBeOne) {
  std::filesystem::create_directories(path);
  EXPECT_EQ(load_state(path).error(), "state file " + path + " is a directory");
}

TEST_F(StateFileTest, CutShortAnywhereItIsRefusedAndLeftAlone) {
  ASSERT_TRUE(save_state(path, saved.database));
  const std::string whole = read(path);
  for (size_t size = 0; size < whole.size(); ++size) {
    write(path, whole.substr(0, size));
    const auto loaded = load_state(path);
    ASSERT_FALSE(loaded) << size;
    EXPECT_THAT(loaded.error(), HasSubstr("state file " + path + " is damaged: it "));
    EXPECT_THAT(loaded.error(), HasSubstr(size < 29 ? "is cut short" : "holds")) << size;
    ASSERT_EQ(read(path).size(), size);
  }
}

TEST_F(StateFileTest, WithAnyByteAlteredItIsRefused) {
  ASSERT_TRUE(save_state(path, saved.database));
  const std::string whole = read(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    write(path, altered);
    const auto loaded = load_state(path);
    ASSERT_FALSE(loaded) << at;
    EXPECT_THAT(loaded.error(), HasSubstr(at < 13   ? "it does not begin as a state file does"
                                          : at < 21 ? "where its header says"
                                                    : "its checksum is wrong"))
        << at;
  }
  write(path, whole + "x");
  EXPECT_THAT(load_state(path).error(), HasSubstr("where its header says"));
}

TEST_F(StateFileTest, AFailedWriteLeavesTheOldState) {
  ASSERT_TRUE(save_state(path, saved.database));
  std::filesystem::create_directory(path + ".new");
  const auto done = save_state(path, Database::make_empty());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), "create " + path + ".new: Is a directory");
  EXPECT_EQ(load_state(path)->rows("Bridge").size(), 1u);
}

TEST_F(StateFileTest, SaverAnswersEverybodyWithAsFewWritesAsItCan) {
  std::mutex mutex;
  std::vector<std::function<void()>> posted;
  int answered = 0;
  {
    StateSaver saver(path, [&](std::function<void()> task) {
      const std::lock_guard lock(mutex);
      posted.push_back(std::move(task));
    });
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(
          saved.database.apply({management::update("Port", saved.port, {{"tag", management::Datum::of(int64_t{i})}})},
                               management::Writer::user));
      saver.save(saved.database, [&](const Result<void, std::string>& done) {
        EXPECT_TRUE(done);
        ++answered;
      });
    }
  }  // writes what is waiting
  EXPECT_LE(posted.size(), 50u);
  EXPECT_EQ(answered, 0) << "answers come on the control thread";
  for (const auto& task : posted) {
    task();
  }
  EXPECT_EQ(answered, 50);
  EXPECT_EQ((*load_state(path)->find("Port", saved.port))["tag"].integer(), 49);
}

TEST_F(StateFileTest, SaverTellsWhatWentWrong) {
  std::vector<std::function<void()>> posted;
  std::string error;
  {
    StateSaver saver("/proc/nowhere/state", [&](std::function<void()> task) { posted.push_back(std::move(task)); });
    saver.save(saved.database, [&](const Result<void, std::string>& done) { error = done ? "" : done.error(); });
  }
  posted.at(0)();
  EXPECT_THAT(error, HasSubstr("create /proc/nowhere/state.new: "));
}

}  // namespace
}  // namespace weft::config
