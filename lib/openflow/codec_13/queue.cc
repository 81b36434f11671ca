// Queues: OpenFlow 1.3.5 sections 7.2.2, 7.3.5.7 and 7.3.6; 1.5.1 sections 7.3.5.8 and 7.3.5.18.
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

namespace weft::openflow::codec_13 {
namespace {

// OFPQT_*, OFPQDPT_*: the same numbers.
constexpr uint16_t property_min_rate = 1;
constexpr uint16_t property_max_rate = 2;

constexpr auto queue_request_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.u32(m.queue_id);
};

constexpr auto queue_stats_layout = [](auto& io, auto& stats) {
  io.port32(stats.port);
  io.u32(stats.queue_id);
  io.u64(stats.tx_bytes);
  io.u64(stats.tx_packets);
  io.u64(stats.tx_errors);
  duration_layout(io, stats.duration);
};

constexpr auto get_config_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.pad(4);
};

// In 1.3 a property's header has four more bytes and its length counts the padding.
void read_rate(uint16_t type, Reader& body, QueueDesc& desc) {
  if (type != property_min_rate && type != property_max_rate) {
    body.take_rest();
    return;
  }
  if (body.version() == Version::v1_3) {
    body.pad(4);
  }
  (type == property_min_rate ? desc.min_rate : desc.max_rate) = body.u16();
  body.pad(body.version() == Version::v1_3 ? 6 : 2);
}

void write_rate(Writer& out, uint16_t type, std::optional<uint16_t> rate) {
  if (!rate) {
    return;
  }
  write_property(out, type, [&] {
    if (out.version() == Version::v1_3) {
      out.pad(4);
    }
    out.u16(*rate);
    out.pad(out.version() == Version::v1_3 ? 6 : 2);
  });
}

QueueDesc read_queue(Reader& in) {
  constexpr size_t head_size = 10;  // port, number and length, in either order
  QueueDesc desc;
  if (in.version() == Version::v1_3) {
    in.u32(desc.queue_id);
    in.port32(desc.port);
  } else {
    in.port32(desc.port);
    in.u32(desc.queue_id);
  }
  const uint16_t length = in.u16();
  Reader entry(in.take(length < head_size ? in.remaining() + 1 : length - head_size), in.version());
  entry.pad(6);
  read_properties(entry, [&](uint16_t type, Reader& body) { read_rate(type, body, desc); });
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return desc;
}

void read_queues(Reader& in, QueueDescReply& reply) {
  while (in.remaining() > 0 && !in.failed()) {
    reply.entries.push_back(read_queue(in));
  }
}

}  // namespace

DecodedMessage read_queue_stats_request(Reader& in) { return read_as<QueueStatsRequest>(in, queue_request_layout); }
void write(Writer& out, const QueueStatsRequest& message) { queue_request_layout(out, message); }

DecodedMessage read_queue_stats_reply(Reader& in) {
  return read_entries<QueueStats>(in, [](Reader& from) {
    QueueStats stats;
    if (from.version() == Version::v1_3) {
      queue_stats_layout(from, stats);
      return stats;
    }
    read_sized(from, [&](Reader& entry) {
      entry.pad(6);
      queue_stats_layout(entry, stats);
      read_properties(entry, [](uint16_t, Reader& body) { body.take_rest(); });
    });
    return stats;
  });
}
void write_entry(Writer& out, const QueueStats& stats) {
  if (out.version() == Version::v1_3) {
    return queue_stats_layout(out, stats);
  }
  write_sized(out, [&] {
    out.pad(6);
    queue_stats_layout(out, stats);
  });
}

DecodedMessage read_queue_get_config_request(Reader& in) { return read_as<QueueDescRequest>(in, get_config_layout); }
DecodedMessage read_queue_desc_request(Reader& in) { return read_as<QueueDescRequest>(in, queue_request_layout); }
void write(Writer& out, const QueueDescRequest& message) {
  if (out.version() == Version::v1_3) {
    get_config_layout(out, message);
  } else {
    queue_request_layout(out, message);
  }
}

DecodedMessage read_queue_get_config_reply(Reader& in) {
  QueueDescReply reply;
  get_config_layout(in, reply);
  read_queues(in, reply);
  return finished(in, std::move(reply));
}
DecodedMessage read_queue_desc_reply(Reader& in) {
  QueueDescReply reply;
  read_queues(in, reply);
  return finished(in, std::move(reply));
}
void write(Writer& out, const QueueDescReply& reply) {
  if (out.version() == Version::v1_3) {
    get_config_layout(out, reply);
  }
  for (const QueueDesc& desc : reply.entries) {
    write_entry(out, desc);
  }
}
void write_entry(Writer& out, const QueueDesc& desc) {
  const size_t begin = out.size();
  if (out.version() == Version::v1_3) {
    out.u32(desc.queue_id);
    out.port32(desc.port);
  } else {
    out.port32(desc.port);
    out.u32(desc.queue_id);
  }
  const size_t length_at = out.size();
  out.u16(0);
  out.pad(6);
  write_rate(out, property_min_rate, desc.min_rate);
  write_rate(out, property_max_rate, desc.max_rate);
  out.patch_u16(length_at, out.size() - begin);
}

}  // namespace weft::openflow::codec_13
