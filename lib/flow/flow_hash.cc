#include "lib/flow/flow_hash.h"

#include "lib/base/big_endian.h"
#include "lib/base/hash.h"

namespace weft {
namespace {

// Where ip_frag and ip_proto stand in ip_misc: tos, ttl and flow label are not part of a flow's identity.
constexpr uint64_t protocol_bits = swap_network_order(uint64_t{0x00000000000000ff});
constexpr uint64_t fragment_mask = swap_network_order(uint64_t{0x0000000003000000});
constexpr uint64_t port_bits = swap_network_order(uint64_t{0xffffffff00000000});

uint64_t ethernet_entropy(const FlowKey& key, uint64_t seed) {
  const uint64_t source_and_type = key.word(KeyWord::eth_src_type) & ~present_in_word(0xffff);
  return hash_finish(hash_add(seed, key.word(KeyWord::eth_dst), source_and_type), 2);
}

uint64_t add_addresses(const FlowKey& key, uint64_t seed) {
  if (key.word(KeyWord::ipv4) != 0) {
    return hash_add(seed, key.word(KeyWord::ipv4));
  }
  const unsigned src = index(KeyWord::ipv6_src);
  const unsigned dst = index(KeyWord::ipv6_dst);
  return hash_add(hash_add(seed, key.word(src), key.word(src + 1)), key.word(dst), key.word(dst + 1));
}

}  // namespace

uint64_t hash(const FlowKey& key, uint64_t seed) {
  const WordSet& set = key.set();
  return hash_words(key.words(), hash_add(seed, set.bits[0], set.bits[1]));
}

uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, uint64_t seed) {
  uint64_t sum = seed;
  size_t next = 0;
  const auto masks = mask.words();
  mask.set().for_each([&](unsigned i) { sum = hash_add(sum, key.word(i) & masks[next++]); });
  return hash_finish(sum, masks.size());
}

uint64_t hash_masked(const FlowKey& key, const FlowMask& mask, const WordSet& words, uint64_t seed) {
  uint64_t sum = seed;
  words.for_each([&](unsigned i) { sum = hash_add(sum, key.word(i) & mask.word(i)); });
  return hash_finish(sum, words.count());
}

uint64_t flow_entropy(const FlowKey& key, uint64_t seed) {
  const uint16_t found = present_from_word(key.word(present_word));
  if ((found & present::ip) == 0) {
    return ethernet_entropy(key, seed);
  }
  const uint64_t misc = key.word(KeyWord::ip_misc);
  const uint64_t sum = add_addresses(key, seed);
  if ((misc & fragment_mask) != 0) {
    return hash_finish(sum, 1);
  }
  return hash_finish(hash_add(sum, misc & protocol_bits, key.word(KeyWord::l4) & port_bits), 2);
}

const uint64_t flow_entropy_seed = random_hash_seed();

uint64_t flow_entropy(const FlowKey& key) { return flow_entropy(key, flow_entropy_seed); }

}  // namespace weft
