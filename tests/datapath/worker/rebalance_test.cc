// Which queue goes where, and when none does.
#include "datapath/worker/rebalance.h"

#include <gtest/gtest.h>

#include <vector>

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

// (worker, ms) each, over a second: "queue>worker", or "none".
std::string moved(const std::vector<QueueSample>& queues, size_t worker_count = 2) {
  const auto move = choose_move(queues, worker_count, 1s);
  return move ? std::to_string(move->queue) + ">" + std::to_string(move->worker) : "none";
}

TEST(Rebalance, TheQueueThatEvensItOutGoes) {
  EXPECT_EQ(moved({{0, 100ms}, {0, 400ms}, {0, 450ms}, {1, 0ms}}), "2>1");
  EXPECT_EQ(moved({{0, 600ms}, {0, 300ms}, {1, 100ms}}), "1>1");
  EXPECT_EQ(moved({{2, 500ms}, {2, 400ms}, {1, 200ms}}, 3), "0>0") << "to the idlest";
}

TEST(Rebalance, WithoutAClearGainNothingMoves) {
  EXPECT_EQ(moved({{0, 900ms}, {1, 0ms}}), "none") << "one queue is as busy on any worker";
  EXPECT_EQ(moved({{0, 900ms}, {0, 100ms}, {1, 0ms}}), "none") << "1000 would become 900";
  EXPECT_EQ(moved({{0, 400ms}, {0, 400ms}, {1, 500ms}}), "none") << "800 would become 900";
  EXPECT_EQ(moved({{0, 400ms}, {0, 400ms}, {1, 790ms}, {2, 0ms}}, 3), "none") << "the third stays at 790";
}

TEST(Rebalance, AWorkerThatIsNotBusyKeepsItsQueues) {
  EXPECT_EQ(moved({{0, 240ms}, {0, 240ms}, {1, 0ms}}), "none");
  EXPECT_EQ(moved({{0, 250ms}, {0, 250ms}, {1, 0ms}}), "0>1");
}

TEST(Rebalance, OneWorkerOrNoQueueIsNothingToDo) {
  EXPECT_EQ(moved({{0, 500ms}, {0, 500ms}}, 1), "none");
  EXPECT_EQ(moved({}), "none");
}

}  // namespace
}  // namespace weft::datapath
