#include "lib/openflow/codec_13/group_15.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/property.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t numbered_bucket_header_size = 8;

// OFPGBPT_*.
constexpr uint16_t property_weight = 0;
constexpr uint16_t property_watch_port = 1;
constexpr uint16_t property_watch_group = 2;

constexpr uint32_t selection_experimenter = 0x0000154d;
constexpr uint32_t selection_experimenter_old = 0x00001540;  // accepted: what was sent before the number was allotted
constexpr uint32_t selection_type = 1;
constexpr size_t method_size = 16;

void read_bucket_property(uint16_t type, Reader& body, Bucket& bucket) {
  switch (type) {
    case property_weight:
      body.u16(bucket.weight);
      return body.pad(2);
    case property_watch_port:
      return body.port32(bucket.watch_port, ErrorCode::ofpgmfc_bad_watch);
    case property_watch_group:
      return body.u32(bucket.watch_group);
    default:
      refuse_property(type, body);
  }
}

Bucket read_bucket(Reader& in, GroupType type) {
  Bucket bucket;
  bucket.weight = type == GroupType::select ? 1 : 0;
  const uint16_t length = in.u16();
  const uint16_t actions_size = in.u16();
  if (length < numbered_bucket_header_size || length % 8 != 0 || actions_size > length - numbered_bucket_header_size) {
    in.fail({ErrorCode::ofpgmfc_bad_bucket, fmt::format("bucket of {} bytes", length)});
    return bucket;
  }
  in.u32(bucket.bucket_id);
  Reader body(in.take(length - numbered_bucket_header_size), in.version());
  take_result(body, read_actions(body.take(actions_size), in.version(), ActionContext::bucket), bucket.actions);
  read_properties(body, [&](uint16_t one, Reader& property) { read_bucket_property(one, property, bucket); });
  if (auto done = body.finish(); !done) {
    in.fail(done.error());
  }
  return bucket;
}

void check_ids(Reader& in, const std::vector<Bucket>& buckets) {
  std::set<uint32_t> seen;
  for (const Bucket& bucket : buckets) {
    if (bucket.bucket_id > bucket_position::max) {
      return in.fail({ErrorCode::ofpgmfc_bad_bucket, fmt::format("bucket_id {:#x}", bucket.bucket_id)});
    }
    if (!seen.insert(bucket.bucket_id).second) {
      return in.fail({ErrorCode::ofpgmfc_bad_bucket, fmt::format("bucket_id {} twice", bucket.bucket_id)});
    }
  }
}

void write_bucket(Writer& out, GroupType type, const Bucket& bucket) {
  const size_t begin = out.size();
  out.u16(0);
  out.u16(0);
  out.u32(bucket.bucket_id);
  write_actions(out, bucket.actions, out.version());
  out.patch_u16(begin + 2, out.size() - begin - numbered_bucket_header_size);
  if (type == GroupType::select || bucket.weight != 0) {
    write_property(out, property_weight, [&] {
      out.u16(bucket.weight);
      out.pad(2);
    });
  }
  if (bucket.watch_port != of_port::any) {
    write_property(out, property_watch_port, [&] { out.port32(bucket.watch_port); });
  }
  if (bucket.watch_group != any_group) {
    write_property(out, property_watch_group, [&] { out.u32(bucket.watch_group); });
  }
  out.patch_u16(begin, out.size() - begin);
}

// Fields without mask bits, whose value is the mask under which they are hashed.
void read_selection_fields(Reader& in, GroupSelection& selection) {
  while (in.remaining() > 0 && !in.failed()) {
    const auto entry = read_oxm(in);
    if (!entry || entry->has_mask) {
      in.take_rest();
      return in.fail({ErrorCode::ofpbpc_bad_exp_value, "fields of a selection method"});
    }
    selection.add_field(entry->field->id, entry->value);
  }
}

void write_selection_fields(Writer& out, const GroupSelection& selection) {
  for (const SelectionField& one : selection.fields) {
    const Field& f = field(one.field);
    if (has_oxm(f)) {
      write_oxm(out, f, one.mask, all_bits(f), out.version());
    }
  }
}

void read_selection(Reader& body, GroupSelection& selection) {
  body.pad(4);
  body.text(selection.method, method_size);
  body.u64(selection.param);
  read_selection_fields(body, selection);
  if (!body.failed() && selection.method.empty()) {
    body.fail({ErrorCode::ofpbpc_bad_exp_value, "a selection method without a name"});
  }
}

void read_group_property(uint16_t type, Reader& body, GroupSelection& selection) {
  if (type != property_experimenter) {
    return refuse_property(type, body);
  }
  const uint32_t experimenter = body.u32();
  const uint32_t exp_type = body.u32();
  if (experimenter != selection_experimenter && experimenter != selection_experimenter_old) {
    return refuse_property(type, body);
  }
  if (exp_type != selection_type) {
    body.take_rest();
    return body.fail({ErrorCode::ofpbpc_bad_exp_type, fmt::format("type {}", exp_type)});
  }
  read_selection(body, selection);
}

void write_selection(Writer& out, const GroupSelection& selection) {
  write_property(out, property_experimenter, [&] {
    out.u32(selection_experimenter);
    out.u32(selection_type);
    out.pad(4);
    out.text(selection.method, method_size);
    out.u64(selection.param);
    write_selection_fields(out, selection);
  });
}

}  // namespace

void read_group_body_15(Reader& in, size_t buckets_size, GroupType type, std::vector<Bucket>& buckets,
                        GroupSelection& selection) {
  Reader list(in.take(buckets_size), in.version(), ErrorCode::ofpgmfc_bad_bucket);
  while (list.remaining() > 0 && !list.failed()) {
    buckets.push_back(read_bucket(list, type));
  }
  check_ids(list, buckets);
  if (auto done = list.finish(); !done) {
    in.fail(done.error());
  }
  read_properties(in, [&](uint16_t one, Reader& body) { read_group_property(one, body, selection); });
}

size_t write_group_body_15(Writer& out, GroupType type, const std::vector<Bucket>& buckets,
                           const GroupSelection& selection) {
  const size_t begin = out.size();
  std::vector<Bucket> numbered = buckets;
  number_buckets(numbered);
  for (const Bucket& bucket : numbered) {
    write_bucket(out, type, bucket);
  }
  const size_t buckets_size = out.size() - begin;
  if (!selection.method.empty()) {
    write_selection(out, selection);
  }
  return buckets_size;
}

}  // namespace weft::openflow::codec_13
