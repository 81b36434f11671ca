#include "ofproto/translate/select_hash.h"

#include <initializer_list>

#include "lib/base/hash.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"

namespace weft::ofproto {
namespace {

class FieldHash {
 public:
  FieldHash(uint64_t seed, const PacketState& packet, LookedAt& looked_at, std::string* hashed)
      : sum_(seed), packet_(packet), looked_at_(looked_at), hashed_(hashed) {}

  void add(const Field& field, FieldValue bits) {
    packet_.look_at(field, bits, looked_at_);
    const FieldValue value = get(packet_.flow(), field) & bits;
    sum_ = hash_add(hash_add(sum_, static_cast<uint64_t>(field.id)), value.hi, value.lo);
    if (hashed_ != nullptr) {
      *hashed_ += (hashed_->empty() ? "" : ",") + std::string(field.name);
    }
  }
  void add(std::initializer_list<FieldId> ids) {
    for (const FieldId id : ids) {
      add(field(id), all_bits(field(id)));
    }
  }
  uint64_t finish() const { return hash_finish(sum_, 1); }

 private:
  uint64_t sum_;
  const PacketState& packet_;
  LookedAt& looked_at_;
  std::string* const hashed_;
};

void add_ports(const PacketState& packet, LookedAt& looked_at, FieldHash& hash) {
  constexpr std::pair<FieldId, FieldId> ports[] = {{FieldId::tcp_src, FieldId::tcp_dst},
                                                   {FieldId::udp_src, FieldId::udp_dst},
                                                   {FieldId::sctp_src, FieldId::sctp_dst}};
  for (const auto& [src, dst] : ports) {
    if (packet.has_header_of(field(src), looked_at)) {
      hash.add({src, dst});
    }
  }
}

void add_network(const PacketState& packet, LookedAt& looked_at, FieldHash& hash) {
  if (packet.is_ip(looked_at)) {
    if (packet.read(FieldId::eth_type, looked_at).lo == eth_type::ipv4) {
      hash.add({FieldId::ipv4_src, FieldId::ipv4_dst});
    } else {
      hash.add({FieldId::ipv6_src, FieldId::ipv6_dst});
    }
    if (packet.has_header_of(field(FieldId::ip_proto), looked_at)) {
      hash.add({FieldId::ip_proto});
      if (packet.read(FieldId::ip_frag, looked_at).is_zero()) {
        add_ports(packet, looked_at, hash);
      }
    }
  } else if (packet.has_header_of(field(FieldId::arp_spa), looked_at)) {
    hash.add({FieldId::arp_spa, FieldId::arp_tpa});
  } else {
    hash.add({FieldId::eth_src, FieldId::eth_dst});
  }
}

// A field that the packet does not have takes no part.
void add_named(const std::vector<openflow::SelectionField>& fields, const PacketState& packet, LookedAt& looked_at,
               FieldHash& hash) {
  for (const openflow::SelectionField& one : fields) {
    const Field& named = field(one.field);
    if (named.has_place() && packet.has_header_of(named, looked_at)) {
      hash.add(named, one.mask);
    }
  }
}

}  // namespace

uint64_t select_hash(const openflow::GroupSelection& selection, const PacketState& packet, LookedAt& looked_at,
                     std::string* hashed) {
  FieldHash hash(selection.param, packet, looked_at, hashed);
  if (selection.fields.empty()) {
    add_network(packet, looked_at, hash);
  } else {
    add_named(selection.fields, packet, looked_at, hash);
  }
  return hash.finish();
}

}  // namespace weft::ofproto
