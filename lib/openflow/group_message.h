// Messages about groups. Values. Group number constants are in flow_message.h.
//
// Buckets have ids since 1.5. Earlier versions say nothing of them: there a bucket is unnumbered, and the switch gives
// it the id of the bucket whose place it takes, or one that is free.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/openflow/action.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/multipart.h"

namespace weft::openflow {

enum class GroupModCommand : uint16_t {
  add = 0,
  modify = 1,
  remove = 2,
  insert_bucket = 3,       // 1.5
  remove_bucket = 5,       // 1.5
  add_or_modify = 0x8000,  // extension
};

enum class GroupType : uint8_t { all = 0, select = 1, indirect = 2, fast_failover = 3 };

inline constexpr uint32_t unnumbered_bucket = 0xffffffff;

struct Bucket {
  uint32_t bucket_id = unnumbered_bucket;  // at most bucket_position::max
  uint16_t weight = 0;                     // select only
  OfPort watch_port = of_port::any;
  uint32_t watch_group = any_group;
  ActionList actions;
  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// Gives unnumbered buckets the lowest ids that no other has, in their order: how a version with ids shows them.
void number_buckets(std::vector<Bucket>& buckets);

// Bits of a field that take part in a selection. Views of the same bits (tcp_src, udp_src) are fields of their own.
struct SelectionField {
  FieldId field{};
  FieldValue mask;
  friend bool operator==(const SelectionField&, const SelectionField&) = default;
};

// How a select group chooses (extension of 1.5); an empty method is the switch's own choice.
struct GroupSelection {
  std::string method;  // "hash", "dp_hash"
  uint64_t param = 0;
  std::vector<SelectionField> fields;  // by FieldId, each once; none: whatever the packet has
  // Keeps the order; of a field that is there already the later mask counts.
  void add_field(FieldId field, FieldValue mask);
  friend bool operator==(const GroupSelection&, const GroupSelection&) = default;
};

// 1.5: where insert_bucket and remove_bucket act.
namespace bucket_position {
inline constexpr uint32_t max = 0xffffff00;
inline constexpr uint32_t first = 0xfffffffd;
inline constexpr uint32_t last = 0xfffffffe;
inline constexpr uint32_t all = 0xffffffff;
}  // namespace bucket_position

struct GroupMod {
  GroupModCommand command = GroupModCommand::add;
  GroupType type = GroupType::all;
  uint32_t group_id = 0;
  uint32_t command_bucket_id = bucket_position::all;  // insert_bucket: behind this one; remove_bucket: this one
  std::vector<Bucket> buckets{};
  GroupSelection selection{};
  friend bool operator==(const GroupMod&, const GroupMod&) = default;
};

struct GroupStatsRequest {
  uint32_t group_id = all_groups;
  friend bool operator==(const GroupStatsRequest&, const GroupStatsRequest&) = default;
};
struct BucketCounters {
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  friend bool operator==(const BucketCounters&, const BucketCounters&) = default;
};
struct GroupStats {
  uint32_t group_id = 0;
  uint32_t ref_count = 0;  // rules and groups that name it
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  Duration duration;
  std::vector<BucketCounters> buckets;
  friend bool operator==(const GroupStats&, const GroupStats&) = default;
};
using GroupStatsReply = MultipartReply<GroupStats>;

struct GroupDescRequest {
  uint32_t group_id = all_groups;  // 1.5 can ask for one
  friend bool operator==(const GroupDescRequest&, const GroupDescRequest&) = default;
};
struct GroupDesc {
  GroupType type = GroupType::all;
  uint32_t group_id = 0;
  std::vector<Bucket> buckets;
  GroupSelection selection;
  friend bool operator==(const GroupDesc&, const GroupDesc&) = default;
};
using GroupDescReply = MultipartReply<GroupDesc>;

// OFPGFC_*.
namespace group_capability {
inline constexpr uint32_t select_weight = 1 << 0;
inline constexpr uint32_t select_liveness = 1 << 1;
inline constexpr uint32_t chaining = 1 << 2;
inline constexpr uint32_t chaining_checks = 1 << 3;
}  // namespace group_capability

struct GroupFeaturesRequest {
  friend bool operator==(const GroupFeaturesRequest&, const GroupFeaturesRequest&) = default;
};
// Arrays are indexed by GroupType.
struct GroupFeaturesReply {
  uint32_t types = 0;  // bit n: GroupType n
  uint32_t capabilities = 0;
  uint32_t max_groups[4] = {};
  uint32_t actions[4] = {};  // bit n: OFPAT_ n
  friend bool operator==(const GroupFeaturesReply&, const GroupFeaturesReply&) = default;
};

}  // namespace weft::openflow
