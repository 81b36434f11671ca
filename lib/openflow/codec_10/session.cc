// OpenFlow 1.0.0 sections 5.3.1 (features) and 5.3.2 (configuration); the description of the switch, 5.3.5.
#include <fmt/format.h>

#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {
namespace {

// OFPC_* that 1.0 has; bit 3 is its spanning tree, group statistics later.
constexpr uint32_t capability_bits = capability::flow_stats | capability::table_stats | capability::port_stats |
                                     capability::ip_reasm | capability::queue_stats | capability::arp_match_ip;
constexpr uint32_t action_bits = 0xfff;  // OFPAT_OUTPUT to OFPAT_ENQUEUE

constexpr auto features_layout = [](auto& io, auto& m) {
  io.u64(m.datapath_id);
  io.u32(m.buffer_count);
  io.u8(m.table_count);
  io.pad(3);
  io.u32(m.capabilities);
  io.u32(m.actions);
};

// The last is Open vSwitch's: a packet whose TTL ran out goes to the controller.
constexpr uint16_t fragment_mask = 3;
constexpr uint16_t invalid_ttl_to_controller = 1 << 2;

template <class Config>
DecodedMessage read_config(WireReader& in) {
  Config message;
  const uint16_t flags = in.u16();
  in.u16(message.config.miss_send_len);
  if ((flags & ~(fragment_mask | invalid_ttl_to_controller)) != 0) {
    in.fail({ErrorCode::ofpscfc_bad_flags, fmt::format("flags {:#06x}", flags)});
  }
  message.config.fragments = static_cast<FragmentHandling>(flags & fragment_mask);
  message.config.invalid_ttl_to_controller = (flags & invalid_ttl_to_controller) != 0;
  return finish(in, std::move(message));
}

void write_config(WireWriter& out, const SwitchConfig& config) {
  out.u16(static_cast<uint16_t>(config.fragments) |
          (config.invalid_ttl_to_controller ? invalid_ttl_to_controller : uint16_t{0}));
  out.u16(config.miss_send_len);
}

constexpr size_t long_text = 256;
constexpr size_t serial_text = 32;

constexpr auto desc_layout = [](auto& io, auto& m) {
  io.text(m.manufacturer, long_text);
  io.text(m.hardware, long_text);
  io.text(m.software, long_text);
  io.text(m.serial_number, serial_text);
  io.text(m.datapath, long_text);
};

}  // namespace

DecodedMessage read_features_reply(WireReader& in) {
  FeaturesReply reply;
  features_layout(in, reply);
  reply.capabilities &= capability_bits;
  reply.actions &= action_bits;
  while (in.remaining() > 0 && !in.failed()) {
    reply.ports.push_back(read_phy_port(in));
  }
  return finish(in, std::move(reply));
}

// As many ports as one message holds: 1.0 cannot go on in another. OFPST_PORT_DESC tells of all.
void write(WireWriter& out, const FeaturesReply& reply) {
  FeaturesReply translated = reply;
  translated.capabilities &= capability_bits;
  translated.actions &= action_bits;
  features_layout(out, translated);
  for (const PortDesc& port : reply.ports) {
    if (out.size() + phy_port_size > max_message_size) {
      break;
    }
    write_phy_port(out, port);
  }
}

DecodedMessage read_get_config_reply(WireReader& in) { return read_config<GetConfigReply>(in); }
DecodedMessage read_set_config(WireReader& in) { return read_config<SetConfig>(in); }
void write(WireWriter& out, const GetConfigReply& message) { write_config(out, message.config); }
void write(WireWriter& out, const SetConfig& message) { write_config(out, message.config); }

DecodedMessage read_desc_reply(WireReader& in) { return read_as<DescReply>(in, desc_layout); }
void write(WireWriter& out, const DescReply& message) { desc_layout(out, message); }

}  // namespace weft::openflow::codec_10
