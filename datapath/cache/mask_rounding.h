// Rounding of masks: the ways to make a mask more specific, each of which leads to fewer masks.
//
//     any mask  ->  whole bytes  ->  whole fields  ->  all bits of the key
//
// A decision that is right under a mask is right under every narrower one: what is given up is that one megaflow
// covers many packets. Never is a bit of the mask lost.
//
// Threads: pure functions. Cost: to_whole_fields about a microsecond, the others some tens of nanoseconds.
#pragma once

#include "lib/flow/flow_key.h"

namespace weft::datapath {

// Whether every bit of `wide` is in `narrow` too: what matches under `narrow` agrees under `wide`.
bool is_narrower_or_equal(const FlowMask& narrow, const FlowMask& wide);
unsigned bit_count(const FlowMask& mask);

// Every byte of which a bit is in the mask.
FlowMask to_whole_bytes(const FlowMask& mask);
// Every field of which a bit is in the mask, and whole bytes of what is no field.
FlowMask to_whole_fields(const FlowMask& mask);
// Every bit of a key.
FlowMask exact_mask();

}  // namespace weft::datapath
