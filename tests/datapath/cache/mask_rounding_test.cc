// What rounding promises: nothing of a mask is lost, and whatever is sent, few masks come out.
#include "datapath/cache/mask_rounding.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "lib/base/rcu.h"
#include "tests/datapath/cache/cache_support.h"
#include "tests/reference/random_flow.h"

namespace weft::datapath {
namespace {

FlowMask prefix(FieldId id, unsigned length) {
  const Field& of = field(id);
  Flow mask;
  set(mask, of, FieldValue::ones(length) << (of.n_bits - length));
  return FlowMask(mask);
}

uint64_t bits_of(const FlowMask& mask, FieldId id) { return get(mask, id).lo; }

TEST(MaskRounding, APrefixBecomesWholeBytes) {
  EXPECT_EQ(bits_of(to_whole_bytes(prefix(FieldId::ipv4_src, 1)), FieldId::ipv4_src), 0xff000000u);
  EXPECT_EQ(bits_of(to_whole_bytes(prefix(FieldId::ipv4_src, 8)), FieldId::ipv4_src), 0xff000000u);
  EXPECT_EQ(bits_of(to_whole_bytes(prefix(FieldId::ipv4_src, 17)), FieldId::ipv4_src), 0xffffff00u);
  EXPECT_EQ(bits_of(to_whole_bytes(prefix(FieldId::ipv4_src, 17)), FieldId::ipv4_dst), 0u) << "its neighbour";
}

TEST(MaskRounding, APrefixBecomesTheWholeField) {
  const FlowMask whole = to_whole_fields(prefix(FieldId::ipv4_src, 3));
  EXPECT_EQ(bits_of(whole, FieldId::ipv4_src), 0xffffffffu);
  EXPECT_EQ(bits_of(whole, FieldId::ipv4_dst), 0u);
  const FlowMask whole6 = to_whole_fields(prefix(FieldId::ipv6_src, 3));
  EXPECT_EQ(get(whole6, FieldId::ipv6_src), FieldValue::ones(128)) << "both of its words";
}

TEST(MaskRounding, AFieldOfPartOfAByteStaysBesideItsNeighbour) {
  const FlowMask whole = to_whole_fields(mask_of({FieldId::ip_ecn}));
  EXPECT_EQ(bits_of(whole, FieldId::ip_ecn), 3u);
  EXPECT_EQ(bits_of(whole, FieldId::nw_ttl), 0u);
}

TEST(MaskRounding, OneThatIsWholeStaysAsItIs) {
  const FlowMask mask = mask_of({FieldId::in_port, FieldId::ipv4_src, FieldId::tcp_dst});
  EXPECT_TRUE(is_narrower_or_equal(to_whole_bytes(mask), mask));
  EXPECT_EQ(bits_of(to_whole_fields(mask), FieldId::tcp_src), 0u);
  EXPECT_EQ(to_whole_fields(to_whole_fields(mask)), to_whole_fields(mask));
}

TEST(MaskRounding, NarrowerMeansEveryBit) {
  EXPECT_TRUE(is_narrower_or_equal(prefix(FieldId::ipv4_src, 9), prefix(FieldId::ipv4_src, 8)));
  EXPECT_TRUE(is_narrower_or_equal(prefix(FieldId::ipv4_src, 8), prefix(FieldId::ipv4_src, 8)));
  EXPECT_FALSE(is_narrower_or_equal(prefix(FieldId::ipv4_src, 7), prefix(FieldId::ipv4_src, 8)));
  EXPECT_FALSE(is_narrower_or_equal(prefix(FieldId::ipv4_dst, 9), prefix(FieldId::ipv4_src, 8)));
  EXPECT_TRUE(is_narrower_or_equal(exact_mask(), prefix(FieldId::nd_target, 77)));
}

class MaskRoundingRandom : public testing::TestWithParam<uint32_t> {};

// Bit by bit, by the dullest means.
bool has_all_of(const Flow& narrow, const Flow& wide) {
  for (unsigned i = 0; i < key_word_count; ++i) {
    if ((wide.word(i) & narrow.word(i)) != wide.word(i)) {
      return false;
    }
  }
  return true;
}

TEST_P(MaskRoundingRandom, NeverLosesABit) {
  reference::RandomFlow random(GetParam());
  for (int i = 0; i < 3000; ++i) {
    Flow dense;
    for (uint64_t n = 1 + random.below(6); n > 0; --n) {
      dense.word(static_cast<unsigned>(random.below(key_word_count))) = random.engine()() & random.engine()();
    }
    const FlowMask mask(random.one_in(2) ? dense : random.match(5).mask());
    const FlowMask bytes = to_whole_bytes(mask);
    const FlowMask fields = to_whole_fields(mask);
    ASSERT_TRUE(has_all_of(Flow(bytes), Flow(mask)));
    ASSERT_TRUE(has_all_of(Flow(fields), Flow(bytes)));
    ASSERT_TRUE(has_all_of(Flow(exact_mask()), Flow(fields)));
    ASSERT_TRUE(is_narrower_or_equal(bytes, mask) && is_narrower_or_equal(fields, bytes));
    ASSERT_EQ(to_whole_bytes(bytes), bytes);
    ASSERT_EQ(is_narrower_or_equal(mask, bytes), mask == bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MaskRoundingRandom, testing::Range(1u, 4u));

}  // namespace
}  // namespace weft::datapath
