// Choices by hash: every link is used about as much as the others, and only the flows of a lost link move.
#include "ofproto/translate/link_choice.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace weft::ofproto {
namespace {

using openflow::HashFields;
using openflow::MultipathAlgorithm;

constexpr unsigned flow_count = 8000;

// A TCP packet, by its number; backwards: of the other direction.
FieldReader tcp_packet(uint64_t number, bool backwards = false) {
  return [number, backwards](FieldId id) -> std::optional<FieldValue> {
    const std::map<FieldId, uint64_t> fields = {{FieldId::eth_type, 0x0800},
                                                {FieldId::ip_proto, 6},
                                                {FieldId::eth_src, 0x02 + number},
                                                {FieldId::eth_dst, 0x9900},
                                                {FieldId::ipv4_src, 0x0a000001 + number / 7},
                                                {FieldId::ipv4_dst, 0x0b000001},
                                                {FieldId::tcp_src, 1024 + number},
                                                {FieldId::tcp_dst, 80},
                                                {FieldId::vlan_vid, 0}};
    static const std::map<FieldId, FieldId> other = {
        {FieldId::eth_src, FieldId::eth_dst},   {FieldId::eth_dst, FieldId::eth_src},
        {FieldId::ipv4_src, FieldId::ipv4_dst}, {FieldId::ipv4_dst, FieldId::ipv4_src},
        {FieldId::tcp_src, FieldId::tcp_dst},   {FieldId::tcp_dst, FieldId::tcp_src}};
    const auto swapped = other.find(id);
    const auto found = fields.find(backwards && swapped != other.end() ? swapped->second : id);
    return found != fields.end() ? std::optional(FieldValue{0, found->second}) : std::nullopt;
  };
}

class LinkChoice : public testing::TestWithParam<MultipathAlgorithm> {};

TEST_P(LinkChoice, SpreadsEvenlyOverAnyNumberOfLinks) {
  for (const uint32_t links : {1U, 2U, 3U, 5U, 8U, 60U}) {
    std::vector<unsigned> used(links);
    for (unsigned i = 0; i < flow_count; ++i) {
      const uint32_t hash = hash_fields(HashFields::symmetric_l3l4, 3, tcp_packet(i));
      const uint32_t link = choose_link(GetParam(), hash, links, 0);
      ASSERT_LT(link, links);
      ++used[link];
    }
    for (const unsigned count : used) {
      EXPECT_GT(count, flow_count / links / 2);
      EXPECT_LT(count, flow_count / links * 3 / 2 + 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, LinkChoice,
                         testing::Values(MultipathAlgorithm::modulo_n, MultipathAlgorithm::hash_threshold,
                                         MultipathAlgorithm::hrw, MultipathAlgorithm::iter_hash));

unsigned moved(MultipathAlgorithm algorithm, uint32_t before, uint32_t after, uint32_t argument) {
  unsigned count = 0;
  for (unsigned i = 0; i < flow_count; ++i) {
    const uint32_t hash = hash_fields(HashFields::symmetric_l3l4, 0, tcp_packet(i));
    count += choose_link(algorithm, hash, before, argument) != choose_link(algorithm, hash, after, argument) ? 1 : 0;
  }
  return count;
}

TEST(LinkChoiceMoves, OnlyAsManyFlowsAsANewLinkTakes) {
  EXPECT_LT(moved(MultipathAlgorithm::hrw, 7, 8, 0), flow_count / 6);
  EXPECT_LT(moved(MultipathAlgorithm::iter_hash, 7, 8, 8), flow_count / 6);
  EXPECT_GT(moved(MultipathAlgorithm::modulo_n, 7, 8, 0), flow_count / 2);
}

TEST(LinkChoiceMoves, OnlyFlowsOfALostMember) {
  for (uint32_t hash = 0; hash < 2000; ++hash) {
    const auto all = choose_by_weight(hash * 2654435761U, 5, [](uint32_t) { return true; });
    const auto rest = choose_by_weight(hash * 2654435761U, 5, [](uint32_t i) { return i != 2; });
    ASSERT_TRUE(*all == *rest || *all == 2);
  }
  EXPECT_FALSE(choose_by_weight(1, 5, [](uint32_t) { return false; }));
  EXPECT_FALSE(choose_by_weight(1, 0, [](uint32_t) { return true; }));
}

TEST(HashedFields, SymmetricOnesAreTheSameBothWays) {
  for (const HashFields fields : {HashFields::symmetric_l4, HashFields::symmetric_l3l4, HashFields::symmetric_l3l4_udp,
                                  HashFields::symmetric_l3}) {
    EXPECT_EQ(hash_fields(fields, 1, tcp_packet(5)), hash_fields(fields, 1, tcp_packet(5, true)));
  }
  EXPECT_NE(hash_fields(HashFields::nw_src, 1, tcp_packet(5)), hash_fields(HashFields::nw_src, 1, tcp_packet(5, true)));
}

TEST(HashedFields, TheBasisMakesAnotherChoice) {
  EXPECT_NE(hash_fields(HashFields::eth_src, 1, tcp_packet(5)), hash_fields(HashFields::eth_src, 2, tcp_packet(5)));
}

// Nothing but what is hashed may end up in a mask.
TEST(HashedFields, NoMoreIsReadThanIsNamed) {
  const auto read_by = [](HashFields fields) {
    std::vector<FieldId> read;
    hash_fields(fields, 0, [&](FieldId id) {
      read.push_back(id);
      return tcp_packet(1)(id);
    });
    return read;
  };
  EXPECT_EQ(read_by(HashFields::eth_src), std::vector{FieldId::eth_src});
  EXPECT_EQ(read_by(HashFields::nw_dst), (std::vector{FieldId::eth_type, FieldId::ipv4_dst}));
  EXPECT_EQ(read_by(HashFields::symmetric_l3), (std::vector{FieldId::eth_type, FieldId::ipv4_src, FieldId::ipv4_dst}));
}

}  // namespace
}  // namespace weft::ofproto
