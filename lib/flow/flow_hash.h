// Hashes of flow keys: of a whole one, or of what a mask lets through.
//
// hash_masked(key, mask) runs over the mask's words whether the key has them or not, so a packet and the masked
// key of a table entry agree. hash() of a key runs over the words that are present.
//
// flow_entropy() is what a tunnel spreads paths by (outer UDP source port, NVGRE FlowID): addresses, protocol and
// ports of the inner packet, and without IP its Ethernet addresses and type. Fragments of one datagram hash without
// protocol and ports, the first one too, so that all take one path. It is keyed.
//
// Threads: pure functions. Cost: some nanoseconds, two words a multiplication.
#pragma once

#include <cstdint>

#include "lib/base/hash.h"
#include "lib/flow/flow_key.h"

namespace weft {

uint64_t hash(const FlowKey& key, uint64_t seed);
uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, uint64_t seed);

// Of these words of the mask alone, all in the mask's set: one stage of a staged lookup.
uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, const WordSet& words, uint64_t seed);

uint64_t flow_entropy(const FlowKey& key, uint64_t seed);
uint64_t flow_entropy(const FlowKey& key);  // with this process's seed

// What flow_entropy() is for IPv4 that is no fragment, from the words of its key.
extern const uint64_t flow_entropy_seed;  // this process's
inline uint64_t ipv4_flow_entropy(uint64_t ipv4, uint64_t ip_misc, uint64_t l4) {
  constexpr uint64_t protocol_bits = swap_network_order(uint64_t{0x00000000000000ff});
  constexpr uint64_t port_bits = swap_network_order(uint64_t{0xffffffff00000000});
  return hash_finish(hash_add(hash_add(flow_entropy_seed, ipv4), ip_misc & protocol_bits, l4 & port_bits), 2);
}

}  // namespace weft
