// The bundles of a session: what opens and ends them, and what is refused with which code.
#include "ofproto/message/bundle_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ofproto/message/fake_bridge.h"

namespace weft::ofproto {
namespace {

using openflow::BundleAdd;
using openflow::BundleControl;
using openflow::BundleControlType;
using openflow::ErrorCode;
using testing::ElementsAre;
namespace bundle_flag = openflow::bundle_flag;

class BundleSetTest : public testing::Test {
 protected:
  static BundleControl control(uint32_t id, uint16_t flags = 0) {
    return {.bundle_id = id, .type = BundleControlType::open_request, .flags = flags, .scheduled = {}};
  }
  static BundleAdd message(uint32_t id, uint16_t flags = 0) {
    openflow::Envelope envelope;
    envelope.xid = 9;
    envelope.message = flow_with_cookie(5);
    return {
        .bundle_id = id, .flags = flags, .message = {std::make_shared<const openflow::Envelope>(std::move(envelope))}};
  }
  std::optional<ErrorCode> open(uint32_t id, uint16_t flags = 0) {
    return code(bundles_.open(bridge_, control(id, flags), now_));
  }
  std::optional<ErrorCode> add(uint32_t id, uint16_t flags = 0) {
    return code(bundles_.add(bridge_, message(id, flags), std::vector<uint8_t>{1, 2}, now_));
  }
  std::optional<ErrorCode> close(uint32_t id, uint16_t flags = 0) {
    return code(bundles_.close(control(id, flags), now_));
  }
  std::optional<ErrorCode> discard(uint32_t id) { return code(bundles_.discard(control(id))); }
  std::optional<ErrorCode> take(uint32_t id, uint16_t flags = 0) {
    auto taken = bundles_.take(control(id, flags));
    taken_ = taken ? std::move(taken->bundle) : nullptr;
    return taken_ ? std::nullopt : find_code(taken.error());
  }
  static std::optional<ErrorCode> code(const BundleSet::Outcome& outcome) {
    return outcome ? std::nullopt : find_code(outcome.error());
  }
  static std::optional<ErrorCode> find_code(const openflow::OpenFlowError& error) {
    using enum ErrorCode;
    for (const ErrorCode each :
         {ofpbfc_bad_id, ofpbfc_bad_flags, ofpbfc_bundle_closed, ofpbfc_out_of_bundles, ofpbfc_msg_failed,
          ofpbfc_msg_too_many, ofpbfc_sched_not_supported, ofpfmfc_table_full}) {
      if (error.is(each)) {
        return each;
      }
    }
    ADD_FAILURE() << to_string(error);
    return std::nullopt;
  }

  FakeBridge bridge_;
  BundleSet bundles_{{.bundles = 2, .messages = 3}};
  BundleSet::Time now_{};
  std::unique_ptr<Bundle> taken_;
};

TEST_F(BundleSetTest, IsOpenedFilledClosedAndTaken) {
  EXPECT_EQ(open(1), std::nullopt);
  EXPECT_EQ(add(1), std::nullopt);
  EXPECT_EQ(add(1), std::nullopt);
  EXPECT_EQ(close(1), std::nullopt);
  EXPECT_EQ(take(1), std::nullopt);
  EXPECT_EQ(taken_->message_count(), 2u);
  EXPECT_TRUE(bundles_.empty());
  EXPECT_EQ(take(1), ErrorCode::ofpbfc_bad_id);
}

TEST_F(BundleSetTest, AMessageOpensItsBundle) {
  EXPECT_EQ(add(7, bundle_flag::ordered), std::nullopt);
  EXPECT_EQ(take(7, bundle_flag::ordered), std::nullopt);
}

TEST_F(BundleSetTest, WhatIsOpenedTwiceIsDiscarded) {
  open(1);
  EXPECT_EQ(open(1), ErrorCode::ofpbfc_bad_id);
  EXPECT_EQ(discard(1), ErrorCode::ofpbfc_bad_id);
}

TEST_F(BundleSetTest, OtherFlagsDiscardIt) {
  open(1, bundle_flag::atomic);
  EXPECT_EQ(add(1), ErrorCode::ofpbfc_bad_flags);
  open(1, bundle_flag::atomic);
  EXPECT_EQ(close(1), ErrorCode::ofpbfc_bad_flags);
  open(1, bundle_flag::atomic);
  EXPECT_EQ(take(1), ErrorCode::ofpbfc_bad_flags);
  EXPECT_TRUE(bundles_.empty());
}

TEST_F(BundleSetTest, AClosedOneTakesNothingMore) {
  open(1);
  close(1);
  EXPECT_EQ(add(1), ErrorCode::ofpbfc_bundle_closed);
  open(1);
  close(1);
  EXPECT_EQ(close(1), ErrorCode::ofpbfc_bundle_closed);
  EXPECT_TRUE(bundles_.empty());
}

TEST_F(BundleSetTest, FlagsThatAreNotServedAreRefused) {
  EXPECT_EQ(open(1, 0x8), ErrorCode::ofpbfc_bad_flags);
  EXPECT_EQ(open(1, bundle_flag::time), ErrorCode::ofpbfc_sched_not_supported);
  EXPECT_EQ(open(1, bundle_flag::atomic | bundle_flag::ordered), std::nullopt);
}

TEST_F(BundleSetTest, ThereAreOnlySoMany) {
  open(1);
  open(2);
  EXPECT_EQ(open(3), ErrorCode::ofpbfc_out_of_bundles);
  EXPECT_EQ(add(3), ErrorCode::ofpbfc_out_of_bundles);
  EXPECT_EQ(discard(2), std::nullopt);
  EXPECT_EQ(open(3), std::nullopt);
}

TEST_F(BundleSetTest, ARefusedMessageSpoilsIt) {
  open(1);
  bridge_.bundle_refusal = ErrorCode::ofpfmfc_table_full;
  EXPECT_EQ(add(1), ErrorCode::ofpfmfc_table_full);
  EXPECT_EQ(add(1), std::nullopt);
  EXPECT_EQ(take(1), ErrorCode::ofpbfc_msg_failed);
  EXPECT_TRUE(bundles_.empty());

  open(2);
  bundles_.spoil(2);
  bundles_.spoil(3);
  EXPECT_EQ(take(2), ErrorCode::ofpbfc_msg_failed);
}

TEST_F(BundleSetTest, TooManyMessagesSpoilIt) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(add(1), std::nullopt);
  }
  EXPECT_EQ(add(1), ErrorCode::ofpbfc_msg_too_many);
  EXPECT_EQ(take(1), ErrorCode::ofpbfc_msg_failed);
}

TEST_F(BundleSetTest, WhatIsForgottenGoes) {
  open(1);
  now_ += std::chrono::seconds(6);
  open(2);
  now_ += std::chrono::seconds(6);
  EXPECT_THAT(bundles_.expire(now_), ElementsAre(1u));
  add(2);
  now_ += std::chrono::seconds(6);
  EXPECT_THAT(bundles_.expire(now_), ElementsAre()) << "it was spoken of";
  EXPECT_EQ(take(2), std::nullopt);
}

}  // namespace
}  // namespace weft::ofproto
