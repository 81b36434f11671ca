#include "lib/flow/match.h"

#include <gtest/gtest.h>

#include <random>

#include "lib/flow/flow_hash.h"
#include "tests/lib/flow/match_builder.h"

namespace weft {
namespace {

Match random_match(std::mt19937& random) {
  constexpr FieldId ids[] = {FieldId::in_port, FieldId::eth_type, FieldId::ipv4_src, FieldId::tcp_dst,
                             FieldId::metadata};
  Match m;
  for (const FieldId id : ids) {
    const Field& f = field(id);
    const uint64_t mask = f.is_maskable() ? random() & 3 : random() % 2 * all_bits(f).lo;
    m.set_masked(f, {0, random() & 3 & mask}, {0, mask});
  }
  return m;
}

Flow random_flow(std::mt19937& random) {
  Flow flow;
  for (const FieldId id :
       {FieldId::in_port, FieldId::eth_type, FieldId::ipv4_src, FieldId::tcp_dst, FieldId::metadata}) {
    set(flow, id, {0, random() & 3});
  }
  flow.word(present_word) |= present_in_word(random() % 2 != 0 ? present::ip : 0);
  flow.word(present_word) |= present_in_word(random() % 2 != 0 ? present::ports : 0);
  return flow;
}

TEST(Match, MatchesWhatItsMaskedBitsSay) {
  const Match m = match("tcp,nw_dst=10.0.0.0/8,tp_dst=80");
  Flow flow = m.value();
  EXPECT_TRUE(m.matches(flow));
  set(flow, FieldId::ipv4_dst, {0, 0x0a010203});
  EXPECT_TRUE(m.matches(flow));
  set(flow, FieldId::ipv4_dst, {0, 0x0b010203});
  EXPECT_FALSE(m.matches(flow));
}

// A rule on port 0 must not match a fragment or a cut-off header, whose ports read as zero.
TEST(Match, AFieldThatIsAbsentNeverMatchesByAccident) {
  const Match m = match("udp,tp_src=0");
  Flow flow = m.value();
  EXPECT_TRUE(m.matches(flow));
  flow.word(present_word) &= ~present_in_word(present::ports);
  EXPECT_EQ(get(flow, FieldId::udp_src).lo, 0U);
  EXPECT_FALSE(m.matches(flow));
}

TEST(Match, VlanFieldsDemandATag) {
  Flow untagged;
  EXPECT_FALSE(match("dl_vlan=0").matches(untagged));
  EXPECT_FALSE(match("dl_vlan_pcp=0").matches(untagged));
  EXPECT_FALSE(match("vlan_pcp=0").matches(untagged));
  EXPECT_TRUE(match("vlan_tci=0").matches(untagged));
  EXPECT_TRUE(match("vlan_vid=0").matches(untagged));
  Flow tagged;
  set(tagged, FieldId::vlan_tci, {0, 0x1000});
  EXPECT_TRUE(match("dl_vlan=0").matches(tagged));
  EXPECT_FALSE(match("vlan_vid=0").matches(tagged));
}

TEST(Match, ClearTakesPresenceAwayWithTheLastFieldThatNeedsIt) {
  Match m = match("udp,tp_src=1,tp_dst=2");
  m.clear(field(FieldId::udp_src));
  EXPECT_EQ(m, match("udp,tp_dst=2"));
  m.clear(field(FieldId::udp_dst));
  EXPECT_EQ(m, match("udp"));
  m.clear(field(FieldId::ip_proto));
  EXPECT_EQ(m, match("ip"));
}

// Zero is what an option reads as that is not there.
TEST(Match, ATunnelOptionOfZeroIsThere) {
  Flow without;
  Flow with;
  with.word(KeyWord::tun_options_present) = 1U << 3;
  for (const char* text : {"tun_metadata3=0", "tun_metadata3=0/0xf0", "tun_metadata3", "tun_metadata3=*"}) {
    EXPECT_TRUE(match(text).matches(with)) << text;
    EXPECT_FALSE(match(text).matches(without)) << text;
    EXPECT_FALSE(match("tun_metadata2=0").matches(with));
  }
  Match m = match("tun_metadata3=5,tun_metadata4=6");
  EXPECT_TRUE(m.is_subset_of(match("tun_metadata3")));
  EXPECT_FALSE(match("tun_metadata3").is_subset_of(m));
  m.clear(field(FieldId::tun_metadata0 + 3));
  EXPECT_EQ(m, match("tun_metadata4=6"));
  m.clear(field(FieldId::tun_metadata0 + 4));
  EXPECT_EQ(m, Match{});
}

TEST(Match, AWildcardValueIsNoMatchAtAll) {
  Match m;
  m.set_masked(FieldId::udp_src, 5, 0);
  EXPECT_EQ(m, Match{});
}

struct PrerequisiteCase {
  std::string_view text;
  FieldId field;
  bool is_met;
};

TEST(Match, ChecksPrerequisites) {
  const PrerequisiteCase cases[] = {
      {"", FieldId::metadata, true},
      {"", FieldId::eth_type, true},
      {"", FieldId::vlan_vid, true},
      {"", FieldId::vlan_pcp, false},
      {"vlan_vid=0x1000/0x1000", FieldId::vlan_pcp, true},
      {"vlan_vid=0", FieldId::vlan_pcp, false},
      {"", FieldId::ipv4_src, false},
      {"ip", FieldId::ipv4_src, true},
      {"ip", FieldId::ipv6_src, false},
      {"ipv6", FieldId::ipv6_src, true},
      {"ip", FieldId::ip_proto, true},
      {"ipv6", FieldId::nw_ttl, true},
      {"arp", FieldId::nw_ttl, false},
      {"arp", FieldId::arp_op, true},
      {"rarp", FieldId::arp_spa, true},
      {"ip", FieldId::tcp_dst, false},
      {"tcp", FieldId::tcp_dst, true},
      {"tcp6", FieldId::tcp_flags, true},
      {"tcp", FieldId::udp_dst, false},
      {"tcp,nw_frag=later", FieldId::tcp_dst, false},
      {"tcp,nw_frag=first", FieldId::tcp_dst, true},
      {"sctp6", FieldId::sctp_src, true},
      {"icmp", FieldId::icmp_type, true},
      {"icmp", FieldId::icmpv6_type, false},
      {"icmp6", FieldId::icmpv6_type, true},
      {"icmp6", FieldId::nd_target, false},
      {"icmp6,icmp_type=135", FieldId::nd_target, true},
      {"icmp6,icmp_type=135", FieldId::nd_sll, true},
      {"icmp6,icmp_type=135", FieldId::nd_tll, false},
      {"icmp6,icmp_type=136", FieldId::nd_tll, true},
      {"mpls", FieldId::mpls_label, true},
      {"mplsm", FieldId::mpls_bos, true},
      {"ip", FieldId::mpls_label, false},
      {"dl_type=0x88e7", FieldId::pbb_isid, true},
      {"ip", FieldId::ct_nw_src, false},
      {"ct_state=+trk", FieldId::ct_nw_src, false},
      {"ct_state=+trk-inv", FieldId::ct_nw_src, true},
      {"ct_state=+new", FieldId::ct_tp_dst, true},
      {"ct_state=-new+trk", FieldId::ct_tp_dst, false},
  };
  for (const PrerequisiteCase& c : cases) {
    EXPECT_EQ(match(c.text).meets_prerequisite(field(c.field)), c.is_met) << c.text << " for " << field(c.field).name;
  }
}

// Subset, overlap and match, dense and mini, agree with what packets say.
TEST(Match, RelationsAgreeWithPackets) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < 3000; ++round) {
    const Match a = random_match(random);
    const Match b = random_match(random);
    const MiniMatch mini_a(a);
    const MiniMatch mini_b(b);
    EXPECT_EQ(mini_a.overlaps(mini_b), a.overlaps(b));
    EXPECT_EQ(mini_a.is_subset_of(mini_b), a.is_subset_of(b));
    EXPECT_EQ(mini_a == mini_b, a == b);
    for (unsigned i = 0; i < 8; ++i) {
      const Flow flow = random_flow(random);
      EXPECT_EQ(mini_a.matches(FlowKey(flow)), a.matches(flow));
      if (a.matches(flow) && b.matches(flow)) {
        EXPECT_TRUE(a.overlaps(b));
      }
      if (a.matches(flow) && a.is_subset_of(b)) {
        EXPECT_TRUE(b.matches(flow));
      }
    }
  }
}

TEST(MiniMatch, ExpandsToWhatItWasMadeFrom) {
  const Match m = match("tcp6,ipv6_dst=2001:db8::/32,tp_dst=80,reg3=5,metadata=0x5/0xf");
  const MiniMatch mini(m);
  EXPECT_EQ(mini.expand(), m);
  MiniMatch copy = mini;
  EXPECT_EQ(copy, mini);
  copy = MiniMatch(Match{});
  EXPECT_EQ(copy.word_count(), 0U);
  EXPECT_TRUE(copy.matches(FlowKey(m.value())));
  EXPECT_TRUE(mini.is_subset_of(copy));
  EXPECT_FALSE(copy.is_subset_of(mini));
  MiniMatch source = mini;
  const MiniMatch moved = std::move(source);
  EXPECT_EQ(moved, mini);
  EXPECT_EQ(source, copy);  // NOLINT(bugprone-use-after-move): empty, and usable
}

TEST(FlowKey, IsTheSameSparseAndDense) {
  std::mt19937 random(2);
  for (unsigned round = 0; round < 200; ++round) {
    Flow flow;
    for (unsigned i = 0; i < 12; ++i) {
      flow.word(static_cast<unsigned>(random() % key_word_count)) = random();
    }
    const FlowKey key(flow);
    EXPECT_EQ(Flow(key), flow);
    EXPECT_EQ(FlowKey(key), key);
    for (unsigned i = 0; i < key_word_count; ++i) {
      EXPECT_EQ(key.word(i), flow.word(i));
    }
  }
}

TEST(FlowHash, OfMaskedKeyEqualsHashOfKeyUnderMask) {
  std::mt19937 random(3);
  for (unsigned round = 0; round < 500; ++round) {
    const Match m = random_match(random);
    const Flow flow = random_flow(random);
    Flow masked;
    for (unsigned i = 0; i < key_word_count; ++i) {
      masked.word(i) = flow.word(i) & m.mask().word(i);
    }
    const FlowMask mask(m.mask());
    EXPECT_EQ(hash_masked(FlowKey(flow), mask, 7), hash_masked(FlowKey(masked), mask, 7));
    EXPECT_EQ(hash_masked(FlowKey(flow), mask, 7), hash_masked(FlowKey(flow), mask, mask.set(), 7));
  }
}

TEST(FlowHash, DiffersBySeedAndByEveryWord) {
  const Match m = match("tcp,nw_dst=10.0.0.1,tp_dst=80");
  const FlowKey key(m.value());
  EXPECT_NE(hash(key, 1), hash(key, 2));
  for (unsigned i = 0; i < key_word_count; ++i) {
    Flow other = m.value();
    other.word(i) ^= 1;
    EXPECT_NE(hash(FlowKey(other), 1), hash(key, 1)) << i;
  }
}

}  // namespace
}  // namespace weft
