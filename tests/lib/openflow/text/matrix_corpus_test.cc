// Every generated flow text (flow_generator.h) in every version: parsed, encoded, decoded and printed, and compared with what
// stock ovs-ofctl made of it. A difference is an error unless matrix_differences.cc explains it, and so is an explanation
// that explains nothing.
//
// Compared are a flow-mod's match and instructions, in 1.0 its actions: what a text says. Messages are compared
// whole as well.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/message_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"
#include "tests/lib/openflow/text/matrix_corpus.h"
#include "tests/lib/openflow/text/matrix_differences.h"

namespace weft::openflow {
namespace {

using testing::FlowCategory;
using testing::from_hex;
using testing::GeneratedFlow;
using testing::MatrixAnswer;
using testing::Outcome;
using testing::to_hex;

constexpr Version versions[] = {Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5};

struct Flow {
  GeneratedFlow generated;
  std::map<Version, MatrixAnswer> answers;
  Result<FlowMod, TextError> mod;
};

// Each text once, with the category it was first generated for.
const std::vector<Flow>& flows() {
  static const std::vector<Flow> all = [] {
    std::map<std::string, std::map<Version, MatrixAnswer>> answers;
    for (auto& entry : testing::read_matrix()) {
      answers[entry.text] = std::move(entry.answers);
    }
    std::vector<Flow> found;
    std::set<std::string> seen;
    for (const GeneratedFlow& flow : testing::generated_flows()) {
      if (seen.insert(flow.text).second) {
        found.push_back({flow, answers[flow.text], parse_flow(flow.text, FlowModCommand::add)});
      }
    }
    return found;
  }();
  return all;
}

// Behind what a text does not say, or says in the same way in all versions.
std::string body_of(const std::string& wire) {
  constexpr size_t flow_mod_size = 48;
  constexpr size_t flow_mod_10_size = 72;
  if (!wire.starts_with("01")) {
    return wire.substr(flow_mod_size * 2);
  }
  if (wire.substr(2, 2) == "0e") {
    return wire.substr(flow_mod_10_size * 2);
  }
  const size_t match_size = std::stoul(wire.substr(80, 4), nullptr, 16);
  return wire.substr((flow_mod_size + (match_size + 7) / 8 * 8) * 2);
}

// 1.0 has a list of actions only; what else a rule does is said by what comes nearest.
ActionList as_actions(const Instructions& instructions) {
  ActionList actions = instructions.apply.value_or(ActionList{});
  if (instructions.write_metadata) {
    actions.emplace_back(WriteMetadataAction{instructions.write_metadata->value, instructions.write_metadata->mask});
  }
  if (instructions.goto_table) {
    actions.emplace_back(ResubmitAction{.in_port = of_port::in_port, .table = instructions.goto_table});
  }
  return actions;
}

std::string encoded(const FlowMod& mod, Version version) {
  Bytes bytes;
  WireWriter out(bytes);
  const bool is_tagged = mod.match.meets_prerequisite(Prerequisite::vlan);
  if (version == Version::v1_0) {
    write_actions(out, as_actions(mod.instructions), version, is_tagged);
  } else {
    write_match(out, mod.match, version);
    write_instructions(out, mod.instructions, version, is_tagged);
  }
  return to_hex(bytes);
}

// What the body says; 1.0's has no match.
Result<FlowMod, OpenFlowError> decoded(const std::string& body, Version version) {
  FlowMod mod;
  const Bytes bytes = from_hex(body);
  if (version == Version::v1_0) {
    auto actions = read_actions(bytes, version, ActionContext::rule);
    if (!actions) {
      return Unexpected{actions.error()};
    }
    mod.instructions.apply = std::move(*actions);
    return mod;
  }
  WireReader in(bytes);
  if (auto read = read_match(in, mod.match); !read) {
    return Unexpected{read.error()};
  }
  auto instructions = read_instructions(in.take_rest(), version);
  if (!instructions) {
    return Unexpected{instructions.error()};
  }
  mod.instructions = std::move(*instructions);
  return mod;
}

std::string actions_of(const std::string& line) { return line.substr(line.find("actions=") + 8); }

std::string name(const Flow& flow, Version version) {
  return flow.generated.text + " in " + std::string(to_string(version)) + "\n";
}

// What weft and ovs-ofctl make of a text, each in words; the same where nothing differs.
std::pair<std::string, std::string> both(const Flow& flow, Outcome outcome, Version version) {
  const MatrixAnswer& answer = flow.answers.at(version);
  const bool is_accepted = flow.mod.has_value();
  switch (outcome) {
    case Outcome::we_accept:
      return {is_accepted ? "accepted" : "refused", is_accepted && answer.wire.empty() ? "refused" : "accepted"};
    case Outcome::we_refuse:  // ovs-ofctl also sends what a switch then refuses
      return {is_accepted ? "accepted" : render(flow.generated.text, flow.mod.error()), "accepted"};
    case Outcome::other_bytes:
      return {encoded(*flow.mod, version), body_of(answer.wire)};
    case Outcome::other_line: {
      const auto mod = decoded(body_of(answer.wire), version);
      return {mod ? format_instructions(mod->instructions) : to_string(mod.error()), actions_of(answer.line)};
    }
  }
  return {};
}

bool is_asked(const Flow& flow, Outcome outcome, Version version) {
  const MatrixAnswer& answer = flow.answers.at(version);
  switch (outcome) {
    case Outcome::we_accept:
      return flow.mod.has_value();
    case Outcome::we_refuse:
      return answer.is_readable;
    case Outcome::other_bytes:
      return flow.mod.has_value() && !answer.wire.empty();
    case Outcome::other_line:
      return flow.mod.has_value() && answer.is_readable;
  }
  return false;
}

// A difference is explained, or an error.
void expect_same(Outcome outcome) {
  for (const Flow& flow : flows()) {
    for (const Version version : versions) {
      if (is_asked(flow, outcome, version) && !testing::find_difference(flow.generated, outcome, version)) {
        const auto [ours, theirs] = both(flow, outcome, version);
        EXPECT_EQ(ours, theirs) << name(flow, version);
      }
    }
  }
}

bool explains_something(const testing::Difference& difference) {
  return std::ranges::any_of(flows(), [&](const Flow& flow) {
    return std::ranges::any_of(versions, [&](Version version) {
      if (!is_asked(flow, difference.outcome, version) ||
          testing::find_difference(flow.generated, difference.outcome, version) != &difference) {
        return false;
      }
      const auto [ours, theirs] = both(flow, difference.outcome, version);
      return ours != theirs;
    });
  });
}

TEST(MatrixCorpus, HoldsEveryGeneratedText) {
  EXPECT_GE(flows().size(), 2000U);
  for (const Flow& flow : flows()) {
    EXPECT_EQ(flow.answers.size(), std::size(versions))
        << flow.generated.text << " is not recorded: record_matrix.py says how";
  }
}

TEST(MatrixCorpus, EveryFieldIsThereExactMaskedAndAbsent) {
  std::map<std::pair<FlowCategory, std::string>, unsigned> count;
  for (const GeneratedFlow& flow : testing::generated_flows()) {
    ++count[{flow.category, flow.about}];
  }
  const auto has = [&](FlowCategory category, std::string_view about) {
    return count.contains({category, std::string(about)});
  };
  for (const Field& f : all_fields()) {
    EXPECT_TRUE(has(FlowCategory::match_exact, f.name)) << f.name;
    EXPECT_TRUE(has(FlowCategory::match_absent, f.name)) << f.name;
    const bool is_named = f.format == FieldFormat::ct_state || f.format == FieldFormat::tun_flags ||
                          f.format == FieldFormat::tcp_flags || f.format == FieldFormat::frag;
    const FlowCategory masked = f.is_maskable() ? FlowCategory::match_masked : FlowCategory::match_bad_mask;
    EXPECT_TRUE(is_named || has(masked, f.name)) << f.name;
    EXPECT_EQ(has(FlowCategory::match_without_base, f.name), f.prerequisite != Prerequisite::none) << f.name;
  }
}

TEST(MatrixCorpus, EveryActionIsThereRightAndWrong) {
  std::set<std::string> right;
  std::set<std::string> wrong;
  for (const Flow& flow : flows()) {
    if (flow.generated.category == FlowCategory::action) {
      right.insert(flow.generated.about);
    } else if (flow.generated.category == FlowCategory::bad_action) {
      wrong.insert(flow.generated.about);
    }
  }
  const std::set<std::string> words = {"all", "local", "in_port", "table", "drop"};  // ports; nothing to get wrong
  for (const std::string_view action : action_names()) {
    const std::string text(action);
    EXPECT_TRUE(right.contains(text) || text == "nat") << text;  // right only inside ct
    EXPECT_TRUE(wrong.contains(text) || words.contains(text)) << text;
  }
}

TEST(MatrixCorpus, WhatWeAcceptIsAccepted) { expect_same(Outcome::we_accept); }
TEST(MatrixCorpus, WhatWeRefuseIsRefused) { expect_same(Outcome::we_refuse); }
TEST(MatrixCorpus, TheBytesAreTheSame) { expect_same(Outcome::other_bytes); }
TEST(MatrixCorpus, RecordedBytesPrintAsTheSameActions) { expect_same(Outcome::other_line); }

TEST(MatrixCorpus, EveryExplanationIsNeeded) {
  for (const testing::Difference& difference : testing::differences()) {
    EXPECT_TRUE(explains_something(difference)) << difference.reason;
  }
}

// Header and match too. In 1.0 there are two forms of a flow-mod: the same, when both decode to the same.
void expect_same_message(const Flow& flow, Version version) {
  const MatrixAnswer& answer = flow.answers.at(version);
  const Bytes ours = encode(version, 1, *flow.mod);
  const auto message = decode(version, from_hex(answer.wire));
  ASSERT_TRUE(message.has_value()) << name(flow, version) << to_string(message.error());
  if (version == Version::v1_0 && to_hex(ours).substr(2, 2) != answer.wire.substr(2, 2)) {
    EXPECT_EQ(decode(version, ours)->message, message->message) << name(flow, version);
  } else {
    EXPECT_EQ(to_hex(ours), answer.wire) << name(flow, version);
  }
  const bool has_hidden_mask = flow.generated.about == "tun_gbp_flags";  // by ofp-print,
  const bool has_options = flow.generated.text.starts_with("table=");    // which spells "table:10 cookie:0x1"
  if (!has_hidden_mask && !has_options && !testing::find_difference(flow.generated, Outcome::other_line, version)) {
    const std::string line = format_message(*message);
    EXPECT_NE(line.find("ADD " + answer.line), std::string::npos) << name(flow, version) << line << answer.line;
  }
}

TEST(MatrixCorpus, WholeMessagesAreTheSame) {
  for (const Version version : versions) {
    if (!supported_versions().has(version)) {
      continue;
    }
    for (const Flow& flow : flows()) {
      const bool is_for_packet_out = flow.generated.about == "table";
      if (flow.mod.has_value() && flow.answers.at(version).is_readable && !is_for_packet_out &&
          testing::find_difference(flow.generated, Outcome::other_bytes, version) == nullptr) {
        expect_same_message(flow, version);
      }
    }
  }
}

// Whatever is accepted: what is encoded is decoded to something with the same bytes, and printed to something that parses
// to it again.
TEST(MatrixCorpus, WhatIsSentComesBack) {
  for (const Flow& flow : flows()) {
    if (!flow.mod || flow.generated.about == "table") {
      continue;
    }
    for (const Version version : versions) {
      const std::string body = encoded(*flow.mod, version);
      const auto mod = decoded(body, version);
      ASSERT_TRUE(mod.has_value()) << name(flow, version) << ": " << to_string(mod.error());
      EXPECT_EQ(encoded(*mod, version), body) << name(flow, version);
    }
    const std::string printed = format_flow_mod(*flow.mod);
    const auto again = parse_flow(printed, FlowModCommand::add);
    ASSERT_TRUE(again.has_value()) << flow.generated.text << "\n" << render(printed, again.error());
    const bool is_hidden = flow.generated.about == "packet_type";  // of every packet it is Ethernet
    EXPECT_TRUE(is_hidden || *again == *flow.mod) << flow.generated.text << "\n" << printed;
  }
}

}  // namespace
}  // namespace weft::openflow
