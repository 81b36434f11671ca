// Groups and meters as text.
#include "lib/openflow/text/group_text.h"

#include <gtest/gtest.h>

#include "lib/openflow/text/meter_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"

namespace weft::openflow {
namespace {

using testing::TwoPorts;

GroupMod parsed(const std::string& text, GroupModCommand command = GroupModCommand::add) {
  const TwoPorts ports;
  const auto mod = parse_group(text, command, &ports);
  EXPECT_TRUE(mod.has_value()) << render(text, mod.error());
  return mod.value_or(GroupMod{});
}

std::string marked(const std::string& text) {
  const TwoPorts ports;
  const auto mod = parse_group(text, GroupModCommand::add, &ports);
  return mod ? "(accepted)" : text.substr(mod.error().position, mod.error().length);
}

TEST(GroupText, BucketsHoldActionsWithOrWithoutTheWord) {
  const GroupMod mod = parsed("group_id=5,type=all,bucket=output:1,output:2,bucket=actions=dec_ttl,p2");
  ASSERT_EQ(mod.buckets.size(), 2U);
  EXPECT_EQ(mod.buckets[0].actions.size(), 2U);
  EXPECT_EQ(mod.buckets[1].actions.size(), 2U);
  EXPECT_EQ(mod.buckets[1].bucket_id, 1U);
}

TEST(GroupText, PrintsWhatItReads) {
  const TwoPorts ports;
  for (const std::string text : {
           "group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:2",
           "group_id=2,type=select,bucket=weight:100,watch_port:1,actions=output:1,bucket=actions=drop",
           "group_id=3,type=indirect,bucket=actions=set_field:0x5->tun_id,output:2",
           "group_id=4,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:2,actions=group:2",
           "group_id=5,type=all",
           "group_id=6,type=select,selection_method=hash,selection_method_param=7,fields(ip_src,ip_dst),"
           "bucket=actions=output:1",
       }) {
    EXPECT_EQ(format_group_mod(parsed(text)), text);
  }
}

TEST(GroupText, RemovalNamesOneGroupOrAll) {
  EXPECT_EQ(parsed("group_id=7", GroupModCommand::remove).group_id, 7U);
  EXPECT_EQ(parsed("group_id=all", GroupModCommand::remove).group_id, all_groups);
  EXPECT_EQ(parsed("", GroupModCommand::remove).group_id, all_groups);
}

TEST(GroupText, ErrorsMarkTheWord) {
  EXPECT_EQ(marked("group_id=1,tpye=all"), "tpye");
  EXPECT_EQ(marked("group_id=1,type=any"), "any");
  EXPECT_EQ(marked("group_id=1,type=all,bucket=outptu:1"), "outptu");
  EXPECT_EQ(marked("group_id=1,type=all,bucket=weight:5,output:1"), "weight:5,output:1");
  EXPECT_EQ(marked("group_id=1,type=ff,bucket=output:1"), "output:1");
  EXPECT_EQ(marked("type=all,bucket=output:1"), "type=all,bucket=output:1");
}

TEST(MeterText, PrintsWhatItReads) {
  const auto mod = parse_meter("meter=1,kbps,burst,stats,band=type=drop,rate=1000,burst_size=50", MeterModCommand::add);
  ASSERT_TRUE(mod.has_value());
  EXPECT_EQ(format_meter_mod(*mod), "meter=1 kbps burst stats bands=\ntype=drop rate=1000 burst_size=50");
  EXPECT_EQ(parse_meter(format_meter_mod(*mod), MeterModCommand::add), mod);
}

TEST(MeterText, SeveralBandsAndRemarking) {
  const auto mod =
      parse_meter("meter=2,pktps,bands=type=drop,rate=10,type=dscp_remark,rate=5,prec_level=2", MeterModCommand::add);
  ASSERT_TRUE(mod.has_value());
  ASSERT_EQ(mod->bands.size(), 2U);
  EXPECT_EQ(mod->bands[1].precedence_level, 2);
  EXPECT_FALSE(parse_meter("meter=1,kbps,pktps,band=type=drop,rate=1", MeterModCommand::add).has_value());
  EXPECT_FALSE(parse_meter("meter=1,band=type=drop", MeterModCommand::add).has_value());
  EXPECT_EQ(parse_meter("", MeterModCommand::remove)->meter, meter_id::all);
}

}  // namespace
}  // namespace weft::openflow
