// Which bucket each slot of a datapath's Hash action stands for: the rendezvous (rendezvous.h) of the slot's number. So
// the datapath chooses by one look at a table, one megaflow serves all packets of a bucket, and what moves when buckets
// come and go is as little.
//
// Threads: pure functions. Cost: slots times candidates draws (rendezvous.h): a millisecond at the most.
#pragma once

#include <memory>
#include <span>

#include "datapath/api/action.h"
#include "ofproto/translate/rendezvous.h"

namespace weft::ofproto {

// Beyond so many, translation hashes itself, as for the method "hash": slots would be too few to be fair.
inline constexpr size_t max_hashed_candidates = 64;

// What dp_hash becomes for a candidate; never 0.
inline uint32_t slot_of(const Candidate& candidate) { return candidate.id + 1; }

// At least two candidates.
std::shared_ptr<const datapath::HashSlots> hash_slots(std::span<const Candidate> candidates);

}  // namespace weft::ofproto
