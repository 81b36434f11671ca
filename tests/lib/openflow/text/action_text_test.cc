// Errors in actions mark the word that is wrong, at whatever depth it stands, and propose the likely right one. What the
// actions mean is shown by the corpora.
#include <gmock/gmock.h>

#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"

namespace weft::openflow {
namespace {

using ::testing::HasSubstr;

struct Wrong {
  std::string_view text;
  std::string_view marked;
  std::string_view message;
  std::string_view suggestion = "";
};

TEST(ActionText, ErrorsMarkTheWrongWord) {
  const Wrong all[] = {
      {"actions=lern(table=3)", "lern", "unknown action", "learn"},
      {"actions=clone(output:nosuch)", "nosuch", "no such port"},
      {"actions=clone(clone(set_field:1->rge0))", "rge0", "unknown field", "reg0"},
      {"ip,actions=ct(comit)", "comit", "unknown option", "commit"},
      {"ip,actions=ct(commit,exec(set_field:1->ct_mark,set_field:1->reg0))", "set_field:1->reg0",
       "cannot be set by ct"},
      {"ip,actions=ct(exec(set_field:1->ct_mark))", "ct(exec(set_field:1->ct_mark))", "needs commit"},
      {"ip,actions=ct(commit,nat(src=10.0.0.9-10.0.0.1))", "10.0.0.9-10.0.0.1", "from the smaller address"},
      {"ip,actions=ct(commit,nat(scr=10.0.0.9))", "scr", "unknown option", "src"},
      {"ip,actions=ct(zone=reg0[0..3])", "reg0[0..3]", "16 bits"},
      {"ip,actions=ct(alg=fpt)", "fpt", "unknown helper", "ftp"},
      {"ip,actions=nat(src=10.0.0.9)", "nat(src=10.0.0.9)", "only inside ct"},
      {"actions=set_field:1->ct_mark", "set_field:1->ct_mark", "only inside ct(exec(...))"},
      {"actions=learn(table=3,eth_typ=0x800)", "eth_typ", "unknown option", "eth_type"},
      {"actions=learn(prioritty=3)", "prioritty", "unknown option", "priority"},
      {"actions=learn(reg0[0..3]=reg1[])", "reg0[0..3]=reg1[]", "do not fit"},
      {"actions=learn(tcp_src=5)", "learn(tcp_src=5)", "what is learned"},
      {"actions=conjunction(1,3/2)", "3", "clause must be"},
      {"actions=conjunction(1,1/2),output:1", "output:1", "beside a conjunction"},
      {"actions=multipath(eth_scr,50,modulo_n,1,0,reg0)", "eth_scr", "hash fields", "eth_src"},
      {"actions=multipath(eth_src,50,modulo_n,17,0,reg0[0..3])", "reg0[0..3]", "17 links"},
      {"actions=bundle(eth_src,0,hrw,ofprot,members:1)", "ofprot", "ofport", "ofport"},
      {"actions=bundle(eth_src,0,hrw,ofport,members:1,nosuch)", "nosuch", "no such port"},
      {"actions=check_pkt_larger(10)->reg0", "reg0", "one bit"},
      {"actions=output(port=1,max_len=3)", "output(port=1,max_len=3)", "at least 14 bytes"},
      {"actions=output(port=ALL,max_len=30)", "ALL", "one port"},
      {"actions=push:reg0[5..2]", "5..2", "bits of reg0"},
      {"actions=pop:dp_hash", "dp_hash", "read-only"},
      {"actions=sample(probability=0)", "sample(probability=0)", "1 to 65535"},
      {"actions=delete_field:reg0", "reg0", "tunnel option"},
      {"udp,actions=fin_timeout(idle_timeout=3)", "fin_timeout(idle_timeout=3)", "tcp"},
      {"actions=write_actions(output:1,clone(output:2))", "clone(output:2)", "no place in an action set"},
      {"actions=dec_nsh_ttl", "dec_nsh_ttl", "not supported"},
      {"actions=write_actions(output:1),output:2", "output:2", "actions are carried out before write_actions"},
      {"actions=goto_table:1,apply_actions(output:2)", "apply_actions(output:2)", "before goto_table"},
      {"actions=goto_table:1,write_metadata:5", "write_metadata:5", "write_metadata is carried out before goto_table"},
      {"actions=write_actions(output:1),clear_actions", "clear_actions", "before write_actions"},
      {"actions=goto_table:1,meter:1", "meter:1", "before goto_table"},
      {"actions=goto_table:1,goto_table:2", "goto_table:2", "twice"},
  };
  for (const Wrong& wrong : all) {
    const auto mod = parse_flow(wrong.text, FlowModCommand::add);
    ASSERT_FALSE(mod.has_value()) << wrong.text;
    const TextError& error = mod.error();
    EXPECT_EQ(wrong.text.substr(error.position, error.length), wrong.marked) << wrong.text << ": " << error.message;
    EXPECT_THAT(error.message, HasSubstr(wrong.message)) << wrong.text;
    EXPECT_EQ(error.suggestion, wrong.suggestion) << wrong.text;
  }
}

// In 1.5 a meter is an action, and stands where it is written.
TEST(ActionText, AMeterKeepsItsPlace) {
  const Action one = MeterAction{1};
  const Action two = MeterAction{2};
  const Action output = OutputAction{.port = OfPort{3}};
  const auto applied = [](std::optional<uint32_t> meter, ActionList actions) {
    Instructions made;
    made.meter = meter;
    made.apply = std::move(actions);
    return made;
  };
  const auto instructions = [](std::string_view text) {
    return parse_flow(text, FlowModCommand::add).value().instructions;
  };
  EXPECT_EQ(instructions("actions=meter:1,output:3"), (applied(1, {output})));
  EXPECT_EQ(instructions("actions=meter:1,meter:2,output:3"), (applied(1, {two, output})));
  EXPECT_EQ(instructions("actions=output:3,meter:1"), (applied(std::nullopt, {output, one})));
  for (const std::string text : {"meter:1", "meter:1,output:3,meter:2,goto_table:4", "output:3,meter:1",
                                 "write_actions(meter:1,output:3)", "clone(meter:1,output:3)"}) {
    EXPECT_EQ(format_instructions(instructions("actions=" + text)), text);
  }
  EXPECT_EQ(parse_actions("output:3,meter:1").value(), (ActionList{output, one}));
}

TEST(ActionText, ActionsInsideActionsAreBounded) {
  std::string text = "output:1";
  for (int i = 0; i < 16; ++i) {
    text = "clone(" + text + ")";
  }
  EXPECT_TRUE(parse_flow("actions=" + text, FlowModCommand::add).has_value());
  const auto mod = parse_flow("actions=clone(" + text + ")", FlowModCommand::add);
  ASSERT_FALSE(mod.has_value());
  EXPECT_THAT(mod.error().message, HasSubstr("too many actions inside actions"));
}

// A message is at most 65535 bytes long, and so are the lengths inside it.
TEST(ActionText, ActionsThatNoMessageHoldsAreRefused) {
  std::string learned = "learn(table=1";
  for (int i = 0; i < 8000; ++i) {
    learned += ",reg0[0]=1";
  }
  const auto mod = parse_flow("actions=" + learned + ")", FlowModCommand::add);
  ASSERT_FALSE(mod.has_value());
  EXPECT_THAT(mod.error().message, HasSubstr("longer than a message"));
}

}  // namespace
}  // namespace weft::openflow
