#include "ofproto/translate/link_choice.h"

#include <algorithm>
#include <bit>

#include "lib/base/hash.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"

namespace weft::ofproto {
namespace {

using openflow::HashFields;
using openflow::MultipathAlgorithm;

// Adds up what is read of a packet.
class FieldHash {
 public:
  FieldHash(uint16_t basis, const FieldReader& read) : read_(read), hash_(basis) {}

  void add(FieldId id) { add(read_(id).value_or(FieldValue{})); }
  void add_symmetric(FieldId a, FieldId b) {
    const FieldValue x = read_(a).value_or(FieldValue{});
    const FieldValue y = read_(b).value_or(FieldValue{});
    add(FieldValue{x.hi ^ y.hi, x.lo ^ y.lo});
  }
  // The type, for IP also both addresses.
  uint64_t add_network() {
    const uint64_t type = read_(FieldId::eth_type).value_or(FieldValue{}).lo;
    add(FieldValue{0, type});
    if (type == eth_type::ipv4) {
      add_symmetric(FieldId::ipv4_src, FieldId::ipv4_dst);
    } else if (type == eth_type::ipv6) {
      add_symmetric(FieldId::ipv6_src, FieldId::ipv6_dst);
    }
    return type;
  }
  void add_transport(bool with_udp) {
    const uint64_t protocol = read_(FieldId::ip_proto).value_or(FieldValue{}).lo;
    add(FieldValue{0, protocol});
    if (protocol == ip_protocol::tcp) {
      add_symmetric(FieldId::tcp_src, FieldId::tcp_dst);
    } else if (protocol == ip_protocol::sctp) {
      add_symmetric(FieldId::sctp_src, FieldId::sctp_dst);
    } else if (protocol == ip_protocol::udp && with_udp) {
      add_symmetric(FieldId::udp_src, FieldId::udp_dst);
    }
  }
  uint32_t result() const { return static_cast<uint32_t>(hash_finish(hash_, count_)); }

 private:
  void add(FieldValue value) {
    hash_ = hash_add(hash_, value.hi, value.lo);
    ++count_;
  }

  const FieldReader& read_;
  uint64_t hash_;
  uint64_t count_ = 0;
};

bool is_ip(uint64_t type) { return type == eth_type::ipv4 || type == eth_type::ipv6; }

uint32_t weight(uint32_t hash, uint32_t link) { return static_cast<uint32_t>(hash_finish(hash_add(hash, link), 1)); }

// Hashes until the remainder is a link. The divisor is the power of two above the number of links unless a better one
// is named, so that adding links moves few flows.
uint32_t iterate(uint32_t hash, uint32_t link_count, uint32_t divisor) {
  if (divisor < link_count || divisor / 2 > link_count) {
    divisor = std::bit_ceil(link_count);
  }
  while (hash % divisor >= link_count) {
    hash = weight(hash, divisor);
  }
  return hash % divisor;
}

}  // namespace

uint32_t hash_fields(HashFields fields, uint16_t basis, const FieldReader& read) {
  FieldHash hash(basis, read);
  switch (fields) {
    case HashFields::eth_src:
      hash.add(FieldId::eth_src);
      break;
    case HashFields::symmetric_l4:
      hash.add_symmetric(FieldId::eth_src, FieldId::eth_dst);
      hash.add(FieldId::vlan_vid);
      if (is_ip(hash.add_network())) {
        hash.add_transport(false);
      }
      break;
    case HashFields::symmetric_l3l4:
    case HashFields::symmetric_l3l4_udp:
      if (is_ip(hash.add_network())) {
        hash.add_transport(fields == HashFields::symmetric_l3l4_udp);
      }
      break;
    case HashFields::symmetric_l3:
      hash.add_network();
      break;
    case HashFields::nw_src:
    case HashFields::nw_dst: {
      const bool is_src = fields == HashFields::nw_src;
      const uint64_t type = read(FieldId::eth_type).value_or(FieldValue{}).lo;
      if (type == eth_type::ipv4) {
        hash.add(is_src ? FieldId::ipv4_src : FieldId::ipv4_dst);
      } else if (type == eth_type::ipv6) {
        hash.add(is_src ? FieldId::ipv6_src : FieldId::ipv6_dst);
      }
      break;
    }
  }
  return hash.result();
}

std::optional<uint32_t> choose_by_weight(uint32_t hash, uint32_t count,
                                         const std::function<bool(uint32_t)>& is_usable) {
  std::optional<uint32_t> best;
  for (uint32_t i = 0; i < count; ++i) {
    if (is_usable(i) && (!best || weight(hash, i) > weight(hash, *best))) {
      best = i;
    }
  }
  return best;
}

uint32_t choose_link(MultipathAlgorithm algorithm, uint32_t hash, uint32_t link_count, uint32_t argument) {
  switch (algorithm) {
    case MultipathAlgorithm::modulo_n:
      return hash % link_count;
    case MultipathAlgorithm::hash_threshold:
      return static_cast<uint32_t>(uint64_t{hash} * link_count >> 32);
    case MultipathAlgorithm::hrw:
      return *choose_by_weight(hash, link_count, [](uint32_t) { return true; });
    case MultipathAlgorithm::iter_hash:
      return iterate(hash, link_count, argument);
  }
  return 0;
}

}  // namespace weft::ofproto
