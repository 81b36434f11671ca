#include "datapath/port/vnet_header.h"

#include <sys/utsname.h>

#include <cstdio>

#include "lib/packet/ethernet.h"

namespace weft::datapath {

namespace {

constexpr size_t checksum_field_size = 2;

std::optional<Offload::Gso> gso_kind(uint8_t type) {
  switch (type & ~VnetHeader::gso_ecn) {
    case VnetHeader::gso_tcp4:
      return Offload::Gso::tcp4;
    case VnetHeader::gso_tcp6:
      return Offload::Gso::tcp6;
    case VnetHeader::gso_udp_l4:
      return Offload::Gso::udp_l4;
    default:
      return std::nullopt;
  }
}

uint8_t vnet_gso_type(const Offload& offload) {
  switch (offload.gso) {
    case Offload::Gso::none:
      return VnetHeader::gso_none;
    case Offload::Gso::tcp4:
      return VnetHeader::gso_tcp4 | (offload.gso_ecn ? VnetHeader::gso_ecn : 0);
    case Offload::Gso::tcp6:
      return VnetHeader::gso_tcp6 | (offload.gso_ecn ? VnetHeader::gso_ecn : 0);
    case Offload::Gso::udp_l4:
      return VnetHeader::gso_udp_l4;
  }
  return VnetHeader::gso_none;
}

Verdict read_gso(const VnetHeader& header, Offload& offload) {
  const auto kind = gso_kind(header.gso_type);
  if (!kind || header.gso_size == 0 || !offload.is_partial()) {
    return DropReason::bad_vnet_header;
  }
  offload.gso = *kind;
  offload.gso_ecn = *kind != Offload::Gso::udp_l4 && (header.gso_type & VnetHeader::gso_ecn) != 0;
  offload.gso_size = header.gso_size;
  return keep;
}

}  // namespace

Verdict read_vnet_header(const VnetHeader& header, Packet& packet) {
  Offload offload;
  if ((header.flags & VnetHeader::needs_checksum) != 0) {
    const size_t field_end = size_t{header.csum_start} + header.csum_offset + checksum_field_size;
    if (header.csum_start < ethernet_header_bytes || field_end > packet.size()) {
      return DropReason::bad_vnet_header;
    }
    offload.checksum = Offload::Checksum::partial;
    offload.csum_start = header.csum_start;
    offload.csum_offset = header.csum_offset;
  } else if ((header.flags & VnetHeader::data_valid) != 0) {
    offload.checksum = Offload::Checksum::verified;
  }
  if (header.gso_type != VnetHeader::gso_none) {
    if (const Verdict verdict = read_gso(header, offload)) {
      return verdict;
    }
  }
  packet.offload = offload;
  return keep;
}

VnetHeader make_vnet_header(const Packet& packet) {
  const Offload& offload = packet.offload;
  VnetHeader header{};
  if (offload.is_partial()) {
    header.flags = VnetHeader::needs_checksum;
    header.csum_start = offload.csum_start;
    header.csum_offset = offload.csum_offset;
  } else if (offload.checksum == Offload::Checksum::verified) {
    header.flags = VnetHeader::data_valid;
  }
  if (offload.is_gso()) {
    header.gso_type = vnet_gso_type(offload);
    header.gso_size = offload.gso_size;
    header.hdr_len = offload.hdr_len;
  }
  return header;
}

bool kernel_takes_udp_l4_gso() {
  static const bool takes = [] {
    utsname name{};
    int major = 0;
    int minor = 0;
    return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 2));
  }();
  return takes;
}

}  // namespace weft::datapath
