// Outputs by way of a queue.
#include <gmock/gmock.h>

#include "datapath/action/execute.h"
#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Says the same of every packet, and keeps their sizes.
class Gate final : public Queue {
 public:
  explicit Gate(bool is_open) : is_open_(is_open) {}
  void configure(const QueueSpec&) override {}
  QueueCounters counters() const override { return {}; }
  bool admit(const Packet& packet) override { return sizes.push_back(packet.size()), is_open_; }
  void charge(const Packet&) override {}

  std::vector<size_t> sizes;

 private:
  const bool is_open_;
};

using QueueOutputTest = ActionTest;

// One full queue of a flood must not take the packet from the other ports.
TEST_F(QueueOutputTest, AFullQueueDropsItsOwnCopyOnly) {
  const auto full = std::make_shared<Gate>(false);
  const auto open = std::make_shared<Gate>(true);
  run({Output{PortId{1}, full, 1}, Output{PortId{2}, open, 1}, Output{PortId{3}}}, frame().payload("x"));
  ASSERT_EQ(exits_.sent.size(), 2U);
  EXPECT_EQ(exits_.sent[0].port, PortId{2});
  EXPECT_EQ(exits_.sent[1].port, PortId{3});
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::queue_rate_exceeded));
}

TEST_F(QueueOutputTest, TheLastOutputMayBeTheOneThatIsDropped) {
  run({Output{PortId{2}}, Output{PortId{1}, std::make_shared<Gate>(false), 1}}, frame().payload("x"));
  EXPECT_EQ(exits_.sent.size(), 1U);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::queue_rate_exceeded));
}

TEST_F(QueueOutputTest, IsChargedForWhatLeaves) {
  const auto open = std::make_shared<Gate>(true);
  run({PushVlan{0x8100, 10}, Output{PortId{1}, open, 1}, Truncate{100}, Output{PortId{1}, open, 1}},
      frame().payload_size(1000 - 14));
  EXPECT_THAT(open->sizes, ElementsAre(1004U, 100U));
  EXPECT_THAT(exits_.drops, IsEmpty());
}

}  // namespace
}  // namespace weft::datapath
