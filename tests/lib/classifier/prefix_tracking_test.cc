// How wide masks are with prefix tracking and without, for tables as people write them; and that they are true.
#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <random>
#include <vector>

#include "lib/classifier/classifier.h"
#include "tests/lib/classifier/test_rule.h"
#include "tests/reference/classifier.h"
#include "tests/reference/random_flow.h"

namespace weft {
namespace {

constexpr uint64_t tracked_version = 1;

Match ip_match(FieldId id, FieldValue address, unsigned length) {
  Match match = match_of({{FieldId::eth_type, field(id).n_bits == 128 ? 0x86ddU : 0x0800U}});
  const Field& chosen = field(id);
  const FieldValue mask = FieldValue::ones(length) << (chosen.n_bits - length);
  match.set_masked(chosen, address & mask, mask);
  return match;
}

Flow packet_to(uint32_t address) { return packet_of({{FieldId::eth_type, 0x0800}, {FieldId::ipv4_dst, address}}); }

unsigned bits_of(const Flow& mask, FieldId id) {
  const FieldValue bits = get(mask, field(id));
  return static_cast<unsigned>(std::popcount(bits.hi) + std::popcount(bits.lo));
}

// The same rules in a classifier that tracks prefixes and in one that does not.
class PrefixTracking : public testing::Test {
 protected:
  void add(const Match& match, int32_t priority) {
    for (Classifier* classifier : {&tracking_, &plain_}) {
      rules_.push_back(std::make_unique<TestRule>(match, priority));
      classifier->insert(*rules_.back(), tracked_version);
    }
  }
  void seal() {
    tracking_.seal();
    plain_.seal();
  }
  static Flow mask_of(const Classifier& classifier, const Flow& packet) {
    Flow mask;
    classifier.lookup(packet, tracked_version, &mask);
    return mask;
  }

  rcu::ThreadScope rcu_;
  Classifier tracking_{1};
  Classifier plain_{1, {}};
  std::vector<std::unique_ptr<TestRule>> rules_;
};

TEST_F(PrefixTracking, AMissLooksAtTheBitsThatTellTheRoutesApart) {
  add(ip_match(FieldId::ipv4_dst, {0, 0x0a000000}, 24), 10);
  seal();
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0xc0000001)), FieldId::ipv4_dst), 1u);
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0x0a000101)), FieldId::ipv4_dst), 24u);
  EXPECT_EQ(bits_of(mask_of(plain_, packet_to(0xc0000001)), FieldId::ipv4_dst), 24u);
}

TEST_F(PrefixTracking, AnotherLengthIsProvedAbsentByTheBitsOfTheRouteItself) {
  add(ip_match(FieldId::ipv4_dst, {0, 0x0a000000}, 24), 10);
  add(ip_match(FieldId::ipv4_dst, {0, 0x0b000001}, 32), 20);
  seal();
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0x0a000005)), FieldId::ipv4_dst), 24u);
  EXPECT_EQ(bits_of(mask_of(plain_, packet_to(0x0a000005)), FieldId::ipv4_dst), 32u);
}

TEST_F(PrefixTracking, OfTwoProofsTheOneThatAddsFewestBitsIsTaken) {
  Match match = ip_match(FieldId::ipv4_dst, {0, 0x0a000000}, 24);
  match.set_masked(field(FieldId::ipv4_src), FieldValue{0, 0x80000000}, FieldValue{0, 0xff000000});
  add(match, 10);
  seal();
  // The destination differs in its eighth bit, the source in its first.
  const Flow packet =
      packet_of({{FieldId::eth_type, 0x0800}, {FieldId::ipv4_dst, 0x0b000000}, {FieldId::ipv4_src, 0x01000000}});
  Flow mask = mask_of(tracking_, packet);
  EXPECT_EQ(bits_of(mask, FieldId::ipv4_src), 1u);
  EXPECT_EQ(bits_of(mask, FieldId::ipv4_dst), 0u);
  // Bits that are known already are free.
  mask = Flow();
  set(mask, FieldId::ipv4_dst, {0, 0xff000000});
  tracking_.lookup(packet, tracked_version, &mask);
  EXPECT_EQ(bits_of(mask, FieldId::ipv4_src), 0u);
}

TEST_F(PrefixTracking, AnEarlierStageThatFailsIsProofEnough) {
  Match match = ip_match(FieldId::ipv4_dst, {0, 0x0a000000}, 24);
  match.set(FieldId::in_port, 1);
  add(match, 10);
  seal();
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0xc0000001)), FieldId::ipv4_dst), 0u);
}

TEST_F(PrefixTracking, APortIsLookedAtAsFarAsItDiffers) {
  add(match_of({{FieldId::eth_type, 0x0800}, {FieldId::ip_proto, 6}, {FieldId::tcp_dst, 80}}), 10);
  seal();
  const Flow packet = packet_of({{FieldId::eth_type, 0x0800}, {FieldId::ip_proto, 6}, {FieldId::tcp_dst, 0x8000}});
  EXPECT_EQ(bits_of(mask_of(tracking_, packet), FieldId::tcp_dst), 1u);
  EXPECT_EQ(bits_of(mask_of(plain_, packet), FieldId::tcp_dst), 16u);
}

TEST_F(PrefixTracking, ARemovedRouteNarrowsNothingOnceItIsUnlinked) {
  add(ip_match(FieldId::ipv4_dst, {0, 0x0a000000}, 8), 10);
  TestRule host(ip_match(FieldId::ipv4_dst, {0, 0x0a000001}, 32), 20);
  tracking_.insert(host, tracked_version);
  seal();
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0x0a000002)), FieldId::ipv4_dst), 31u);
  tracking_.unlink(host);
  tracking_.seal();
  EXPECT_EQ(bits_of(mask_of(tracking_, packet_to(0x0a000002)), FieldId::ipv4_dst), 8u);
}

// Ten thousand routes of /24 and /32, as a router has them; packets within them and elsewhere.
TEST_F(PrefixTracking, TenThousandRoutesCostAsManyBitsAsTellThemApart) {
  std::mt19937 random(5);
  std::vector<uint32_t> networks;
  for (uint32_t i = 0; i < 10000; ++i) {
    // Each in a network of its own, somewhere.
    const uint32_t address = i * 429496U / 256 * 256 + static_cast<uint32_t>(random()) % 0x10000;
    networks.push_back(address & 0xffffff00U);
    add(ip_match(FieldId::ipv4_dst, {0, address}, i % 2 == 0 ? 24 : 32), i % 2 == 0 ? 24 : 32);
  }
  seal();
  double tracked_hit = 0, tracked_miss = 0, plain_hit = 0, plain_miss = 0;
  constexpr int packets = 2000;
  for (int i = 0; i < packets; ++i) {
    const uint32_t inside = networks[2 * (random() % 5000)] | (random() & 0xff);
    const uint32_t outside = static_cast<uint32_t>(random());
    tracked_hit += bits_of(mask_of(tracking_, packet_to(inside)), FieldId::ipv4_dst);
    plain_hit += bits_of(mask_of(plain_, packet_to(inside)), FieldId::ipv4_dst);
    tracked_miss += bits_of(mask_of(tracking_, packet_to(outside)), FieldId::ipv4_dst);
    plain_miss += bits_of(mask_of(plain_, packet_to(outside)), FieldId::ipv4_dst);
  }
  EXPECT_EQ(plain_hit / packets, 32);
  EXPECT_EQ(plain_miss / packets, 32);
  EXPECT_LT(tracked_hit / packets, 24.1);
  // Fourteen bits tell ten thousand routes apart.
  EXPECT_LT(tracked_miss / packets, 15.5);
}

TEST_F(PrefixTracking, ThePrefixOfAnIpv6AddressGoesBeyondOneWord) {
  add(ip_match(FieldId::ipv6_dst, {0x20010db800000000, 0x8000000000000000}, 80), 10);
  add(ip_match(FieldId::ipv6_dst, {0x20010db800000000, 0x8000000000000001}, 128), 20);
  seal();
  Flow packet = packet_of({{FieldId::eth_type, 0x86dd}});
  set(packet, FieldId::ipv6_dst, {0x20010db800000000, 0x8000000000000100});
  EXPECT_EQ(bits_of(mask_of(tracking_, packet), FieldId::ipv6_dst), 120u);
  EXPECT_EQ(bits_of(mask_of(plain_, packet), FieldId::ipv6_dst), 128u);
}

// Prefixes of several fields, random ones, against the twin.
class PrefixTrackingRandom : public testing::TestWithParam<uint32_t> {
 protected:
  Match random_match() {
    Match match;
    for (uint64_t n = 1 + random_.below(3); n > 0; --n) {
      const Field& chosen = field(default_prefix_fields[random_.below(default_prefix_fields.size())]);
      const auto length = 1 + static_cast<unsigned>(random_.below(chosen.n_bits));
      match.set_masked(chosen, random_.value(chosen), FieldValue::ones(length) << (chosen.n_bits - length));
    }
    if (random_.one_in(3)) {
      match.set(FieldId::in_port, random_.below(4));
    }
    return match;
  }
  Flow random_packet() {
    Flow packet = random_.packet();
    for (const FieldId id : default_prefix_fields) {
      set(packet, id, random_.value(field(id)));
    }
    return packet;
  }

  rcu::ThreadScope rcu_;
  reference::RandomFlow random_{GetParam()};
  Classifier classifier_{GetParam()};
  reference::Classifier twin_;
  std::vector<std::unique_ptr<TestRule>> rules_;
};

TEST_P(PrefixTrackingRandom, AgreesWithTheTwinAndTheMaskIsTrue) {
  for (int i = 0; i < 60; ++i) {
    const Match match = random_match();
    const auto priority = static_cast<int32_t>(1 + random_.below(6));
    if (twin_.exact(match, priority, tracked_version) == nullptr) {
      rules_.push_back(std::make_unique<TestRule>(match, priority));
      classifier_.insert(*rules_.back(), tracked_version);
      twin_.insert(*rules_.back(), tracked_version);
    }
  }
  classifier_.seal();
  int hits = 0;
  for (int i = 0; i < 400; ++i) {
    const Flow packet = random_packet();
    Flow mask;
    const ClassifierRule* found = classifier_.lookup(packet, tracked_version, &mask);
    const auto expected = twin_.best(packet, tracked_version);
    ASSERT_EQ(found != nullptr ? std::optional(found->priority()) : std::nullopt, expected);
    hits += found != nullptr ? 1 : 0;
    for (int n = 0; n < 10; ++n) {
      const Flow other = random_.agreeing(packet, mask);
      ASSERT_EQ(twin_.best(other, tracked_version), expected);
      Flow same_mask = mask;
      ASSERT_EQ(classifier_.lookup(other, tracked_version, &same_mask), found);
      ASSERT_EQ(same_mask, mask) << "a packet that the mask covers asks for more";
    }
  }
  EXPECT_GT(hits, 40);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PrefixTrackingRandom, testing::Range(1u, 9u));

}  // namespace
}  // namespace weft
