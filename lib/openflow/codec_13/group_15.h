// What follows the head of a group-mod and of a group description since 1.5: buckets with ids and properties, and the
// properties of the group (OpenFlow 1.5.1 section 7.3.4.3).
//
// How a select group chooses is an experimenter's property (Netronome's "selection method").
//
// Threads: pure functions. Private to the codec.
#pragma once

#include <vector>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {

// `buckets_size` bytes of buckets, then properties to the end. What is wrong is left in `in`. A bucket that says no
// weight has 1 in a select group, else 0.
void read_group_body_15(Reader& in, size_t buckets_size, GroupType type, std::vector<Bucket>& buckets,
                        GroupSelection& selection);
// Returns the bytes that the buckets take. Those without a number get one.
size_t write_group_body_15(Writer& out, GroupType type, const std::vector<Bucket>& buckets,
                           const GroupSelection& selection);

}  // namespace weft::openflow::codec_13
