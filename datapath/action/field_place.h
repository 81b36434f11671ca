// FieldPlace: where in a frame a match field's bits are.
//
// One locate function a header family; set_field.h tries them by field. A place is a run of whole bytes, seen as one
// big-endian number in which the field is shifted left by `shift`.
//
// Threads: the packet's worker.
#pragma once

#include <cstdint>
#include <variant>

#include "datapath/action/checksum_fix.h"
#include "datapath/action/edited_packet.h"
#include "lib/flow/field.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

struct FieldPlace {
  size_t offset = 0;
  uint8_t size = 0;  // bytes
  uint8_t shift = 0;
  Covered covered = Covered::by_nothing;
};

// A later fragment has no ports, a neighbour message need not have options: nothing to write, nothing wrong.
struct NothingToWrite {};

using Location = std::variant<FieldPlace, NothingToWrite, DropReason>;

Location locate_ethernet(EditedPacket& packet, FieldId field);
Location locate_vlan(EditedPacket& packet, FieldId field);
Location locate_mpls(EditedPacket& packet, FieldId field);
Location locate_pbb(EditedPacket& packet, FieldId field);
Location locate_arp(EditedPacket& packet, FieldId field);
Location locate_ip(EditedPacket& packet, FieldId field);
Location locate_ports(EditedPacket& packet, FieldId field);
Location locate_icmp(EditedPacket& packet, FieldId field);
Location locate_nd(EditedPacket& packet, FieldId field);

}  // namespace weft::datapath
