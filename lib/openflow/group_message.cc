#include "lib/openflow/group_message.h"

#include <algorithm>
#include <set>

namespace weft::openflow {

void number_buckets(std::vector<Bucket>& buckets) {
  std::set<uint32_t> taken;
  for (const Bucket& bucket : buckets) {
    taken.insert(bucket.bucket_id);
  }
  uint32_t next = 0;
  for (Bucket& bucket : buckets) {
    if (bucket.bucket_id == unnumbered_bucket) {
      while (taken.contains(next)) {
        ++next;
      }
      bucket.bucket_id = next++;
    }
  }
}

void GroupSelection::add_field(FieldId field, FieldValue mask) {
  const auto at = std::ranges::lower_bound(fields, field, {}, &SelectionField::field);
  if (at != fields.end() && at->field == field) {
    at->mask = mask;
  } else {
    fields.insert(at, {field, mask});
  }
}

}  // namespace weft::openflow
