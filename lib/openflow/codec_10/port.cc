// Ports and queues: OpenFlow 1.0.0 sections 5.2.1, 5.2.2, 5.3.3, 5.3.4, 5.3.5 and 5.4.3.
#include <array>

#include <fmt/format.h>

#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {
namespace {

// The bits that later versions have elsewhere or no more.
struct BitPair {
  uint32_t ours;
  uint32_t wire;
};

constexpr BitPair feature_bits[] = {
    {port_feature::half_10mb, 1 << 0},  {port_feature::full_10mb, 1 << 1}, {port_feature::half_100mb, 1 << 2},
    {port_feature::full_100mb, 1 << 3}, {port_feature::half_1gb, 1 << 4},  {port_feature::full_1gb, 1 << 5},
    {port_feature::full_10gb, 1 << 6},  {port_feature::copper, 1 << 7},    {port_feature::fiber, 1 << 8},
    {port_feature::autoneg, 1 << 9},    {port_feature::pause, 1 << 10},    {port_feature::pause_asym, 1 << 11},
};

// OFPPC_*: 1.0 has the same numbers, and two more for a spanning tree.
constexpr uint32_t config_bits = 0x7f;
// OFPPS_*: what later versions tell more of is not said; a spanning tree's state (bits 8, 9) is not kept.
constexpr uint32_t state_bits = port_state::link_down;

uint32_t features_to_wire(uint32_t features) {
  uint32_t wire = 0;
  for (const BitPair& bit : feature_bits) {
    wire |= (features & bit.ours) != 0 ? bit.wire : 0;
  }
  return wire;
}

uint32_t features_from_wire(uint32_t wire) {
  uint32_t features = 0;
  for (const BitPair& bit : feature_bits) {
    features |= (wire & bit.wire) != 0 ? bit.ours : 0;
  }
  return features;
}

// In kbit/s, as 1.1 and later say it: the fastest of the bits.
uint32_t speed_of(uint32_t features) {
  constexpr std::array<std::pair<uint32_t, uint32_t>, 4> speeds{{
      {port_feature::full_10gb, 10'000'000},
      {port_feature::full_1gb | port_feature::half_1gb, 1'000'000},
      {port_feature::full_100mb | port_feature::half_100mb, 100'000},
      {port_feature::full_10mb | port_feature::half_10mb, 10'000},
  }};
  for (const auto& [bits, speed] : speeds) {
    if ((features & bits) != 0) {
      return speed;
    }
  }
  return 0;
}

constexpr size_t name_size = 16;

struct PhyPort {
  PortDesc desc;
  uint32_t current = 0, advertised = 0, supported = 0, peer = 0;
};

constexpr auto phy_port_layout = [](auto& io, auto& port) {
  io.u16(port.desc.port);
  io.mac(port.desc.hw_addr);
  io.text(port.desc.name, name_size);
  io.u32(port.desc.config);
  io.u32(port.desc.state);
  io.u32(port.current);
  io.u32(port.advertised);
  io.u32(port.supported);
  io.u32(port.peer);
};

constexpr auto port_mod_layout = [](auto& io, auto& mod) {
  io.u16(mod.port);
  io.mac(mod.hw_addr);
  io.u32(mod.config);
  io.u32(mod.mask);
  io.u32(mod.advertise);
  io.pad(4);
};

constexpr auto port_stats_request_layout = [](auto& io, auto& request) {
  io.u16(request.port);
  io.pad(6);
};

constexpr auto port_stats_layout = [](auto& io, auto& s) {
  io.u16(s.port);
  io.pad(6);
  io.u64(s.rx_packets);
  io.u64(s.tx_packets);
  io.u64(s.rx_bytes);
  io.u64(s.tx_bytes);
  io.u64(s.rx_dropped);
  io.u64(s.tx_dropped);
  io.u64(s.rx_errors);
  io.u64(s.tx_errors);
  io.u64(s.rx_frame_errors);
  io.u64(s.rx_over_errors);
  io.u64(s.rx_crc_errors);
  io.u64(s.collisions);
};

constexpr auto queue_request_layout = [](auto& io, auto& request) {
  io.u16(request.port);
  io.pad(2);
  io.u32(request.queue_id);
};

constexpr auto queue_stats_layout = [](auto& io, auto& s) {
  io.u16(s.port);
  io.pad(2);
  io.u32(s.queue_id);
  io.u64(s.tx_bytes);
  io.u64(s.tx_packets);
  io.u64(s.tx_errors);
};

// A queue request names all ports by OFPP_ALL here, by OFPP_ANY later.
OfPort all_to_any(OfPort port) { return port == of_port::all ? of_port::any : port; }
OfPort any_to_all(OfPort port) { return port == of_port::any ? of_port::all : port; }

// OFPQT_*; the maximum came with 1.2, and Open vSwitch says it in 1.0 too.
constexpr uint16_t property_min_rate = 1;
constexpr uint16_t property_max_rate = 2;
constexpr size_t queue_head_size = 8;
constexpr size_t property_size = 16;

void read_queue_property(WireReader& in, QueueDesc& queue) {
  const uint16_t type = in.u16();
  const uint16_t length = in.u16();
  if (length < queue_head_size) {
    return in.fail({ErrorCode::ofpbrc_bad_len, fmt::format("queue property of {} bytes", length)});
  }
  WireReader property(in.take(length - 4U));
  property.pad(4);
  if (type == property_min_rate || type == property_max_rate) {
    (type == property_min_rate ? queue.min_rate : queue.max_rate) = property.u16();
    property.pad(6);
  } else {
    property.take_rest();
  }
  if (auto done = property.finish(); !done) {
    in.fail(done.error());
  }
}

QueueDesc read_queue(WireReader& in, OfPort port) {
  QueueDesc queue;
  queue.port = port;
  in.u32(queue.queue_id);
  const uint16_t length = in.u16();
  in.pad(2);
  if (length < queue_head_size) {
    in.fail({ErrorCode::ofpbrc_bad_len, fmt::format("queue of {} bytes", length)});
    return queue;
  }
  WireReader properties(in.take(length - queue_head_size));
  while (properties.remaining() > 0 && !properties.failed()) {
    read_queue_property(properties, queue);
  }
  if (auto done = properties.finish(); !done) {
    in.fail(done.error());
  }
  return queue;
}

void write_rate(WireWriter& out, uint16_t type, std::optional<uint16_t> rate) {
  if (rate) {
    out.u16(type);
    out.u16(property_size);
    out.pad(4);
    out.u16(*rate);
    out.pad(6);
  }
}

}  // namespace

PortDesc read_phy_port(WireReader& in) {
  PhyPort port;
  phy_port_layout(in, port);
  port.desc.config &= config_bits;
  port.desc.state &= state_bits;
  port.desc.current = features_from_wire(port.current);
  port.desc.advertised = features_from_wire(port.advertised);
  port.desc.supported = features_from_wire(port.supported);
  port.desc.peer = features_from_wire(port.peer);
  port.desc.current_speed_kbps = speed_of(port.desc.current);
  port.desc.max_speed_kbps = speed_of(port.desc.supported);
  return port.desc;
}

void write_phy_port(WireWriter& out, const PortDesc& desc) {
  PhyPort port;
  port.desc = desc;
  port.desc.config &= config_bits;
  port.desc.state &= state_bits;
  port.current = features_to_wire(desc.current);
  port.advertised = features_to_wire(desc.advertised);
  port.supported = features_to_wire(desc.supported);
  port.peer = features_to_wire(desc.peer);
  phy_port_layout(out, port);
}

DecodedMessage read_port_desc_reply(WireReader& in) { return read_entries<PortDesc>(in, read_phy_port); }
void write_entry(WireWriter& out, const PortDesc& entry) { write_phy_port(out, entry); }

DecodedMessage read_port_status(WireReader& in) {
  PortStatus status;
  in.u8(status.reason);
  in.pad(7);
  status.desc = read_phy_port(in);
  if (status.reason > PortStatusReason::modified) {
    in.fail(ErrorCode::ofpbrc_bad_type);
  }
  return finish(in, std::move(status));
}

void write(WireWriter& out, const PortStatus& status) {
  out.u8(status.reason);
  out.pad(7);
  write_phy_port(out, status.desc);
}

DecodedMessage read_port_mod(WireReader& in) {
  PortMod mod;
  port_mod_layout(in, mod);
  mod.advertise = features_from_wire(mod.advertise);
  if (((mod.config | mod.mask) & ~config_bits) != 0) {
    in.fail({ErrorCode::ofppmfc_bad_config, fmt::format("config {:#x} mask {:#x}", mod.config, mod.mask)});
  }
  return finish(in, std::move(mod));
}

void write(WireWriter& out, const PortMod& mod) {
  PortMod translated = mod;
  translated.advertise = features_to_wire(mod.advertise);
  port_mod_layout(out, translated);
}

DecodedMessage read_port_stats_request(WireReader& in) {
  return read_as<PortStatsRequest>(in, port_stats_request_layout);
}
void write(WireWriter& out, const PortStatsRequest& request) { port_stats_request_layout(out, request); }

DecodedMessage read_port_stats_reply(WireReader& in) {
  return read_entries<PortStats>(in, [](WireReader& from) {
    PortStats stats;
    port_stats_layout(from, stats);
    stats.duration = unknown_duration;
    return stats;
  });
}
void write_entry(WireWriter& out, const PortStats& stats) { port_stats_layout(out, stats); }

DecodedMessage read_queue_stats_request(WireReader& in) {
  QueueStatsRequest request;
  queue_request_layout(in, request);
  request.port = all_to_any(request.port);
  return finish(in, std::move(request));
}

void write(WireWriter& out, const QueueStatsRequest& request) {
  const QueueStatsRequest translated{any_to_all(request.port), request.queue_id};
  queue_request_layout(out, translated);
}

DecodedMessage read_queue_stats_reply(WireReader& in) {
  return read_entries<QueueStats>(in, [](WireReader& from) {
    QueueStats stats;
    queue_stats_layout(from, stats);
    stats.duration = unknown_duration;
    return stats;
  });
}
void write_entry(WireWriter& out, const QueueStats& stats) { queue_stats_layout(out, stats); }

// OFPT_QUEUE_GET_CONFIG_REQUEST and _REPLY: of one port, below OFPP_MAX.
DecodedMessage read_queue_config_request(WireReader& in) {
  QueueDescRequest request;
  in.u16(request.port);
  in.pad(2);
  if (!in.failed() && !is_ordinary(request.port)) {
    in.fail({ErrorCode::ofpqofc_bad_port, fmt::format("port {:#x}", number(request.port))});
  }
  return finish(in, std::move(request));
}

void write(WireWriter& out, const QueueDescRequest& request) {
  out.u16(request.port);
  out.pad(2);
}

DecodedMessage read_queue_config_reply(WireReader& in) {
  QueueDescReply reply;
  in.u16(reply.port);
  in.pad(6);
  while (in.remaining() > 0 && !in.failed()) {
    reply.entries.push_back(read_queue(in, reply.port));
  }
  return finish(in, std::move(reply));
}

void write(WireWriter& out, const QueueDescReply& reply) {
  out.u16(reply.port);
  out.pad(6);
  for (const QueueDesc& queue : reply.entries) {
    const size_t begin = out.size();
    out.u32(queue.queue_id);
    out.u16(0);
    out.pad(2);
    write_rate(out, property_min_rate, queue.min_rate);
    write_rate(out, property_max_rate, queue.max_rate);
    out.patch_u16(begin + 4, out.size() - begin);
  }
}

}  // namespace weft::openflow::codec_10
