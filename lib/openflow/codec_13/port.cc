// Ports: OpenFlow 1.3.5 sections 7.2.1, 7.3.4.3, 7.3.5.6, 7.3.5.8, 7.4.3; 1.5.1 sections 7.2.1, 7.3.4.3, 7.3.5.6,
// 7.3.5.7, 7.4.3. Since 1.4 what is an Ethernet port's and what an optical one's are properties.
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t port_name_size = 16;  // OFP_MAX_PORT_NAME_LEN

// OFPPDPT_*, OFPPMPT_*, OFPPSPT_*: the same numbers.
constexpr uint16_t property_ethernet = 0;
constexpr uint16_t property_optical = 1;

constexpr auto ethernet_desc_layout = [](auto& io, auto& desc) {
  io.u32(desc.current);
  io.u32(desc.advertised);
  io.u32(desc.supported);
  io.u32(desc.peer);
  io.u32(desc.current_speed_kbps);
  io.u32(desc.max_speed_kbps);
};

// Up to where the properties of 1.4 begin.
constexpr auto desc_head_layout = [](auto& io, auto& desc) {
  io.mac(desc.hw_addr);
  io.pad(2);
  io.text(desc.name, port_name_size);
  io.u32(desc.config);
  io.u32(desc.state);
};

constexpr auto optical_desc_layout = [](auto& io, auto& optical) {
  io.pad(4);
  io.u32(optical.supported);
  io.u32(optical.tx_min);
  io.u32(optical.tx_max);
  io.u32(optical.tx_grid);
  io.u32(optical.rx_min);
  io.u32(optical.rx_max);
  io.u32(optical.rx_grid);
  io.u16(optical.tx_power_min);
  io.u16(optical.tx_power_max);
};

constexpr auto port_mod_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.pad(4);
  io.mac(m.hw_addr);
  io.pad(2);
  io.u32(m.config);
  io.u32(m.mask);
};

constexpr auto optical_mod_layout = [](auto& io, auto& optical) {
  io.u32(optical.configure);
  io.u32(optical.frequency);
  io.u32(optical.fine_offset);
  io.u32(optical.grid_span);
  io.u32(optical.tx_power);
};

constexpr auto port_request_layout = [](auto& io, auto& m) {
  io.port32(m.port);
  io.pad(4);
};

constexpr auto port_counters_layout = [](auto& io, auto& stats) {
  io.u64(stats.rx_packets);
  io.u64(stats.tx_packets);
  io.u64(stats.rx_bytes);
  io.u64(stats.tx_bytes);
  io.u64(stats.rx_dropped);
  io.u64(stats.tx_dropped);
  io.u64(stats.rx_errors);
  io.u64(stats.tx_errors);
};

constexpr auto ethernet_stats_layout = [](auto& io, auto& stats) {
  io.u64(stats.rx_frame_errors);
  io.u64(stats.rx_over_errors);
  io.u64(stats.rx_crc_errors);
  io.u64(stats.collisions);
};

constexpr auto port_stats_13_layout = [](auto& io, auto& stats) {
  io.port32(stats.port);
  io.pad(4);
  port_counters_layout(io, stats);
  ethernet_stats_layout(io, stats);
  duration_layout(io, stats.duration);
};

constexpr auto port_stats_14_layout = [](auto& io, auto& stats) {
  io.pad(2);
  io.port32(stats.port);
  duration_layout(io, stats.duration);
  port_counters_layout(io, stats);
};

constexpr auto optical_stats_layout = [](auto& io, auto& optical) {
  io.pad(4);
  io.u32(optical.flags);
  io.u32(optical.tx_frequency);
  io.u32(optical.tx_offset);
  io.u32(optical.tx_grid_span);
  io.u32(optical.rx_frequency);
  io.u32(optical.rx_offset);
  io.u32(optical.rx_grid_span);
  io.u16(optical.tx_power);
  io.u16(optical.rx_power);
  io.u16(optical.bias_current);
  io.u16(optical.temperature);
};

PortDesc read_port_desc(Reader& in) {
  PortDesc desc;
  in.port32(desc.port);
  if (in.version() == Version::v1_3) {
    in.pad(4);
    desc_head_layout(in, desc);
    ethernet_desc_layout(in, desc);
    return desc;
  }
  constexpr size_t port_size = 4;
  constexpr size_t head_size = port_size + 2;
  const uint16_t length = in.u16();
  Reader entry(in.take(length < head_size ? in.remaining() + 1 : length - head_size), in.version());
  entry.pad(2);
  desc_head_layout(entry, desc);
  read_properties(entry, [&](uint16_t type, Reader& body) {
    if (type == property_ethernet) {
      body.pad(4);
      ethernet_desc_layout(body, desc);
    } else if (type == property_optical) {
      optical_desc_layout(body, desc.optical.emplace());
    } else {
      body.take_rest();
    }
  });
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return desc;
}

void write_desc(Writer& out, const PortDesc& desc) {
  const size_t begin = out.size();
  out.port32(desc.port);
  if (out.version() == Version::v1_3) {
    out.pad(4);
    desc_head_layout(out, desc);
    ethernet_desc_layout(out, desc);
    return;
  }
  const size_t length_at = out.size();
  out.u16(0);
  out.pad(2);
  desc_head_layout(out, desc);
  write_property(out, property_ethernet, [&] {
    out.pad(4);
    ethernet_desc_layout(out, desc);
  });
  if (desc.optical) {
    write_property(out, property_optical, [&] { optical_desc_layout(out, *desc.optical); });
  }
  out.patch_u16(length_at, out.size() - begin);
}

void read_mod_property(uint16_t type, Reader& body, PortMod& message) {
  if (type == property_ethernet) {
    body.u32(message.advertise);
  } else if (type == property_optical) {
    optical_mod_layout(body, message.optical.emplace());
  } else {
    refuse_property(type, body);
  }
}

PortStats read_stats(Reader& in) {
  PortStats stats;
  if (in.version() == Version::v1_3) {
    port_stats_13_layout(in, stats);
    return stats;
  }
  read_sized(in, [&](Reader& entry) {
    port_stats_14_layout(entry, stats);
    read_properties(entry, [&](uint16_t type, Reader& body) {
      if (type == property_ethernet) {
        body.pad(4);
        ethernet_stats_layout(body, stats);
      } else if (type == property_optical) {
        optical_stats_layout(body, stats.optical.emplace());
      } else {
        body.take_rest();
      }
    });
  });
  return stats;
}

}  // namespace

DecodedMessage read_port_status(Reader& in) {
  PortStatus message;
  in.u8(message.reason);
  in.pad(7);
  message.desc = read_port_desc(in);
  if (message.reason > PortStatusReason::modified) {
    in.fail({ErrorCode::ofpbrc_bad_type, "port-status reason"});
  }
  return finished(in, std::move(message));
}
void write(Writer& out, const PortStatus& message) {
  out.u8(message.reason);
  out.pad(7);
  write_desc(out, message.desc);
}

DecodedMessage read_port_mod(Reader& in) {
  PortMod message;
  port_mod_layout(in, message);
  if (in.version() == Version::v1_3) {
    in.u32(message.advertise);
    in.pad(4);
  } else {
    read_properties(in, [&](uint16_t type, Reader& body) { read_mod_property(type, body, message); });
  }
  return finished(in, message);
}
void write(Writer& out, const PortMod& message) {
  port_mod_layout(out, message);
  if (out.version() == Version::v1_3) {
    out.u32(message.advertise);
    out.pad(4);
    return;
  }
  if (message.advertise != 0) {
    write_property(out, property_ethernet, [&] { out.u32(message.advertise); });
  }
  if (message.optical) {
    write_property(out, property_optical, [&] { optical_mod_layout(out, *message.optical); });
  }
}

DecodedMessage read_port_stats_request(Reader& in) { return read_as<PortStatsRequest>(in, port_request_layout); }
void write(Writer& out, const PortStatsRequest& message) { port_request_layout(out, message); }

DecodedMessage read_port_stats_reply(Reader& in) { return read_entries<PortStats>(in, read_stats); }
void write_entry(Writer& out, const PortStats& stats) {
  if (out.version() == Version::v1_3) {
    return port_stats_13_layout(out, stats);
  }
  write_sized(out, [&] {
    port_stats_14_layout(out, stats);
    write_property(out, property_ethernet, [&] {
      out.pad(4);
      ethernet_stats_layout(out, stats);
    });
    if (stats.optical) {
      write_property(out, property_optical, [&] { optical_stats_layout(out, *stats.optical); });
    }
  });
}

// Before 1.5 the request cannot name one port.
DecodedMessage read_port_desc_request(Reader& in) {
  return in.version() < Version::v1_5 ? read_empty<PortDescRequest>(in)
                                      : read_as<PortDescRequest>(in, port_request_layout);
}
void write(Writer& out, const PortDescRequest& message) {
  if (out.version() >= Version::v1_5) {
    port_request_layout(out, message);
  }
}

DecodedMessage read_port_desc_reply(Reader& in) { return read_entries<PortDesc>(in, read_port_desc); }
void write_entry(Writer& out, const PortDesc& desc) { write_desc(out, desc); }

}  // namespace weft::openflow::codec_13
