// What a message says in the version that it is sent in: refused where the version has no words for it, otherwise as the
// other side reads it. 1.0's mod_nw_src is a set_field in 1.3, so only what was read compares with a dump.
#pragma once

#include "utilities/ofctl/command.h"

namespace weft::ofctl {

Outcome check_sayable(const openflow::Message& message, openflow::Version version);

Result<openflow::Envelope, Failure> as_received(const openflow::Message& message, openflow::Version version,
                                                uint32_t xid = 1);

}  // namespace weft::ofctl
