#include "lib/openflow/continuation.h"

#include <gtest/gtest.h>

namespace weft::openflow {
namespace {

Continuation example() {
  Continuation continuation;
  continuation.datapath_id = 0x1122334455667788;
  continuation.in_port = OfPort{7};
  continuation.egress_port = of_port::local;
  ContinuationStep step;
  step.actions = {OutputAction{.port = OfPort{3}, .max_len = 0}, GroupAction{5}};
  step.then.write = ActionList{OutputAction{.port = OfPort{4}, .max_len = 0}};
  step.then.clear_actions = true;
  step.then.write_metadata = MetadataWrite{1, 3};
  step.then.goto_table = 9;
  step.table_id = 8;
  step.cookie = 0x77;
  step.is_in_group = true;
  step.is_pipeline = true;
  continuation.steps = {step, ContinuationStep{}};
  continuation.steps[1].is_packet_out = continuation.steps[1].is_in_action_set = true;
  continuation.action_set = {DecTtlAction{}};
  continuation.runs_action_set = true;
  continuation.stack = {{1, 2}, {3, 4}};
  return continuation;
}

TEST(ContinuationTest, ReadsWhatItWrites) {
  const auto bytes = encode_continuation(example(), false);
  EXPECT_EQ(bytes.size() % 8, 0U);
  const auto decoded = decode_continuation(bytes);
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(*decoded, example());
}

TEST(ContinuationTest, EveryChangedByteIsReadOrRefusedWhole) {
  const auto good = encode_continuation(example(), false);
  for (size_t i = 0; i < good.size(); ++i) {
    for (const uint8_t flip : {0x01, 0x80, 0xff}) {
      auto bytes = good;
      bytes[i] ^= flip;
      (void)decode_continuation(bytes);
    }
    EXPECT_FALSE(decode_continuation(std::span(good).first(i))) << i;
  }
}

TEST(ContinuationTest, WhatNoMessageCouldCarryIsEmpty) {
  Continuation continuation = example();
  continuation.action_set.assign(8000, GroupAction{1});
  EXPECT_TRUE(encode_continuation(continuation, false).empty());
}

}  // namespace
}  // namespace weft::openflow
