// What the action codec refuses, with which error, and what only one version or one form on the wire can show. That the
// bytes are stock Open vSwitch's is shown by the corpora in text/; the errors here are what it answers to the same bytes.
#include "lib/openflow/action_codec.h"

#include <gmock/gmock.h>

#include "lib/openflow/nicira_error.h"
#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using ::testing::ElementsAre;
using testing::hex;

Result<ActionList, OpenFlowError> read(const std::string& bytes, Version version = Version::v1_3,
                                       ActionContext context = ActionContext::rule) {
  return read_actions(hex(bytes), version, context);
}

Bytes written(const ActionList& actions, Version version) {
  Bytes bytes;
  WireWriter out(bytes);
  write_actions(out, actions, version);
  return bytes;
}

struct Refused {
  std::string_view why;
  std::string_view bytes;
  OpenFlowError error;
};

void expect_refused(std::span<const Refused> all, Version version = Version::v1_3,
                    ActionContext context = ActionContext::rule) {
  for (const Refused& one : all) {
    const auto actions = read(std::string(one.bytes), version, context);
    ASSERT_FALSE(actions.has_value()) << one.why;
    EXPECT_EQ(actions.error(), one.error) << one.why << ": " << to_string(actions.error());
  }
}

TEST(ActionCodec, LengthsAreChecked) {
  using enum ErrorCode;
  const Refused all[] = {
      {"an action of no bytes", "0000 0000 00000000", ofpbac_bad_len},
      {"not a multiple of eight", "0000 000c 00000001 00000000", ofpbac_bad_len},
      {"longer than the list", "0000 0018 00000001 0000 000000000000", ofpbac_bad_len},
      {"an output cut short", "0000 0008 00000001", ofpbac_bad_len},
      {"an output with more behind it", "0000 0018 00000001 0000 000000000000 0000000000000000", ofpbac_bad_len},
      {"a Nicira action without its subtype's body", "ffff 0008 00002320", ofpbac_bad_len},
      {"learn cut short", "ffff 0018 00002320 0010 000000008000 00000000 00000000", ofpbac_bad_len},
      {"a bundle with fewer members than it says",
       "ffff 0028 00002320 000c 0001 0000 0000 00000002 0005 0000 00000000 00000000 0004000800000000", ofpbac_bad_len},
      {"more controller ids than bytes", "ffff 0018 00002320 0015 0005 00000000 0001000200000000", ofpbac_bad_len},
      {"a controller property without end", "ffff 0018 00002320 0025 000000000000 0000 0010 0064 0000", ofpbpc_bad_len},
      {"nat with fewer values than it says",
       "ffff 0028 00002320 0023 0001 00000000 0000 ff 000000 0000  ffff 0010 00002320 0024 0000 0001 0001",
       ofpbac_bad_len},
  };
  expect_refused(all);
}

TEST(ActionCodec, WhatIsNotKnownIsRefused) {
  using enum ErrorCode;
  const Refused all[] = {
      {"a type", "0063 0008 00000000", ofpbac_bad_type},
      {"an experimenter", "ffff 0010 00001234 0000000000000000", ofpbac_bad_experimenter},
      {"a Nicira subtype", "ffff 0010 00002320 0063000000000000", ofpbac_bad_exp_type},
      {"an ONF subtype", "ffff 0010 4f4e4600 0063000000000000", ofpbac_bad_exp_type},
      {"a field to push", "ffff 0018 00002320 001b 0000 0001ff04 0020 000000000000", ofpbac_bad_set_type},
      {"a controller property", "ffff 0018 00002320 0025 000000000000 0063 0004 00000000", ofpbpc_bad_type},
      {"hash fields", "ffff 0020 00002320 000a 0063 0032 0000 0000 0000 00000000 0000 0003 00010004",
       ofpbac_bad_argument},
      {"a multipath algorithm", "ffff 0020 00002320 000a 0000 0032 0000 0063 0000 00000000 0000 0003 00010004",
       ofpbac_bad_argument},
      {"a bundle algorithm", "ffff 0020 00002320 000c 0063 0000 0000 00000002 0000 0000 00000000 00000000",
       ofpbac_bad_argument},
      {"learn flags", "ffff 0020 00002320 0010 0000 0000 8000 0000000000000000 0008 01 00 0000 0000",
       ofpbac_bad_argument},
      {"a learn spec", "ffff 0028 00002320 0010 0000 0000 8000 0000000000000000 0000 01 00 0000 0000 5800 000000000000",
       ofpbac_bad_argument},
  };
  expect_refused(all);
}

TEST(ActionCodec, ArgumentsAreChecked) {
  using enum ErrorCode;
  const OpenFlowError bad_conjunction = nicira_error(NiciraError::bad_conjunction);
  const Refused all[] = {
      {"a conjunction of one clause", "ffff 0010 00002320 0022 00 01 00000001", bad_conjunction},
      {"a conjunction of 65", "ffff 0010 00002320 0022 00 41 00000001", bad_conjunction},
      {"clause 4 of 3", "ffff 0010 00002320 0022 03 03 00000001", bad_conjunction},
      {"a conjunction and an output", "ffff 0010 00002320 0022 00 02 00000001  0000 0010 00000001 0000 000000000000",
       bad_conjunction},
      {"an output cut to 13 bytes", "ffff 0010 00002320 0027 0001 0000000d", ofpbac_bad_argument},
      {"a truncated output to CONTROLLER", "ffff 0010 00002320 0027 fffd 00000064", ofpbac_bad_out_port},
      {"a sample with probability 0", "ffff 0018 00002320 001d 0000 00000001 00000002 00000003", ofpbac_bad_argument},
      {"17 links in four bits", "ffff 0020 00002320 000a 0000 0032 0000 0000 0010 00000000 0000 0003 00010004",
       ofpbac_bad_argument},
      {"bundle_load to fifteen bits", "ffff 0020 00002320 000d 0001 0000 0000 00000002 0000 000e 00010004 00000000",
       ofpbac_bad_argument},
      {"learn into table 255", "ffff 0020 00002320 0010 0000 0000 8000 0000000000000000 0000 ff 00 0000 0000",
       ofpbac_bad_argument},
      {"pop into what is read-only", "ffff 0018 00002320 001c 0000 00014604 0020 000000000000",
       ofpbac_bad_set_argument},
      {"pop of no bits", "ffff 0018 00002320 001c 0000 00010004 0000 000000000000", ofpbac_bad_set_len},
      {"push of bits that are not there", "ffff 0018 00002320 001b 0010 00010004 0020 000000000000",
       ofpbac_bad_set_len},
      {"a zone of 32 bits", "ffff 0018 00002320 0023 0000 00010004 001f ff 000000 0000", ofpbac_bad_set_len},
      {"ct(force) without commit", "ffff 0018 00002320 0023 0002 00000000 0000 ff 000000 0000", ofpbac_bad_argument},
      {"a mark without commit",
       "ffff 0028 00002320 0023 0000 00000000 0000 ff 000000 0000  0019 0010 0001d604 00000001 00000000",
       ofpbac_bad_argument},
      {"nat of source and destination",
       "ffff 0028 00002320 0023 0001 00000000 0000 ff 000000 0000  ffff 0010 00002320 0024 0000 0003 0000",
       ofpbac_bad_argument},
      {"nat to addresses of two families",
       "ffff 0040 00002320 0023 0001 00000000 0000 ff 000000 0000  ffff 0028 00002320 0024 0000 0001 0005 0a000001 "
       "fe800000000000000000000000000001 00000000",
       ofpbac_bad_argument},
      {"nat from the larger to the smaller",
       "ffff 0030 00002320 0023 0001 00000000 0000 ff 000000 0000  ffff 0018 00002320 0024 0000 0001 0003 0a000009 "
       "0a000001",
       ofpbac_bad_argument},
      {"a tunnel option that is none to delete", "ffff 0018 00002320 0032 00010004 00000000000000000000",
       ofpbac_bad_argument},
      {"a set_field behind which are no zeros", "0019 0010 80000606 020000000001 0001", ofpbac_bad_set_argument},
      {"bits of a resubmit that must be zero", "ffff 0010 00002320 000e 0001 02 000001", ofpbac_bad_argument},
      {"bits of controller2 that must be zero", "ffff 0010 00002320 0025 000000000001",
       nicira_error(NiciraError::must_be_zero)},
  };
  expect_refused(all);
}

TEST(ActionCodec, WhereAnActionMayStandIsChecked) {
  using enum ErrorCode;
  const std::string_view nat = "ffff 0010 00002320 0024 0000 0000 0000";
  const std::string_view mark = "0019 0010 0001d604 00000001 00000000";
  const Refused in_a_rule[] = {
      {"nat outside ct", nat, ofpbac_bad_set_argument},
      {"the connection's mark outside ct", mark, ofpbac_bad_set_argument},
      {"an output inside ct",
       "ffff 0028 00002320 0023 0001 00000000 0000 ff 000000 0000  0000 0010 00000001 0000 000000000000",
       ofpbac_bad_argument},
      {"a register inside ct",
       "ffff 0028 00002320 0023 0001 00000000 0000 ff 000000 0000  0019 0010 00010004 00000001 00000000",
       ofpbac_bad_argument},
  };
  expect_refused(in_a_rule);
  const Refused in_an_action_set[] = {
      {"clone", "ffff 0010 00002320 002a 000000000000", ofpbac_bad_type},
      {"note", "ffff 0010 00002320 0008 010000000000", ofpbac_bad_type},
      {"learn", "ffff 0020 00002320 0010 0000 0000 8000 0000000000000000 0000 01 00 0000 0000", ofpbac_bad_type},
  };
  expect_refused(in_an_action_set, Version::v1_3, ActionContext::action_set);
}

TEST(ActionCodec, ActionsInsideActionsAreBounded) {
  const auto nested = [](unsigned depth) {
    CloneAction inner;
    for (unsigned i = 1; i < depth; ++i) {
      inner = CloneAction{NestedActions{{inner}}};
    }
    return ActionList{inner};
  };
  const Bytes deep = written(nested(max_action_depth), Version::v1_3);
  EXPECT_EQ(read_actions(deep, Version::v1_3, ActionContext::rule).value(), nested(max_action_depth));
  const Bytes deeper = written(nested(max_action_depth + 1), Version::v1_3);
  EXPECT_TRUE(read_actions(deeper, Version::v1_3, ActionContext::rule).error().is(ErrorCode::ofpbac_too_many));
}

// What a version does not have, it does not take.
TEST(ActionCodec, EachVersionHasItsOwnTypes) {
  using enum ErrorCode;
  const Refused not_in_13[] = {
      {"1.5's copy_field", "001c 0018 0020 0000 0000 0000 00010004 00010204 00000000", ofpbac_bad_type},
      {"1.5's meter", "001d 0008 00000001", ofpbac_bad_type},
      {"1.0's enqueue", "000b 0010 0001 000000000000 00000002", ofpbac_bad_len},
      {"1.0's set_nw_src", "0006 0008 0a000001", ofpbac_bad_type},
      {"1.0's queue", "ffff 0010 00002320 0004 0000 00000001", ofpbac_bad_exp_type},
      {"1.0's group", "ffff 0010 00002320 0028 0000 00000001", ofpbac_bad_exp_type},
      {"1.0's push_mpls", "ffff 0010 00002320 0017 8847 00000000", ofpbac_bad_exp_type},
      {"a masked set_field", "0019 0010 00010108 00000001 00000001", ofpbac_bad_set_argument},
  };
  expect_refused(not_in_13);
  const Refused not_in_15[] = {
      {"reg_load", "ffff 0018 00002320 0007 001f 00010004 0000000000000001", ofpbac_bad_exp_type},
      {"reg_move", "ffff 0018 00002320 0006 0020 0000 0000 00010004 00010204", ofpbac_bad_exp_type},
      {"reg_load2", "ffff 0018 00002320 0021 00010004 00000001 000000000000", ofpbac_bad_exp_type},
  };
  expect_refused(not_in_15, Version::v1_5);
  const Refused not_in_10[] = {
      {"1.3's group", "0016 0008 00000001", ofpbac_bad_type},
      {"1.3's set_field", "0019 0010 00010004 00000001 00000000", ofpbac_bad_type},
      {"a VLAN id of 13 bits", "0001 0008 1000 0000", ofpbac_bad_argument},
      {"a VLAN priority of four bits", "0002 0008 08 000000", ofpbac_bad_argument},
      {"a type of service with ECN bits", "0008 0008 01 000000", ofpbac_bad_argument},
      {"enqueue to NORMAL", "000b 0010 fffa 000000000000 00000002", ofpbac_bad_out_port},
      {"output to NONE", "0000 0008 ffff 0000", ofpbac_bad_out_port},
  };
  expect_refused(not_in_10, Version::v1_0);
}

TEST(ActionCodec, OnfsCopyFieldFor13IsAMove) {
  const auto actions = read("ffff 0020 4f4e4600 0c80 0000 0020 0000 0000 0000 00010004 00010204 00000000");
  ASSERT_TRUE(actions.has_value()) << to_string(actions.error());
  EXPECT_THAT(*actions, ElementsAre(Action(MoveAction{{FieldId::reg0, 0, 32}, {FieldId::reg0 + 1, 0, 32}})));
}

// OVN sends dec_ttl with a list of no controllers.
TEST(ActionCodec, NoControllerIdsAreEverybody) {
  EXPECT_THAT(*read("ffff 0010 00002320 0015 0000 00000000"), ElementsAre(Action(DecTtlAction{})));
}

TEST(ActionCodec, ASampleMayNameFields) {
  SampleAction sample;
  sample.probability = 3;
  sample.collector_set_id = 1;
  sample.observation_domain = 2U;
  sample.observation_point = SubField{FieldId::reg0, 0, 16};
  sample.direction = SampleDirection::egress;
  const Bytes bytes =
      hex("ffff 0028 00002320 0033 0003 00000001 00000000 00000002 00010004 000f 0000 ffff 02 0000000000");
  EXPECT_EQ(written({sample}, Version::v1_3), bytes);
  EXPECT_THAT(*read_actions(bytes, Version::v1_3, ActionContext::rule), ElementsAre(Action(sample)));
}

// A field that only an experimenter's number names takes the newer form, with room for eight bytes of header.
TEST(ActionCodec, OutputToAnExperimentersField) {
  const OutputRegAction output{{FieldId::actset_output, 0, 16}, 100};
  const Bytes bytes = written({output}, Version::v1_3);
  EXPECT_THAT(*read_actions(bytes, Version::v1_3, ActionContext::rule), ElementsAre(Action(output)));
}

TEST(ActionCodec, EnqueueIsThreeActionsAfter10) {
  const ActionList enqueue = {EnqueueAction{OfPort{1}, 2}};
  EXPECT_EQ(read_actions(written(enqueue, Version::v1_0), Version::v1_0, ActionContext::rule).value(), enqueue);
  EXPECT_THAT(
      *read_actions(written(enqueue, Version::v1_3), Version::v1_3, ActionContext::rule),
      ElementsAre(Action(SetQueueAction{2}), Action(OutputAction{OfPort{1}, 0xffff}), Action(PopQueueAction{})));
}

// What 1.0 has no action for, and nothing that comes near, is left out.
TEST(ActionCodec, WhatAVersionCannotSayIsLeftOut) {
  EXPECT_TRUE(
      written({PushVlanAction{}, PushPbbAction{}, PopPbbAction{}, CopyTtlInAction{}, CopyTtlOutAction{}}, Version::v1_0)
          .empty());
  EXPECT_TRUE(written({MeterAction{1}}, Version::v1_3).empty());
}

// 1.0's set_tp_src does not say of which protocol. The match may; where it does not, each protocol's packets are changed.
TEST(ActionCodec, TransportPortsOf10AreTheMatchs) {
  const std::string set_tp_src = "0009 0008 0050 0000";
  const auto set = [](FieldId id) {
    return Action(SetFieldAction{.field = id, .value = {0, 80}, .mask = {0, 0xffff}, .is_mod = true});
  };
  Match udp;
  udp.set(FieldId::eth_type, 0x0800);
  udp.set(FieldId::ip_proto, 17);
  ActionList actions = read(set_tp_src, Version::v1_0).value();
  resolve_transport_ports(actions, udp);
  EXPECT_THAT(actions, ElementsAre(set(FieldId::udp_src)));

  actions = read(set_tp_src, Version::v1_0).value();
  resolve_transport_ports(actions, Match());
  EXPECT_THAT(actions, ElementsAre(set(FieldId::tcp_src), set(FieldId::udp_src), set(FieldId::sctp_src)));
  EXPECT_EQ(written(actions, Version::v1_0), hex(set_tp_src));
}

// 1.3's instruction and 1.5's first action are one thing.
TEST(ActionCodec, AMeterIsAnActionIn15) {
  Instructions instructions;
  instructions.meter = 5;
  instructions.apply = ActionList{OutputAction{OfPort{1}}};
  for (const Version version : {Version::v1_3, Version::v1_5}) {
    Bytes bytes;
    WireWriter out(bytes);
    write_instructions(out, instructions, version, false);
    EXPECT_EQ(read_instructions(bytes, version).value(), instructions) << to_string(version);
  }
}

// Its place cannot be said, but that the rule is metered can.
TEST(ActionCodec, A15MeterAmongActionsIsShownIn13) {
  const Action output = OutputAction{.port = OfPort{1}};
  Instructions instructions;
  instructions.apply = ActionList{output, MeterAction{5}, MeterAction{6}};
  Bytes bytes;
  WireWriter out(bytes);
  write_instructions(out, instructions, Version::v1_3, false);
  const auto shown = read_instructions(bytes, Version::v1_3);
  EXPECT_EQ(shown->meter, 5U);
  EXPECT_EQ(shown->apply, ActionList{output});
}

}  // namespace
}  // namespace weft::openflow
