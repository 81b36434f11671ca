// Numbers of frozen states: equal for equal ones, gone with the last holder, bounded.
#include "ofproto/translate/frozen_states.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weft::ofproto {
namespace {

FrozenState state(uint8_t table_id) {
  FrozenState state;
  state.bridge = 1;
  FrozenStep step;
  step.then.goto_table = table_id;
  state.steps.push_back(step);
  return state;
}

TEST(FrozenStates, EqualStatesHaveOneNumber) {
  FrozenStates states;
  const auto one = states.intern(state(1));
  const auto same = states.intern(state(1));
  const auto other = states.intern(state(2));
  EXPECT_EQ(one, same);
  EXPECT_NE(one->id, 0U);
  EXPECT_NE(one->id, other->id);
  EXPECT_EQ(states.count(), 2U);
  EXPECT_EQ(states.find(one->id), one);
}

TEST(FrozenStates, ANumberGoesWithItsLastHolder) {
  FrozenStates states;
  auto one = states.intern(state(1));
  const uint32_t id = one->id;
  one.reset();
  EXPECT_EQ(states.find(id), nullptr);
  EXPECT_EQ(states.count(), 0U);
  EXPECT_NE(states.intern(state(1))->id, id) << "not given again at once";
}

TEST(FrozenStates, ThereIsABoundToThem) {
  FrozenStates states(2);
  std::vector<FrozenStatePtr> held{states.intern(state(1)), states.intern(state(2))};
  EXPECT_EQ(states.intern(state(3)), nullptr);
  EXPECT_EQ(states.intern(state(2)), held[1]) << "one that is there costs nothing";
  held.pop_back();
  EXPECT_NE(states.intern(state(3)), nullptr);
}

TEST(FrozenStates, AStateMayOutliveTheTable) {
  FrozenStatePtr held;
  {
    FrozenStates states;
    held = states.intern(state(1));
  }
  EXPECT_EQ(held->steps.size(), 1U);
}

// Several workers stop at the same places and let go of them: a number always means what it was given for.
TEST(FrozenStates, ManyThreadsAgree) {
  FrozenStates states;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (unsigned i = 0; i < 5000; ++i) {
        const auto table = static_cast<uint8_t>(i % 3);
        const auto held = states.intern(state(table));
        ASSERT_EQ(held->steps[0].then.goto_table, table);
        const auto found = states.find(held->id);
        ASSERT_EQ(found, held);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(states.count(), 0U);
}

}  // namespace
}  // namespace weft::ofproto
