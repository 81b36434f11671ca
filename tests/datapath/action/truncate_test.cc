// Frames that leave cut off.
#include "datapath/action/truncate.h"

#include <gmock/gmock.h>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;

Frame long_on(const Frame& link) { return link.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(500); }

using TruncateTest = ActionTest;

TEST_F(TruncateTest, FrameIsCutOffAndShorterOnesAreNot) {
  EXPECT_EQ(after(Truncate{100}, long_on(frame())), long_on(frame()).truncated(100));
  EXPECT_EQ(after(Truncate{1000}, long_on(frame())), long_on(frame()));
}

// It is cut off when it is sent, so headers are found, and what is pushed lies before what stays.
TEST_F(TruncateTest, LaterActionsMeetTheWholeFrame) {
  run({Truncate{100}, set(FieldId::udp_dst, 99), PushVlan{0x8100, 10}, Output{PortId{1}}}, long_on(frame()));
  const Frame changed = frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1, 99).payload_size(500);
  EXPECT_EQ(exits_.sent.at(0).frame, changed.truncated(104));
  run({Truncate{100}, PopVlan{}, Output{PortId{1}}}, long_on(frame().vlan(10)));
  EXPECT_EQ(exits_.sent.at(0).frame, long_on(frame()).truncated(96));
}

TEST_F(TruncateTest, CopyOutsideACloneIsWhole) {
  const auto clone = std::make_shared<Clone>();
  clone->actions = {Truncate{64}, Output{PortId{1}}};
  run({std::shared_ptr<const Clone>(clone), Output{PortId{2}}}, long_on(frame()));
  EXPECT_EQ(exits_.sent.at(0).frame, long_on(frame()).truncated(64));
  EXPECT_EQ(exits_.sent.at(1).frame, long_on(frame()));
}

// The sum runs over what is cut off.
TEST_F(TruncateTest, UnfinishedChecksumIsFinishedFirst) {
  EXPECT_EQ(after(Truncate{100}, long_on(frame()).partial_checksum()), long_on(frame()).truncated(100));
  EXPECT_EQ(offload_after(), Offload{});
  EXPECT_EQ(after(Truncate{1000}, long_on(frame()).partial_checksum()), long_on(frame()).partial_checksum());
  EXPECT_EQ(offload_after(), long_on(frame()).partial_checksum().offload());
}

TEST_F(TruncateTest, EachSegmentOfALargeFrameIsCutOff) {
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(2500).gso(1000);
  run({Truncate{200}, Output{PortId{1}}}, large);
  ASSERT_EQ(exits_.sent.size(), 3U);
  const Frame first = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(1000);
  EXPECT_EQ(exits_.sent[0].frame, first.truncated(200));
  EXPECT_EQ(exits_.sent[2].frame.size(), 200U);
  EXPECT_EQ(exits_.sent[0].offload, Offload{});
  // No segment is longer: nothing to cut off, nothing to cut.
  run({Truncate{1054}, Output{PortId{1}}}, large);
  ASSERT_EQ(exits_.sent.size(), 1U);
  EXPECT_EQ(exits_.sent[0].offload, large.offload());
}

TEST_F(TruncateTest, PacketInIsCutOffToo) {
  const auto context = std::make_shared<NamedContext>("c");
  run({Truncate{64}, Controller{context, nullptr}, Output{PortId{1}}}, long_on(frame()));
  EXPECT_THAT(exits_.punted, ElementsAre(std::pair("c", long_on(frame()).truncated(64))));
}

}  // namespace
}  // namespace weft::datapath
