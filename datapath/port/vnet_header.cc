#include "datapath/port/vnet_header.h"

#include <sys/utsname.h>

#include <cstdio>

#include "lib/packet/header_at.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"

namespace weft::datapath {

namespace {

constexpr size_t ethernet_header_size = 14;
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

// Where the payload begins that is to be cut; 0: the header that should be there is not.
size_t payload_offset(const Packet& packet, const Offload& offload) {
  if (offload.gso == Offload::Gso::udp_l4) {
    return offload.csum_offset == udp_checksum_offset ? offload.csum_start + udp_header_bytes : 0;
  }
  const auto* tcp = header_at<TcpHeader>(packet.bytes(), offload.csum_start);
  if (tcp == nullptr || offload.csum_offset != tcp_checksum_offset || tcp->header_bytes() < tcp_header_bytes) {
    return 0;
  }
  return offload.csum_start + tcp->header_bytes();
}

Verdict read_gso(const VnetHeader& header, const Packet& packet, Offload& offload) {
  const auto kind = gso_kind(header.gso_type);
  if (!kind || header.gso_size == 0 || !offload.is_partial()) {
    return DropReason::bad_vnet_header;
  }
  offload.gso = *kind;
  // The header's hdr_len is a hint about memory, and guests lie about it: the frame says where its payload is.
  const size_t headers = payload_offset(packet, offload);
  if (headers == 0 || headers > packet.size()) {
    return DropReason::bad_vnet_header;
  }
  if (packet.size() - headers <= header.gso_size) {
    offload.gso = Offload::Gso::none;  // one piece: nothing to cut
    return keep;
  }
  offload.gso_ecn = *kind != Offload::Gso::udp_l4 && (header.gso_type & VnetHeader::gso_ecn) != 0;
  offload.gso_size = header.gso_size;
  offload.hdr_len = static_cast<uint16_t>(headers);
  return keep;
}

}  // namespace

Verdict read_vnet_header(const VnetHeader& header, Packet& packet) {
  Offload offload;
  if ((header.flags & VnetHeader::needs_checksum) != 0) {
    const size_t field_end = size_t{header.csum_start} + header.csum_offset + checksum_field_size;
    if (header.csum_start < ethernet_header_size || field_end > packet.size()) {
      return DropReason::bad_vnet_header;
    }
    offload.checksum = Offload::Checksum::partial;
    offload.csum_start = header.csum_start;
    offload.csum_offset = header.csum_offset;
  } else if ((header.flags & VnetHeader::data_valid) != 0) {
    offload.checksum = Offload::Checksum::verified;
  }
  if (header.gso_type != VnetHeader::gso_none) {
    if (const Verdict verdict = read_gso(header, packet, offload)) {
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
