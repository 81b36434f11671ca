#include "datapath/worker/pipeline.h"

#include <gmock/gmock.h>

#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

Frame datagram(uint16_t src, std::string_view payload = "x") {
  return frame().ipv4("10.0.0.1", "10.0.0.2").udp(src, 53).payload(payload);
}

class PipelineTest : public WorkerTest {
 protected:
  uint64_t packets(const Megaflow& megaflow) const { return megaflow.installed.load()->packet_count; }
};

// The first packet of a flow goes up, the rest do not.
TEST_F(PipelineTest, AMissIsTranslatedOnceAndRemembered) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::udp_src}); };
  for (int i = 0; i < 5; ++i) {
    inject(*p1_, datagram(1000));
    run();
  }
  EXPECT_THAT(sink_.events, ElementsAre("translate", "is_current"));
  EXPECT_THAT(sent(*p2_), SizeIs(5));
  ASSERT_THAT(megaflows(), SizeIs(1));
  EXPECT_EQ(packets(*megaflows()[0]), 5U);
  EXPECT_EQ(megaflows()[0]->installed.load()->byte_count, 5 * datagram(1000).size());
  EXPECT_EQ(worker_.status().misses, 1U);
  EXPECT_EQ(worker_.status().megaflow_hits + worker_.status().flow_cache_hits, 4U);
}

TEST_F(PipelineTest, PacketsOfOneBatchShareTheMissOfTheFirst) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::udp_src}); };
  for (int i = 0; i < 32; ++i) {
    inject(*p1_, datagram(1000));
  }
  run();
  EXPECT_THAT(sink_.events, ElementsAre("translate", "is_current"));
  EXPECT_THAT(sent(*p2_), SizeIs(32));
}

// One new flow does not make the others wait: what hits leaves first. Within a flow order stays.
TEST_F(PipelineTest, HitsOfOtherFlowsLeaveBeforeAMissIsTranslated) {
  size_t sent_at_translation = 0;
  sink_.decide = [&](const FlowKey&) {
    sent_at_translation = p2_->total_counters().tx_packets;
    return decision({to(p2_->id())}, {FieldId::udp_src});
  };
  inject(*p1_, datagram(1000, "known"));
  run();
  sent(*p2_);

  inject(*p1_, datagram(2000, "new 1"));
  inject(*p1_, datagram(1000, "known 1"));
  inject(*p1_, datagram(2000, "new 2"));
  inject(*p1_, datagram(1000, "known 2"));
  run();
  EXPECT_EQ(sent_at_translation, 3U);
  EXPECT_THAT(sent(*p2_), ElementsAre(datagram(1000, "known 1"), datagram(1000, "known 2"), datagram(2000, "new 1"),
                                      datagram(2000, "new 2")));
}

// Two packets of a connection fall under different megaflows; the second is known, the first is not.
TEST_F(PipelineTest, APacketDoesNotOvertakeAMissOfItsOwnFlow) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::tcp_flags}); };
  const auto tcp = [](uint16_t flags) { return frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2, flags); };
  inject(*p1_, tcp(tcp_flag::ack));
  run();
  sent(*p2_);
  inject(*p1_, tcp(tcp_flag::syn));
  inject(*p1_, tcp(tcp_flag::ack));
  run();
  EXPECT_THAT(sent(*p2_), ElementsAre(tcp(tcp_flag::syn), tcp(tcp_flag::ack)));
}

TEST_F(PipelineTest, AMegaflowCoversWhatItsMaskLeavesOpenAndNothingElse) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::udp_dst}); };
  inject(*p1_, datagram(1000));
  inject(*p1_, datagram(1001));
  inject(*p1_, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 54));
  inject(*p3_, datagram(1000));
  run();
  EXPECT_EQ(worker_.status().misses, 3U);
  EXPECT_THAT(megaflows(), SizeIs(3));
}

// A change was published while the decision was made: it is taken back before any packet has used it.
TEST_F(PipelineTest, ADecisionThatIsNoLongerCurrentIsMadeAgain) {
  sink_.stale_count = 1;
  unsigned version = 0;
  sink_.decide = [&](const FlowKey&) {
    return decision({++version == 1 ? to(p2_->id()) : to(p3_->id())}, {FieldId::udp_src});
  };
  inject(*p1_, datagram(1000));
  run();
  EXPECT_THAT(sink_.events, ElementsAre("translate", "is_current", "translate", "is_current"));
  EXPECT_THAT(sent(*p2_), IsEmpty());
  EXPECT_THAT(sent(*p3_), SizeIs(1));
  EXPECT_THAT(megaflows(), SizeIs(1));
}

TEST_F(PipelineTest, AfterTwoAttemptsThePacketIsForwardedAndForgotten) {
  sink_.stale_count = 2;
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::udp_src}); };
  inject(*p1_, datagram(1000));
  run();
  EXPECT_THAT(sink_.events, ElementsAre("translate", "is_current", "translate", "is_current", "translate",
                                        "credit 1 " + std::to_string(datagram(1000).size())));
  EXPECT_THAT(sent(*p2_), SizeIs(1));
  EXPECT_THAT(megaflows(), IsEmpty());
}

TEST_F(PipelineTest, ADecisionForOnePacketOnlyIsCreditedNotKept) {
  sink_.decide = [&](const FlowKey&) {
    Decision once = decision({to(p2_->id())});
    once.is_cacheable = false;
    return once;
  };
  inject(*p1_, datagram(1000));
  inject(*p1_, datagram(1000));
  run();
  EXPECT_THAT(sent(*p2_), SizeIs(2));
  EXPECT_THAT(megaflows(), IsEmpty());
  EXPECT_THAT(sink_.events, ElementsAreArray({"translate", "credit 1 43", "translate", "credit 1 43"}));
}

// Whoever has received a packet and asks for counters finds it in them.
TEST_F(PipelineTest, CountsBeforeThePacketLeaves) {
  struct Context : PuntContext {
    std::string describe() const override { return ""; }
  };
  sink_.decide = [&](const FlowKey&) { return decision({Controller{std::make_shared<Context>()}}); };
  uint64_t counted = 0;
  sink_.on_punt = [&] { counted = packets(*megaflows().at(0)); };
  inject(*p1_, datagram(1000));
  run();
  EXPECT_EQ(counted, 1U);
}

TEST_F(PipelineTest, TheTimeOfTheLastPacketIsKept) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}); };
  inject(*p1_, datagram(1000));
  run();
  clock_.advance(std::chrono::seconds(5));
  inject(*p1_, datagram(1000));
  run();
  EXPECT_EQ(megaflows()[0]->installed.load()->used_ns, clock_.now().time_since_epoch().count());
}

TEST_F(PipelineTest, FramesThatAreNoneAreDroppedAndCounted) {
  inject(*p1_, datagram(1000).truncated(10));
  p1_->inject({datagram(1000).bytes(), {.checksum = Offload::Checksum::partial, .csum_start = 9999}, {}});
  run();
  EXPECT_EQ(drops(DropReason::truncated_frame), 1U);
  EXPECT_EQ(drops(DropReason::bad_checksum_offset), 1U);
  EXPECT_EQ(p1_->total_counters().rx_dropped, 2U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(PipelineTest, PortsCountFramesBytesAndSegments) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}); };
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(3500).gso(1000);
  inject(*p1_, large);
  run();
  EXPECT_EQ(p1_->total_counters().rx_packets, 1U);
  EXPECT_EQ(p1_->total_counters().rx_bytes, large.size());
  EXPECT_EQ(p1_->total_counters().rx_gso_segments, 4U);
  EXPECT_EQ(p2_->total_counters().tx_packets, 1U);
  EXPECT_EQ(p2_->total_counters().tx_bytes, large.size());
  EXPECT_EQ(p2_->total_counters().tx_gso_segments, 4U);
}

TEST_F(PipelineTest, AnOutputToAPortThatIsGoneIsCounted) {
  sink_.decide = [&](const FlowKey&) { return decision({to(PortId{999})}); };
  inject(*p1_, datagram(1000));
  run();
  EXPECT_EQ(drops(DropReason::port_gone), 1U);
  EXPECT_TRUE(is_balanced());
}

// What the controller sees is what a wire would carry.
TEST_F(PipelineTest, PacketsForTheControllerAreFinished) {
  struct Context : PuntContext {
    std::string describe() const override { return ""; }
  };
  sink_.decide = [&](const FlowKey&) { return decision({Controller{std::make_shared<Context>()}}); };
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("abc");
  inject(*p1_, tcp.partial_checksum());
  inject(*p1_, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(3500).gso(1000));
  run();
  ASSERT_THAT(sink_.punted, SizeIs(5));
  EXPECT_EQ(sink_.punted[0], tcp);
  EXPECT_EQ(worker_.counters().balance.absorbed.value(), 2U);
  EXPECT_TRUE(is_balanced());
}

// Whatever went wrong, it was counted as a full packet-in queue.
TEST_F(PipelineTest, APacketThatDoesNotReachTheControllerIsCountedForTheRightReason) {
  struct Context : PuntContext {
    std::string describe() const override { return ""; }
  };
  sink_.decide = [&](const FlowKey&) { return decision({Controller{std::make_shared<Context>()}}); };
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(3500).gso(1000);
  Offload uncuttable = tcp.offload();
  uncuttable.gso = Offload::Gso::tcp6;
  p1_->inject({tcp.bytes(), uncuttable, {}});
  run();
  EXPECT_EQ(drops(DropReason::gso_unsupported), 1U);

  sink_.takes_punts = false;
  for (const Frame& frame : {tcp, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).partial_checksum()}) {
    inject(*p1_, frame);
  }
  run();
  EXPECT_EQ(drops(DropReason::packet_in_queue_full), 2U);
  EXPECT_TRUE(is_balanced());
}

}  // namespace
}  // namespace weft::datapath
