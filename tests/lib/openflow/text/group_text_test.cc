// Groups and meters as text.
#include "lib/openflow/text/group_text.h"

#include <gtest/gtest.h>

#include "lib/openflow/text/meter_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"

namespace weft::openflow {
namespace {

using testing::TwoPorts;

GroupMod parsed_group(const std::string& text, GroupModCommand command = GroupModCommand::add) {
  const TwoPorts ports;
  const auto mod = parse_group(text, command, &ports);
  EXPECT_TRUE(mod.has_value()) << render(text, mod.error());
  return mod.value_or(GroupMod{});
}

std::string marked(const std::string& text, GroupModCommand command = GroupModCommand::add) {
  const TwoPorts ports;
  const auto mod = parse_group(text, command, &ports);
  return mod ? "(accepted)" : text.substr(mod.error().position, mod.error().length);
}

TEST(GroupText, BucketsHoldActionsWithOrWithoutTheWord) {
  const GroupMod mod = parsed_group("group_id=5,type=all,bucket=output:1,output:2,bucket=actions=dec_ttl,p2");
  ASSERT_EQ(mod.buckets.size(), 2U);
  EXPECT_EQ(mod.buckets[0].actions.size(), 2U);
  EXPECT_EQ(mod.buckets[1].actions.size(), 2U);
  EXPECT_EQ(mod.buckets[1].bucket_id, unnumbered_bucket);
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
           "group_id=7,type=select,selection_method=hash,fields=ip_dst=255.255.255.128,bucket=actions=output:1",
           "group_id=8,type=select,selection_method=hash,fields(in_port,eth_dst,ipv6_src=ffff::,tcp_src=240),"
           "bucket=bucket_id:5,weight:7,watch_port:1,actions=output:1",
           "group_id=9,type=select,selection_method=dp_hash,selection_method_param=7,bucket=actions=output:1",
       }) {
    EXPECT_EQ(format_group_mod(parsed_group(text)), text);
  }
}

TEST(GroupText, CommandsOnBucketsNameAPlace) {
  using enum GroupModCommand;
  for (const std::string text : {
           "command_bucket_id:last,group_id=1,bucket=bucket_id:8,actions=output:1",
           "command_bucket_id:first,group_id=1,bucket=weight:3,watch_port:2,actions=output:1,bucket=actions=output:2",
           "command_bucket_id:4294967040,group_id=1,bucket=actions=output:1",
       }) {
    EXPECT_EQ(format_group_mod(parsed_group(text, insert_bucket)), text);
  }
  for (const std::string text : {"command_bucket_id:all,group_id=1", "command_bucket_id:7,group_id=1"}) {
    EXPECT_EQ(format_group_mod(parsed_group(text, remove_bucket)), text);
  }
  EXPECT_EQ(parsed_group("group_id=1,command_bucket_id=first", remove_bucket).command_bucket_id,
            bucket_position::first);
}

TEST(GroupText, WhatACommandOnBucketsCannotSayIsMarked) {
  using enum GroupModCommand;
  EXPECT_EQ(marked("group_id=1,bucket=output:1", insert_bucket), "group_id=1,bucket=output:1");
  EXPECT_EQ(marked("group_id=1,command_bucket_id=all,bucket=output:1", insert_bucket), "all");
  EXPECT_EQ(marked("group_id=1,command_bucket_id=4294967041", remove_bucket), "4294967041");
  EXPECT_EQ(marked("group_id=1,command_bucket_id=1,bucket=output:1", remove_bucket), "output:1");
  EXPECT_EQ(marked("group_id=1,command_bucket_id=1,type=all", remove_bucket),
            "group_id=1,command_bucket_id=1,type=all");
  EXPECT_EQ(marked("group_id=1,type=all,command_bucket_id=1"), "command_bucket_id=1");
}

TEST(GroupText, SelectionIsForSelectGroups) {
  EXPECT_EQ(marked("group_id=1,type=all,selection_method=hash"), "selection_method=hash");
  EXPECT_EQ(marked("group_id=1,type=select,selection_method=hahs"), "hahs");
  EXPECT_EQ(marked("group_id=1,type=select,selection_method_param=4"), "selection_method_param=4");
  EXPECT_EQ(marked("group_id=1,type=select,selection_method=dp_hash,fields(tcp_src)"), "fields(tcp_src)");
  EXPECT_EQ(marked("group_id=1,type=select,selection_method=hash,fields(tcp_scr)"), "tcp_scr");
  EXPECT_EQ(marked("group_id=1,type=select,selection_method=hash,fields=ip_dst=0.0.0.0"), "ip_dst=0.0.0.0");
}

TEST(GroupText, NumbersAreGivenWhereNoneAre) {
  GroupMod mod = parsed_group(
      "group_id=1,type=select,bucket=bucket_id:5,output:1,bucket=output:2,bucket=bucket_id:1,output:3,"
      "bucket=output:4");
  number_buckets(mod.buckets);
  std::vector<uint32_t> ids;
  for (const Bucket& bucket : mod.buckets) {
    ids.push_back(bucket.bucket_id);
  }
  EXPECT_EQ(ids, (std::vector<uint32_t>{5, 0, 1, 2}));
}

TEST(GroupText, RemovalNamesOneGroupOrAll) {
  EXPECT_EQ(parsed_group("group_id=7", GroupModCommand::remove).group_id, 7U);
  EXPECT_EQ(parsed_group("group_id=all", GroupModCommand::remove).group_id, all_groups);
  EXPECT_EQ(parsed_group("", GroupModCommand::remove).group_id, all_groups);
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
