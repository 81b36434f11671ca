// Which flows move when candidates come, go and change their weight.
#include "ofproto/translate/rendezvous.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "lib/base/hash.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t flow_count = 10000;

// The winner's id for each of the flows.
std::vector<uint32_t> winners(const std::vector<Candidate>& candidates) {
  std::vector<uint32_t> ids;
  for (uint64_t flow = 0; flow < flow_count; ++flow) {
    ids.push_back(candidates[rendezvous(candidates, hash_finish(flow, 1)).value()].id);
  }
  return ids;
}

std::map<uint32_t, double> shares(const std::vector<uint32_t>& ids) {
  std::map<uint32_t, double> shares;
  for (const uint32_t id : ids) {
    shares[id] += 1.0 / flow_count;
  }
  return shares;
}

// (from, to) of those that differ.
std::map<std::pair<uint32_t, uint32_t>, double> moves(const std::vector<uint32_t>& before,
                                                      const std::vector<uint32_t>& after) {
  std::map<std::pair<uint32_t, uint32_t>, double> moved;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] != after[i]) {
      moved[{before[i], after[i]}] += 1.0 / flow_count;
    }
  }
  return moved;
}

TEST(Rendezvous, NobodyWinsWhereNobodyIs) { EXPECT_EQ(rendezvous({}, 7), std::nullopt); }

TEST(Rendezvous, EachWinsByItsWeight) {
  const auto share = shares(winners({{1, 1}, {2, 2}, {3, 5}, {4, 0}}));
  EXPECT_NEAR(share.at(1), 0.125, 0.01);
  EXPECT_NEAR(share.at(2), 0.25, 0.015);
  EXPECT_NEAR(share.at(3), 0.625, 0.015);
  EXPECT_FALSE(share.contains(4));
}

TEST(Rendezvous, WithoutAnyWeightAllAreEqual) {
  const auto share = shares(winners({{1, 0}, {2, 0}}));
  EXPECT_NEAR(share.at(1), 0.5, 0.02);
}

TEST(Rendezvous, OnlyWhatTheLeavingOneHadMoves) {
  const std::vector<Candidate> all{{10, 3}, {20, 3}, {30, 3}, {40, 3}};
  const std::vector<Candidate> fewer{{10, 3}, {30, 3}, {40, 3}};
  const auto moved = moves(winners(all), winners(fewer));
  double sum = 0;
  for (const auto& [move, share] : moved) {
    EXPECT_EQ(move.first, 20U);
    EXPECT_NEAR(share, 0.25 / 3, 0.015);  // spread over all others
    sum += share;
  }
  EXPECT_NEAR(sum, 0.25, 0.015);
}

TEST(Rendezvous, AGrowingWeightTakesItsShareAndNothingElseMoves) {
  const std::vector<Candidate> before{{1, 10}, {2, 10}, {3, 20}};
  const std::vector<Candidate> after{{1, 20}, {2, 10}, {3, 20}};
  const auto moved = moves(winners(before), winners(after));
  double sum = 0;
  for (const auto& [move, share] : moved) {
    EXPECT_EQ(move.second, 1U);
    sum += share;
  }
  EXPECT_NEAR(sum, 0.40 - 0.25, 0.015);
}

TEST(Rendezvous, TheOrderOfCandidatesDoesNotMatter) {
  EXPECT_EQ(winners({{1, 1}, {2, 2}, {3, 3}}), winners({{3, 3}, {1, 1}, {2, 2}}));
}

}  // namespace
}  // namespace weft::ofproto
