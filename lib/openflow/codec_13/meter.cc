// Meters: OpenFlow 1.3.5 sections 7.3.4.4 and 7.3.5.12 to 7.3.5.14; 1.5.1 sections 7.3.4.5 and 7.3.5.13 to 7.3.5.15.
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t band_size = 16;
constexpr uint16_t known_flags = meter_flag::kbps | meter_flag::pktps | meter_flag::burst | meter_flag::stats;

constexpr auto meter_request_layout = [](auto& io, auto& m) {
  io.u32(m.meter);
  io.pad(4);
};

constexpr auto meter_mod_layout = [](auto& io, auto& m) {
  io.u16(m.command);
  io.u16(m.flags);
  io.u32(m.meter);
};

constexpr auto meter_stats_layout = [](auto& io, auto& stats) {
  io.pad(6);
  io.u32(stats.flow_count);
  io.u64(stats.packet_count);
  io.u64(stats.byte_count);
  duration_layout(io, stats.duration);
};

constexpr auto meter_features_layout = [](auto& io, auto& m) {
  io.u32(m.max_meters);
  io.u32(m.band_types);
  io.u32(m.capabilities);
  io.u8(m.max_bands);
  io.u8(m.max_color);
  io.pad(2);
};

constexpr auto band_layout = [](auto& io, auto& band) {
  io.u32(band.rate);
  io.u32(band.burst_size);
  io.u8(band.precedence_level);
  io.pad(3);
};

MeterBand read_band(Reader& in) {
  MeterBand band;
  in.u16(band.type);
  const uint16_t length = in.u16();
  if (length != band_size) {
    in.fail({ErrorCode::ofpbrc_bad_len, fmt::format("meter band of {} bytes", length)});
    return band;
  }
  if (band.type != MeterBandType::drop && band.type != MeterBandType::dscp_remark) {
    in.fail({ErrorCode::ofpmmfc_bad_band, fmt::format("band type {}", static_cast<unsigned>(band.type))});
  }
  band_layout(in, band);
  if (band.type == MeterBandType::drop) {
    band.precedence_level = 0;  // padding there
  }
  return band;
}

std::vector<MeterBand> read_bands(Reader& in) {
  std::vector<MeterBand> bands;
  while (in.remaining() > 0 && !in.failed()) {
    bands.push_back(read_band(in));
  }
  return bands;
}

void write_bands(Writer& out, const std::vector<MeterBand>& bands) {
  for (const MeterBand& band : bands) {
    out.u16(band.type);
    out.u16(band_size);
    band_layout(out, band);
  }
}

void check(Reader& in, const MeterMod& mod) {
  const bool both_units = (mod.flags & meter_flag::kbps) != 0 && (mod.flags & meter_flag::pktps) != 0;
  if (mod.command > MeterModCommand::remove) {
    in.fail({ErrorCode::ofpmmfc_bad_command, fmt::format("command {}", static_cast<unsigned>(mod.command))});
  } else if (mod.command != MeterModCommand::remove && ((mod.flags & ~known_flags) != 0 || both_units)) {
    in.fail({ErrorCode::ofpmmfc_bad_flags, fmt::format("flags {:#06x}", mod.flags)});
  } else if (mod.meter == 0) {
    in.fail({ErrorCode::ofpmmfc_invalid_meter, "meter 0"});
  }
}

MeterStats read_meter_stats(Reader& in) {
  constexpr size_t head_size = 6;
  MeterStats stats;
  in.u32(stats.meter);
  const uint16_t length = in.u16();
  Reader entry(in.take(length < head_size ? in.remaining() + 1 : length - head_size), in.version());
  meter_stats_layout(entry, stats);
  while (entry.remaining() > 0) {
    MeterBandCounters counters;
    entry.u64(counters.packet_count);
    entry.u64(counters.byte_count);
    stats.bands.push_back(counters);
  }
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return stats;
}

MeterConfig read_meter_config(Reader& in) {
  MeterConfig config;
  read_sized(in, [&](Reader& entry) {
    entry.u16(config.flags);
    entry.u32(config.meter);
    config.bands = read_bands(entry);
  });
  return config;
}

}  // namespace

DecodedMessage read_meter_mod(Reader& in) {
  MeterMod mod;
  meter_mod_layout(in, mod);
  check(in, mod);
  mod.bands = read_bands(in);
  return finished(in, std::move(mod));
}

void write(Writer& out, const MeterMod& mod) {
  meter_mod_layout(out, mod);
  write_bands(out, mod.bands);
}

DecodedMessage read_meter_stats_request(Reader& in) { return read_as<MeterStatsRequest>(in, meter_request_layout); }
DecodedMessage read_meter_config_request(Reader& in) { return read_as<MeterConfigRequest>(in, meter_request_layout); }
void write(Writer& out, const MeterStatsRequest& message) { meter_request_layout(out, message); }
void write(Writer& out, const MeterConfigRequest& message) { meter_request_layout(out, message); }

DecodedMessage read_meter_stats_reply(Reader& in) { return read_entries<MeterStats>(in, read_meter_stats); }
DecodedMessage read_meter_config_reply(Reader& in) { return read_entries<MeterConfig>(in, read_meter_config); }

void write_entry(Writer& out, const MeterStats& stats) {
  const size_t begin = out.size();
  out.u32(stats.meter);
  out.u16(0);
  meter_stats_layout(out, stats);
  for (const MeterBandCounters& counters : stats.bands) {
    out.u64(counters.packet_count);
    out.u64(counters.byte_count);
  }
  out.patch_u16(begin + 4, out.size() - begin);
}

void write_entry(Writer& out, const MeterConfig& config) {
  write_sized(out, [&] {
    out.u16(config.flags);
    out.u32(config.meter);
    write_bands(out, config.bands);
  });
}

// 1.5 has eight more bytes, which Open vSwitch and its tools do not know: they refuse a reply with them. They are written
// where they say something.
DecodedMessage read_meter_features_reply(Reader& in) {
  MeterFeaturesReply message;
  meter_features_layout(in, message);
  if (in.version() >= Version::v1_5 && in.remaining() > 0) {
    in.u32(message.features);
    in.pad(4);
  }
  return finished(in, message);
}
void write(Writer& out, const MeterFeaturesReply& message) {
  meter_features_layout(out, message);
  if (out.version() >= Version::v1_5 && message.features != 0) {
    out.u32(message.features);
    out.pad(4);
  }
}

}  // namespace weft::openflow::codec_13
