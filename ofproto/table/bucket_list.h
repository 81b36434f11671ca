// Lists of buckets and their ids: what a group-mod makes of the buckets that are there.
//
// OpenFlow 1.5 numbers buckets, adds some to a group (insert_bucket) and takes some away (remove_bucket). A select
// group's hash goes by these ids, so where a message has none they are chosen such that flows stay where they are.
//
// Threads: pure functions. Cost: linear or a little more in the number of buckets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/group_message.h"

namespace weft::ofproto {

using BucketList = std::vector<openflow::Bucket>;

// Gives an unnumbered bucket the id of an earlier one that does the same, each id once. The others stay unnumbered.
void inherit_bucket_ids(BucketList& buckets, std::span<const openflow::Bucket> earlier);

// `added` before all (first), behind all (last) or behind the bucket of this id, in their order; those that are
// unnumbered get ids. OFPGMFC_UNKNOWN_BUCKET, OFPGMFC_BUCKET_EXISTS.
Result<BucketList, openflow::OpenFlowError> insert_buckets(std::span<const openflow::Bucket> buckets,
                                                           std::span<const openflow::Bucket> added, uint32_t position);
// Without the first, the last, all, or the one of this id. OFPGMFC_UNKNOWN_BUCKET.
Result<BucketList, openflow::OpenFlowError> remove_buckets(std::span<const openflow::Bucket> buckets,
                                                           uint32_t position);

}  // namespace weft::ofproto
