#include "datapath/tunnel/tunnel_header.h"

#include <cstring>

#include "lib/base/hash.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/gre.h"
#include "lib/packet/header_at.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {

namespace {

constexpr uint8_t geneve_data_units = 1;  // four bytes, of every option that we know

constexpr uint8_t gbp_flags_sent = VxlanHeader::gbp_dont_learn | VxlanHeader::gbp_policy_applied;

using Opened = Result<TunnelInner, DropReason>;

Opened open_vxlan(std::span<uint8_t> datagram) {
  const auto* header = header_at<VxlanHeader>(datagram);
  if (header == nullptr) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  TunnelInner inner{.key = header->vni(), .flags = TunnelMetadata::flag_key, .header_size = vxlan_header_bytes};
  inner.has_gbp = (header->flags & VxlanHeader::flag_gbp) != 0;
  const uint8_t known = VxlanHeader::flag_vni | (inner.has_gbp ? VxlanHeader::flag_gbp : uint8_t{0});
  const bool is_plain = inner.has_gbp || (header->gbp_flags == 0 && header->gbp_id == Be16{});
  if (header->flags != known || !is_plain || header->reserved != 0) {
    return Unexpected(DropReason::tunnel_bad_flags);
  }
  inner.gbp_id = header->gbp_id.host();
  inner.gbp_flags = header->gbp_flags;
  return inner;
}

// RFC 8926 section 3.5: options fill the space that the header says, none reaches beyond it.
Verdict check_geneve_options(std::span<const uint8_t> options) {
  while (!options.empty()) {
    const auto* option = header_at<GeneveOption>(options);
    if (option == nullptr || geneve_option_header_bytes + option->data_bytes() > options.size()) {
      return DropReason::tunnel_bad_header;
    }
    options = options.subspan(geneve_option_header_bytes + option->data_bytes());
  }
  return keep;
}

Opened open_geneve(std::span<uint8_t> datagram) {
  const auto* header = header_at<GeneveHeader>(datagram);
  if (header == nullptr || header->version() != 0 || header->protocol != Be16{GeneveHeader::ethernet} ||
      geneve_header_bytes + header->options_bytes() > datagram.size()) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  const auto options = datagram.subspan(geneve_header_bytes, header->options_bytes());
  if (const Verdict verdict = check_geneve_options(options)) {
    return Unexpected(*verdict);
  }
  TunnelInner inner{.type = PortType::geneve, .key = header->vni(), .flags = TunnelMetadata::flag_key};
  inner.flags |= (header->flags & GeneveHeader::flag_oam) != 0 ? TunnelMetadata::flag_oam : uint16_t{0};
  inner.header_size = geneve_header_bytes + options.size();
  inner.options = options;
  return inner;
}

Opened open_gre(std::span<uint8_t> datagram) {
  const auto* header = header_at<GreHeader>(datagram);
  if (header == nullptr || header->protocol != Be16{GreHeader::ethernet}) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  const uint16_t flags = header->flags_version.host();
  if ((flags & GreHeader::must_be_zero) != 0) {
    return Unexpected(DropReason::tunnel_bad_flags);
  }
  const auto option_size = [&](uint16_t flag) { return (flags & flag) != 0 ? gre_option_bytes : 0; };
  const size_t key_at = gre_header_bytes + option_size(GreHeader::flag_checksum);
  const size_t header_size = key_at + option_size(GreHeader::flag_key) + option_size(GreHeader::flag_sequence);
  if (header_size > datagram.size()) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  TunnelInner inner{.type = PortType::gre, .has_key = (flags & GreHeader::flag_key) != 0, .header_size = header_size};
  inner.flags = inner.has_key ? TunnelMetadata::flag_key : uint16_t{0};
  inner.key = inner.has_key ? load_be32(&datagram[key_at]) : 0;
  if ((flags & GreHeader::flag_checksum) != 0) {
    inner.flags |= TunnelMetadata::flag_checksum;
    if (InternetSum().add(datagram).checksum() != Be16{}) {
      return Unexpected(DropReason::tunnel_bad_checksum);
    }
  }
  return inner;
}

}  // namespace

void TunnelHeader::write(const PortSpec& spec, const Encapsulation& to, const Packet& frame,
                         const TunnelOptionMap* options) {
  checksum_at_ = 0;
  switch (spec.type) {
    case PortType::geneve:
      return write_geneve(to, frame.tunnel, options);
    case PortType::nvgre:
      return write_gre(spec.tunnel, static_cast<uint32_t>(to.key << 8 | (hash_finish(frame.flow_hash, 0) & 0xff)));
    case PortType::gre:
      // A key of 0 that no flow chose is none, as in Open vSwitch.
      return write_gre(spec.tunnel,
                       spec.tunnel.out_key == 0 ? std::nullopt : std::optional(static_cast<uint32_t>(to.key)));
    default:
      return write_vxlan(spec.tunnel, to, frame.tunnel);
  }
}

void TunnelHeader::write_vxlan(const TunnelSpec& spec, const Encapsulation& to, const TunnelMetadata& flow) {
  VxlanHeader header = VxlanHeader::make(static_cast<uint32_t>(to.key));
  if (spec.has_gbp && flow.present && (flow.gbp_id != 0 || flow.gbp_flags != 0)) {
    header.flags |= VxlanHeader::flag_gbp;
    header.gbp_flags = flow.gbp_flags & gbp_flags_sent;
    header.gbp_id = Be16{flow.gbp_id};
  }
  std::memcpy(bytes_.data(), &header, sizeof header);
  size_ = sizeof header;
}

void TunnelHeader::write_geneve(const Encapsulation& to, const PacketTunnel& flow, const TunnelOptionMap* map) {
  GeneveHeader header;
  size_ = sizeof header;
  header.set_vni(static_cast<uint32_t>(to.key));
  header.flags = flow.present && (flow.flags & TunnelMetadata::flag_oam) != 0 ? GeneveHeader::flag_oam : uint8_t{0};
  if (map != nullptr && flow.present && write_options(flow.options, *map)) {
    header.flags |= GeneveHeader::flag_critical;
  }
  header.set_options_bytes(size_ - sizeof header);
  std::memcpy(bytes_.data(), &header, sizeof header);
}

// Whether one of them is critical.
bool TunnelHeader::write_options(const TunnelOptions& options, const TunnelOptionMap& map) {
  bool has_critical = false;
  options.for_each([&](unsigned field, uint32_t value) {
    if (map.has(field)) {
      const TunnelOptionMap::Option named = map.option_of(field);
      const GeneveOption option{Be16{named.option_class}, named.type, geneve_data_units};
      std::memcpy(&bytes_[size_], &option, sizeof option);
      store_be32(&bytes_[size_ + sizeof option], value);
      size_ += sizeof option + sizeof value;
      has_critical = has_critical || option.is_critical();
    }
  });
  return has_critical;
}

void TunnelHeader::write_gre(const TunnelSpec& spec, std::optional<uint32_t> key) {
  uint16_t flags = 0;
  size_ = gre_header_bytes;
  if (spec.outer_checksum) {
    flags |= GreHeader::flag_checksum;
    checksum_at_ = size_;
    store_be32(&bytes_[size_], 0);
    size_ += gre_option_bytes;
  }
  if (key) {
    flags |= GreHeader::flag_key;
    store_be32(&bytes_[size_], *key);
    size_ += gre_option_bytes;
  }
  const GreHeader header{Be16{flags}, Be16{GreHeader::ethernet}};
  std::memcpy(bytes_.data(), &header, sizeof header);
}

void TunnelHeader::copy_to(uint8_t* out, InternetSum inner) const {
  std::memcpy(out, bytes_.data(), size_);
  if (has_checksum()) {
    const Be16 checksum = inner.add({bytes_.data(), size_}).checksum();
    std::memcpy(out + checksum_at_, &checksum, sizeof checksum);
  }
}

Verdict read_geneve_options(std::span<const uint8_t> options, const TunnelOptionMap* map, TunnelOptions& known) {
  while (!options.empty()) {
    const auto& option = *header_at<GeneveOption>(options);
    const auto data = options.subspan(geneve_option_header_bytes, option.data_bytes());
    const auto field = map != nullptr ? map->field_of({option.option_class.host(), option.type}) : std::nullopt;
    if (!field && option.is_critical()) {
      return DropReason::tunnel_critical_option;
    }
    if (field && (data.size() != sizeof(uint32_t) || !known.set(*field, load_be32(data.data())))) {
      return DropReason::tunnel_bad_header;
    }
    options = options.subspan(geneve_option_header_bytes + data.size());
  }
  return keep;
}

Opened open_tunnel(PortType type, std::span<uint8_t> datagram) {
  Opened opened = type == PortType::geneve  ? open_geneve(datagram)
                  : type == PortType::vxlan ? open_vxlan(datagram)
                                            : open_gre(datagram);
  if (opened) {
    if (datagram.size() < opened->header_size + ethernet_header_bytes) {
      return Unexpected(DropReason::tunnel_bad_header);
    }
    opened->frame = datagram.subspan(opened->header_size);
  }
  return opened;
}

}  // namespace weft::datapath
