// Commands on the buckets of a group that is there, and the ids of buckets.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

namespace position = openflow::bucket_position;

class BucketModTest : public TableTest {
 protected:
  // A bucket of this id that outputs to the port of the same number.
  static openflow::Bucket numbered(uint32_t id) {
    openflow::Bucket bucket = bucket_to_port(static_cast<uint16_t>(id));
    bucket.bucket_id = id;
    return bucket;
  }
  static GroupMod message(GroupModCommand command, uint32_t at, std::vector<openflow::Bucket> buckets = {}) {
    GroupMod mod;
    mod.command = command;
    mod.group_id = 1;
    mod.command_bucket_id = at;
    mod.buckets = std::move(buckets);
    return mod;
  }
  static GroupMod insert(uint32_t at, std::vector<openflow::Bucket> buckets) {
    return message(GroupModCommand::insert_bucket, at, std::move(buckets));
  }
  static GroupMod remove_at(uint32_t at) { return message(GroupModCommand::remove_bucket, at); }
  void add_group(std::vector<openflow::Bucket> buckets, GroupType type = GroupType::all) {
    GroupMod mod = message(GroupModCommand::add, position::all, std::move(buckets));
    mod.type = type;
    apply(mod);
  }
  const Group& group() { return *tables_.groups().current().at(1); }
  std::vector<uint32_t> ids() {
    std::vector<uint32_t> ids;
    for (const openflow::Bucket& bucket : group().buckets()) {
      ids.push_back(bucket.bucket_id);
    }
    return ids;
  }
  using Ids = std::vector<uint32_t>;
};

TEST_F(BucketModTest, BucketsAreInsertedFirstLastAndBehindAnother) {
  add_group({numbered(5)});
  apply(insert(position::first, {numbered(1)}));
  apply(insert(position::last, {numbered(9)}));
  EXPECT_EQ(ids(), (Ids{1, 5, 9}));
  apply(insert(5, {numbered(7)}));
  EXPECT_EQ(ids(), (Ids{1, 5, 7, 9}));
}

TEST_F(BucketModTest, BucketsAreRemovedFirstLastByIdAndAll) {
  add_group({numbered(1), numbered(2), numbered(3), numbered(4)});
  apply(remove_at(position::first));
  apply(remove_at(position::last));
  EXPECT_EQ(ids(), (Ids{2, 3}));
  apply(remove_at(2));
  EXPECT_EQ(ids(), (Ids{3}));
  apply(remove_at(position::all));
  EXPECT_EQ(ids(), Ids{});
  apply(remove_at(position::first));  // there is none: nothing to do
}

TEST_F(BucketModTest, WhatCannotBeInsertedChangesNothing) {
  EXPECT_TRUE(refusal(insert(position::last, {numbered(1)})).is(ErrorCode::ofpgmfc_unknown_group));
  add_group({numbered(1), numbered(2), numbered(3)});
  EXPECT_TRUE(refusal(insert(9, {numbered(4)})).is(ErrorCode::ofpgmfc_unknown_bucket));
  EXPECT_TRUE(refusal(insert(position::all, {numbered(4)})).is(ErrorCode::ofpgmfc_unknown_bucket));
  EXPECT_TRUE(refusal(insert(position::last, {numbered(2)})).is(ErrorCode::ofpgmfc_bucket_exists));
  EXPECT_TRUE(refusal(insert(position::last, {numbered(4), numbered(5)})).is(ErrorCode::ofpgmfc_out_of_buckets));
  EXPECT_TRUE(refusal(insert(position::last, {bucket_to_group(1)})).is(ErrorCode::ofpgmfc_loop));
  EXPECT_TRUE(refusal(remove_at(9)).is(ErrorCode::ofpgmfc_unknown_bucket));
  EXPECT_EQ(ids(), (Ids{1, 2, 3}));
}

TEST_F(BucketModTest, AnIndirectGroupKeepsItsOneBucket) {
  add_group({numbered(1)}, GroupType::indirect);
  EXPECT_TRUE(refusal(insert(position::last, {numbered(2)})).is(ErrorCode::ofpgmfc_invalid_group));
  EXPECT_TRUE(refusal(remove_at(1)).is(ErrorCode::ofpgmfc_invalid_group));
}

TEST_F(BucketModTest, TheGroupStaysWhatItIs) {
  GroupMod mod = message(GroupModCommand::add, position::all, {numbered(1)});
  mod.type = GroupType::select;
  mod.selection.method = "hash";
  mod.selection.add_field(FieldId::ipv4_dst, FieldValue{0, 0xff});
  apply(mod);
  apply(insert(position::last, {numbered(2)}));
  EXPECT_EQ(group().type(), GroupType::select);
  EXPECT_EQ(group().selection(), mod.selection);
  // Nothing was said about its weight: it takes part like others.
  EXPECT_EQ(group().buckets()[1].weight, 1);
}

TEST_F(BucketModTest, BucketsThatStayGoOnCounting) {
  add_group({numbered(1), numbered(2)});
  group().bucket_counters(1).credit(3, 300, clock_.now());
  apply(remove_at(1));
  EXPECT_EQ(group().bucket_counters(0).packet_count(), 3U);
  apply(insert(position::first, {numbered(1)}));
  EXPECT_EQ(group().bucket_counters(0).packet_count(), 0U);
  EXPECT_EQ(group().bucket_counters(1).packet_count(), 3U);
}

// A controller that speaks 1.3 takes a bucket out of the middle: the others are still themselves.
TEST_F(BucketModTest, BucketsWithoutIdsInheritThemFromThoseThatDoTheSame) {
  add_group({bucket_to_port(1), bucket_to_port(2), bucket_to_port(3)}, GroupType::select);
  EXPECT_EQ(ids(), (Ids{0, 1, 2}));
  GroupMod mod = message(GroupModCommand::modify, position::all, {bucket_to_port(1), bucket_to_port(3)});
  mod.type = GroupType::select;
  apply(mod);
  EXPECT_EQ(ids(), (Ids{0, 2}));
  mod.buckets = {bucket_to_port(3), bucket_to_port(4), bucket_to_port(1)};
  apply(mod);
  EXPECT_EQ(ids(), (Ids{2, 1, 0}));
}

TEST_F(BucketModTest, TwoOfOneIdAreRefused) {
  GroupMod mod = message(GroupModCommand::add, position::all, {numbered(1), numbered(1)});
  EXPECT_TRUE(refusal(mod).is(ErrorCode::ofpgmfc_bad_bucket));
  mod.buckets = {numbered(1)};
  mod.buckets[0].bucket_id = position::max + 1;
  EXPECT_TRUE(refusal(mod).is(ErrorCode::ofpgmfc_bad_bucket));
  add_group({numbered(1)});
  EXPECT_TRUE(refusal(insert(position::last, {numbered(4), numbered(4)})).is(ErrorCode::ofpgmfc_bad_bucket));
}

}  // namespace
}  // namespace weft::ofproto
