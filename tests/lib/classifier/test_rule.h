// A rule with nothing but what the classifier knows of it, and matches made by hand.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>

#include "lib/classifier/classifier_rule.h"
#include "lib/flow/field.h"
#include "lib/flow/match.h"

namespace weft {

struct TestRule final : ClassifierRule {
  using ClassifierRule::ClassifierRule;
  TestRule(const Match& match, int32_t priority) : ClassifierRule(MiniMatch(match), priority) {}
};

inline Match match_of(std::initializer_list<std::pair<FieldId, uint64_t>> fields) {
  Match match;
  for (const auto& [id, value] : fields) {
    match.set(id, value);
  }
  return match;
}

// A packet in which every header is present.
inline Flow packet_of(std::initializer_list<std::pair<FieldId, uint64_t>> fields) {
  Flow flow;
  for (const auto& [id, value] : fields) {
    set(flow, id, FieldValue{0, value});
  }
  flow.word(present_word) |= present_in_word(0xffff);
  return flow;
}

}  // namespace weft
