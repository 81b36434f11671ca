// Every text of the corpus: our parse, encoding and print against what stock ovs-ofctl made of it.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "lib/openflow/codec.h"
#include "lib/openflow/text/flow_text.h"
#include "tests/lib/openflow/text/flow_corpus.h"

namespace weft::openflow {
namespace {

using testing::CorpusEntry;
using testing::from_hex;
using testing::read_corpus;
using testing::to_hex;
using testing::TwoPorts;

// Where weft differs on purpose, and why.
enum class Difference { we_accept, we_refuse, other_bytes, other_line };
const std::map<std::string, std::pair<Difference, std::string>> differences = {
    {"actions=resubmit:in_port", {Difference::we_accept, "the port has this name everywhere else"}},
    {"actions=set_vlan_vid:6", {Difference::we_accept, "the name that 1.1 gave to mod_vlan_vid"}},
    {"actions=set_vlan_pcp:2", {Difference::we_accept, "the name that 1.1 gave to mod_vlan_pcp"}},
    {"actions=set_field:5->eth_type", {Difference::we_accept, "the specification lets it be set"}},
    {"nw_src=300.1.1.1,ip,actions=1", {Difference::we_refuse, "not an address"}},
    {"actions=group:99999999999", {Difference::we_refuse, "not a group number: it is not cut to 32 bits"}},
    {"dl_vlan=1,actions=move:OXM_OF_VLAN_VID[0..11]->NXM_NX_REG0[0..11]",
     {Difference::other_line, "vlan_vid has thirteen bits, the present bit included"}},
};

bool differs(const CorpusEntry& entry, Difference how) {
  const auto found = differences.find(entry.text);
  return found != differences.end() && found->second.first == how;
}

FlowStats as_stats(const FlowMod& mod) {
  FlowStats stats;
  stats.table_id = mod.table_id;
  stats.priority = mod.priority;
  stats.idle_timeout = mod.idle_timeout;
  stats.hard_timeout = mod.hard_timeout;
  stats.flags = mod.flags;
  stats.cookie = mod.cookie;
  stats.match = mod.match;
  stats.instructions = mod.instructions;
  return stats;
}

TEST(FlowCorpus, HoldsAFewHundredTexts) { EXPECT_GT(read_corpus().size(), 400U); }

TEST(FlowCorpus, TheSameTextsAreAcceptedAndRefused) {
  const TwoPorts ports;
  for (const CorpusEntry& entry : read_corpus()) {
    const auto mod = parse_flow(entry.text, FlowModCommand::add, &ports);
    const bool expected =
        (!entry.is_refused && !differs(entry, Difference::we_refuse)) || differs(entry, Difference::we_accept);
    EXPECT_EQ(mod.has_value(), expected) << entry.text << "\n" << (mod ? "" : render(entry.text, mod.error()));
  }
}

TEST(FlowCorpus, TheBytesAreTheSame) {
  const TwoPorts ports;
  for (const CorpusEntry& entry : read_corpus()) {
    const auto mod = parse_flow(entry.text, FlowModCommand::add, &ports);
    if (!mod || entry.is_refused || differs(entry, Difference::other_bytes)) {
      continue;
    }
    EXPECT_EQ(to_hex(encode(Version::v1_3, 0, *mod)), entry.wire) << entry.text;
  }
}

TEST(FlowCorpus, TheRecordedBytesPrintAsTheSameLine) {
  for (const CorpusEntry& entry : read_corpus()) {
    if (entry.is_refused || differs(entry, Difference::we_refuse)) {
      continue;
    }
    const auto message = decode(Version::v1_3, from_hex(entry.wire));
    ASSERT_TRUE(message.has_value()) << entry.text << ": " << to_string(message.error());
    if (differs(entry, Difference::other_line)) {
      continue;
    }
    EXPECT_EQ(format_flow(as_stats(std::get<FlowMod>(message->message))), entry.line) << entry.text;
  }
}

TEST(FlowCorpus, DecodedBytesEncodeToThemselves) {
  for (const CorpusEntry& entry : read_corpus()) {
    if (entry.is_refused || differs(entry, Difference::we_refuse)) {
      continue;
    }
    const auto message = decode(Version::v1_3, from_hex(entry.wire));
    ASSERT_TRUE(message.has_value()) << entry.text << ": " << to_string(message.error());
    EXPECT_EQ(to_hex(encode(*message)), entry.wire) << entry.text;
  }
}

TEST(FlowCorpus, APrintedRuleParsesToTheSameRule) {
  const TwoPorts ports;
  for (const CorpusEntry& entry : read_corpus()) {
    const auto mod = parse_flow(entry.text, FlowModCommand::add, &ports);
    if (!mod) {
      continue;
    }
    const std::string printed = format_flow_mod(*mod, &ports);
    const auto again = parse_flow(printed, FlowModCommand::add, &ports);
    ASSERT_TRUE(again.has_value()) << entry.text << "\n" << render(printed, again.error());
    EXPECT_EQ(*again, *mod) << entry.text << "\n" << printed;
  }
}

}  // namespace
}  // namespace weft::openflow
