// Groups: OpenFlow 1.3.5 sections 7.3.4.2, 7.3.5.9 to 7.3.5.11.
#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t bucket_header_size = 16;
constexpr size_t group_desc_fixed_size = 8;

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

Bucket read_bucket(WireReader& in) {
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
  auto actions = read_actions(in.take(length - bucket_header_size), version, ActionContext::bucket);
  if (actions) {
    bucket.actions = std::move(*actions);
  } else {
    in.fail(actions.error());
  }
  return bucket;
}

// 1.3 has no bucket ids.
std::vector<Bucket> read_buckets(WireReader& in) {
  std::vector<Bucket> buckets;
  while (in.remaining() > 0 && !in.failed()) {
    buckets.push_back(read_bucket(in));
  }
  return buckets;
}

void write_bucket(WireWriter& out, const Bucket& bucket) {
  const size_t begin = out.size();
  out.u16(0);
  out.u16(bucket.weight);
  out.port32(bucket.watch_port);
  out.u32(bucket.watch_group);
  out.pad(4);
  write_actions(out, bucket.actions, version);
  out.patch_u16(begin, out.size() - begin);
}

// What is accepted must fit into a group description, where it may be longer than it came.
void check_size(WireReader& in, const GroupMod& mod) {
  if (in.failed()) {
    return;
  }
  std::vector<uint8_t> shown;
  WireWriter out(shown);
  for (const Bucket& bucket : mod.buckets) {
    write_bucket(out, bucket);
  }
  if (shown.size() > max_message_size - multipart_header_size - group_desc_fixed_size) {
    in.fail({ErrorCode::ofpgmfc_out_of_buckets, "a group that no reply could show"});
  }
}

// An entry that begins with its own length; what follows is read by `read_body` from just its bytes.
template <class ReadBody>
void read_sized(WireReader& in, ReadBody&& read_body) {
  constexpr size_t length_size = 2;
  const uint16_t length = in.u16();
  WireReader entry(in.take(length < length_size ? in.remaining() + 1 : length - length_size));
  read_body(entry);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
}

GroupDesc read_group_desc(WireReader& in) {
  GroupDesc desc;
  read_sized(in, [&](WireReader& entry) {
    group_desc_layout(entry, desc);
    desc.buckets = read_buckets(entry);
  });
  return desc;
}

GroupStats read_group_stats(WireReader& in) {
  GroupStats stats;
  read_sized(in, [&](WireReader& entry) {
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

DecodedMessage read_group_mod(WireReader& in) {
  GroupMod mod;
  group_mod_layout(in, mod);
  mod.buckets = read_buckets(in);
  if (mod.command == GroupModCommand::insert_bucket || mod.command == GroupModCommand::remove_bucket) {
    in.fail({ErrorCode::ofpgmfc_bad_command, "a command of OpenFlow 1.5"});
  }
  check_size(in, mod);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(mod)};
}

void write(WireWriter& out, const GroupMod& mod) {
  group_mod_layout(out, mod);
  for (const Bucket& bucket : mod.buckets) {
    write_bucket(out, bucket);
  }
}

DecodedMessage read_group_stats_request(WireReader& in) { return read_as<GroupStatsRequest>(in, group_request_layout); }
void write(WireWriter& out, const GroupStatsRequest& message) { group_request_layout(out, message); }

DecodedMessage read_group_stats_reply(WireReader& in) { return read_entries<GroupStats>(in, read_group_stats); }

void write_entry(WireWriter& out, const GroupStats& stats) {
  const size_t begin = out.size();
  out.u16(0);
  group_stats_layout(out, stats);
  for (const BucketCounters& counters : stats.buckets) {
    out.u64(counters.packet_count);
    out.u64(counters.byte_count);
  }
  out.patch_u16(begin, out.size() - begin);
}

DecodedMessage read_group_desc_reply(WireReader& in) { return read_entries<GroupDesc>(in, read_group_desc); }

void write_entry(WireWriter& out, const GroupDesc& desc) {
  const size_t begin = out.size();
  out.u16(0);
  group_desc_layout(out, desc);
  for (const Bucket& bucket : desc.buckets) {
    write_bucket(out, bucket);
  }
  out.patch_u16(begin, out.size() - begin);
}

DecodedMessage read_group_features_reply(WireReader& in) {
  return read_as<GroupFeaturesReply>(in, group_features_layout);
}
void write(WireWriter& out, const GroupFeaturesReply& message) { group_features_layout(out, message); }

}  // namespace weft::openflow::codec_13
