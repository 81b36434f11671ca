// What a user sees who mistypes a flow, and the forms that the corpus does not hold.
#include "lib/openflow/text/flow_text.h"

#include <gmock/gmock.h>

#include "lib/openflow/text/action_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"

namespace weft::openflow {
namespace {

using testing::TwoPorts;

struct Complaint {
  std::string word;
  std::string suggestion;
  friend bool operator==(const Complaint&, const Complaint&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Complaint& c) {
    return out << '"' << c.word << "\" (did you mean \"" << c.suggestion << "\")";
  }
};

// The word that is marked, and what is proposed instead.
Complaint complaint(const std::string& text, FlowModCommand command = FlowModCommand::add) {
  const TwoPorts ports;
  const auto mod = parse_flow(text, command, &ports);
  if (mod) {
    return {"(accepted)", ""};
  }
  return {text.substr(mod.error().position, mod.error().length), mod.error().suggestion};
}

std::string said_of(const std::string& text) {
  const TwoPorts ports;
  const auto mod = parse_flow(text, FlowModCommand::add, &ports);
  return mod ? "(accepted)" : mod.error().message;
}

FlowMod parsed(const std::string& text, FlowModCommand command = FlowModCommand::add) {
  const TwoPorts ports;
  const auto mod = parse_flow(text, command, &ports);
  EXPECT_TRUE(mod.has_value()) << render(text, mod.error());
  return mod.value_or(FlowMod{});
}

TEST(FlowTextErrors, MarkTheWordAndProposeTheLikelyOne) {
  EXPECT_EQ(complaint("in_port=1,dl_vlna=10,actions=drop"), (Complaint{"dl_vlna", "dl_vlan"}));
  EXPECT_EQ(complaint("tcpp,actions=drop"), (Complaint{"tcpp", "tcp"}));
  EXPECT_EQ(complaint("actions=ouptut:1"), (Complaint{"ouptut", "output"}));
  EXPECT_EQ(complaint("actions=dec_tll"), (Complaint{"dec_tll", "dec_ttl"}));
  EXPECT_EQ(complaint("actions=set_field:1->reg_0"), (Complaint{"reg_0", "reg0"}));
  EXPECT_EQ(complaint("idle_timeuot=5,actions=drop"), (Complaint{"idle_timeuot", "idle_timeout"}));
  EXPECT_EQ(complaint("actions=controller(maxlen=5)"), (Complaint{"maxlen", "max_len"}));
}

TEST(FlowTextErrors, MarkTheValueThatIsWrong) {
  EXPECT_EQ(complaint("in_port=p9,actions=drop").word, "p9");
  EXPECT_EQ(complaint("dl_vlan=5000,actions=drop").word, "5000");
  EXPECT_EQ(complaint("ip,nw_src=1.2.3,actions=drop").word, "1.2.3");
  EXPECT_EQ(complaint("priority=70000,actions=drop").word, "70000");
  EXPECT_EQ(complaint("actions=output:p9").word, "p9");
  EXPECT_EQ(complaint("actions=load:0x100->NXM_NX_REG0[0..7]").word, "0x100");
  EXPECT_EQ(complaint("actions=load:1->NXM_NX_REG0[32]").word, "32");
  EXPECT_EQ(complaint("actions=goto_table:300").word, "300");
}

TEST(FlowTextErrors, MarkAFieldWithoutItsPrerequisite) {
  EXPECT_EQ(complaint("tp_dst=80,actions=drop").word, "tp_dst");
  EXPECT_EQ(complaint("nw_src=10.0.0.1,actions=drop").word, "nw_src");
  EXPECT_EQ(complaint("icmp6,icmp_type=128,nd_target=::1,actions=drop").word, "nd_target");
  EXPECT_EQ(said_of("arp_spa=10.0.0.1,actions=drop"), "arp_spa needs arp or rarp in the match");
  EXPECT_EQ(said_of("ct_nw_src=10.0.0.1,actions=drop"), "ct_nw_src needs ct_state=+trk-inv in the match");
  EXPECT_EQ(said_of("ct_state=+trk-inv,ct_nw_src=10.0.0.1,actions=drop"), "(accepted)");
}

// It was "needs tcp or tcp6", which stands there.
TEST(FlowTextErrors, SayThatALaterFragmentHasNoPorts) {
  EXPECT_EQ(said_of("tcp,nw_frag=later,tp_dst=80,actions=drop"),
            "tp_dst is in no later fragment, which nw_frag asks for");
  EXPECT_EQ(said_of("ip,nw_frag=later,tcp_dst=80,actions=drop"), "tcp_dst needs tcp or tcp6 in the match");
  EXPECT_EQ(said_of("tcp,nw_frag=not_later,tp_dst=80,actions=drop"), "(accepted)");
}

// "tcp,udp" was a flow for UDP.
TEST(FlowTextErrors, MarkAProtocolThatContradictsAnother) {
  EXPECT_EQ(complaint("tcp,udp,actions=drop").word, "udp");
  EXPECT_EQ(said_of("tcp,udp,actions=drop"), "udp contradicts tcp");
  EXPECT_EQ(said_of("nw_proto=17,tcp,actions=drop"), "nw_proto=17 contradicts tcp");
  EXPECT_EQ(said_of("dl_type=0x800,dl_type=0x806,actions=drop"), "dl_type=0x806 contradicts ip");
  EXPECT_EQ(said_of("tcp6,ip,actions=drop"), "ip contradicts tcp6");
  EXPECT_EQ(said_of("ip,tcp,dl_type=0x800,nw_proto=6,actions=drop"), "(accepted)");
}

TEST(FlowTextErrors, MarkTheActionThatDoesNotFitTheMatch) {
  EXPECT_EQ(complaint("in_port=1,actions=output:2,pop_vlan").word, "pop_vlan");
  EXPECT_EQ(complaint("dl_vlan=5,actions=pop_vlan,pop_vlan,output:1").word, "pop_vlan");
  EXPECT_EQ(complaint("actions=dec_ttl").word, "dec_ttl");
  EXPECT_EQ(complaint("ip,actions=set_field:80->tcp_dst").word, "set_field:80->tcp_dst");
  EXPECT_EQ(complaint("table=5,actions=goto_table:5").word, "goto_table:5");
}

// As in ovs-ofctl; what came to 1.0 by extensions of another kind needs its match there too.
TEST(FlowText, ActionsOf10NeedNothingOfTheMatch) {
  const auto said = [](std::string_view text) {
    const auto mod = parse_flow(text, FlowModCommand::add, nullptr, Version::v1_0);
    return mod ? format_instructions(mod->instructions) : mod.error().message;
  };
  for (const std::string actions :
       {"dec_ttl", "mod_nw_src:10.0.0.1", "mod_tp_src:80", "mod_nw_tos:4,mod_nw_ttl:5", "pop_mpls:0x0800,dec_ttl",
        "set_mpls_label(3),dec_mpls_ttl", "pop_vlan", "fin_timeout(idle_timeout=5)", "clone(dec_ttl)"}) {
    EXPECT_EQ(said("actions=" + actions), actions);
    EXPECT_EQ(said("arp,actions=" + actions), actions);
    EXPECT_THAT(said_of("actions=" + actions), ::testing::HasSubstr("needs a match on"));
  }
  EXPECT_EQ(said("actions=load:0x1->NXM_OF_IP_SRC[]"), "ip_src needs a match on ip (OFPBAC_MATCH_INCONSISTENT)");
  EXPECT_EQ(said("actions=ct(commit)"), "ct needs a match on ip or ipv6 (OFPBAC_MATCH_INCONSISTENT)");
  // What the packet turns out to be is changed.
  const auto mod = parse_flow("ip,actions=mod_tp_src:80", FlowModCommand::add, nullptr, Version::v1_0);
  EXPECT_EQ(mod->instructions.apply->size(), 3U);
}

TEST(FlowTextErrors, AnActionSetMaySetWhatItPushes) {
  EXPECT_EQ(said_of("actions=write_actions(push_vlan:0x8100,set_field:4101->vlan_vid,output:1)"), "(accepted)");
  EXPECT_EQ(complaint("actions=write_actions(set_field:4101->vlan_vid,output:1)").word, "set_field:4101->vlan_vid");
}

TEST(FlowTextErrors, MarkStructureThatDoesNotClose) {
  EXPECT_EQ(complaint("actions=write_actions(output:1").word, "(");
  EXPECT_EQ(complaint("actions=output:1)").word, ")");
  EXPECT_EQ(complaint("actions=dec_ttl(1)x").word, "x");
  EXPECT_EQ(complaint("=5,actions=drop").word, "=5");
}

TEST(FlowTextErrors, VlanVidWithoutItsPresentBitIsCorrected) {
  EXPECT_EQ(complaint("dl_vlan=1,actions=set_field:5->vlan_vid"), (Complaint{"5", "4101"}));
}

// "in_port" was answered with "did you mean in_port?".
TEST(FlowTextErrors, AMatchBehindTheActionsIsNoMisspeltAction) {
  EXPECT_EQ(complaint("actions=output:2,in_port=1").word, "in_port=1");
  EXPECT_EQ(said_of("actions=output:2,in_port=1"), "what is matched stands before actions=");
  EXPECT_EQ(said_of("actions=output:2,nw_src=10.0.0.1"), "what is matched stands before actions=");
  EXPECT_EQ(said_of("actions=normal:1"), "normal takes no value");
}

// "del-flows priority=5" removed the flows of every priority.
TEST(FlowTextErrors, ARemovalDoesNotPassOverWhatItCannotSelectBy) {
  const auto said = [](std::string_view text, FlowModCommand command) {
    const auto mod = parse_flow(text, command);
    return mod ? "(accepted)" : mod.error().message;
  };
  EXPECT_EQ(said("priority=5,ip", FlowModCommand::remove), "flows are selected by priority only with --strict");
  EXPECT_EQ(said("priority=5,ip", FlowModCommand::remove_strict), "(accepted)");
  EXPECT_EQ(said("idle_timeout=5,ip", FlowModCommand::remove_strict), "flows are not selected by idle_timeout");
  EXPECT_EQ(said("send_flow_rem,ip", FlowModCommand::remove), "flows are not selected by send_flow_rem");
  EXPECT_EQ(said("ip,actions=output:2", FlowModCommand::remove),
            "flows are not selected by actions; by where they send with out_port=PORT");
  EXPECT_EQ(said("out_port=2,actions=drop", FlowModCommand::add), "out_port selects flows that are shown or deleted");
}

TEST(FlowText, WordsMayStandInAnyOrder) {
  EXPECT_EQ(parsed("tp_dst=80,nw_src=10.0.0.1,tcp,actions=drop"), parsed("tcp,nw_src=10.0.0.1,tp_dst=80,actions=drop"));
  EXPECT_EQ(parsed("nw_src=10.0.0.1,arp,actions=drop"), parsed("arp,arp_spa=10.0.0.1,actions=drop"));
  EXPECT_EQ(parsed("tp_dst=53,nw_proto=17,dl_type=0x800,actions=drop"), parsed("udp,udp_dst=53,actions=drop"));
}

TEST(FlowText, ModVlanVidTagsOnlyWhatIsNotTagged) {
  const auto first_action = [](const FlowMod& mod) { return mod.instructions.apply->front(); };
  EXPECT_EQ(first_action(parsed("actions=mod_vlan_vid:5")), Action(SetVlanVidAction{5}));
}

TEST(FlowText, RemovalNeedsNoActionsAndSelectsAllTables) {
  const FlowMod mod = parsed("in_port=p1,cookie=0x10/0xf0,out_port=p2,out_group=7", FlowModCommand::remove);
  EXPECT_EQ(mod.table_id, all_tables);
  EXPECT_EQ(mod.cookie, 0x10U);
  EXPECT_EQ(mod.cookie_mask, 0xf0U);
  EXPECT_EQ(mod.out_port, OfPort{2});
  EXPECT_EQ(mod.out_group, 7U);
  EXPECT_TRUE(mod.instructions.empty());
}

TEST(FlowText, CookieWithoutMaskSelectsNothing) {
  EXPECT_EQ(complaint("cookie=5", FlowModCommand::remove), (Complaint{"cookie=5", "cookie=5/-1"}));
  EXPECT_EQ(parsed("cookie=5/-1", FlowModCommand::remove).cookie_mask, ~uint64_t{0});
}

TEST(FlowText, ALineOfAFileMaySayWhatToDo) {
  EXPECT_EQ(parse_flow_line("delete_strict priority=5,ip", FlowModCommand::add)->command,
            FlowModCommand::remove_strict);
  EXPECT_EQ(parse_flow_line("modify ip,actions=drop", FlowModCommand::add)->command, FlowModCommand::modify);
  EXPECT_EQ(parse_flow_line("ip,actions=drop", FlowModCommand::add)->command, FlowModCommand::add);
  EXPECT_EQ(parse_flow_line("delete ipp", FlowModCommand::add).error().position, 7U);
}

TEST(FlowText, WhatADumpPrintsIsReadAgain) {
  const FlowMod mod = parsed(
      "cookie=0x5, duration=12.345s, table=3, n_packets=9, n_bytes=900, idle_age=2, "
      "priority=7,tcp actions=output:2");
  EXPECT_EQ(mod, parsed("cookie=5,table=3,priority=7,tcp,actions=output:2"));
}

TEST(FlowText, PortsAreShownByName) {
  const TwoPorts ports;
  EXPECT_EQ(format_flow_mod(parsed("in_port=1,actions=output:2,resubmit(1,3)"), &ports),
            "in_port=p1 actions=output:p2,resubmit(p1,3)");
}

TEST(FlowText, DurationsArePrintedToTheMillisecond) {
  EXPECT_EQ(format_duration({12, 0}), "12s");
  EXPECT_EQ(format_duration({1, 250'000'000}), "1.250s");
  EXPECT_EQ(format_duration({1, 1}), "1.000000001s");
}

TEST(ActionText, AListAloneIsReadWithoutAMatch) {
  const TwoPorts ports;
  const auto actions = parse_actions("mod_dl_src:00:00:00:00:00:01,output:p2", &ports);
  ASSERT_TRUE(actions.has_value());
  EXPECT_EQ(format_actions(*actions), "mod_dl_src:00:00:00:00:00:01,output:2");
  EXPECT_EQ(format_actions({}), "drop");
  EXPECT_FALSE(parse_actions("goto_table:1").has_value());
}

}  // namespace
}  // namespace weft::openflow
