// Groups: OpenFlow 1.3.5 sections 7.3.4.2, 7.3.5.9 to 7.3.5.11. 1.5 (1.5.1 sections 7.3.4.3, 7.3.5.10) numbers buckets and
// changes single ones; weights and watches are properties there, as is how a select group chooses: group_15.h.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/group_15.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t bucket_header_size = 16;
constexpr size_t group_desc_fixed_size = 16;     // of 1.5, the longer one
constexpr size_t nicira_stats_header_size = 24;  // of 1.0, the longest one

// 1.5 and, by Nicira's extension, 1.0: buckets are numbered and have properties.
bool has_form_15(Version version) { return version >= Version::v1_5 || version == Version::v1_0; }

constexpr auto group_request_layout = [](auto& io, auto& m) {
  io.u32(m.group_id);
  io.pad(4);
};

constexpr auto group_mod_layout = [](auto& io, auto& m) {
  io.u16(m.command);
  io.u8(m.type);
  io.pad(1);
  io.u32(m.group_id);
};

constexpr auto group_desc_layout = [](auto& io, auto& m) {
  io.u8(m.type);
  io.pad(1);
  io.u32(m.group_id);
};

constexpr auto group_stats_layout = [](auto& io, auto& stats) {
  io.pad(2);
  io.u32(stats.group_id);
  io.u32(stats.ref_count);
  io.pad(4);
  io.u64(stats.packet_count);
  io.u64(stats.byte_count);
  duration_layout(io, stats.duration);
};

constexpr auto group_features_layout = [](auto& io, auto& m) {
  io.u32(m.types);
  io.u32(m.capabilities);
  for (auto& max : m.max_groups) {
    io.u32(max);
  }
  for (auto& actions : m.actions) {
    io.u32(actions);
  }
};

Bucket read_bucket(Reader& in) {
  Bucket bucket;
  const uint16_t length = in.u16();
  if (length < bucket_header_size || length % 8 != 0) {
    in.fail({ErrorCode::ofpgmfc_bad_bucket, fmt::format("bucket of {} bytes", length)});
    return bucket;
  }
  in.u16(bucket.weight);
  in.port32(bucket.watch_port, ErrorCode::ofpgmfc_bad_watch);
  in.u32(bucket.watch_group);
  in.pad(4);
  auto actions = read_actions(in.take(length - bucket_header_size), in.version(), ActionContext::bucket);
  if (actions) {
    bucket.actions = std::move(*actions);
  } else {
    in.fail(actions.error());
  }
  return bucket;
}

// Before 1.5 there are no bucket ids.
std::vector<Bucket> read_buckets(Reader& in) {
  std::vector<Bucket> buckets;
  while (in.remaining() > 0 && !in.failed()) {
    buckets.push_back(read_bucket(in));
  }
  return buckets;
}

void write_bucket(Writer& out, const Bucket& bucket) {
  const size_t begin = out.size();
  out.u16(0);
  out.u16(bucket.weight);
  out.port32(bucket.watch_port);
  out.u32(bucket.watch_group);
  out.pad(4);
  write_actions(out, bucket.actions, out.version());
  out.patch_u16(begin, out.size() - begin);
}

void write_buckets(Writer& out, const std::vector<Bucket>& buckets) {
  for (const Bucket& bucket : buckets) {
    write_bucket(out, bucket);
  }
}

size_t shown_size(const GroupMod& mod, Version version) {
  std::vector<uint8_t> shown;
  Writer out(shown, version);
  if (has_form_15(version)) {
    write_group_body_15(out, mod.type, mod.buckets, mod.selection);
  } else {
    write_buckets(out, mod.buckets);
  }
  return shown.size();
}

// What is accepted must fit into a group description, where it may be longer than it came, in any version.
void check_size(Reader& in, const GroupMod& mod) {
  if (in.failed()) {
    return;
  }
  const size_t longest =
      std::max({shown_size(mod, Version::v1_0), shown_size(mod, Version::v1_3), shown_size(mod, Version::v1_5)});
  if (longest > max_message_size - nicira_stats_header_size - group_desc_fixed_size) {
    in.fail({ErrorCode::ofpgmfc_out_of_buckets, "a group that no reply could show"});
  }
}

bool is_known(GroupModCommand command, Version version) {
  switch (command) {
    case GroupModCommand::add:
    case GroupModCommand::modify:
    case GroupModCommand::remove:
    case GroupModCommand::add_or_modify:
      return true;
    case GroupModCommand::insert_bucket:
    case GroupModCommand::remove_bucket:
      return has_form_15(version);
  }
  return false;
}

// A place is named where single buckets are changed, and nowhere else (1.5.1 section 7.3.4.3).
void check_place(Reader& in, const GroupMod& mod) {
  using namespace bucket_position;  // NOLINT(google-build-using-namespace)
  const bool is_insert = mod.command == GroupModCommand::insert_bucket;
  const bool is_remove = mod.command == GroupModCommand::remove_bucket;
  const uint32_t place = mod.command_bucket_id;
  const bool is_single = place <= max || place == first || place == last;
  const bool fits = is_single ? is_insert || is_remove : place == all && !is_insert;
  if (!fits) {
    in.fail({ErrorCode::ofpgmfc_bad_bucket, fmt::format("command_bucket_id {:#x}", place)});
  } else if (is_remove && !mod.buckets.empty()) {
    in.fail({ErrorCode::ofpgmfc_bad_bucket, "a removal with buckets"});
  }
}

GroupDesc read_group_desc(Reader& in) {
  GroupDesc desc;
  read_sized(in, [&](Reader& entry) {
    group_desc_layout(entry, desc);
    if (has_form_15(entry.version())) {
      const uint16_t buckets_size = entry.u16();
      entry.pad(6);
      read_group_body_15(entry, buckets_size, desc.type, desc.buckets, desc.selection);
    } else {
      desc.buckets = read_buckets(entry);
    }
  });
  return desc;
}

GroupStats read_group_stats(Reader& in) {
  GroupStats stats;
  read_sized(in, [&](Reader& entry) {
    group_stats_layout(entry, stats);
    while (entry.remaining() > 0) {
      BucketCounters counters;
      entry.u64(counters.packet_count);
      entry.u64(counters.byte_count);
      stats.buckets.push_back(counters);
    }
  });
  return stats;
}

}  // namespace

DecodedMessage read_group_mod(Reader& in) {
  GroupMod mod;
  group_mod_layout(in, mod);
  if (!is_known(mod.command, in.version())) {
    in.fail({ErrorCode::ofpgmfc_bad_command, fmt::format("command {}", static_cast<unsigned>(mod.command))});
  }
  if (has_form_15(in.version())) {
    const uint16_t buckets_size = in.u16();
    in.pad(2);
    in.u32(mod.command_bucket_id);
    read_group_body_15(in, buckets_size, mod.type, mod.buckets, mod.selection);
    if (!in.failed()) {
      check_place(in, mod);
    }
  } else {
    mod.buckets = read_buckets(in);
  }
  check_size(in, mod);
  return finished(in, std::move(mod));
}

void write(Writer& out, const GroupMod& mod) {
  group_mod_layout(out, mod);
  if (!has_form_15(out.version())) {
    return write_buckets(out, mod.buckets);
  }
  const size_t size_at = out.size();
  out.u16(0);
  out.pad(2);
  out.u32(mod.command_bucket_id);
  out.patch_u16(size_at, write_group_body_15(out, mod.type, mod.buckets, mod.selection));
}

DecodedMessage read_group_stats_request(Reader& in) { return read_as<GroupStatsRequest>(in, group_request_layout); }
void write(Writer& out, const GroupStatsRequest& message) { group_request_layout(out, message); }

DecodedMessage read_group_stats_reply(Reader& in) { return read_entries<GroupStats>(in, read_group_stats); }

void write_entry(Writer& out, const GroupStats& stats) {
  const size_t begin = out.size();
  out.u16(0);
  group_stats_layout(out, stats);
  for (const BucketCounters& counters : stats.buckets) {
    out.u64(counters.packet_count);
    out.u64(counters.byte_count);
  }
  out.patch_u16(begin, out.size() - begin);
}

// Before 1.5 the request cannot name one group.
DecodedMessage read_group_desc_request(Reader& in) {
  return has_form_15(in.version()) ? read_as<GroupDescRequest>(in, group_request_layout)
                                   : read_empty<GroupDescRequest>(in);
}
void write(Writer& out, const GroupDescRequest& message) {
  if (has_form_15(out.version())) {
    group_request_layout(out, message);
  }
}

DecodedMessage read_group_desc_reply(Reader& in) { return read_entries<GroupDesc>(in, read_group_desc); }

void write_entry(Writer& out, const GroupDesc& desc) {
  write_sized(out, [&] {
    group_desc_layout(out, desc);
    if (!has_form_15(out.version())) {
      return write_buckets(out, desc.buckets);
    }
    const size_t size_at = out.size();
    out.u16(0);
    out.pad(6);
    out.patch_u16(size_at, write_group_body_15(out, desc.type, desc.buckets, desc.selection));
  });
}

DecodedMessage read_group_features_reply(Reader& in) { return read_as<GroupFeaturesReply>(in, group_features_layout); }
void write(Writer& out, const GroupFeaturesReply& message) { group_features_layout(out, message); }

}  // namespace weft::openflow::codec_13
