#include "ofproto/upcall/learn_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

using ::testing::ElementsAre;

std::vector<LearnedFlow> flows(uint16_t priority) {
  LearnedFlow learned;
  learned.flow.priority = priority;
  return {learned};
}

class LearnQueueTest : public testing::Test {
 protected:
  LearnQueue make(const LearnLimits& limits) {
    return LearnQueue([this](std::function<void()> call) { posted_.push_back(std::move(call)); },
                      [this](const std::vector<LearnedFlow>& taken, uint64_t up_to) {
                        for (const LearnedFlow& learned : taken) {
                          priorities_.push_back(learned.flow.priority);
                        }
                        up_to_ = up_to;
                      },
                      limits);
  }
  void run_posted() {
    for (size_t i = 0; i < posted_.size(); ++i) {
      const auto call = std::move(posted_[i]);
      call();
    }
    posted_.clear();
  }

  std::vector<std::function<void()>> posted_;
  std::vector<uint16_t> priorities_;
  uint64_t up_to_ = 0;
};

TEST_F(LearnQueueTest, RequestsAreNumberedAndTakenInOrder) {
  LearnQueue queue = make({});
  EXPECT_EQ(queue.push(PortId{1}, flows(10)), 1U);
  EXPECT_EQ(queue.push(PortId{2}, flows(20)), 2U);
  EXPECT_EQ(posted_.size(), 1U);
  run_posted();
  EXPECT_THAT(priorities_, ElementsAre(10, 20));
  EXPECT_EQ(up_to_, 2U);
  EXPECT_EQ(queue.push(PortId{1}, flows(30)), 3U);
  EXPECT_EQ(posted_.size(), 1U);
}

TEST_F(LearnQueueTest, ManyAreTakenInParts) {
  LearnQueue queue = make({.at_once = 2});
  for (uint16_t i = 1; i <= 5; ++i) {
    queue.push(PortId{1}, flows(i));
  }
  posted_[0]();
  EXPECT_THAT(priorities_, ElementsAre(1, 2));
  EXPECT_EQ(up_to_, 2U);
  posted_.erase(posted_.begin());
  run_posted();
  EXPECT_THAT(priorities_, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(up_to_, 5U);
}

TEST_F(LearnQueueTest, APortThatAsksForTooMuchCostsOnlyItself) {
  LearnQueue queue = make({.in_all = 4, .per_port = 2});
  EXPECT_TRUE(queue.push(PortId{1}, flows(1)));
  EXPECT_TRUE(queue.push(PortId{1}, flows(1)));
  EXPECT_FALSE(queue.push(PortId{1}, flows(1)));
  EXPECT_TRUE(queue.push(PortId{2}, flows(1)));
  EXPECT_TRUE(queue.push(PortId{3}, flows(1)));
  EXPECT_FALSE(queue.push(PortId{4}, flows(1)));
  run_posted();
  EXPECT_TRUE(queue.push(PortId{1}, flows(1)));
}

TEST_F(LearnQueueTest, ACallThatOutlivesTheQueueDoesNothing) {
  {
    LearnQueue queue = make({});
    queue.push(PortId{1}, flows(1));
  }
  run_posted();
  EXPECT_TRUE(priorities_.empty());
}

}  // namespace
}  // namespace weft::ofproto
