// The table of Geneve options (NXT_TLV_TABLE_MOD) as ovs-ofctl's users write it:
//
//     {class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=1,len=8}->tun_metadata1
//
// Threads: pure functions. Cost: allocates.
#pragma once

#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/openflow/nicira_message.h"

namespace weft::openflow {

// At least one map. Refused: a length that is no multiple of 4 or beyond 124, and an unknown field. Whether a map fits
// the others is the switch's to say.
Result<std::vector<TlvMap>, TextError> parse_tlv_maps(std::string_view text);

}  // namespace weft::openflow
