// Link choice: which of several links, ports or buckets a packet takes, by a hash of its fields.
//
// Packets of one flow hash alike; "symmetric" fields give both directions the same hash. Results depend on the fields,
// the basis and nothing else, so they are the same after a restart and in another switch. The algorithms are Open
// vSwitch's (ovs-actions(7), "multipath"), the hash is our own.
//
// Threads: pure functions. Cost: a few ns; HRW and the iterated hash some for each link.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "lib/flow/field.h"
#include "lib/openflow/extension_action.h"

namespace weft::ofproto {

// A field of the packet; nothing when the packet lacks its header. Who needs to know what was looked at notes it.
using FieldReader = std::function<std::optional<FieldValue>(FieldId)>;

uint32_t hash_fields(openflow::HashFields fields, uint16_t basis, const FieldReader& read);

// A link below `link_count`, which is at least 1. `argument` counts for iter_hash: what is divided by.
uint32_t choose_link(openflow::MultipathAlgorithm algorithm, uint32_t hash, uint32_t link_count, uint32_t argument);

// Highest random weight: the index among `count` for which is_usable holds and whose weight is highest. Only what used a
// link moves when that link goes.
std::optional<uint32_t> choose_by_weight(uint32_t hash, uint32_t count, const std::function<bool(uint32_t)>& is_usable);

}  // namespace weft::ofproto
