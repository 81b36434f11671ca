#include "vswitchd/background.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "lib/base/rcu.h"

namespace weft {
namespace {

TEST(Background, WorksElsewhereAsAReaderAndAnswersByPost) {
  std::promise<std::function<void()>> posted;
  Background background([&](std::function<void()> task) { posted.set_value(std::move(task)); });
  std::atomic<bool> is_reader = false;
  std::string answer;
  background.run(
      [&] {
        is_reader = rcu::is_registered();
        return std::string("text");
      },
      [&](std::string text) { answer = std::move(text); });
  auto task = posted.get_future().get();
  EXPECT_TRUE(is_reader);
  EXPECT_EQ(answer, "") << "before the control thread's turn";
  task();
  EXPECT_EQ(answer, "text");
}

TEST(Background, WorksInOrder) {
  std::vector<std::string> answers;
  std::promise<void> done;
  Background background([](const std::function<void()>& task) { task(); });
  for (const char* name : {"a", "b", "c"}) {
    background.run([name] { return std::string(name); },
                   [&](std::string text) {
                     answers.push_back(std::move(text));
                     if (answers.size() == 3) {
                       done.set_value();
                     }
                   });
  }
  done.get_future().wait();
  EXPECT_EQ(answers, (std::vector<std::string>{"a", "b", "c"}));
}

// A daemon that is told to stop does not put the other answers together first.
TEST(Background, EndsAfterWhatHasBegun) {
  std::promise<void> has_begun, may_end;
  std::atomic<int> count = 0;
  std::thread ender;
  {
    Background background([](const std::function<void()>&) {});
    background.run(
        [&] {
          has_begun.set_value();
          may_end.get_future().wait();
          ++count;
          return std::string();
        },
        [](const std::string&) {});
    has_begun.get_future().wait();
    ender = std::thread([&] { may_end.set_value(); });
  }
  ender.join();
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace weft
