// Ports and queues: OpenFlow 1.3.5 sections 7.2.1, 7.3.4.3, 7.3.5.6, 7.3.5.7, 7.3.5.8, 7.4.3.
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t port_name_size = 16;  // OFP_MAX_PORT_NAME_LEN

constexpr auto port_desc_layout = [](auto& io, auto& desc) {
  io.port32(desc.port);
  io.pad(4);
  io.mac(desc.hw_addr);
  io.pad(2);
  io.text(desc.name, port_name_size);
  io.u32(desc.config);
  io.u32(desc.state);
  io.u32(desc.current);
  io.u32(desc.advertised);
  io.u32(desc.supported);
  io.u32(desc.peer);
  io.u32(desc.current_speed_kbps);
  io.u32(desc.max_speed_kbps);
};

constexpr auto port_status_layout = [](auto& io, auto& m) {
  io.u8(m.reason);
  io.pad(7);
  port_desc_layout(io, m.desc);
};

constexpr auto port_mod_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.pad(4);
  io.mac(m.hw_addr);
  io.pad(2);
  io.u32(m.config);
  io.u32(m.mask);
  io.u32(m.advertise);
  io.pad(4);
};

constexpr auto port_request_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.pad(4);
};

constexpr auto port_stats_layout = [](auto& io, auto& stats) {
  io.port32(stats.port);
  io.pad(4);
  io.u64(stats.rx_packets);
  io.u64(stats.tx_packets);
  io.u64(stats.rx_bytes);
  io.u64(stats.tx_bytes);
  io.u64(stats.rx_dropped);
  io.u64(stats.tx_dropped);
  io.u64(stats.rx_errors);
  io.u64(stats.tx_errors);
  io.u64(stats.rx_frame_errors);
  io.u64(stats.rx_over_errors);
  io.u64(stats.rx_crc_errors);
  io.u64(stats.collisions);
  duration_layout(io, stats.duration);
};

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

}  // namespace

DecodedMessage read_port_status(WireReader& in) {
  PortStatus message;
  port_status_layout(in, message);
  if (message.reason > PortStatusReason::modified) {
    in.fail({ErrorCode::ofpbrc_bad_type, "port-status reason"});
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}
void write(WireWriter& out, const PortStatus& message) { port_status_layout(out, message); }

DecodedMessage read_port_mod(WireReader& in) { return read_as<PortMod>(in, port_mod_layout); }
void write(WireWriter& out, const PortMod& message) { port_mod_layout(out, message); }

DecodedMessage read_port_stats_request(WireReader& in) { return read_as<PortStatsRequest>(in, port_request_layout); }
void write(WireWriter& out, const PortStatsRequest& message) { port_request_layout(out, message); }

DecodedMessage read_port_stats_reply(WireReader& in) {
  return read_entries<PortStats>(in, [](WireReader& from) { return read_entry<PortStats>(from, port_stats_layout); });
}
void write_entry(WireWriter& out, const PortStats& stats) { port_stats_layout(out, stats); }

DecodedMessage read_queue_stats_request(WireReader& in) { return read_as<QueueStatsRequest>(in, queue_request_layout); }
void write(WireWriter& out, const QueueStatsRequest& message) { queue_request_layout(out, message); }

DecodedMessage read_queue_stats_reply(WireReader& in) {
  return read_entries<QueueStats>(in,
                                  [](WireReader& from) { return read_entry<QueueStats>(from, queue_stats_layout); });
}
void write_entry(WireWriter& out, const QueueStats& stats) { queue_stats_layout(out, stats); }

DecodedMessage read_port_desc_reply(WireReader& in) {
  return read_entries<PortDesc>(in, [](WireReader& from) { return read_entry<PortDesc>(from, port_desc_layout); });
}
void write_entry(WireWriter& out, const PortDesc& desc) { port_desc_layout(out, desc); }

}  // namespace weft::openflow::codec_13
