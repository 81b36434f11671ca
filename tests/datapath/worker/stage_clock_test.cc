#include "datapath/worker/stage_clock.h"

#include <gmock/gmock.h>

#include <numeric>
#include <thread>

namespace weft::datapath {
namespace {

using testing::ElementsAre;

void run_batch(StageClock& clock, size_t packet_count) {
  clock.begin();
  clock.end(Stage::receive);
  clock.end(Stage::actions);
  clock.finish(packet_count);
}

uint64_t all_batches(const WorkerPerf& perf) {
  return std::accumulate(perf.batches.begin(), perf.batches.end(), uint64_t{0});
}

TEST(StageClockTest, BatchesAreCountedBySize) {
  StageClock clock;
  for (const size_t size : {1, 2, 3, 4, 5, 8, 9, 32, 33, 1000}) {
    run_batch(clock, size);
  }
  EXPECT_THAT(clock.read().batches, ElementsAre(1, 1, 2, 2, 1, 1, 1, 0, 1));
}

TEST(StageClockTest, OneBatchInSoManyIsTimed) {
  StageClock clock;
  for (unsigned i = 0; i < 10 * StageClock::timed_one_in; ++i) {
    run_batch(clock, 3);
  }
  const WorkerPerf perf = clock.read();
  EXPECT_EQ(perf.timed_batches + perf.interrupted_batches, 10U);
  EXPECT_EQ(perf.timed_packets, 3 * perf.timed_batches);
}

// What is not there is not the sample either: the next batch is timed in its place.
TEST(StageClockTest, AnEmptyReadIsNoBatch) {
  StageClock clock;
  for (unsigned i = 0; i < 1000; ++i) {
    run_batch(clock, 0);
  }
  EXPECT_EQ(all_batches(clock.read()), 0U);
  EXPECT_EQ(clock.read().timed_batches + clock.read().interrupted_batches, 0U);
  run_batch(clock, 1);
  EXPECT_EQ(clock.read().timed_batches + clock.read().interrupted_batches, 1U);
}

TEST(StageClockTest, TimeGoesToTheStageThatTookIt) {
  StageClock clock;
  // An interrupted batch is left out; that all of a hundred are interrupted does not happen.
  for (int attempt = 0; attempt < 100 && clock.read().timed_batches == 0; ++attempt) {
    clock.begin();
    clock.end(Stage::receive);
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::microseconds(200)) {
    }
    clock.end(Stage::misses);
    clock.end(Stage::transmit);
    clock.finish(1);
    for (unsigned i = 1; i < StageClock::timed_one_in; ++i) {
      run_batch(clock, 1);
    }
  }
  const WorkerPerf perf = clock.read();
  ASSERT_EQ(perf.timed_batches, 1U);
  const auto cycles = [&](Stage stage) { return static_cast<double>(perf.cycles[static_cast<size_t>(stage)]); };
  EXPECT_GE(cycles(Stage::misses) / perf.cycles_per_microsecond, 150);
  EXPECT_LT(cycles(Stage::transmit), cycles(Stage::misses));
  EXPECT_EQ(cycles(Stage::flow_cache), 0);
}

TEST(StageClockTest, ABatchThatLostTheProcessorIsLeftOut) {
  StageClock clock;
  clock.begin();
  std::this_thread::sleep_for(std::chrono::microseconds(100));  // gives the processor up: that is the event
  clock.end(Stage::receive);
  clock.finish(1);
  EXPECT_EQ(clock.read().interrupted_batches, 1U);
  EXPECT_EQ(clock.read().timed_batches, 0U);
  EXPECT_EQ(clock.read().cycles[0], 0U);
  EXPECT_EQ(all_batches(clock.read()), 1U);
}

}  // namespace
}  // namespace weft::datapath
