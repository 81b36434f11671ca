#include "ofproto/table/bucket_list.h"

#include <algorithm>
#include <string>

namespace weft::ofproto {

using openflow::Bucket;
using openflow::ErrorCode;
using openflow::OpenFlowError;
namespace bucket_position = openflow::bucket_position;

namespace {

using Found = Result<size_t, OpenFlowError>;

Found find(std::span<const Bucket> buckets, uint32_t bucket_id) {
  const auto found = std::ranges::find(buckets, bucket_id, &Bucket::bucket_id);
  if (found == buckets.end()) {
    return Unexpected{
        OpenFlowError(ErrorCode::ofpgmfc_unknown_bucket, "there is no bucket " + std::to_string(bucket_id))};
  }
  return static_cast<size_t>(found - buckets.begin());
}

// Where the first of the new ones is to stand.
Found place_to_insert(std::span<const Bucket> buckets, uint32_t position) {
  switch (position) {
    case bucket_position::first:
      return size_t{0};
    case bucket_position::last:
      return buckets.size();
    default:
      break;
  }
  Found before = find(buckets, position);
  return before ? Found(*before + 1) : before;
}

bool does_the_same(const Bucket& a, const Bucket& b) {
  return a.watch_port == b.watch_port && a.watch_group == b.watch_group && a.actions == b.actions;
}

}  // namespace

void inherit_bucket_ids(BucketList& buckets, std::span<const Bucket> earlier) {
  std::vector<bool> is_taken(earlier.size());
  for (size_t i = 0; i < earlier.size(); ++i) {
    is_taken[i] = std::ranges::any_of(buckets, [&](const Bucket& b) { return b.bucket_id == earlier[i].bucket_id; });
  }
  size_t untaken = 0;  // those before it are taken: lists that are mostly equal cost one walk
  for (Bucket& bucket : buckets) {
    if (bucket.bucket_id != openflow::unnumbered_bucket) {
      continue;
    }
    while (untaken < earlier.size() && is_taken[untaken]) {
      ++untaken;
    }
    for (size_t i = untaken; i < earlier.size(); ++i) {
      if (!is_taken[i] && does_the_same(bucket, earlier[i])) {
        bucket.bucket_id = earlier[i].bucket_id;
        is_taken[i] = true;
        break;
      }
    }
  }
}

Result<BucketList, OpenFlowError> insert_buckets(std::span<const Bucket> buckets, std::span<const Bucket> added,
                                                 uint32_t position) {
  const Found place = place_to_insert(buckets, position);
  if (!place) {
    return Unexpected{place.error()};
  }
  for (const Bucket& bucket : added) {
    if (bucket.bucket_id != openflow::unnumbered_bucket && find(buckets, bucket.bucket_id)) {
      return Unexpected{OpenFlowError(ErrorCode::ofpgmfc_bucket_exists,
                                      "there is a bucket " + std::to_string(bucket.bucket_id) + " already")};
    }
  }
  BucketList list(buckets.begin(), buckets.end());
  list.insert(list.begin() + static_cast<BucketList::difference_type>(*place), added.begin(), added.end());
  openflow::number_buckets(list);
  return list;
}

Result<BucketList, OpenFlowError> remove_buckets(std::span<const Bucket> buckets, uint32_t position) {
  BucketList list(buckets.begin(), buckets.end());
  if (position == bucket_position::all) {
    list.clear();
    return list;
  }
  if (position == bucket_position::first || position == bucket_position::last) {
    if (!list.empty()) {
      list.erase(position == bucket_position::first ? list.begin() : list.end() - 1);
    }
    return list;
  }
  const Found place = find(buckets, position);
  if (!place) {
    return Unexpected{place.error()};
  }
  list.erase(list.begin() + static_cast<BucketList::difference_type>(*place));
  return list;
}

}  // namespace weft::ofproto
