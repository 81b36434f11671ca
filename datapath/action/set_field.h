// SetField: writes the masked bits of a field into the frame, with every checksum that covers them.
//
// Where a field is says field_place.h, what follows from the write checksum_fix.h. pkt_mark is the one field that is
// not in the frame. A packet without the field's header is dropped: translation has proved the header, so the packet
// changed underneath us. Later fragments, and neighbour messages without the option, pass unchanged.
//
// Writing a type or a protocol changes what the bytes behind it are called, and nothing else: no checksum but IPv4's own
// is touched. A checksum still to be finished is finished first; a GSO frame is dropped as gso_unsupported.
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

Verdict set_field(EditedPacket& packet, const SetField& action);

}  // namespace weft::datapath
