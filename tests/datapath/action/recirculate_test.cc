// Recirculate and Hash as actions: what leaves by that door, and how it is counted.
#include <gmock/gmock.h>

#include <set>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::SizeIs;

class RecirculateTest : public ActionTest {
 protected:
  static Frame flow(uint16_t port) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(port, 53); }
  static Action again(uint32_t id) { return Recirculate{id, nullptr}; }
  static Action hash(std::vector<uint32_t> slots, uint64_t param = 0) {
    return Hash{param, std::make_shared<const HashSlots>(HashSlots{std::move(slots)})};
  }
};

TEST_F(RecirculateTest, ThePacketGoesBackAsItIsAtThatPoint) {
  const auto& exits = run({set(FieldId::eth_src, 0x020000000099), again(7), set(FieldId::eth_src, 5)}, flow(1));
  ASSERT_THAT(exits.recirculated, SizeIs(1));
  const auto& [id, dp_hash, bytes] = exits.recirculated[0];
  EXPECT_EQ(id, 7U);
  EXPECT_EQ(bytes, flow(1).eth("02:00:00:00:00:99", "02:00:00:00:00:02"));
}

TEST_F(RecirculateTest, OutputsBesideItAreCopies) {
  const auto& exits = run({Output{PortId{1}}, again(7), Output{PortId{2}}}, flow(1));
  EXPECT_THAT(exits.sent, SizeIs(2));
  EXPECT_THAT(exits.recirculated, SizeIs(1));
  EXPECT_EQ(exits.originated_count, 2U);
}

TEST_F(RecirculateTest, AHashChoosesAmongItsSlotsAndTheSameForAFlow) {
  std::set<uint32_t> chosen;
  for (uint16_t port = 1; port <= 100; ++port) {
    const uint32_t first = std::get<1>(run({hash({3, 5, 5, 9}), again(1)}, flow(port)).recirculated.at(0));
    EXPECT_EQ(first, std::get<1>(run({hash({3, 5, 5, 9}), again(1)}, flow(port)).recirculated.at(0)));
    chosen.insert(first);
  }
  EXPECT_EQ(chosen, (std::set<uint32_t>{3, 5, 9}));
}

TEST_F(RecirculateTest, TheParameterMakesAnotherChoice) {
  unsigned differ = 0;
  for (uint16_t port = 1; port <= 100; ++port) {
    const uint32_t one = std::get<1>(run({hash({1, 2}, 1), again(1)}, flow(port)).recirculated.at(0));
    const uint32_t other = std::get<1>(run({hash({1, 2}, 2), again(1)}, flow(port)).recirculated.at(0));
    differ += one != other ? 1 : 0;
  }
  EXPECT_GT(differ, 25U);
  EXPECT_LT(differ, 75U);
}

}  // namespace
}  // namespace weft::datapath
