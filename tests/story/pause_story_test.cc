// controller(pause): the packet goes to the controller, and where it left off when it comes back.
#include <gmock/gmock.h>

#include "lib/openflow/nicira_error.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using openflow::NiciraError;
using openflow::PacketIn;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Frame pause_packet = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload("as long as a wire wants it");

class PauseStory : public testing::Test {
 protected:
  PacketIn paused() {
    const auto events = sw_.packet_ins();
    EXPECT_THAT(events, SizeIs(1));
    return events.empty() ? PacketIn() : events[0].message;
  }
  void resume(const PacketIn& message) {
    const auto resumed = sw_.bridge().resume(message);
    EXPECT_TRUE(resumed) << (resumed ? "" : to_string(resumed.error()));
    sw_.settle();
  }
  openflow::OpenFlowError refusal(const PacketIn& message) {
    const auto resumed = sw_.bridge().resume(message);
    EXPECT_FALSE(resumed);
    return resumed ? openflow::OpenFlowError() : resumed.error();
  }

  TestSwitch sw_{"p1", "p2", "p3", "p4"};
};

TEST_F(PauseStory, APacketGoesOnWhereItWasPaused) {
  sw_.add_flow("actions=mod_dl_dst:02:00:00:00:00:09,controller(pause),mod_dl_src:02:00:00:00:00:08,output:p2");
  sw_.receive("p1", pause_packet);
  EXPECT_THAT(sw_.sent("p2"), IsEmpty());
  const PacketIn message = paused();
  EXPECT_FALSE(message.continuation.empty());
  EXPECT_EQ(Frame(message.data), pause_packet.eth("02:00:00:00:00:01", "02:00:00:00:00:09"));
  resume(message);
  EXPECT_THAT(sw_.sent("p2"), ElementsAre(pause_packet.eth("02:00:00:00:00:08", "02:00:00:00:00:09")));
}

TEST_F(PauseStory, TablesGotosActionSetAndRegistersGoOn) {
  sw_.add_flow(
      "actions=load:1->NXM_NX_REG0[],controller(pause),mod_dl_dst:02:00:00:00:00:09,"
      "write_actions(output:p2),write_metadata:0x77,goto_table:1");
  sw_.add_flow("table=1,udp,reg0=1,metadata=0x77,actions=output:p3");
  sw_.add_flow("table=1,udp,reg0=2,metadata=0x77,actions=output:p4");
  sw_.receive("p1", pause_packet);
  PacketIn message = paused();
  const Frame wanted = pause_packet.eth("02:00:00:00:00:01", "02:00:00:00:00:09");
  resume(message);
  EXPECT_THAT(sw_.sent("p3"), ElementsAre(wanted));
  EXPECT_THAT(sw_.sent("p2"), ElementsAre(wanted));
  // What the controller changed counts: a register, the packet.
  message.match.set(FieldId::reg0, 2);
  message.data = pause_packet.payload("y").bytes();
  resume(message);
  EXPECT_THAT(sw_.sent("p4"), SizeIs(1));
  EXPECT_THAT(sw_.sent("p3"), IsEmpty());
}

TEST_F(PauseStory, EachListOnTheWayGoesOn) {
  sw_.add_group("group_id=1,type=all,bucket=actions=resubmit(,1),output:p3,bucket=actions=output:p4");
  sw_.add_flow("actions=group:1,output:p2");
  sw_.add_flow("table=1,actions=controller(pause),mod_dl_dst:02:00:00:00:00:09");
  sw_.receive("p1", pause_packet);
  EXPECT_THAT(sw_.sent("p2"), SizeIs(1)) << "what follows the group does not wait";
  EXPECT_THAT(sw_.sent("p4"), SizeIs(1));
  EXPECT_THAT(sw_.sent("p3"), IsEmpty());
  resume(paused());
  EXPECT_THAT(sw_.sent("p3"), ElementsAre(pause_packet.eth("02:00:00:00:00:01", "02:00:00:00:00:09")));
  EXPECT_THAT(sw_.sent("p2"), IsEmpty());
}

// It holds all there is to know: nobody keeps anything, and it may come late and twice.
TEST_F(PauseStory, ItMayComeLateAndTwice) {
  sw_.add_flow("actions=controller(pause),output:p2");
  sw_.receive("p1", pause_packet);
  const PacketIn message = paused();
  sw_.del_flows();
  sw_.advance(60);
  resume(message);
  resume(message);
  EXPECT_THAT(sw_.sent("p2"), SizeIs(2));
}

TEST_F(PauseStory, APausedPacketMayPauseAgainAndBeLookedUpAgain) {
  sw_.add_flow("mpls,actions=controller(pause),controller(pause),pop_mpls:0x0800,resubmit(,1)");
  sw_.add_flow("table=1,udp,actions=output:p2");
  sw_.receive("p1", frame().mpls(7).ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload("as long as a wire wants it"));
  resume(paused());
  resume(paused());
  EXPECT_THAT(sw_.sent("p2"), ElementsAre(pause_packet));
}

TEST_F(PauseStory, BytesThatAreNoContinuationAreRefused) {
  sw_.add_group("group_id=1,type=all,bucket=output:p2");
  sw_.add_flow("actions=controller(pause),group:1");
  sw_.receive("p1", pause_packet);
  const PacketIn good = paused();
  const auto is_stale = [](const openflow::OpenFlowError& error) {
    return error == nicira_error(NiciraError::resume_stale, error.detail);
  };

  PacketIn bad = good;
  bad.continuation.clear();
  EXPECT_TRUE(is_stale(refusal(bad)));
  bad = good;
  bad.continuation[0] ^= 1;
  EXPECT_TRUE(is_stale(refusal(bad)));
  for (size_t size = 1; size < good.continuation.size(); ++size) {
    bad = good;
    bad.continuation.resize(size);
    refusal(bad);
  }
  bad = good;
  bad.data.resize(10);
  EXPECT_TRUE(refusal(bad).is(openflow::ErrorCode::ofpbrc_bad_packet));

  sw_.bridge().set_datapath_id(99);
  EXPECT_TRUE(is_stale(refusal(good)));
  EXPECT_THAT(sw_.sent("p2"), IsEmpty());
}

}  // namespace
}  // namespace weft
